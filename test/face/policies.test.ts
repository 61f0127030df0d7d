import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { usualPolicies } from '../../src/config/face-settings.ts';
import { aorOf } from '../../src/record/session.ts';
import {
  agentsIn,
  aorList,
  mostAgents,
  type Notification,
  readNotification,
  stepsOf,
} from '../../src/face/policies.ts';

const parametersOf = (text: string): Map<string, string> => new Map(new URLSearchParams(text));

function notificationOf(text: string): Notification {
  const read = readNotification(parametersOf(text));
  if (read.kind === 'refused') throw new Error(read.answer.message);
  return read.notification;
}

/** The vendor's own example, its `@` and `:` as they were typed. */
const sample =
  'event=AudioRecordingStarted&ucid=fbd5715afe5aca679d1c9230dce37e73@1.2.3.5&calledAors=sip:agentX@1.2.3.4.11,sip:agentY@1.2.3.4.13';

describe('the usual policies', () => {
  it('begin a capture for each agent that was called', () => {
    const isrId = 'fbd5715afe5aca679d1c9230dce37e73@1.2.3.5';
    expect(stepsOf(usualPolicies, notificationOf(sample))).toEqual([
      { kind: 'capture', action: 'start', target: { isrId, agentId: 'agentX' } },
      { kind: 'capture', action: 'start', target: { isrId, agentId: 'agentY' } },
    ]);
  });

  it('end them with the recording', () => {
    const ended = sample.replace('Started', 'Ended');
    expect(stepsOf(usualPolicies, notificationOf(ended))).toMatchObject([
      { action: 'stop', target: { agentId: 'agentX' } },
      { action: 'stop', target: { agentId: 'agentY' } },
    ]);
  });

  it.each(['Other', 'audiorecordingstarted', 'AudioRecordingStarted ', '__proto__'])(
    'want nothing of %j',
    (event) => {
      expect(stepsOf(usualPolicies, { event, parameters: { calledAors: 'sip:1@x' } })).toEqual([]);
    },
  );

  it('want nothing where nobody was called', () => {
    expect(stepsOf(usualPolicies, notificationOf('event=AudioRecordingStarted'))).toEqual([]);
  });
});

describe('policies', () => {
  it('are steps in their order', () => {
    const policies = [
      { event: 'E', actions: ['log', 'stopScreenCapture', 'webhook'] },
      { event: 'F', actions: ['log'] },
    ] as const;
    const steps = stepsOf(policies, notificationOf('event=E&calledAors=sip:7@x'));
    expect(steps.map(({ kind }) => kind)).toEqual(['log', 'capture', 'webhook']);
  });

  it('may find session, agent and screen under the names that commands have', () => {
    const text = 'event=AudioRecordingStarted&IsrId=s1&AgentId=6789&ScreenIP=192.0.2.7';
    expect(stepsOf(usualPolicies, notificationOf(text))).toEqual([
      { kind: 'capture', action: 'start', target: { isrId: 's1', agentId: '6789' } },
      { kind: 'capture', action: 'start', target: { isrId: 's1', screenIp: '192.0.2.7' } },
    ]);
    const twice = `${text}&calledAors=sip:6789@pbx`;
    expect(stepsOf(usualPolicies, notificationOf(twice)).length).toBe(2);
  });
});

