/**
 * Any history, cut anywhere, read slowly, by a consumer that dies and comes back: it has heard the truth, or
 * was told that it has not.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Conversation } from '../../src/client/conversation.ts';
import type { ConversationSettings, Effect } from '../../src/client/effect.ts';
import type { FeedEvent } from '../../src/client/event.ts';
import { FakeServer } from './fake-server.ts';

const settings: ConversationSettings = {
  extensions: [],
  events: ['CallStart', 'CallEnd'],
  snapshot: true,
  after: undefined,
  times: 'utc',
  token: undefined,
  failFast: false,
  connectTimeoutMs: 10_000,
  requestTimeoutMs: 10_000,
  backoff: { firstMs: 500, maxMs: 15_000 },
  bufferedEvents: 3,
  canPause: true,
};

type Step =
  | { readonly kind: 'happens'; readonly pick: number }
  | { readonly kind: 'hear' | 'take'; readonly count: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | {
      readonly kind: 'cut' | 'forget' | 'restore' | 'keep-alive' | 'goodbye' | 'stutter' | 'die';
    };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('happens' as const), pick: fc.nat(9) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('hear' as const, 'take' as const),
      count: fc.constantFrom(1, 1, 2, 3, 6),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.constantFrom(1, 600, 9_000, 40_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        ...(['cut', 'forget', 'restore', 'keep-alive', 'goodbye', 'stutter'] as const),
      ),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'die' as const }) },
);

/** The world: a server, a client on one line, and a consumer with what it has been told. */
class World {
  readonly server = new FakeServer();
  readonly told: FeedEvent[] = [];
  /** Ids of calls that the consumer believes to go on. */
  believes = new Set<string>();
  readonly complaints: string[] = [];
  readonly #settings: ConversationSettings;
  #conversation: Conversation;
  #nowMs = 0;
  #hasLine = false;
  #isPaused = false;
  /** The number of the last event that the consumer has heard, in the epoch it was heard of. */
  #heard: { epoch: string; seq: number } | undefined;
  /** Snapshot events that are announced and have not come, and what they add up to. */
  #announced = 0;
  #snapshot: string[] = [];
  #mayRepeat = false;

  constructor(changes: Partial<ConversationSettings>) {
    this.#settings = { ...settings, ...changes };
    this.#conversation = new Conversation(this.#settings, 0);
  }

  get waits(): boolean {
    return this.#conversation.nextDeadlineMs !== Infinity;
  }

  do(step: Step): void {
    switch (step.kind) {
      case 'happens':
        this.server.happens(step.pick);
        break;
      case 'hear':
        for (let i = 0; i < step.count; i += 1) this.#hear();
        break;
      case 'take':
        for (let i = 0; i < step.count; i += 1) this.take();
        break;
      case 'pass':
        this.pass(step.ms);
        break;
      case 'cut':
        this.#cut();
        break;
      case 'forget':
        this.server.forget();
        break;
      case 'restore':
        this.server.restore();
        this.#cut();
        break;
      case 'keep-alive':
        this.server.keepAlive();
        break;
      case 'goodbye':
        this.server.goodbye();
        break;
      case 'stutter':
        this.server.stutter();
        break;
      case 'die':
        this.#die();
    }
  }

