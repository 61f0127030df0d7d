/**
 * What those who manage do with destinations and deliveries: make, change, remove, pause, try, replay, ask why.
 * Changes are made one after the other, kept in the store, taken up by the roster, and told as entries of the
 * audit log.
 */
import type { Call } from '../call/call.ts';
import type { StoreClient } from '../store/client.ts';
import type { DeliveryState, DestinationStateRow } from '../store/outbox-messages.ts';
import { auditEntry, type Deed } from './audit.ts';
import type { Bridge } from './bridge.ts';
import type { Destination } from './destination.ts';
import type { DestinationProblem } from './dialect/dialect.ts';
import { dialects } from './dialects.ts';
import { scrubber } from './redaction.ts';
import { replay, type Replaying, type ReplayOrder, type ReplayParts } from './replaying.ts';
import type { Enrolled } from './roster.ts';
import { readSent, withId } from './sent.ts';
import {
  deliveryView,
  destinationView,
  detailView,
  type ShownDelivery,
  type ShownDestination,
  type ShownDetail,
  standingOf,
} from './views.ts';
import { type WhyAnswer, whyOf } from './why.ts';

/** What administration needs of the rest of the house. */
export interface AdministrationParts extends ReplayParts {
  readonly store: Pick<
    StoreClient,
    | 'putDestination'
    | 'dropDestination'
    | 'pause'
    | 'abandon'
    | 'destinationStates'
    | 'deliveries'
    | 'delivery'
    | 'replay'
  >;
  /** An id that nothing else has, for occurrences. */
  readonly newId: () => string;
  /** Name of this server, as entries of the audit log have it. */
  readonly domain: string;
  /** A call, ongoing or in the books. */
  readonly find: (callId: string) => Promise<Call | undefined>;
  readonly bridge: Pick<Bridge, 'tell' | 'pause' | 'outlet' | 'nudge' | 'reserve'>;
}

export type Changed =
  | { readonly kind: 'done'; readonly destination: ShownDestination }
  | { readonly kind: 'problems'; readonly problems: readonly DestinationProblem[] }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'exists' }
  | { readonly kind: 'from-file' };

export type Tried =
  | { readonly kind: 'sent'; readonly delivery: number }
  /** Its dialect tells nothing of the example. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknown' };

export interface DeliveriesWanted {
  readonly destination?: string;
  readonly call?: string;
  readonly state?: DeliveryState;
  readonly before?: number;
  readonly limit: number;
}

const mostDestinations = 10_000;
/** Deliveries that one step gives up, so that commits of events wait for little. */
const perStep = 500;
/** Deliveries of one call that an answer to "why" rests on. */
const mostExplained = 50;
const removedReason = 'the destination was removed';

