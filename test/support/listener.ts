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
      expect(applied.events.length).toBeGreaterThan(0);
      for (const event of applied.events) this.#take(event);
    }
    return this;
  }

  #take(event: CallEvent): void {
    this.events.push(freeze(event));
    // The journal writes events as JSON: nothing may get lost on the way.
    expect(JSON.parse(JSON.stringify(event))).toStrictEqual(event);
    if (!isOfCall(event)) return;
    checkEvent(event, this.#last.get(event.call.id));
    expect(this.#ids).not.toContain(event.id);
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
  const seen = { kind, revision: call.revision, id: call.id };

  // One start, before everything; one end, after everything.
  expect({ ...seen, starts: kind === 'call.started' }).toEqual({ ...seen, starts: !before });
  expect(before?.kind).not.toBe('call.ended');
  expect({ ...seen, revision: call.revision }).toEqual({
    ...seen,
    revision: (before?.call.revision ?? 0) + 1,
  });
  expect(event.id).toBe(`${call.id}/${call.revision}`);

  // Only an end shows an end.
  const end = [call.endedAtMs, call.outcome, call.ending].map((each) => each !== undefined);
  const isEnd = kind === 'call.ended';
  expect({ ...seen, end }).toEqual({ ...seen, end: [isEnd, isEnd, isEnd] });
  expect({ ...seen, state: call.state }).toEqual({ ...seen, state: stateSaid(call) });
  if (isEnd) expect(call.legs.every((leg) => leg.state === 'ended')).toBe(true);
  if (kind === 'call.answered') expect(call.answeredAtMs).toBeDefined();

  // Extensions only grow, by what the event says, and only where a watcher may hear of them.
  const known = before?.call.extensions ?? [];
  expect([...known, ...event.joined]).toEqual(call.extensions);
  expect(new Set(call.extensions).size).toBe(call.extensions.length);
  if (event.joined.length > 0) expect(['call.started', 'call.updated']).toContain(kind);

  // Time goes forward.
  expect(event.atMs).toBeGreaterThanOrEqual(call.startedAtMs);
  expect(call.answeredAtMs ?? call.startedAtMs).toBeGreaterThanOrEqual(call.startedAtMs);
  expect(call.endedAtMs ?? call.startedAtMs).toBeGreaterThanOrEqual(call.startedAtMs);
  expect(call.startedAtMs).toBe(before?.call.startedAtMs ?? call.startedAtMs);
  for (const { fromMs, toMs } of call.holds) expect(toMs ?? fromMs).toBeGreaterThanOrEqual(fromMs);
  for (const each of call.recordings) {
    expect(each.endedAtMs ?? each.startedAtMs).toBeGreaterThanOrEqual(each.startedAtMs);
  }
  if (isEnd) {
    expect(call.recordings.every((each) => each.endedAtMs !== undefined)).toBe(true);
    expect(call.holds.every((each) => each.toMs !== undefined)).toBe(true);
    expect(call.queue.every((each) => each.leftAtMs !== undefined)).toBe(true);
  }
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