  /** Time passes; whoever has a deadline in it looks just then. */
  pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const nextMs = Math.max(this.#nowMs, this.#conversation.nextDeadlineMs);
      if (nextMs > endMs) break;
      this.#nowMs = nextMs;
      this.#do(this.#conversation.tick(this.#nowMs, 0.5));
    }
    this.#nowMs = endMs;
  }

  take(): boolean {
    const event = this.#conversation.take();
    this.#do(this.#conversation.relieved(this.#nowMs));
    if (event === undefined) return false;
    this.#note(event);
    return true;
  }

  /** Lets everything come to rest: connects, says all there is to say, takes all there is to take. */
  settle(): void {
    for (let round = 0; round < 50; round += 1) {
      this.pass(5_000);
      this.server.keepAlive();
      while (this.#hear() || this.take());
    }
  }

  #hear(): boolean {
    if (!this.#hasLine || this.#isPaused) return false;
    const message = this.server.say();
    if (message === undefined) return false;
    this.#do(this.#conversation.received(message, this.#nowMs, 0.5));
    if (message.kind === 'goodbye') this.#cut();
    return true;
  }

  #cut(): void {
    if (!this.#hasLine) return;
    this.#hasLine = false;
    this.server.cut();
    this.#do(this.#conversation.closed({ reason: 'cut' }, this.#nowMs, 0.5));
  }

  /** The consumer's process ends, and another goes on from the position that was kept. */
  #die(): void {
    const { position } = this.#conversation;
    this.server.cut();
    this.#hasLine = false;
    const at = position?.split('-') ?? [];
    // Handled is what was taken before the last one: that one may come again.
    this.#mayRepeat = true;
    if (position === undefined) {
      this.believes = new Set();
      this.#heard = undefined;
    } else {
      this.#heard ??= { epoch: at[0] ?? '', seq: Number(at[1]) };
    }
    this.#announced = 0;
    this.#conversation = new Conversation({ ...this.#settings, after: position }, this.#nowMs);
  }

  #do(effects: readonly Effect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'dial':
          this.#hasLine = true;
          this.#isPaused = false;
          this.#do(this.#conversation.opened());
          break;
        case 'send':
          if (effect.request.kind === 'subscribe' && effect.request.feed !== undefined) {
            this.server.subscribe(effect.request.feed);
          }
          break;
        case 'pause':
          this.#isPaused = true;
          break;
        case 'resume':
          this.#isPaused = false;
          break;
        case 'hang-up':
          this.#hasLine = false;
          this.server.cut();
          break;
        case 'settle':
          break;
      }
    }
  }

  /** The consumer believes every word, and complains of what cannot be. */
  #note(event: FeedEvent): void {
    this.told.push(event);
    if (event.kind === 'connected') {
      if (this.#announced > 0) this.complaints.push('half a snapshot was told');
      if (!event.recovered || event.calls > 0) this.#snapshotBegins(event);
      return;
    }
    if (event.kind === 'lost') {
      // What was announced and never came was lost with the connection.
      if (this.#snapshot.length === 0) this.#announced = 0;
      return;
    }
    if (event.kind !== 'call') return;
    const { id } = event.call;
    const [epoch = '', seq = ''] = event.position.split('-');
    if (event.snapshot) {
      this.#snapshot.push(id);
      this.#announced -= 1;
      if (this.#announced === 0) this.#snapshotEnds(epoch, Number(seq));
      return;
    }
    this.#follow(event.type, id, epoch, Number(seq));
  }

  #snapshotBegins({ calls, recovered }: Extract<FeedEvent, { kind: 'connected' }>): void {
    this.#announced = calls;
    this.#snapshot = [];
    if (!recovered) this.#heard = undefined;
    if (calls === 0 && !recovered) this.believes = new Set();
  }

  #snapshotEnds(epoch: string, seq: number): void {
    const truth = this.server.ongoing(seq);
    if (JSON.stringify([...this.#snapshot].sort()) !== JSON.stringify(truth.sort())) {
      this.complaints.push(`the snapshot at ${seq} is not the truth`);
    }
    this.believes = new Set(this.#snapshot);
    this.#snapshot = [];
    this.#heard = { epoch, seq };
    this.#mayRepeat = false;
  }

  #follow(type: string, id: string, epoch: string, seq: number): void {
    const before = this.#heard;
    if (before !== undefined) {
      const isNext = before.epoch === epoch && seq === before.seq + 1;
      const isRepeat = this.#mayRepeat && before.epoch === epoch && seq === before.seq;
      if (!isNext && !isRepeat) {
        this.complaints.push(`${epoch}-${seq} after ${before.epoch}-${before.seq}`);
      }
    }
    this.#heard = { epoch, seq };
    this.#mayRepeat = false;
    if (type === 'CallStart') this.believes.add(id);
    else this.believes.delete(id);
  }
}

describe.each([
  ['that can pause', { canPause: true }],
  ['that has to let go', { canPause: false }],
])('over a transport %s', (_, changes) => {
  it('the consumer hears the truth in order, or is told that something is missing', () => {
    fc.assert(
      fc.property(fc.nat(6), fc.array(step, { maxLength: 80, size: 'max' }), (calls, steps) => {
        const world = new World(changes);
        for (let i = 0; i < calls; i += 1) world.do({ kind: 'happens', pick: 0 });
        for (const each of steps) world.do(each);
        world.settle();
        expect(world.complaints).toEqual([]);
        expect([...world.believes].sort()).toEqual(world.server.ongoing().sort());
      }),
      { numRuns: 1_000 },
    );
  });
});
