/**
 * The load process: PBX on one side of the server, subscribers on the other, one clock for both. Told
 * over IPC which run to make; sends back what it measured. Everything goes to loopback and ends by itself.
 */
import { BenchPbx, ended, started } from './pbx.mjs';
import { openMany, Subscriber, subscribeTo } from './subscribers.mjs';

const pbx = new BenchPbx();
process.send({ kind: 'listening', port: await pbx.listen() });
process.on('message', (run) => {
  const work = run.kind === 'selective' ? selective(run) : broadcast(run);
  work.then((result) => process.send({ kind: 'result', result }));
});
process.on('disconnect', () => process.exit());

let calls = 0;
const nextKey = () => `bench-${process.pid}.${String((calls += 1)).padStart(8, '0')}`;

/** Calls back about every millisecond with how many events are due at `rate` a second. */
async function pace(rate, seconds, emit) {
  const startMs = performance.now();
  let done = 0;
  while (performance.now() - startMs < seconds * 1000) {
    const due = Math.floor(((performance.now() - startMs) / 1000) * rate);
    if (due > done) emit(due - done);
    done = due;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return done;
}

/** Waits until `test` holds, or the time is over. */
async function until(test, seconds) {
  const endMs = performance.now() + seconds * 1000;
  while (!test() && performance.now() < endMs) await new Promise((r) => setTimeout(r, 20));
  return test();
}

function percentiles(samples) {
  const sorted = Float64Array.from(samples).sort();
  const at = (share) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1), samples: sorted.length };
}

/** Every subscriber has its own extension; every event touches two of them. */
async function selective({ port, subscribers, rate, seconds, warmUpSeconds }) {
  const sentMs = new Map();
  let samples = [];
  const look = (key, isEnd, atMs) => {
    const sent = sentMs.get(isEnd ? `${key}/end` : key);
    if (sent !== undefined) samples.push(atMs - sent);
  };
  await pbx.ready;
  const all = await openMany(
    subscribers,
    (i) => ({ subscriber: new Subscriber(look), request: subscribeTo(extension(i)) }),
    port,
  );
  const open = [];
  let turn = 0;
  const emit = (count) => {
    let text = '';
    for (let i = 0; i < count; i += 1) {
      turn += 1;
      if (turn % 2 === 1 || open.length === 0) {
        const caller = extension((turn * 7919) % subscribers);
        const dialled = extension((turn * 104729 + 1) % subscribers);
        const call = { key: nextKey(), caller, dialled };
        open.push(call);
        sentMs.set(call.key, performance.now());
        text += started(call.key, caller, dialled);
      } else {
        const call = open.shift();
        sentMs.set(`${call.key}/end`, performance.now());
        text += ended(call.key, call.caller, call.dialled);
      }
    }
    pbx.write(text);
  };
  await pace(rate, warmUpSeconds, emit);
  await until(() => false, 0.5);
  samples = [];
  sentMs.clear();
  process.send({ kind: 'measuring' });
  const events = await pace(rate, seconds, emit);
  process.send({ kind: 'measured' });
  await until(() => samples.length >= events * 2, 5);
  for (const each of all) each.close();
  return { ...percentiles(samples), events, seconds, expected: events * 2 };
}

const extension = (i) => String(10000 + i);

/** All subscribers see everything; the rate is raised until the server no longer keeps up. */
async function broadcast({ port, subscribers, rates, seconds }) {
  const sentMs = new Map();
  let samples = [];
  const look = (key, isEnd, atMs) => {
    const sent = sentMs.get(isEnd ? `${key}/end` : key);
    if (sent !== undefined) samples.push(atMs - sent);
  };
  await pbx.ready;
  // A few look at every document; the others only count bytes, or the load would be the limit.
  const looking = 10;
  const all = await openMany(
    subscribers,
    (i) => ({ subscriber: new Subscriber(i < looking ? look : undefined), request: subscribeTo() }),
    port,
  );
  const steps = [];
  const waiting = [];
  let turn = 0;
  const emit = (count) => {
    let text = '';
    for (let i = 0; i < count; i += 1) {
      turn += 1;
      if (turn % 2 === 1 || waiting.length === 0) {
        const call = {
          key: nextKey(),
          caller: extension(turn % 9000),
          dialled: extension((turn * 13) % 9000),
        };
        waiting.push(call);
        sentMs.set(call.key, performance.now());
        text += started(call.key, call.caller, call.dialled);
      } else {
        const call = waiting.shift();
        sentMs.set(`${call.key}/end`, performance.now());
        text += ended(call.key, call.caller, call.dialled);
      }
    }
    pbx.write(text);
  };
  const counted = () => all.slice(0, looking).reduce((sum, each) => sum + each.documents, 0);
  const bytes = () => all.reduce((sum, each) => sum + each.bytes, 0);
  for (const rate of rates) {
    samples = [];
    sentMs.clear();
    const documents = counted();
    const before = bytes();
    const startMs = performance.now();
    const events = await pace(rate, seconds, emit);
    const complete = await until(() => counted() - documents >= events * looking, 3);
    const tookS = (performance.now() - startMs) / 1000;
    // Documents of those who look tell how long one is; bytes of all tell how many there were.
    const lookedBytes = all.slice(0, looking).reduce((sum, each) => sum + each.bytes, 0);
    const meanBytes = lookedBytes / Math.max(1, counted());
    const deliveries = (bytes() - before) / meanBytes;
    steps.push({
      rate,
      events,
      complete,
      deliveriesPerS: deliveries / tookS,
      meanBytes,
      ...percentiles(samples),
    });
    if (!complete || samples.length === 0) break;
  }
  for (const each of all) each.close();
  return { steps, subscribers };
}
