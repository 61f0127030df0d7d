/**
 * The rules of a feed conversation: requests and the time in, effects out, compared as data.
 */
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/base/errors.ts';
import { anybody, type Grant } from '../../src/access/grant.ts';
import { type ExtensionPattern, filterOf, nothing } from '../../src/call/extension.ts';
import { notificationTypes, type Request } from '../../src/subscriber/message.ts';
import { refusal } from '../../src/subscriber/refusal.ts';
import { Session, type SessionEffect, type SessionSettings } from '../../src/subscriber/session.ts';
import type { Subscription } from '../../src/subscriber/subscription.ts';

const settings: SessionSettings = {
  keepAliveMs: 10_000,
  idleTimeoutMs: 60_000,
  drainTimeoutMs: 20_000,
  requireToken: false,
  authTimeoutMs: 10_000,
  authBytes: 4_096,
  documentRate: 0,
  closeAfterResponse: false,
  halfMessageMs: 10_000,
  pingMs: 0,
};
const openedMs = 1_000_000;

function open(changes: Partial<SessionSettings> = {}): Session {
  return new Session({ ...settings, ...changes }, openedMs);
}

const subscribe: Request = {
  kind: 'subscribe',
  head: { type: 'SubscribeOnCallEvent', id: '1' },
  extensions: [{ kind: 'number', number: '1000' }],
};
const withFeed: Request = { ...subscribe, feed: { snapshot: true, ack: true } };
const legacy: Subscription = {
  filter: filterOf(subscribe.extensions),
  types: ['CallStart', 'CallEnd'],
  feed: false,
  snapshot: false,
  ack: false,
};
const acking: Subscription = { ...legacy, feed: true, ack: true };
const ongoing: Request = { kind: 'ongoing', head: { type: 'GetOngoingCalls' }, extensions: [] };
const authenticate: Request = { kind: 'authenticate', head: { type: 'Authenticate' }, token: 't' };

function subscribed(session: Session, subscription = legacy, nowMs = openedMs): Session {
  session.subscribed(subscription, nowMs);
  return session;
}

const kinds = (effects: readonly SessionEffect[]): string[] => effects.map(({ kind }) => kind);
const endOf = (effects: readonly SessionEffect[]): string | undefined =>
  effects.map((each) => (each.kind === 'end' ? each.reason : undefined)).find((each) => each);

describe('a subscribe request', () => {
  it('of a legacy client asks for starts and ends and nothing else', () => {
    expect(open().request(subscribe, openedMs)).toEqual([
      { kind: 'subscribe', head: subscribe.head, subscription: legacy },
    ]);
  });

  it('with a Feed element asks for what it says', () => {
    const request: Request = {
      ...subscribe,
      feed: { events: ['CallEnd', 'SourceGap'], snapshot: true, after: 'k3v9x0q2m1-7', ack: true },
    };
    expect(open().request(request, openedMs)).toEqual([
      {
        kind: 'subscribe',
        head: subscribe.head,
        subscription: {
          filter: legacy.filter,
          types: ['CallEnd', 'SourceGap'],
          feed: true,
          snapshot: true,
          after: { epoch: 'k3v9x0q2m1', seq: 7 },
          ack: true,
        },
      },
    ]);
  });

  it('with an empty Feed element gets starts and ends in the opted-in form', () => {
    const [effect] = open().request(
      { ...subscribe, feed: { snapshot: false, ack: false } },
      openedMs,
    );
    expect(effect).toMatchObject({
      subscription: { types: ['CallStart', 'CallEnd'], feed: true, snapshot: false, ack: false },
    });
  });

  it.each([
    '',
    '7',
    'k3v9x0q2m1',
    'k3v9x0q2m1-',
    'k3v9x0q2m1-07',
    'k3v9x0q2m1--1',
    ' k3v9x0q2m1-7',
  ])('after "%s", which is no position, is refused and changes nothing', (after) => {
    const session = subscribed(open());
    const effects = session.request(
      { ...subscribe, feed: { snapshot: false, after, ack: false } },
      openedMs,
    );
    expect(effects).toMatchObject([
      {
        kind: 'answer',
        answer: { kind: 'failure', failure: 'Invalid Request', head: subscribe.head },
      },
    ]);
    expect(session.subscription).toBe(legacy);
  });

  it('knows every notification type there is', () => {
    for (const type of notificationTypes) {
      const feed = { events: [type], snapshot: false, ack: false };
      expect(open().request({ ...subscribe, feed }, openedMs)).toMatchObject([
        { subscription: { types: [type] } },
      ]);
    }
  });
});

