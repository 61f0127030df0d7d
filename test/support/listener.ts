/**
 * Somebody who hears all signals through a registry and keeps what it told, for tests. Every event is held
 * against what is true of all events, and frozen: whoever changes it afterwards fails.
 */
import { expect } from 'vitest';
import type { Call } from '../../src/call/call.ts';
import { type Applied, type CallEvent, isOfCall, type OfCall } from '../../src/call/event.ts';
import { Registry } from '../../src/call/registry.ts';
import type { CallSignal } from '../../src/call/signal.ts';

/** How long a signal is on its way, milliseconds. */
const delayMs = 7;

export class Listener {
  registry = new Registry();
  readonly events: CallEvent[] = [];
  /** What came of each signal, in order. */
  readonly applied: Applied[] = [];
  readonly #last = new Map<string, OfCall>();
  readonly #ids = new Set<string>();

  hear(signals: Iterable<CallSignal>): this {
    for (const signal of signals) {
      const applied = this.registry.apply(freeze(signal), signal.atMs + delayMs);
      this.applied.push(applied);
      if (applied.kind !== 'events') continue;
      if (applied.events.length === 0) throw new Error(`no event in ${JSON.stringify(signal)}`);
      for (const event of applied.events) this.#take(event);
    }
    return this;
  }

