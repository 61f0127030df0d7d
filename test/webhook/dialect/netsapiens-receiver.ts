/**
 * A receiver of NetSapiens' live models, and the outbox before it as far as order and collapsing go: what waits
 * is collapsed by what supersedes it, lane by lane, and the receiver keeps what it was told last of each object.
 */
import type { Call } from '../../../src/call/call.ts';
import type { Destination } from '../../../src/webhook/destination.ts';
import type { Item, Part } from '../../../src/webhook/dialect/dialect.ts';
import { laneOf } from '../../../src/webhook/occurrence.ts';
import { itemsOf, requestOf } from '../../contract/dialect.ts';
import { type Happening, partsOf } from './telling.ts';

interface Waiting {
  readonly part: Part;
  readonly item: Item;
}

type Texts = Readonly<Record<string, string>>;

/** Times of the news itself, which are no state. */
const fleeting = ['time_refresh', 'ts', 'last-modified-datetime'];

export class Receiver {
  readonly #destination: Destination;
  readonly #model: string;
  readonly #lanes = new Map<string, Waiting[]>();
  readonly #objects = new Map<string, Texts>();
  readonly #calls = new Map<string, Call>();

  constructor(destination: Destination) {
    this.#destination = destination;
    // Parse door: a destination of this dialect.
    this.#model = (destination.options as { readonly model: string }).model;
  }

  plan(happening: Happening): void {
    const { occurrence, before } = happening;
    const items = itemsOf(occurrence, before, this.#destination);
    if (occurrence.kind === 'call')
      this.#calls.set(occurrence.event.call.id, occurrence.event.call);
    const lane = laneOf(occurrence);
    for (const [index, part] of partsOf(happening, this.#destination).entries()) {
      const waiting = (this.#lanes.get(lane) ?? []).filter(
        (each) =>
          each.part.class === 'record' ||
          part.supersedes === 'nothing' ||
          (part.supersedes === 'topic' && each.part.topic !== part.topic),
      );
      const item = items[index];
      if (item !== undefined) this.#lanes.set(lane, [...waiting, { part, item }]);
    }
  }

  /** Nobody was reached for so long that everything live is out of date. */
  expire(): void {
    for (const [lane, waiting] of this.#lanes) {
      this.#lanes.set(
        lane,
        waiting.filter(({ part }) => part.class === 'record'),
      );
    }
  }

  /** Up to `most` items of each lane, in order, in one request per lane. */
  deliver(most: number): void {
    for (const [lane, waiting] of this.#lanes) {
      const items = waiting.splice(0, most).map(({ item }) => item);
      if (items.length === 0) continue;
      const { body = '' } = requestOf(items, this.#destination);
      // Parse door: a test that reads what was sent.
      for (const object of JSON.parse(body) as Texts[]) this.#take(lane, object);
    }
  }

  #take(lane: string, object: Texts): void {
    const key = `${lane} ${nameOf(this.#model, object)}`;
    const isGone =
      object['remove'] === 'yes' ||
      object['presence-status'] === 'inactive' ||
      object['active-calls-total-current'] === '0';
    if (isGone) this.#objects.delete(key);
    else this.#objects.set(key, lasting(object));
  }

  /** What the receiver believes to go on. */
  shown(): Readonly<Record<string, Texts>> {
    return sorted(this.#objects);
  }

  /** What it would believe had it asked for everything at once just now. */
  expected(): Readonly<Record<string, Texts>> {
    const fresh = new Receiver(this.#destination);
    for (const call of this.#calls.values()) {
      if (call.state === 'ended') continue;
      const event = {
        kind: 'call.updated',
        id: `${call.id}/now`,
        atMs: 0,
        seenAtMs: 0,
        source: call.source,
        call,
        joined: [],
      } as const;
      fresh.plan({ occurrence: { kind: 'call', event }, before: undefined });
    }
    fresh.deliver(Infinity);
    return fresh.shown();
  }
}

function nameOf(model: string, object: Texts): string {
  switch (model) {
    case 'call':
      return object['acr_id'] ?? '';
    case 'call_origid':
      return object['orig_callid'] ?? '';
    case 'agent':
      return `${object['callqueue-agent-id']} ${object['callqueue']}`;
    default:
      return object['user'] ?? '';
  }
}

function lasting(object: Texts): Texts {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !fleeting.includes(key)));
}

function sorted(objects: ReadonlyMap<string, Texts>): Readonly<Record<string, Texts>> {
  return Object.fromEntries([...objects].sort(([a], [b]) => (a < b ? -1 : 1)));
}
