/**
 * The whole way from a scripted PBX's socket to the calls that come out: the real AMI source under its
 * supervisor, and a registry behind it. For tests that ask what is concluded from what a PBX said.
 */
import type { Clock } from '../../src/base/clock.ts';
import type { Call } from '../../src/call/call.ts';
import { type CallEvent, isOfCall, type OfCall } from '../../src/call/event.ts';
import { Registry } from '../../src/call/registry.ts';
import type { CallSignal } from '../../src/call/signal.ts';
import { type AmiClientSettings, connectAmi } from '../../src/source/ami/client.ts';
import type { SourceState } from '../../src/source/source.ts';
import { Supervisor } from '../../src/source/supervisor.ts';
import { type Script, ScriptedPbx } from './scripted-pbx.ts';

export interface ListenerSettings extends Partial<AmiClientSettings> {
  readonly retryMs?: number;
  readonly giveUpAfterMs?: number;
  readonly clock?: Clock;
}

export class AmiListener {
  readonly registry = new Registry();
  readonly signals: CallSignal[] = [];
  readonly events: CallEvent[] = [];
  readonly states: SourceState[] = [];
  readonly source: Supervisor;
  readonly #waiting = new Set<() => void>();

  constructor(port: number, settings: ListenerSettings = {}) {
    const clock = settings.clock ?? { now: () => Date.now() };
    const { retryMs = 60_000, giveUpAfterMs = 60_000 } = settings;
    this.source = new Supervisor(
      {
        name: 'pbx',
        type: 'ami',
        backoff: { firstMs: retryMs, maxMs: retryMs },
        giveUpAfterMs,
      },
      {
        connect: (to) => connectAmi({ ...amiSettings(port), ...settings }, to, clock, clock),
        port: {
          signal: (signal) => this.#hear(signal, clock.now()),
          state: (state) => {
            this.states.push(state);
            this.#wake();
          },
          heard: () => undefined,
        },
        clock,
        random: () => 0.5,
      },
    );
    this.source.start();
  }

  /** The last that was told of each call, in the order in which they started. */
  get calls(): readonly Call[] {
    const last = new Map<string, Call>();
    for (const event of this.ofCalls) last.set(event.call.id, event.call);
    return [...last.values()];
  }

  get ofCalls(): readonly OfCall[] {
    return this.events.filter(isOfCall);
  }

  /** Resolves once `met` holds; looked at after every signal and every change of state. */
  async until(met: (self: this) => boolean): Promise<void> {
    while (!met(this)) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #hear(signal: CallSignal, nowMs: number): void {
    this.signals.push(signal);
    const applied = this.registry.apply(signal, nowMs);
    if (applied.kind === 'events') this.events.push(...applied.events);
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

export function amiSettings(port: number): AmiClientSettings {
  return {
    source: 'pbx',
    host: '127.0.0.1',
    port,
    username: 'offhook',
    secret: 'a secret',
    login: 'plain',
    pingIntervalMs: 10_000,
    recordingFormat: 'wav',
  };
}

/** Lets a PBX say its script to the end, which closes the connection, and returns who listened. */
export async function listenTo(script: Script): Promise<AmiListener> {
  const pbx = await ScriptedPbx.listen({ then: 'close', ...script });
  const listener = new AmiListener(pbx.port);
  // The socket's end comes behind everything that was said on it.
  await listener.until(({ states }) => states.includes('down'));
  await listener.source.stop();
  await pbx.close();
  return listener;
}