/** Every method may reject with a StoreError; what was begun then is undone, or done again by a repeat. */
export class Administration {
  readonly #parts: AdministrationParts;
  /** Changes wait for those before them. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: AdministrationParts) {
    this.#parts = parts;
  }

  async destinations(): Promise<readonly ShownDestination[]> {
    const { roster, store, bridge } = this.#parts;
    const states = new Map((await store.destinationStates()).map((row) => [row.destination, row]));
    return roster.all.map((each) => {
      const { id } = each.destination;
      return destinationView(each, states.get(id), bridge.outlet(id));
    });
  }

  async destination(id: string): Promise<ShownDestination | undefined> {
    return this.#parts.roster.get(id) === undefined ? undefined : this.#view(id);
  }

  /** Makes one of what was written, as it would stand in the configuration file. */
  create(written: unknown, by: string): Promise<Changed> {
    return this.#inTurn(async () => {
      const { roster } = this.#parts;
      const read = readSent(written, undefined);
      if (read.kind === 'problems') return read;
      const { id } = read.destination;
      const known = roster.get(id);
      if (known !== undefined) return { kind: known.origin === 'file' ? 'from-file' : 'exists' };
      if (roster.all.length >= mostDestinations) {
        const seen = `${mostDestinations} destinations`;
        const expected = 'fewer than that; remove one that nobody needs';
        return { kind: 'problems', problems: [{ path: '', seen, expected }] };
      }
      const nowMs = this.#nowMs();
      await this.#keep(read.destination, nowMs, nowMs);
      // One of that id may have been removed while it was paused.
      await this.#pause(id, false);
      return this.#done(id, 'create', by);
    });
  }

  /** Replaces it as a whole; secrets that come back hidden stay what they are. */
  update(id: string, written: unknown, by: string): Promise<Changed> {
    return this.#inTurn(async () => {
      const known = this.#changeable(id);
      if ('kind' in known) return known;
      const read = readSent(withId(written, id), known.destination.written);
      if (read.kind === 'problems') return read;
      if (read.destination.id !== id) {
        const seen = JSON.stringify(read.destination.id);
        const expected = `"${id}", or no id; another id is another destination`;
        return { kind: 'problems', problems: [{ path: 'id', seen, expected }] };
      }
      await this.#keep(read.destination, known.madeMs, this.#nowMs());
      return this.#done(id, 'update', by);
    });
  }

  /** Takes it away and gives up what waits for it; what became of its deliveries can still be seen. */
  remove(id: string, by: string): Promise<Changed> {
    return this.#inTurn(async () => {
      const { roster, store } = this.#parts;
      const known = this.#changeable(id);
      if ('kind' in known) return known;
      const destination = await this.#view(id);
      // First of all nothing more is planned for it. If the store fails, it is there again, and may be removed.
      roster.drop(id);
      try {
        const step = { destination: id, reason: removedReason, limit: perStep };
        while (await store.abandon({ ...step, nowMs: this.#nowMs() }));
        await store.dropDestination(id);
      } catch (error) {
        roster.put(known.destination, known);
        throw error;
      }
      await this.#log({ action: 'delete', object: 'destination', target: id, by });
      return { kind: 'done', destination };
    });
  }

  /** Nothing is sent to a paused one, and everything waits. Going on brings back one whose receiver had gone. */
  pause(id: string, paused: boolean, by: string): Promise<Changed> {
    return this.#inTurn(async () => {
      if (this.#parts.roster.get(id) === undefined) return { kind: 'unknown' };
      await this.#pause(id, paused);
      return this.#done(id, paused ? 'pause' : 'resume', by);
    });
  }

  /** Tells it of something made up, whatever its filter. */
  async test(id: string, by: string): Promise<Tried> {
    const { roster, newId, bridge } = this.#parts;
    const known = roster.get(id);
    if (known === undefined) return { kind: 'unknown' };
    const { destination } = known;
    const sample = dialects[destination.dialect].sample(destination, newId(), this.#nowMs());
    const [delivery] = await bridge.tell(sample, destination);
    if (delivery === undefined) return { kind: 'nothing' };
    await this.#log({ action: 'test', object: 'destination', target: id, by });
    return { kind: 'sent', delivery };
  }

  /** Newest first. */
  async deliveries(wanted: DeliveriesWanted): Promise<readonly ShownDelivery[]> {
    const rows = await this.#parts.store.deliveries({
      destination: wanted.destination ?? null,
      callId: wanted.call ?? null,
      state: wanted.state ?? null,
      beforeId: wanted.before ?? Number.MAX_SAFE_INTEGER,
      limit: wanted.limit,
    });
    const scrubs = new Map<string, (text: string) => string>();
    return rows.map((row) => {
      const scrub = scrubs.get(row.destination) ?? this.#scrubber(row.destination);
      scrubs.set(row.destination, scrub);
      return deliveryView(row, scrub);
    });
  }

  async delivery(id: number): Promise<ShownDetail | undefined> {
    const detail = await this.#parts.store.delivery(id);
    if (detail === null) return undefined;
    return detailView(detail, this.#scrubber(detail.delivery.destination));
  }

  async replay(order: ReplayOrder, by: string): Promise<Replaying> {
    const done = await replay(order, this.#parts);
    if (done.kind !== 'replayed') return done;
    const target = String(order.delivery ?? order.destination ?? '');
    await this.#log({ action: 'replay', object: 'delivery', target, by });
    return done;
  }

  async why(id: string, callId: string): Promise<WhyAnswer | undefined> {
    const { roster, store, bridge, find } = this.#parts;
    const asked = { destination: id, callId, state: null };
    const rows = await store.deliveries({
      ...asked,
      beforeId: Number.MAX_SAFE_INTEGER,
      limit: mostExplained,
    });
    const details = await Promise.all(rows.map((row) => store.delivery(row.id)));
    const state = await this.#stateOf(id);
    const call = await find(callId);
    const enrolled = roster.get(id);
    if (enrolled === undefined) return undefined;
    const deliveries = details.filter((each) => each !== null).reverse();
    return whyOf({
      enrolled,
      standing: standingOf(enrolled.destination.enabled, state, bridge.outlet(id)),
      paused: state?.paused ?? false,
      callId,
      call,
      deliveries,
      scrub: scrubber(enrolled.destination.written),
      nowMs: this.#nowMs(),
    });
  }

  /** One that may be changed here, or why it may not. */
  #changeable(id: string): Enrolled | { readonly kind: 'unknown' | 'from-file' } {
    const known = this.#parts.roster.get(id);
    if (known === undefined) return { kind: 'unknown' };
    return known.origin === 'file' ? { kind: 'from-file' } : known;
  }

  async #keep(destination: Destination, madeMs: number, changedMs: number): Promise<void> {
    const { roster, store } = this.#parts;
    const { id, written } = destination;
    await store.putDestination({ id, body: JSON.stringify(written), madeMs, changedMs });
    roster.put(destination, { madeMs, changedMs });
  }

  async #done(target: string, action: Deed['action'], by: string): Promise<Changed> {
    await this.#log({ action, object: 'destination', target, by });
    return { kind: 'done', destination: await this.#view(target) };
  }

  async #pause(id: string, paused: boolean): Promise<void> {
    await this.#parts.store.pause(id, paused);
    this.#parts.bridge.pause(id, paused);
  }

  async #view(id: string): Promise<ShownDestination> {
    const state = await this.#stateOf(id);
    const known = this.#parts.roster.get(id);
    if (known === undefined) throw new Error(`The destination "${id}" is gone.`);
    return destinationView(known, state, this.#parts.bridge.outlet(id));
  }

  async #stateOf(id: string): Promise<DestinationStateRow | undefined> {
    const states = await this.#parts.store.destinationStates();
    return states.find((row) => row.destination === id);
  }

  #scrubber(id: string): (text: string) => string {
    return scrubber(this.#parts.roster.get(id)?.destination.written);
  }

  async #log(deed: Deed): Promise<void> {
    const { newId, domain, bridge } = this.#parts;
    await bridge.tell(auditEntry(deed, { id: newId(), atMs: this.#nowMs(), domain }));
  }

  #nowMs(): number {
    return Math.trunc(this.#parts.nowMs());
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(change);
    // Whoever asked hears of a failure; the next change must not.
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