describe('requests that others must answer', () => {
  it('are passed on as they are', () => {
    const call = 'some-call';
    const asks: Request[] = [
      ongoing,
      { kind: 'detail', head: { type: 'GetCallDetail' }, call },
      { kind: 'mute', head: { type: 'MuteChannel' }, call, callerMuted: true, calleeMuted: false },
      { kind: 'mute-state', head: { type: 'GetMuteState' }, call },
      { kind: 'summary', head: { type: 'GetManagementSummary' } },
      authenticate,
    ];
    for (const ask of asks) {
      const effect = { kind: 'ask', ask, grant: anybody };
      expect(open().request(ask, openedMs)).toEqual([effect]);
    }
  });

  it('get their answer, and the session goes on', () => {
    const answer = { kind: 'done' as const, head: { type: 'MuteChannel' } };
    expect(open().answered(answer)).toEqual([{ kind: 'answer', answer }]);
  });

  it('a keep-alive is no question and gets no answer', () => {
    expect(open().request({ kind: 'keepalive', head: { type: 'Keepalive' } }, openedMs)).toEqual(
      [],
    );
  });
});

describe('a session where a token must come first', () => {
  const guarded = (): Session => open({ requireToken: true });

  it.each<[string, Parameters<Session['request']>[0]]>([
    ['a subscribe', subscribe],
    ['a question', ongoing],
    ['a keep-alive', { kind: 'keepalive', head: { type: 'Keepalive' } }],
    ['an Unsubscribe', { kind: 'unsubscribe', head: { type: 'Unsubscribe' } }],
    ['a request it would refuse', refusal({ type: 'GetWeather', id: '9' }, 'unknown')],
    ['a document that is no request', refusal(undefined, 'no request')],
  ])('ends with %s before it', (_, request) => {
    const effects = guarded().request(request, openedMs);
    expect(kinds(effects)).toEqual(['answer', 'end']);
    expect(effects[0]).toMatchObject({ answer: { kind: 'failure', failure: 'Not Authorized' } });
    expect(endOf(effects)).toBe('unauthorized');
  });

  it('takes everything once the token was accepted', () => {
    const session = guarded();
    const { head } = authenticate;
    expect(session.request(authenticate, openedMs)).toEqual([
      { kind: 'ask', ask: authenticate, grant: anybody },
    ]);
    expect(session.authenticated(anybody, head)).toEqual([
      { kind: 'answer', answer: { kind: 'done', head } },
    ]);
    expect(kinds(session.request(subscribe, openedMs))).toEqual(['subscribe']);
  });

  it('ends when the token is not known', () => {
    const effects = guarded().authenticated('The token is not known.', authenticate.head);
    expect(effects[0]).toMatchObject({ answer: { detail: 'The token is not known.' } });
    expect(kinds(effects)).toEqual(['answer', 'end']);
    expect(endOf(effects)).toBe('unauthorized');
  });

  it('cannot be kept by asking without a token', () => {
    const session = guarded();
    const noToken = refusal({ type: 'Authenticate' }, 'The Request has no token.');
    for (let nowMs = openedMs; nowMs <= openedMs + 10_000; nowMs += 1_000) {
      session.heard(nowMs);
      expect(kinds(session.request(noToken, nowMs))).toEqual(['answer']);
    }
    expect(session.nextDeadlineMs(undefined)).toBe(openedMs + 10_001);
    expect(endOf(session.tick(openedMs + 10_000, undefined))).toBeUndefined();
    expect(endOf(session.tick(openedMs + 10_001, undefined))).toBe('unauthorized');
  });

  it('is not hurried any more once the token was accepted', () => {
    const session = guarded();
    session.authenticated(anybody, authenticate.head);
    expect(session.nextDeadlineMs(undefined)).toBe(openedMs + 60_001);
    expect(session.tick(openedMs + 10_001, undefined)).toEqual([]);
  });

  it('ends when more comes than a token needs', () => {
    const effects = guarded().tooMuchUnasked();
    expect(effects[0]).toMatchObject({ answer: { kind: 'failure', failure: 'Not Authorized' } });
    expect(endOf(effects)).toBe('unauthorized');
  });
});

