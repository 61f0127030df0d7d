/**
 * The law of snapshot and stream: what the client was told is what is, whenever it subscribed, however
 * events, commits, flushes, slow reading, new filters and lost connections follow each other.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../src/journal/journal.ts';
import { Connection } from '../../src/subscriber/connection.ts';
import { connectedCall, endedCall, eventOf, started } from '../support/calls.ts';
import { isAnswer, isCall, isGoodbye, isKeepalive } from '../support/feed-client.ts';
import { FeedModel, Telephony, truthAt, type Wish } from '../support/feed-model.ts';
import { eventually, OpenHouse, TestHouse } from '../support/house.ts';
import { MemoryJournal } from '../support/memory-journal.ts';
import { SpyTransport } from '../support/spy-transport.ts';

const snapshotRequest = (inside = ''): string =>
  `<VerbaApi><Request type="SubscribeOnCallEvent" id="1">${inside}<Feed events="CallStart CallAnswer CallUpdate CallEnd" snapshot="true"/></Request></VerbaApi>`;

describe('a snapshot', () => {
  it.each(['tcp', 'websocket'] as const)(
    'over %s comes whole, with its number and its position, and the next event is the one after',
    async (transport) => {
      const ongoing = [0, 1, 2].map((n) => connectedCall(n));
      const house = await OpenHouse.open({ ongoing });
      await house.publish(started(3), started(4));
      const client = await house.connect(transport);
      client.send(snapshotRequest());
      expect(await client.find(isAnswer)).toMatchObject({
        feed: { position: 'memory01-2', calls: 5, recovered: undefined },
      });
      await house.publish(eventOf('call.ended', endedCall(0)));
      await client.until(() => client.calls.length === 6);
      expect(
        client.calls.map(({ type, snapshot, position }) => [type, snapshot, position]),
      ).toEqual([
        ...Array.from({ length: 5 }, () => ['CallStart', true, 'memory01-2']),
        ['CallEnd', false, 'memory01-3'],
      ]);
      const ids = client.calls.slice(0, 5).map(({ cdr }) => cdr.fields.get('id'));
      expect(ids).toEqual([0, 1, 2, 3, 4].map((n) => connectedCall(n).id));
    },
  );

  it('of no calls says that there are none', async () => {
    const house = await OpenHouse.open();
    const client = await house.tcp();
    client.send(snapshotRequest());
    expect(await client.find(isAnswer)).toMatchObject({
      feed: { position: 'memory01-0', calls: 0 },
    });
  });

  it('is not promised where it was not asked for', async () => {
    const house = await OpenHouse.open({ ongoing: [connectedCall(0)] });
    const client = await house.tcp();
    client.send('<VerbaApi><Request type="SubscribeOnCallEvent"><Feed/></Request></VerbaApi>');
    expect((await client.find(isAnswer)).feed).toEqual({
      position: 'memory01-0',
      calls: undefined,
      recovered: undefined,
    });
    await house.publish(started(1));
    expect(await client.next()).toMatchObject({ kind: 'call', snapshot: false });
  });

  it('gives no position to go on from before it is whole, neither at an end nor in between', async () => {
    const ongoing = Array.from({ length: 500 }, (_, n) => connectedCall(n));
    const house = new TestHouse(new MemoryJournal(), { ongoing });
    const transport = new SpyTransport();
    const connection = new Connection(transport, house.session, house.house);
    transport.reads = false;
    connection.receive(Buffer.from(snapshotRequest()));
    house.pass(10_000);
    connection.end('going-away', 'The server stops.');

    const told = transport.messages.filter(isCall).length;
    expect(told).toBeGreaterThan(0);
    expect(told).toBeLessThan(500);
    expect(transport.messages.find(isKeepalive)).toMatchObject({ position: undefined });
    expect(transport.messages.find(isGoodbye)).toMatchObject({ position: undefined });
  });

  it('waits for a reader that is slow, and lets a second subscribe wait for it', async () => {
    const ongoing = Array.from({ length: 300 }, (_, n) => connectedCall(n));
    const house = new TestHouse(new MemoryJournal(), { ongoing });
    const transport = new SpyTransport();
    const connection = new Connection(transport, house.session, house.house);
    transport.reads = false;
    connection.receive(Buffer.from(snapshotRequest('<Extension prefix="10"/>')));
    connection.receive(Buffer.from(snapshotRequest('<Extension prefix="+49"/>')));
    await new Promise(setImmediate);
    expect(transport.messages.filter(isAnswer)).toHaveLength(1);
    expect(transport.messages.filter(isCall).length).toBeLessThan(50);

    transport.takeAll();
    await eventually(() => transport.messages.filter(isAnswer).length === 2);
    const all = transport.messages.filter(isCall);
    // Every call has both numbers: the second filter shows nothing new.
    expect(all).toHaveLength(300);
    expect(transport.messages.filter(isAnswer)[1]?.feed?.calls).toBe(0);
  });
});

const numbers = ['1000', '1001', '2000', 'ann@example.com'];
const wishes: readonly Wish[] = [
  { xml: '', sees: () => true },
  { xml: '<Extension number="1000"/>', sees: (each) => each === '1000' },
  { xml: '<Extension prefix="10"/>', sees: (each) => each.startsWith('10') },
  {
    xml: '<Extension number="1001"/><Extension number="ANN@Example.com"/>',
    sees: (each) => each === '1001' || each === 'ann@example.com',
  },
];

type Step =
  | { readonly kind: 'event'; readonly line: number; readonly number: string }
  | { readonly kind: 'commit'; readonly count: number }
  | { readonly kind: 'flush' | 'reconnect' | 'retention' | 'time' | 'turn' }
  | { readonly kind: 'subscribe'; readonly wish: Wish }
  | { readonly kind: 'read'; readonly bytes: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('event' as const),
      line: fc.nat(5),
      number: fc.constantFrom(...numbers),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      count: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'flush',
        'flush',
        'flush',
        'turn',
        'turn',
        'time',
        'reconnect',
        'retention',
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('subscribe' as const),
      wish: fc.constantFrom(...wishes),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('read' as const), bytes: fc.nat(20_000) }),
  },
);

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A server, a telephony and one client, taken from step to step. */
class Scene {
  readonly #journal = new MemoryJournal({ commitsAlone: false });
  readonly #house = new TestHouse(this.#journal, {
    schedule: () => undefined,
    queueBytes: 6_000,
  });
  readonly #telephony = new Telephony();
  /** Everything that ever became durable, dropped or not. */
  readonly #history: JournalEntry[] = [];
  readonly #client = new FeedModel(() => this.#history);
  #wish: Wish = { xml: '', sees: () => true };
  #transport = new SpyTransport();
  #heard = 0;
  #connection = this.#connect();

  constructor() {
    this.#journal.beforeRead = nextTurn;
    this.#journal.onCommitted((entries) => this.#history.push(...entries));
  }

  #connect(): Connection {
    this.#transport = new SpyTransport();
    this.#transport.reads = false;
    this.#heard = 0;
    const { session, house } = this.#house;
    const connection = new Connection(this.#transport, session, house);
    const after = this.#client.connects(this.#wish);
    const request = snapshotRequest(this.#wish.xml);
    connection.receive(
      Buffer.from(
        after === undefined ? request : request.replace(/snapshot="true"/, `after="${after}"`),
      ),
    );
    return connection;
  }

  /** The client handles everything that was written, as if it had come. */
  #handle(): void {
    const { messages } = this.#transport;
    for (const message of messages.slice(this.#heard)) this.#client.takes(message);
    this.#heard = messages.length;
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'event':
        this.#journal.append([this.#telephony.event(step.line, step.number)]);
        break;
      case 'commit':
        this.#journal.commit(step.count);
        break;
      case 'flush':
        this.#house.hub.flush();
        break;
      case 'reconnect':
        this.#handle();
        this.#connection.closed();
        this.#connection = this.#connect();
        break;
      case 'retention':
        if (this.#journal.head > 3) this.#journal.dropThrough(this.#journal.head - 3);
        break;
      case 'time':
        this.#house.pass(5_000);
        break;
      case 'turn':
        await nextTurn();
        break;
      case 'subscribe':
        this.#wish = step.wish;
        this.#client.subscribesAgain(step.wish);
        this.#connection.receive(Buffer.from(snapshotRequest(step.wish.xml)));
        break;
      case 'read':
        this.#transport.take(Math.min(step.bytes, this.#transport.pendingBytes));
        break;
    }
    // A client that reads slowly may be overtaken: by its queue, by time, by retention.
    while (!this.#connection.isOpen) {
      expect(this.#house.endings.at(-1)).toMatchObject({ reason: 'slow-consumer' });
      this.#handle();
      this.#connection = this.#connect();
    }
  }

  /** Everything is committed, told and read. */
  async settle(): Promise<{ known: Map<string, number>; truth: Map<string, number> }> {
    this.#journal.commit();
    for (let turn = 0; turn < 20; turn += 1) {
      this.#transport.takeAll();
      this.#house.hub.flush();
      await this.take({ kind: 'turn' });
    }
    this.#handle();
    const truth = truthAt(this.#history, this.#history.length, this.#wish);
    return { known: this.#client.known, truth };
  }
}

describe('the state of a client', () => {
  it('is the truth, whatever happened in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 150, size: 'max' }),
        async (steps) => {
          const scene = new Scene();
          for (const each of steps) await scene.take(each);
          const { known, truth } = await scene.settle();
          expect(known).toEqual(truth);
        },
      ),
      { numRuns: 200 },
    );
  });
});
