/**
 * What became of every event that passed a session: counted by the session, and again by a model that
 * knows the whole truth, over any history, any filters and any order of what can happen to a session.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOfCall } from '../../src/call/event.ts';
import { type ExtensionPattern, filterOf, seesAny } from '../../src/call/extension.ts';
import type { JournalEntry } from '../../src/journal/journal.ts';
import { parsePosition, type Position } from '../../src/journal/position.ts';
import { type ResumeResult, resumeResults } from '../../src/subscriber/counts.ts';
import { addTally, emptyTally, Ledger } from '../../src/subscriber/ledger.ts';
import { type NotificationType, notificationTypes } from '../../src/subscriber/message.ts';
import { type FeedAnswer, type Line, Subscribing } from '../../src/subscriber/subscribing.ts';
import type { Subscription } from '../../src/subscriber/subscription.ts';
import { history, somePatterns } from '../support/any-history.ts';
import { TestHouse } from '../support/house.ts';
import { MemoryJournal } from '../support/memory-journal.ts';
import { typeOf } from '../support/notification-types.ts';

/** Whether somebody is to be told of the event, by the words of the protocol. */
function isWanted({ event }: JournalEntry, { filter, types }: Subscription): boolean {
  if (!isOfCall(event)) return types.includes(typeOf[event.kind]);
  const { extensions } = event.call;
  if (!seesAny(filter, extensions)) return false;
  const before = extensions.filter((each) => !event.joined.includes(each));
  const isNew =
    event.kind === 'call.started' || (event.joined.length > 0 && !seesAny(filter, before));
  return types.includes(isNew ? 'CallStart' : typeOf[event.kind]);
}

interface Interval {
  readonly subscription: Subscription;
  readonly afterSeq: number;
}

/** A session whose reader the test plays, and what is to be counted of it. */
class Client implements Line {
  readonly transport = 'tcp';
  readonly encoding = 'xml';
  isOpen = true;
  reads = true;
  /** The next write is one too many. */
  refuses = false;
  /** A request is being carried out; the next one would not have its turn. */
  isWaiting = false;
  readonly subscribing: Subscribing;
  /** By the model. */
  passed = 0;
  unrecovered = 0;
  wanted = 0;
  /** Events of subscriptions that ended before the session had looked at all of them. */
  unseen = 0;
  delivered = 0;
  readonly resumes: ResumeResult[] = [];
  #current: Interval | undefined;
  #waiting: (() => void)[] = [];
  readonly #house: TestHouse;
  readonly #truth: readonly JournalEntry[];

  constructor(house: TestHouse, truth: readonly JournalEntry[]) {
    this.#house = house;
    this.#truth = truth;
    this.subscribing = new Subscribing(house.house, this);
  }

  subscribe(subscription: Subscription): void {
    // From where it comes back, it has asked anew: what was told is over at once.
    if (subscription.after !== undefined) this.#over();
    const waits = this.subscribing.subscribe({ type: 'SubscribeOnCallEvent' }, subscription);
    this.isWaiting = waits !== undefined;
    void waits?.then(() => (this.isWaiting = false));
  }

  subscribed(_head: unknown, subscription: Subscription, feed: FeedAnswer): void {
    this.#over();
    const { hub, journal } = this.#house;
    const { after } = subscription;
    if (feed.recovered === true) {
      this.resumes.push('recovered');
    } else if (after?.epoch === journal.epoch && after.seq <= hub.head) {
      this.resumes.push('too-old');
      this.passed += hub.head - after.seq;
      this.unrecovered += hub.head - after.seq;
    } else if (after !== undefined) {
      this.resumes.push('unknown');
    }
    this.#current = { subscription, afterSeq: parsePosition(feed.position)?.seq ?? NaN };
  }

  unsubscribe(): void {
    this.#over();
    this.subscribing.leave();
  }

  #over(): void {
    if (this.#current === undefined) return;
    const { subscription, afterSeq } = this.#current;
    const { head } = this.#house.hub;
    const passed = this.#truth.slice(afterSeq, head);
    const wanted = passed.filter((entry) => isWanted(entry, subscription)).length;
    this.passed += passed.length;
    this.wanted += wanted;
    if (this.subscribing.isCatchingUp) this.unseen += passed.length - wanted;
    this.#current = undefined;
  }

  get isBusy(): boolean {
    return this.isOpen && (this.isWaiting || this.subscribing.isCatchingUp);
  }

  /** What the model says as if the subscription were over now. */
  look(): void {
    const current = this.#current;
    this.#over();
    if (current !== undefined) {
      this.#current = { ...current, afterSeq: this.#house.hub.head };
    }
  }

  send(bytes: Buffer): boolean {
    if (!this.isOpen) throw new Error('written to after the end');
    if (this.refuses) {
      this.end();
      return false;
    }
    for (const document of bytes.toString().trimEnd().split('\n')) {
      if (document.includes('snapshot="true"')) continue;
      this.delivered += 1;
    }
    return true;
  }

  end(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#over();
    this.subscribing.leave();
    this.read();
  }