describe('a server that closes after each response', () => {
  const closing = (): Session => open({ closeAfterResponse: true });
  const answer = { kind: 'done' as const, head: { type: 'MuteChannel' } };

  it('ends after an answer, after a refusal and after a position that is none', () => {
    expect(endOf(closing().answered(answer))).toBe('going-away');
    expect(endOf(closing().request(refusal({ type: 'X' }, 'no'), openedMs))).toBe('going-away');
    const feed = { snapshot: false, after: 'nonsense', ack: false };
    expect(endOf(closing().request({ ...subscribe, feed }, openedMs))).toBe('going-away');
  });

  it('keeps subscribers, and whoever has just authenticated', () => {
    expect(kinds(closing().request(subscribe, openedMs))).toEqual(['subscribe']);
    expect(kinds(subscribed(closing()).answered(answer))).toEqual(['answer']);
    expect(kinds(closing().authenticated(anybody, authenticate.head))).toEqual(['answer']);
  });
});

describe('with a token that may see some extensions only', () => {
  const grant: Grant = {
    name: 'wallboard',
    scope: filterOf([
      { kind: 'prefix', prefix: '10' },
      { kind: 'number', number: '7' },
    ]),
    control: false,
    manage: false,
  };
  const narrow = (): Session => {
    const session = open({ requireToken: true });
    session.authenticated(grant, authenticate.head);
    return session;
  };
  const filterFor = (...extensions: ExtensionPattern[]): unknown => {
    const [effect] = narrow().request({ ...subscribe, extensions }, openedMs);
    return effect?.kind === 'subscribe' ? effect.subscription.filter : effect;
  };

  it('all calls are those of its extensions', () => {
    expect(filterFor()).toEqual(grant.scope);
  });

  it('a part of them is that part', () => {
    const asked: ExtensionPattern = { kind: 'range', from: '1050', to: '1150' };
    const seen: ExtensionPattern = { kind: 'range', from: '1050', to: '1099' };
    expect(filterFor(asked)).toEqual(filterOf([seen]));
    expect(filterFor({ kind: 'prefix', prefix: '20' })).toEqual(nothing);
  });

  it('another extension by its name is refused, and the session goes on', () => {
    const answer = {
      kind: 'failure',
      head: subscribe.head,
      failure: 'Not Authorized',
      detail: 'The token "wallboard" may not see the extension "2000".',
    };
    const extensions: ExtensionPattern[] = [
      { kind: 'number', number: '7' },
      { kind: 'number', number: '2000' },
    ];
    const session = narrow();
    const effects = session.request({ ...subscribe, extensions }, openedMs);
    expect(effects).toEqual([{ kind: 'answer', answer }]);
  });

  it('every question is asked with what it may see', () => {
    const ask: Request = { kind: 'summary', head: { type: 'GetManagementSummary' } };
    expect(narrow().request(ask, openedMs)).toEqual([{ kind: 'ask', ask, grant }]);
    expect(open().request(ask, openedMs)).toEqual([{ kind: 'ask', ask, grant: anybody }]);
  });
});

