/** What a client does and when, as values and times. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Conversation } from '../../src/client/conversation.ts';
import type { ConversationSettings, Effect } from '../../src/client/effect.ts';
import type { FeedEvent } from '../../src/client/event.ts';
import type { ServerMessage } from '../../src/subscriber/reading.ts';
import { answer, keepalive, told } from './fake-server.ts';

const settings: ConversationSettings = {
  extensions: [{ kind: 'number', number: '1001' }],
  events: ['CallStart', 'CallEnd'],
  snapshot: false,
  after: undefined,
  times: 'utc',
  token: undefined,
  failFast: false,
  connectTimeoutMs: 5_000,
  requestTimeoutMs: 3_000,
  backoff: { firstMs: 1_000, maxMs: 8_000 },
  bufferedEvents: 4,
  canPause: true,
};

let talk: Conversation;
let nowMs: number;
beforeEach(() => {
  begin();
});

function begin(changes: Partial<ConversationSettings> = {}): void {
  nowMs = 1_000;
  talk = new Conversation({ ...settings, ...changes }, nowMs);
}

const kinds = (effects: readonly Effect[]): string[] => effects.map(({ kind }) => kind);
const hear = (message: ServerMessage): string[] => kinds(talk.received(message, nowMs, 0.5));
const cut = (random = 0.5): string[] => kinds(talk.closed({ reason: 'cut' }, nowMs, random));

/** At the next deadline, which must be in so many milliseconds. */
function after(ms: number, lateMs = 0): string[] {
  expect(talk.nextDeadlineMs - nowMs).toBe(ms);
  nowMs += ms + lateMs;
  return kinds(talk.tick(nowMs, 0.5));
}

function live(feed: { calls?: number; recovered?: boolean } = {}, keepAliveS = 10): void {
  const { calls, recovered } = feed;
  expect(talk.opened().at(-1)).toMatchObject({ kind: 'send', request: { kind: 'subscribe' } });
  hear(answer({ keepAliveS, feed: { position: 'epoch0-10', calls, recovered } }));
}

function connect(feed: { calls?: number; recovered?: boolean } = {}, keepAliveS = 10): void {
  expect(after(0)).toEqual(['dial']);
  live(feed, keepAliveS);
}

/** Everything that waits. */
function taken(): string[] {
  const events: FeedEvent[] = [];
  for (let event = talk.take(); event !== undefined; event = talk.take()) events.push(event);
  return events.map((event) => {
    if (event.kind === 'call') return event.call.id;
    return event.kind === 'lost' ? `lost: ${event.reason}` : event.kind;
  });
}

const seq = (number: number): ServerMessage => told('CallStart', `c${number}`, `epoch0-${number}`);

describe('silence', () => {
  it('is borne for one and a half intervals last announced, and one last look', () => {
    connect();
    expect(after(15_000)).toEqual([]);
    expect(after(100)).toEqual(['hang-up']);
    expect(taken()).toEqual(['connected', 'lost: silent for 15 s']);
  });

  it('is ended by anything, and by what lay unread', () => {
    connect();
    nowMs += 14_000;
    talk.heard(nowMs);
    expect(after(15_000)).toEqual([]);
    hear(keepalive(undefined, 20));
    expect(after(30_000)).toEqual([]);
    expect(after(100)).toEqual(['hang-up']);
  });

  it('that we slept through is borne a little longer', () => {
    connect();
    expect(after(15_000, 600_000)).toEqual([]);
    expect(after(2_000)).toEqual(['hang-up']);
  });

  it('has no end where there are no keep-alives', () => {
    connect({}, 0);
    expect(talk.nextDeadlineMs).toBe(Infinity);
  });

  it('before the answer ends the attempt', () => {
    expect(after(0)).toEqual(['dial']);
    expect(after(5_000)).toEqual(['hang-up']);
    expect(taken()).toEqual(['lost: no answer within 5 s']);
  });
});

describe('coming back', () => {
  it('takes twice as long each time up to a bound, at random, and begins anew once it worked', () => {
    connect();
    cut();
    for (const ms of [500, 1_000, 2_000, 4_000, 4_000]) {
      expect(after(ms)).toEqual(['dial']);
      cut();
      taken();
    }
    expect(after(4_000)).toEqual(['dial']);
    live({ recovered: true });
    hear(seq(11));
    cut(0);
    expect(after(0)).toEqual(['dial']);
    cut(0.999);
    expect(talk.nextDeadlineMs - nowMs).toBe(1_998);
  });

  it('does not begin anew for a server that only answers', () => {
    connect();
    cut();
    expect(after(500)).toEqual(['dial']);
    live({ recovered: true });
    cut();
    expect(talk.nextDeadlineMs - nowMs).toBe(1_000);
  });

  it('waits for a consumer that is far behind', () => {
    connect();
    for (const number of [11, 12, 13, 14]) hear(seq(number));
    cut();
    expect(talk.nextDeadlineMs).toBe(Infinity);
    while (talk.take()?.kind !== 'call');
    expect(talk.relieved(nowMs)).toEqual([]);
    talk.take();
    talk.take();
    expect(kinds(talk.relieved(nowMs))).toEqual(['dial']);
    expect(talk.opened()).toMatchObject([{ request: { feed: { after: 'epoch0-14' } } }]);
  });
});