describe('a notification', () => {
  it('is everything that was told, but for the token', () => {
    const { event, parameters } = notificationOf(`${sample}&token=9a37ac05&colour=red`);
    expect(event).toBe('AudioRecordingStarted');
    expect({ ...parameters }).toEqual({
      ucid: 'fbd5715afe5aca679d1c9230dce37e73@1.2.3.5',
      calledAors: 'sip:agentX@1.2.3.4.11,sip:agentY@1.2.3.4.13',
      colour: 'red',
    });
  });

  it.each(['', 'ucid=1', 'event=', 'Event=AudioRecordingStarted'])(
    'needs its event: %j',
    (text) => {
      expect(readNotification(parametersOf(text))).toEqual({
        kind: 'refused',
        answer: { code: 27, message: 'Missing Parameter - event parameter is required' },
      });
    },
  );

  it('may be called as it likes, and is a plain value all the same', () => {
    const { parameters } = notificationOf('event=E&__proto__=x&constructor=y');
    expect(JSON.stringify(parameters)).toBe('{"__proto__":"x","constructor":"y"}');
  });

  it.each([
    [
      'event=E&' + Array.from({ length: 65 }, (_, n) => `p${n}=1`).join('&'),
      'at most 64 parameters',
    ],
    [`event=E&p=${'x'.repeat(4_097)}`, 'at most 4096 characters'],
    [`event=E&${'p'.repeat(4_097)}=x`, 'at most 4096 characters'],
    [`event=${'E'.repeat(4_097)}`, 'at most 4096 characters'],
    [
      `event=E&calledAors=${Array.from({ length: mostAgents + 1 }, (_, n) => `sip:${n}@x`).join(',')}`,
      'calledAors names 33 parties, expected at most 32',
    ],
  ])('has its bounds', (text, words) => {
    const read = readNotification(parametersOf(text));
    expect(read).toMatchObject({ kind: 'refused', answer: { code: -1 } });
    expect(JSON.stringify(read)).toContain(words);
  });
});

describe('the agents in addresses of record', () => {
  it.each([
    ['sip:agentX@1.2.3.4.11,sip:agentY@1.2.3.4.13', ['agentX', 'agentY']],
    ['sip:7654321@1.2.3.1:5060', ['7654321']],
    ['sips:anna@pbx.example;transport=tls', ['anna']],
    ['SIP:anna:secret@pbx.example', ['anna']],
    ['"Anna, Ann" <sip:anna@pbx>, "Ben" <sip:ben@pbx>', ['anna', 'ben']],
    ['Anna <sip:anna@pbx', ['anna']],
    ['<sip:anna@pbx>;tag=1', ['anna']],
    ['tel:+4930123;phone-context=x', ['+4930123']],
    ['1001', ['1001']],
    [' sip:1001@x , sip:1001@y ,', ['1001']],
    ['sip:a%40b@x', ['a@b']],
    ['sip:a%zz@x', ['a%zz']],
    ['sip:pbx.example', []],
    ['sip:192.0.2.7', []],
    // As we tell of those whose machine the platform does not name.
    ['sip:1001,sip:%2360', ['1001', '#60']],
    ['sip:@pbx', []],
    ['', []],
    [',,,', []],
  ])('of %j', (aors, agents) => {
    expect(agentsIn(aors)).toEqual(agents);
  });

  it('are each there once and never empty, whatever is told', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const agents = agentsIn(text);
        expect(new Set(agents).size).toBe(agents.length);
        expect(agents).not.toContain('');
      }),
    );
  });

  it('are read in one pass over anything', () => {
    const starts = ['<', '@', '"', ',', 'sip:', '%', '<>', 'sip:x@', ' '];
    const timeOf = (text: string): number => {
      const begunMs = performance.now();
      agentsIn(text);
      return performance.now() - begunMs;
    };
    // In a pass for each character it would take minutes.
    for (const start of starts) expect(timeOf(`${start.repeat(1_000_000)}x`)).toBeLessThan(10_000);
  });
});

describe('the list of those who were called', () => {
  it('is one that a notification takes, however many and long they are', () => {
    const numbers = fc.array(fc.string({ unit: 'binary', maxLength: 300 }), { maxLength: 50 });
    fc.assert(
      fc.property(numbers, (all) => {
        const aors = all.flatMap((number) => aorOf({ number, address: '192.0.2.7' }) ?? []);
        const parameters = new Map([
          ['event', 'AudioRecordingStarted'],
          ['calledAors', aorList(aors)],
        ]);
        expect(readNotification(parameters).kind).toBe('notification');
      }),
    );
    expect(aorList(['sip:1@x', 'sip:2@x', 'sip:1@x'])).toBe('sip:1@x,sip:2@x');
  });

  it('names agents whose machine is not known', () => {
    expect(agentsIn(aorList([aorOf({ number: '1001' }) ?? '']))).toEqual(['1001']);
  });
});