describe('keep-alives', () => {
  it('come every interval from the subscribe answer on, on the same beat', () => {
    const session = subscribed(open());
    const beats: number[] = [];
    for (let nowMs = openedMs; nowMs <= openedMs + 45_000; nowMs += 700) {
      if (kinds(session.tick(nowMs, undefined)).includes('keepalive')) beats.push(nowMs - openedMs);
    }
    expect(beats).toEqual([10_500, 20_300, 30_100, 40_600]);
  });

  it('do not come before anything is subscribed, nor after Unsubscribe', () => {
    const session = open();
    expect(session.tick(openedMs + 50_000, undefined)).toEqual([]);
    subscribed(session, legacy, openedMs + 50_000);
    const effects = session.request(
      { kind: 'unsubscribe', head: { type: 'Unsubscribe' } },
      openedMs + 55_000,
    );
    expect(kinds(effects)).toEqual(['unsubscribe', 'answer']);
    expect(session.tick(openedMs + 99_000, undefined)).toEqual([]);
  });

  it('are not made up for when nobody looked for long', () => {
    const session = subscribed(open());
    expect(kinds(session.tick(openedMs + 35_000, undefined))).toEqual(['keepalive']);
    expect(session.tick(openedMs + 35_001, undefined)).toEqual([]);
    expect(kinds(session.tick(openedMs + 45_000, undefined))).toEqual(['keepalive']);
  });

  it('never come when the interval is 0', () => {
    const session = subscribed(open({ keepAliveMs: 0 }), acking);
    expect(session.tick(openedMs + 1_000_000, undefined)).toEqual([]);
    expect(session.nextDeadlineMs(undefined)).toBe(Infinity);
  });
});

describe('silence', () => {
  it('of a legacy client is nothing to worry about', () => {
    const session = subscribed(open());
    for (let nowMs = openedMs; nowMs < openedMs + 600_000; nowMs += 5_000) {
      expect(endOf(session.tick(nowMs, undefined))).toBeUndefined();
    }
  });

  it('of a client that acknowledges ends it after one and a half intervals, not before', () => {
    const session = subscribed(open(), acking);
    session.heard(openedMs + 4_000);
    expect(endOf(session.tick(openedMs + 19_000, undefined))).toBeUndefined();
    expect(endOf(session.tick(openedMs + 19_001, undefined))).toBe('idle');
  });

  it('does not end a client that acknowledges while we do not read it', () => {
    const session = subscribed(open(), acking);
    session.listening(false, openedMs + 1_000);
    expect(endOf(session.tick(openedMs + 60_000, undefined))).toBeUndefined();
    session.listening(true, openedMs + 60_000);
    expect(endOf(session.tick(openedMs + 75_000, undefined))).toBeUndefined();
    expect(endOf(session.tick(openedMs + 75_001, undefined))).toBe('idle');
  });

  it('after pings ends it, whatever it subscribed to', () => {
    const session = subscribed(open({ pingMs: 10_000 }));
    expect(kinds(session.tick(openedMs + 10_000, undefined))).toEqual(['keepalive', 'ping']);
    session.heard(openedMs + 10_050);
    expect(kinds(session.tick(openedMs + 20_000, undefined))).toEqual(['keepalive', 'ping']);
    expect(endOf(session.tick(openedMs + 25_051, undefined))).toBe('idle');
  });

  it('of a client that never subscribes ends it after the idle time', () => {
    const session = open();
    session.request(ongoing, openedMs + 30_000);
    expect(endOf(session.tick(openedMs + 90_000, undefined))).toBeUndefined();
    expect(endOf(session.tick(openedMs + 90_001, undefined))).toBe('idle');
  });

  it('is not broken by pongs: a client that only answers pings is idle', () => {
    const session = open({ pingMs: 10_000 });
    for (let nowMs = openedMs; nowMs <= openedMs + 60_000; nowMs += 5_000) {
      session.heard(nowMs);
      expect(endOf(session.tick(nowMs, undefined))).toBeUndefined();
    }
    expect(endOf(session.tick(openedMs + 60_001, undefined))).toBe('idle');
  });

  it('of a client that never subscribes is allowed where the idle time is 0', () => {
    expect(open({ idleTimeoutMs: 0 }).nextDeadlineMs(undefined)).toBe(Infinity);
  });
});