describe('a consumer that is slow', () => {
  it('holds the server back, with signs of life, until half of it is taken', () => {
    connect();
    expect([11, 12].flatMap((number) => hear(seq(number)))).toEqual([]);
    expect(hear(seq(13))).toEqual(['pause']);
    expect(after(10_000)).toEqual(['send']);
    expect(after(10_000)).toEqual(['send']);
    talk.take();
    expect(talk.relieved(nowMs)).toEqual([]);
    talk.take();
    expect(kinds(talk.relieved(nowMs))).toEqual(['resume']);
    expect(after(15_000)).toEqual([]);
  });

  it('lets the connection go where the transport cannot pause', () => {
    begin({ canPause: false });
    connect();
    hear(seq(11));
    hear(seq(12));
    expect(hear(seq(13))).toEqual(['hang-up']);
    expect(talk.nextDeadlineMs).toBe(Infinity);
    expect(taken()).toEqual([
      'connected',
      'c11',
      'c12',
      'c13',
      'lost: the consumer was too far behind',
    ]);
    expect(kinds(talk.relieved(nowMs))).toEqual(['dial']);
    expect(talk.opened()).toMatchObject([{ request: { feed: { after: 'epoch0-13' } } }]);
  });

  it('gets a snapshot as a whole, however large it is', () => {
    begin({ canPause: false, snapshot: true });
    connect({ calls: 9 });
    for (let call = 1; call <= 9; call += 1) {
      expect(hear(told('CallStart', `c${call}`, 'epoch0-10', true))).toEqual([]);
    }
    expect(hear(seq(11))).toEqual([]);
    expect(taken()).toHaveLength(11);
  });

  it('may ask, and is let go when that goes too far', () => {
    connect();
    for (const number of [11, 12, 13]) hear(seq(number));
    const request = {
      kind: 'summary',
      head: { type: 'GetManagementSummary', id: talk.nextId() },
    } as const;
    expect(kinds(talk.ask(request, nowMs))).toEqual(['resume', 'send']);
    for (let number = 14; number < 25; number += 1) expect(hear(seq(number))).toEqual([]);
    expect(talk.received(seq(25), nowMs, 0.5)).toMatchObject([
      { kind: 'hang-up' },
      { kind: 'settle', settled: { error: { code: 'CONNECTION_LOST' } } },
    ]);
  });
});

describe('the position', () => {
  it('is that of what was handled; what nobody need handle counts with what came before', () => {
    connect();
    expect(talk.position).toBeUndefined();
    hear(seq(11));
    hear(keepalive('epoch0-15'));
    talk.take();
    expect(talk.position).toBeUndefined();
    talk.take();
    expect(talk.position).toBe('epoch0-10');
    talk.take();
    expect(talk.position).toBe('epoch0-15');
    hear(keepalive('epoch0-20'));
    expect(talk.position).toBe('epoch0-20');
  });

  it('does not move within a snapshot, nor back', () => {
    begin({ after: 'epoch0-3' });
    connect({ calls: 2, recovered: false });
    for (const id of ['a', 'b']) hear(told('CallStart', id, 'epoch0-10', true));
    for (const expected of ['connected', 'a', 'b']) {
      const event = talk.take();
      expect(event?.kind === 'call' ? event.call.id : event?.kind).toBe(expected);
      expect(talk.position).toBe('epoch0-3');
    }
    talk.take();
    expect(talk.position).toBe('epoch0-10');
    hear(keepalive('epoch0-9'));
    expect(talk.position).toBe('epoch0-10');
  });
});

describe('the end', () => {
  it('comes with an error that coming back would not mend, once', () => {
    connect();
    const withdrawn: ServerMessage = {
      kind: 'goodbye',
      reason: 'unauthorized',
      position: undefined,
    };
    expect(hear(withdrawn)).toEqual(['hang-up']);
    expect(talk.isOver).toBe(true);
    expect(talk.failure).toMatchObject({ code: 'FEED_UNAUTHORIZED' });
    expect([cut(), hear(seq(11)), kinds(talk.close())]).toEqual([[], [], []]);
    expect(talk.nextDeadlineMs).toBe(Infinity);
  });

  it('does not come with a certificate that has expired under way', () => {
    connect();
    cut();
    after(500);
    const untrusted = { reason: 'certificate has expired', code: 'FEED_UNTRUSTED' } as const;
    talk.closed(untrusted, nowMs, 0.5);
    expect(talk.isOver).toBe(false);
    begin();
    after(0);
    talk.closed(untrusted, nowMs, 0.5);
    expect(talk.failure).toMatchObject({ code: 'FEED_UNTRUSTED' });
  });

  it('comes with any failure of the first connection where it is wished so, and of no later one', () => {
    begin({ failFast: true });
    after(0);
    cut();
    expect(talk.failure).toMatchObject({ code: 'FEED_UNREACHABLE', message: 'cut' });
    begin({ failFast: true });
    connect();
    cut();
    expect(talk.isOver).toBe(false);
  });
});
