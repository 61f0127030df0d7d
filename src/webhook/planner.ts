/**
 * From occurrences to deliveries: asks each destination that wants an occurrence what it is to be told, and
 * gives every part its row. Pure; remembers the calls that go on, so that a dialect can say what has changed.
 */
import type { Call } from '../call/call.ts';
import { type CallEvent, isOfCall } from '../call/event.ts';
import type {
  NewDelivery,
  OccurrenceRow,
  OutboxHead,
  OutboxRows,
} from '../store/outbox-messages.ts';
import type { Delivery } from './delivery.ts';
import type { Destination } from './destination.ts';
import { dialects } from './dialects.ts';
import { EndedCalls } from './ended-calls.ts';
import type { Part } from './dialect/dialect.ts';
import { Matching } from './matching.ts';
import { atMsOf, callOf, idOf, laneOf, type Occurrence } from './occurrence.ts';
import type { Enrolled } from './roster.ts';

/** The rows to commit, and the same deliveries as they are sent. */
export interface Plan {
  readonly rows: OutboxRows;
  readonly deliveries: readonly Planned[];
}

export interface Planned {
  readonly destination: string;
  readonly delivery: Delivery;
}

/** A dialect failed over an occurrence: a mistake of ours, which must not hold up the journal. */
export type PlanFault = (error: unknown, destination: string, occurrence: string) => void;

export class Planner {
  readonly #matching = new Matching();
  readonly #enrolled = new Map<string, Destination>();
  /** Calls that go on, as of their last event. */
  readonly #open: Map<string, Call>;
  readonly ended: EndedCalls;
  readonly #onFault: PlanFault;
  #occurrence: number;
  #delivery: number;

  /**
   * @param head the highest ids in use
   * @param open calls that go on, as the last run left them
   * @param nowMs our time, milliseconds since 1970; absent: what was made before is not told apart
   */
  constructor(head: OutboxHead, open: readonly Call[], onFault: PlanFault, nowMs = 0) {
    this.#occurrence = head.occurrence;
    this.#delivery = head.delivery;
    this.#open = new Map(open.map((call) => [call.id, call]));
    this.ended = new EndedCalls(nowMs, (callId) => this.#open.has(callId));
    this.#onFault = onFault;
  }

  /** From here on the destination is as given; undefined: there is none. */
  enrol(id: string, enrolled: Enrolled | undefined): void {
    const before = this.#enrolled.get(id);
    if (before !== undefined) this.#matching.remove(before);
    this.#enrolled.delete(id);
    if (enrolled?.destination.enabled !== true) return;
    this.#enrolled.set(id, enrolled.destination);
    this.#matching.add(enrolled.destination);
  }

  /** The first of `count` ids for deliveries that somebody else makes. */
  reserve(count: number): number {
    const first = this.#delivery + 1;
    this.#delivery += count;
    return first;
  }

  /**
   * What these events cause; to be asked once of each, in order. Yields after each event, for whoever must not
   * be held up by many events that many want.
   */
  *ofEvents(events: readonly CallEvent[], nowMs: number): Generator<undefined, Plan> {
    const plan = newPlan();
    for (const event of events) {
      if (isOfCall(event)) {
        const { call } = event;
        this.#addAll(plan, { kind: 'call', event }, this.#open.get(call.id), nowMs);
        if (call.state === 'ended') {
          this.#open.delete(call.id);
          this.ended.add(call.id);
        } else this.#open.set(call.id, call);
      } else this.#addAll(plan, { kind: 'source', event }, undefined, nowMs);
      yield;
    }
    return plan;
  }

  /** What this causes, which is no event of the journal. */
  ofOccurrence(occurrence: Occurrence, nowMs: number): Plan {
    const plan = newPlan();
    const call = callOf(occurrence);
    this.#addAll(plan, occurrence, call && this.#open.get(call.id), nowMs);
    return plan;
  }

  /** As `ofOccurrence`, for one destination alone, whatever it is limited to. */
  ofOccurrenceFor(destination: Destination, occurrence: Occurrence, nowMs: number): Plan {
    const plan = newPlan();
    this.#add(plan, [destination], occurrence, undefined, nowMs);
    return plan;
  }

  #addAll(plan: OpenPlan, occurrence: Occurrence, before: Call | undefined, nowMs: number): void {
    this.#add(plan, this.#matching.wanting(occurrence), occurrence, before, nowMs);
  }

  #add(
    plan: OpenPlan,
    destinations: readonly Destination[],
    occurrence: Occurrence,
    before: Call | undefined,
    nowMs: number,
  ): void {
    let row: OccurrenceRow | undefined;
    for (const destination of destinations) {
      const parts = this.#partsFor(destination, occurrence, before);
      if (parts.length === 0) continue;
      if (row === undefined) {
        row = occurrenceRow((this.#occurrence += 1), occurrence);
        plan.rows.occurrences.push(row);
      }
      for (const [index, part] of parts.entries()) {
        const made = this.#rowOf(destination, occurrence, row, part, index, nowMs);
        plan.rows.deliveries.push(made);
        const delivery = { ...made, attempts: 0, occurrence };
        plan.deliveries.push({ destination: destination.id, delivery });
      }
    }
  }

  #partsFor(
    destination: Destination,
    occurrence: Occurrence,
    before: Call | undefined,
  ): readonly Part[] {
    try {
      return dialects[destination.dialect].partsOf(occurrence, before, destination);
    } catch (error) {
      this.#onFault(error, destination.id, idOf(occurrence));
      return [];
    }
  }

  #rowOf(
    destination: Destination,
    occurrence: Occurrence,
    { id, key }: OccurrenceRow,
    part: Part,
    index: number,
    nowMs: number,
  ): NewDelivery {
    const { liveFor, recordFor } = destination;
    const seconds = part.class === 'live' ? liveFor : recordFor;
    return {
      id: (this.#delivery += 1),
      destination: destination.id,
      occurrence: id,
      lane: laneOf(occurrence),
      topic: part.topic,
      class: part.class,
      about: part.about ?? null,
      // What else is told of the same occurrence is no repeat of it.
      key: index === 0 ? key : `${key}.${part.topic}`,
      sequence: callOf(occurrence)?.revision ?? 0,
      madeMs: Math.trunc(nowMs),
      expiresMs: Math.trunc(nowMs + seconds * 1_000),
      supersedes: part.supersedes,
    };
  }
}

/** A plan that grows. */
interface OpenPlan {
  readonly rows: { readonly occurrences: OccurrenceRow[]; readonly deliveries: NewDelivery[] };
  readonly deliveries: Planned[];
}

function newPlan(): OpenPlan {
  return { rows: { occurrences: [], deliveries: [] }, deliveries: [] };
}

function occurrenceRow(id: number, occurrence: Occurrence): OccurrenceRow {
  const atMs = atMsOf(occurrence);
  return {
    id,
    key: idOf(occurrence),
    callId: callOf(occurrence)?.id ?? null,
    atMs: Number.isFinite(atMs) ? Math.trunc(atMs) : 0,
    body: JSON.stringify(occurrence),
  };
}