describe('a message half received', () => {
  it('may stay so for ten seconds and no longer', () => {
    const session = open();
    session.half(openedMs + 5_000);
    expect(endOf(session.tick(openedMs + 15_000, undefined))).toBeUndefined();
    expect(endOf(session.tick(openedMs + 15_001, undefined))).toBe('protocol-error');
  });

  it('is forgotten when it is whole', () => {
    const session = open();
    session.half(openedMs);
    session.half(undefined);
    expect(endOf(session.tick(openedMs + 50_000, undefined))).toBeUndefined();
  });

  it('gets its ten seconds anew when we read again', () => {
    const session = open();
    session.half(openedMs);
    session.listening(false, openedMs + 1_000);
    expect(endOf(session.tick(openedMs + 40_000, undefined))).toBeUndefined();
    session.listening(true, openedMs + 40_000);
    expect(endOf(session.tick(openedMs + 50_000, undefined))).toBeUndefined();
    expect(endOf(session.tick(openedMs + 50_001, undefined))).toBe('protocol-error');
  });
});

describe('blocked writes', () => {
  it.each([
    { keepAliveMs: 10_000, drainTimeoutMs: 60_000, patienceMs: 15_000 },
    { keepAliveMs: 10_000, drainTimeoutMs: 5_000, patienceMs: 5_000 },
    { keepAliveMs: 0, drainTimeoutMs: 20_000, patienceMs: 20_000 },
  ])(
    'end a session after $patienceMs ms where keep-alives come every $keepAliveMs ms and $drainTimeoutMs ms are set',
    ({ patienceMs, ...changes }) => {
      const session = subscribed(open(changes));
      const sinceMs = openedMs + 1_000;
      expect(endOf(session.tick(sinceMs + patienceMs, sinceMs))).toBeUndefined();
      expect(endOf(session.tick(sinceMs + patienceMs + 1, sinceMs))).toBe('slow-consumer');
    },
  );
});

describe('a peer that breaks the protocol', () => {
  it('is told once, without type and id, and the session ends', () => {
    const error = new ProtocolError('FEED_XML_MALFORMED', 'The message is not well-formed XML.');
    expect(open().broken(error)).toEqual([
      {
        kind: 'answer',
        answer: { kind: 'failure', failure: 'Invalid Request', detail: error.message },
      },
      { kind: 'end', reason: 'protocol-error', detail: error.message },
    ]);
  });

  it('by a request that is well-formed but wrong stays', () => {
    const effects = open().request(
      refusal({ type: 'MuteChannel', id: '5' }, 'No State.'),
      openedMs,
    );
    expect(kinds(effects)).toEqual(['answer']);
  });
});

describe('the next deadline', () => {
  it('is never later than what a tick would do', () => {
    const sessions: [Session, number | undefined][] = [
      [open(), undefined],
      [subscribed(open()), undefined],
      [subscribed(open(), acking), undefined],
      [subscribed(open({ pingMs: 7_000 })), undefined],
      [subscribed(open()), openedMs + 2_000],
    ];
    const half = open();
    half.half(openedMs + 1_000);
    sessions.push([half, undefined]);
    for (const [session, blockedSinceMs] of sessions) {
      const next = session.nextDeadlineMs(blockedSinceMs);
      expect(session.tick(next - 1, blockedSinceMs)).toEqual([]);
      expect(session.tick(next, blockedSinceMs)).not.toEqual([]);
    }
  });
});

it('subscribes again while it is subscribed', () => {
  expect(kinds(subscribed(open()).request(withFeed, openedMs))).toEqual(['subscribe']);
});
