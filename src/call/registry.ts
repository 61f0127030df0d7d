/**
 * The registry: takes signals, one at a time, and says what is. Nothing else changes a call. Pure: the
 * time is an argument, nothing is read or written, the same signals always give the same events.
 */
import { CallBook, type Placed } from './book.ts';
import type { Call } from './call.ts';
import type { CallDraft } from './draft.ts';
import type { Applied, CallEvent, CallEventKind, IgnoredReason, OfCall } from './event.ts';
import { uuidOf } from './identity.ts';
import { endCallIfEmpty, endLeg, learn, move, moveLeg, requestHangup } from './legs.ts';
import { endDial, joinBridge, meet, startDial, transfer } from './links.ts';
import { extensionsOf } from './parties.ts';
import { wait } from './queues.ts';
import { record } from './recordings.ts';
import type { CallSignal, LegFacts, SourceSignal } from './signal.ts';
import { expire, reconcile } from './snapshot.ts';
import { isAnnounceable } from './state.ts';
import { faceOf, viewOf } from './view.ts';

type OfLegSignal = Exclude<CallSignal, SourceSignal>;

export class Registry {
  readonly #book = new CallBook();
  readonly #lost = new Map<string, number>();

  /** The calls that go on, as of now. */
  *ongoing(): Iterable<Call> {
    for (const call of this.#book.open) if (call.revision > 0) yield viewOf(call);
  }

  /** How many calls go on. */
  get size(): number {
    return this.#book.size;
  }

  /** Sources we have lost sight of, and since when (our time). */
  get gaps(): ReadonlyMap<string, number> {
    return this.#lost;
  }

  /** Takes back what the journal remembers; to be called before the first signal. */
  restore(remembered: {
    readonly open: readonly Call[];
    readonly ended: readonly Call[];
    readonly gaps: readonly { readonly source: string; readonly fromMs: number }[];
    /** The highest number of a segment that was ever given; absent: as far as the calls show. */
    readonly lastSegmentId?: number;
  }): void {
    this.#book.reserveSegmentIds(remembered.lastSegmentId ?? 0);
    for (const call of remembered.ended) this.#book.restoreEnded(call);
    for (const call of remembered.open) this.#book.restoreOpen(call);
    for (const gap of remembered.gaps) this.#lost.set(gap.source, gap.fromMs);
  }

  /** From here on no segment gets a number up to this one. */
  reserveSegmentIds(through: number): void {
    this.#book.reserveSegmentIds(through);
  }

  /** @param seenAtMs our time when the signal arrived, milliseconds since 1970 */
  apply(signal: CallSignal, seenAtMs: number): Applied {
    switch (signal.kind) {
      case 'source.connected':
      case 'source.lost':
      case 'source.snapshot':
      case 'source.expired':
        return this.#applyOfSource(signal, seenAtMs);
      default:
        return this.#applyOfLeg(signal, seenAtMs);
    }
  }

  #applyOfSource(signal: SourceSignal, seenAtMs: number): Applied {
    const { source } = signal;
    switch (signal.kind) {
      case 'source.connected': {
        this.#book.nextGeneration(source);
        const fromMs = this.#lost.get(source);
        if (fromMs === undefined) return { kind: 'noted' };
        this.#lost.delete(source);
        const id = uuidOf('up', source, String(fromMs));
        const at = { id, atMs: signal.atMs, seenAtMs, source };
        return {
          kind: 'events',
          events: [{ kind: 'source.up', ...at, fromMs, toMs: seenAtMs }],
        };
      }
      case 'source.lost': {
        if (this.#lost.has(source)) return { kind: 'ignored', reason: 'no-change' };
        // The loss is dated by what was last heard, which the source says with its signal's time.
        const fromMs = Math.min(signal.atMs, seenAtMs);
        this.#lost.set(source, fromMs);
        const id = uuidOf('gap', source, String(fromMs));
        const at = { id, atMs: signal.atMs, seenAtMs, source };
        return {
          kind: 'events',
          events: [{ kind: 'source.gap', ...at, fromMs, reason: signal.reason }],
        };
      }
      case 'source.snapshot': {
        const changed = reconcile(this.#book, source, signal.legs, signal.atMs);
        return told(changed, signal, seenAtMs);
      }
      case 'source.expired':
        return told(expire(this.#book, source, signal.atMs), signal, seenAtMs);
    }
  }

  #applyOfLeg(signal: OfLegSignal, seenAtMs: number): Applied {
    const placed = this.#place(signal);
    if (typeof placed === 'string') return { kind: 'ignored', reason: placed };
    placed.leg.generation = this.#book.generation(signal.source);
    const before = placed.call;
    const here = this.#follow(placed, signal.facts, signal.atMs);
    const changed = new Set<CallDraft>([before, here.call]);
    learn(here.call, here.leg, signal.facts);
    const result = this.#act(signal, here, changed);
    for (const call of [...changed]) endCallIfEmpty(this.#book, call, signal.atMs, 'observed');
    const isTouched = [...changed].some((call) => call.touched);
    const applied = told(changed, signal, seenAtMs);
    if (applied.kind === 'events' || result === true || isTouched) return applied;
    return { kind: 'ignored', reason: result === false ? 'no-change' : result };
  }

  /** The leg a signal speaks of; it is opened when the source's facts tell where it belongs. */
  #place(signal: OfLegSignal): Placed | IgnoredReason {
    const { source, leg } = signal;
    const known = this.#book.leg(source, leg);
    if (known !== undefined) return known.leg.state === 'ended' ? 'after-end' : known;
    if (this.#book.hasEnded(source, leg)) return 'after-end';
    if (signal.kind === 'leg.ended') {
      // It may be offered yet, late: then it has already ended.
      this.#book.rememberEnded(source, leg);
      return 'unknown-leg';
    }
    const opens = signal.facts?.call !== undefined && signal.kind !== 'leg.hangup-requested';
    if (!opens) return 'unknown-leg';
    return this.#book.openLeg(source, leg, signal.facts, signal.atMs);
  }

  /** The platform calls the leg's call by another key now: it has moved, or the call was renamed. */
  #follow(placed: Placed, facts: LegFacts | undefined, atMs: number): Placed {
    const callKey = facts?.call;
    const { call, leg } = placed;
    if (callKey === undefined || callKey === leg.callKey) return placed;
    leg.callKey = callKey;
    call.touched = true;
    const other = this.#book.callOfKey(call.source, callKey) ?? call;
    if (other === call) {
      this.#book.alias(call, callKey);
      return placed;
    }
    moveLeg(this.#book, call, leg, other, atMs);
    return this.#book.leg(call.source, leg.key) ?? placed;
  }

  /** Carries out what the signal says. False or a reason when nothing came of it. */
  #act(signal: OfLegSignal, placed: Placed, changed: Set<CallDraft>): boolean | IgnoredReason {
    const { call, leg } = placed;
    const { atMs } = signal;
    switch (signal.kind) {
      case 'leg.offered':
      case 'leg.identified':
        return false;
      case 'leg.ringing':
        return move(call, leg, 'ring', atMs) || 'not-in-this-state';
      case 'leg.connected':
        if (!move(call, leg, 'connect', atMs)) return 'not-in-this-state';
        if (leg.bridge !== undefined) meet(call, leg.bridge, atMs);
        return true;
      case 'leg.held':
        return move(call, leg, 'hold', atMs) || 'not-in-this-state';
      case 'leg.resumed':
        return move(call, leg, 'resume', atMs) || 'not-in-this-state';
      case 'leg.ended':
        return endLeg(call, leg, atMs, signal.cause);
      case 'leg.hangup-requested':
        return requestHangup(call, leg, signal.by);
      case 'dial.started': {
        const caller = this.#partner(signal, signal.from, signal.fromFacts, changed);
        if (signal.from !== undefined && caller === undefined) return 'unknown-leg';
        if (caller?.leg === leg) return false;
        return startDial(this.#book, placed, caller, atMs);
      }
      case 'dial.ended': {
        const caller = this.#partner(signal, signal.from, signal.fromFacts, changed);
        return endDial(this.#book, placed, caller, signal.result, atMs);
      }
      case 'bridge.joined': {
        const other = this.#book.callInBridge(signal.source, signal.bridge);
        if (other !== undefined) changed.add(other);
        return joinBridge(this.#book, placed, signal.bridge, signal.conference, atMs);
      }
      case 'bridge.left':
        if (leg.bridge !== signal.bridge) return false;
        delete leg.bridge;
        return true;
      case 'transfer.completed':
        this.#partner(signal, signal.transferee, undefined, changed);
        this.#partner(signal, signal.target, undefined, changed);
        this.#partner(signal, signal.consultLeg, undefined, changed);
        return transfer(this.#book, placed, signal);
      case 'queue.joined':
      case 'queue.left':
      case 'queue.abandoned':
        return wait(call, signal, undefined);
      case 'agent.offered':
      case 'agent.missed':
      case 'agent.connected':
      case 'agent.completed': {
        const agent = this.#partner(signal, signal.agentLeg, signal.agentFacts, changed);
        return wait(call, signal, agent?.call === call ? agent.leg : undefined);
      }
      case 'recording.started':
      case 'recording.named':
      case 'recording.paused':
      case 'recording.resumed':
      case 'recording.split':
      case 'recording.stopped':
        return record(call, signal, () => this.#book.nextSegmentId());
    }
  }

  /** Another leg that a signal speaks of; its call may change with the one that is meant. */
  #partner(
    { source, atMs }: OfLegSignal,
    key: string | undefined,
    facts: LegFacts | undefined,
    changed: Set<CallDraft>,
  ): Placed | undefined {
    if (key === undefined) return undefined;
    const known = this.#book.leg(source, key);
    const opens = facts?.call !== undefined && !this.#book.hasEnded(source, key);
    const placed = known ?? (opens ? this.#book.openLeg(source, key, facts, atMs) : undefined);
    if (placed === undefined) return undefined;
    changed.add(placed.call);
    placed.leg.generation = this.#book.generation(source);
    learn(placed.call, placed.leg, facts);
    return placed;
  }
}

function told(changed: Set<CallDraft>, signal: CallSignal, seenAtMs: number): Applied {
  const events: CallEvent[] = [];
  // A call that goes into another ends before the other is told of whom it gained.
  const order = [...changed].sort((a, b) => Number(b.endedAtMs ?? 0) - Number(a.endedAtMs ?? 0));
  for (const call of order) events.push(...eventsOf(call, signal, seenAtMs));
  return events.length === 0 ? { kind: 'noted' } : { kind: 'events', events };
}

/** What has to be told about a call, after a signal, in order. */
function eventsOf(call: CallDraft, signal: CallSignal, seenAtMs: number): OfCall[] {
  if (call.revision === 0 && !isAnnounceable(call)) return [];
  const events: OfCall[] = [];
  const tell = (kind: CallEventKind, joined: readonly string[]): void => {
    call.revision += 1;
    const atMs = Math.max(signal.atMs, call.startedAtMs);
    const view = viewOf(call);
    const id = `${call.id}/${call.revision}`;
    events.push({ kind, id, atMs, seenAtMs, source: call.source, call: view, joined });
  };
  const joined = [...extensionsOf(call)].filter((each) => !call.extensions.has(each));
  for (const each of joined) call.extensions.add(each);
  const first = call.revision === 0;
  const answeredNow = call.answeredAtMs !== undefined && call.answeredTold !== true;
  const { endedAtMs } = call;
  const owed = call.owed.splice(0);
  if (answeredNow) call.answeredTold = true;
  // What comes before the end shows the call without it, even when one signal brought both.
  delete call.endedAtMs;
  // Only a start or an update may add extensions, so a watcher never first hears of a call by its end.
  if (first) tell('call.started', joined);
  else if (joined.length > 0) tell('call.updated', joined);
  if (answeredNow) tell('call.answered', []);
  for (const kind of owed) tell(kind, []);
  if (endedAtMs !== undefined) {
    call.endedAtMs = endedAtMs;
    tell('call.ended', []);
  }
  // An update is owed when what can be seen has changed and no other event has shown it.
  const unseen = call.touched && events.length === 0 && faceOf(viewOf(call)) !== call.shown;
  if (unseen) tell('call.updated', []);
  const last = events.at(-1);
  if (last !== undefined) call.shown = faceOf(last.call);
  call.touched = false;
  return events;
}
