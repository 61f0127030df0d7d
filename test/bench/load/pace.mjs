/** Saying events at a rate, and what became of them. */
import { cpuSeconds, machineCpuSeconds } from '../proc.mjs';

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `test` holds, or the time is over; whether it holds. */
export async function until(test, seconds) {
  const endMs = performance.now() + seconds * 1000;
  while (!test() && performance.now() < endMs) await sleep(10);
  return test();
}

/**
 * Calls back about every millisecond with how many events are due at `rate` a second, without regard to
 * what comes back: a server that falls behind gets no respite.
 */
export async function pace(rate, seconds, emit) {
  const startMs = performance.now();
  const dueAt = (ms) => Math.floor((Math.min(ms - startMs, seconds * 1000) / 1000) * rate);
  let done = 0;
  for (;;) {
    const nowMs = performance.now();
    const due = dueAt(nowMs);
    if (due > done) emit(due - done);
    done = due;
    if (nowMs - startMs >= seconds * 1000) return done;
    await sleep(1);
  }
}

export function percentiles(samples) {
  const sorted = Float64Array.from(samples).sort();
  const at = (share) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1), samples: sorted.length };
}

/** Processor time between two looks, in cores: of the server, of the load, and of everything else. */
export class Cores {
  #pids;
  #before;
  #startMs = performance.now();

  /** @param helper pid of the second load process, if there is one */
  constructor(serverPid, helper) {
    this.#pids = {
      server: [serverPid],
      load: [process.pid, ...(helper === undefined ? [] : [helper])],
    };
    this.#before = this.#look();
  }

  #look() {
    const sum = (pids) => pids.reduce((all, pid) => all + cpuSeconds(pid), 0);
    return { server: sum(this.#pids.server), load: sum(this.#pids.load), all: machineCpuSeconds() };
  }

  used() {
    const now = this.#look();
    const s = (performance.now() - this.#startMs) / 1000;
    const serverS = now.server - this.#before.server;
    const server = serverS / s;
    const load = (now.load - this.#before.load) / s;
    const others = Math.max(0, (now.all - this.#before.all) / s - server - load);
    return { serverS, server, load, others };
  }
}