  #take(event: CallEvent): void {
    this.events.push(freeze(event));
    if (!isPlain(event)) throw new Error(`this is lost in the journal: ${JSON.stringify(event)}`);
    if (!isOfCall(event)) return;
    checkEvent(event, this.#last.get(event.call.id));
    if (this.#ids.has(event.id)) throw new Error(`told twice: ${event.id}`);
    this.#ids.add(event.id);
    this.#last.set(event.call.id, event);
  }

  /** Each call as last told, in the order in which they started. */
  get calls(): Call[] {
    return [...this.#last.values()].map(({ call }) => call);
  }

  /** The only call there is. */
  get call(): Call {
    expect(this.calls).toHaveLength(1);
    return this.of(0);
  }

  /** The call that started as number `nth`, from 0, as last told. */
  of(nth: number): Call {
    const call = this.calls[nth];
    if (call === undefined) throw new Error(`only ${this.calls.length} calls were told of`);
    return call;
  }

  /** Kinds of the events told of the call that started as number `nth`. */
  story(nth = 0): string[] {
    const { id } = this.of(nth);
    return this.events.filter((each) => isOfCall(each) && each.call.id === id).map(kindOf);
  }

  get ofCalls(): OfCall[] {
    return this.events.filter(isOfCall);
  }

  get open(): Call[] {
    return this.calls.filter(({ state }) => state !== 'ended');
  }

  /** What came of the last signal. */
  get outcome(): Applied | undefined {
    return this.applied.at(-1);
  }

  /**
   * A new run takes over, knowing what the journal does: every call as of its last event, by way of JSON.
   */
  restart(): this {
    const gaps = new Map<string, number>();
    for (const event of this.events) {
      if (event.kind === 'source.gap') gaps.set(event.source, event.fromMs);
      if (event.kind === 'source.up') gaps.delete(event.source);
    }
    const told: readonly Call[] = JSON.parse(JSON.stringify(this.calls));
    const byEnd = (a: Call, b: Call): number => (a.endedAtMs ?? 0) - (b.endedAtMs ?? 0);
    this.registry = new Registry();
    this.registry.restore({
      open: freeze(told.filter(({ state }) => state !== 'ended')),
      ended: freeze(told.filter(({ state }) => state === 'ended').sort(byEnd)),
      gaps: Array.from(gaps, ([source, fromMs]) => ({ source, fromMs })),
    });
    return this;
  }
}

const kindOf = ({ kind }: CallEvent): string => kind;

/** What is true of every event of a call; `before` is the one before it, of the same call. */
function checkEvent(event: OfCall, before: OfCall | undefined): void {
  const { kind, call } = event;
  const isEnd = kind === 'call.ended';
  const law = (holds: boolean, sentence: string): void => {
    if (!holds) throw new Error(`${sentence}: ${JSON.stringify({ before, event })}`);
  };
  law((kind === 'call.started') === (before === undefined), 'a call starts once, at first');
  law(before?.kind !== 'call.ended', 'nothing is told after the end');
  law(call.revision === (before?.call.revision ?? 0) + 1, 'revisions are 1, 2, 3, …');
  law(event.id === `${call.id}/${call.revision}`, 'the id is of call and revision');

  for (const end of [call.endedAtMs, call.outcome, call.ending]) {
    law((end !== undefined) === isEnd, 'the end, and nothing else, shows the end');
  }
  law(call.state === stateSaid(call), 'the state is what the legs say');
  law(!isEnd || call.legs.every((leg) => leg.state === 'ended'), 'no leg outlives its call');
  law(kind !== 'call.answered' || call.answeredAtMs !== undefined, 'an answer has its time');
  law(!isEnd || call.mergedInto === undefined || call.outcome === 'merged', 'merged is merged');

  const known = before?.call.extensions ?? [];
  const grown = JSON.stringify([...known, ...event.joined]) === JSON.stringify(call.extensions);
  law(grown, 'extensions grow by those that joined');
  law(new Set(call.extensions).size === call.extensions.length, 'no extension stands twice');
  const mayJoin = kind === 'call.started' || kind === 'call.updated';
  law(mayJoin || event.joined.length === 0, 'only a start or an update lets somebody join');

  const forward = (fromMs: number, toMs: number | undefined): void =>
    law(toMs === undefined || toMs >= fromMs, 'time goes forward');
  forward(call.startedAtMs, event.atMs);
  forward(call.startedAtMs, call.answeredAtMs);
  forward(call.startedAtMs, call.endedAtMs);
  for (const hold of call.holds) forward(hold.fromMs, hold.toMs);
  for (const each of call.recordings) {
    forward(each.startedAtMs, each.endedAtMs);
    for (const pause of each.pauses) forward(pause.fromMs, pause.toMs);
  }
  for (const visit of call.queue) forward(visit.joinedAtMs, visit.leftAtMs);
  for (const leg of call.legs) {
    for (const atMs of [leg.ringingAtMs, leg.connectedAtMs, leg.endedAtMs]) {
      forward(leg.offeredAtMs, atMs);
    }
  }
  law(call.startedAtMs === (before?.call.startedAtMs ?? call.startedAtMs), 'a start stays');
  const open = [
    ...call.holds.map((hold) => hold.toMs),
    ...call.recordings.map((recording) => recording.endedAtMs),
    ...call.recordings.flatMap(({ pauses }) => pauses.map((pause) => pause.toMs)),
    ...call.queue.map((visit) => visit.leftAtMs),
  ];
  law(!isEnd || !open.includes(undefined), 'nothing goes on after the end');
}

/** Nothing in it would be lost in JSON. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).every(isPlain);
  return typeof value === 'number' ? Number.isFinite(value) : value !== undefined;
}

/** The state of a call in the words of its legs, as somebody who sees only the event would say it. */
function stateSaid({ legs, queue, answeredAtMs, endedAtMs }: Call): string {
  if (endedAtMs !== undefined) return 'ended';
  const here = legs.filter((leg) => leg.party && leg.state !== 'ended');
  const others = here.filter((leg) => leg.role !== 'caller');
  if (here.some((leg) => leg.state === 'held')) return 'held';
  if (answeredAtMs !== undefined) return 'connected';
  if (others.some((leg) => leg.state !== 'offered')) return 'ringing';
  const withMachine = here.some((leg) => leg.state === 'connected');
  return withMachine && others.length === 0 && queue.length === 0 ? 'connected' : 'offered';
}

/** Makes the value unchangeable, down to its last part. */
export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
  return value;
}