  read(): void {
    this.reads = true;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  drained(): Promise<void> {
    if (this.reads) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Holds the session's count against the model's; the hub has been flushed. */
  check(): void {
    const { tally } = this.subscribing;
    const { passed, delivered, filtered, unrecovered, untold } = tally;
    expect(passed).toBe(delivered + filtered + unrecovered + untold);
    expect(delivered).toBe(this.delivered);
    expect(unrecovered).toBe(this.unrecovered);
  }

  /** The same, where nothing is being caught up with: then every number is the model's. */
  checkAll(): void {
    this.check();
    const { passed, filtered, untold } = this.subscribing.tally;
    const unwanted = this.passed - this.unrecovered - this.wanted;
    expect(passed).toBe(this.passed);
    expect(filtered).toBeLessThanOrEqual(unwanted);
    expect(filtered).toBeGreaterThanOrEqual(unwanted - this.unseen);
    expect(untold).toBe(this.passed - this.delivered - this.unrecovered - filtered);
  }
}

const types = fc.oneof(
  fc.constant<readonly NotificationType[]>(['CallStart', 'CallEnd']),
  fc.constant<readonly NotificationType[]>(notificationTypes),
  fc.uniqueArray(fc.constantFrom(...notificationTypes), { minLength: 1 }),
);

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('publish' as const), events: fc.nat(12) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('flush' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drop' as const), part: fc.nat(100) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('subscribe' as const),
      client: fc.nat(2),
      patterns: somePatterns,
      types,
      feed: fc.boolean(),
      snapshot: fc.boolean(),
      after: fc.option(fc.oneof(fc.nat(100), fc.constantFrom('future', 'elsewhere')), {
        nil: undefined,
      }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'unsubscribe' as const,
        'end' as const,
        'refuse' as const,
        'stop' as const,
        'read' as const,
      ),
      client: fc.nat(2),
    }),
  },
);

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function positionOf(after: number | string, house: TestHouse): Position {
  const { epoch } = house.journal;
  if (after === 'elsewhere') return { epoch: 'otherjournal', seq: 3 };
  if (typeof after === 'string') return { epoch, seq: house.hub.head + 5 };
  return { epoch, seq: Math.floor((house.hub.head * after) / 100) };
}

function subscriptionOf(
  patterns: readonly ExtensionPattern[],
  wanted: Omit<Subscription, 'filter' | 'ack'>,
): Subscription {
  return { filter: filterOf(patterns), ack: false, ...wanted };
}

describe('of every event that passed a session', () => {
  it('it is known what became of it', async () => {
    const sum = { ...emptyTally(), recovered: 0, 'too-old': 0, unknown: 0 };
    await fc.assert(
      fc.asyncProperty(
        history,
        fc.array(step, { maxLength: 60, size: 'max' }),
        async (truth, steps) => {
          const house = new TestHouse(new MemoryJournal(), { schedule: () => undefined });
          const clients = [0, 1, 2].map(() => new Client(house, truth));
          const of = (index: number): Client => {
            const client = clients[index];
            if (client === undefined) throw new Error('no such client');
            return client;
          };
          const all: Client[] = [...clients];
          let next = 0;
          for (const each of steps) {
            switch (each.do) {
              case 'publish':
                house.journal.append(
                  truth.slice(next, next + each.events).map(({ event }) => event),
                );
                next = house.hub.head;
                break;
              case 'flush':
                house.hub.flush();
                for (const client of all) client.check();
                break;
              case 'turn':
                await turn();
                break;
              case 'drop':
                house.journal.dropThrough(Math.floor((house.journal.head * each.part) / 100));
                break;
              case 'subscribe': {
                let client = of(each.client);
                if (!client.isOpen) {
                  client = clients[each.client] = new Client(house, truth);
                  all.push(client);
                }
                if (client.isWaiting) break;
                const { after, feed, snapshot } = each;
                const at = after === undefined ? {} : { after: positionOf(after, house) };
                const wanted = feed ? { feed, snapshot, types: each.types, ...at } : legacy;
                client.subscribe(subscriptionOf(each.patterns, wanted));
                break;
              }
              case 'unsubscribe':
                if (!of(each.client).isWaiting) of(each.client).unsubscribe();
                break;
              case 'end':
                of(each.client).end();
                break;
              case 'refuse':
                of(each.client).refuses = true;
                break;
              case 'stop':
                of(each.client).reads = false;
                break;
              case 'read':
                of(each.client).read();
            }
          }
          // Everybody reads on, until nobody is behind.
          for (const client of all) client.read();
          for (let turns = 0; all.some((client) => client.isBusy); turns += 1) {
            if (turns > 1_000) throw new Error('somebody never catches up');
            await turn();
          }
          house.hub.flush();
          for (const client of all) client.look();
          for (const client of all) client.checkAll();
          for (const client of all) client.end();
          for (const client of all) {
            client.checkAll();
            addTally(sum, client.subscribing.tally);
          }
          for (const result of resumeResults) {
            const told = all.flatMap(({ resumes }) => resumes).filter((each) => each === result);
            expect([result, house.counts.resumes[result]]).toEqual([result, told.length]);
            sum[result] += told.length;
          }
        },
      ),
      { numRuns: 100 },
    );
    // Else it would have shown nothing.
    expect(Math.min(...Object.values(sum)), JSON.stringify(sum)).toBeGreaterThan(20);
  });
});

const legacy = {
  feed: false,
  snapshot: false,
  types: ['CallStart', 'CallEnd'],
} as const satisfies Partial<Subscription>;

describe('the ledger', () => {
  it('shows a member that its group passed over', () => {
    const ledger = new Ledger();
    const group = { made: 5, waiting: 0 };
    ledger.begin(10);
    ledger.joined(group, 10);
    group.made += 2;
    ledger.handing(1);
    ledger.handed();
    ledger.settle(14);
    const { passed, delivered, filtered, unrecovered, untold } = ledger.tally;
    expect([passed, delivered + filtered + unrecovered + untold]).toEqual([4, 3]);
  });

  it('shows events that were passed over on the way to the live feed', () => {
    const ledger = new Ledger();
    ledger.begin(10);
    ledger.caughtUp(12, 2);
    ledger.joined({ made: 0, waiting: 0 }, 15);
    ledger.settle(15);
    expect(ledger.tally).toMatchObject({ passed: 5, filtered: 2 });
  });
});
