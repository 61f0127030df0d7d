import { beforeEach, describe, expect, it } from 'vitest';
import { usualPolicies } from '../../src/config/face-settings.ts';
import {
  type CaptureOutcome,
  mostOfScreen,
  mostUnderWay,
  Notifying,
  type NotifyingPorts,
} from '../../src/face/notifying.ts';

const parametersOf = (text: string): Map<string, string> => new Map(new URLSearchParams(text));
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Ports that note what they are asked for, and answer when they are told to. */
class Ports implements NotifyingPorts {
  readonly asked: string[] = [];
  readonly missed: string[] = [];
  readonly answers: ((outcome: CaptureOutcome) => void)[] = [];
  outcome: CaptureOutcome | undefined = { kind: 'done' };
  trouble: Error | undefined;

  readonly capture: NotifyingPorts['capture'] = (action, { isrId, agentId, screenIp }) => {
    this.asked.push([action, isrId, agentId, screenIp].join(' '));
    const { outcome } = this;
    if (outcome !== undefined) return Promise.resolve(outcome);
    return new Promise((resolve) => this.answers.push(resolve));
  };

  readonly tell: NotifyingPorts['tell'] = ({ event, parameters }) => {
    this.asked.push(`tell ${event} ${JSON.stringify(parameters)}`);
    return this.trouble === undefined ? Promise.resolve() : Promise.reject(this.trouble);
  };

  readonly log: NotifyingPorts['log'] = ({ event }) => this.asked.push(`log ${event}`);

  readonly onNotDone: NotifyingPorts['onNotDone'] = (what, event, why) =>
    this.missed.push(`${what} ${event ?? 'command'}: ${why}`);
}

let ports: Ports;
let notifying: Notifying;
beforeEach(() => {
  ports = new Ports();
  notifying = new Notifying(usualPolicies, ports);
});

describe('a notification', () => {
  it('is answered at once, and its captures follow', async () => {
    ports.outcome = undefined;
    const text = 'event=AudioRecordingStarted&ucid=s1&calledAors=sip:anna@x,sip:ben@x';
    expect(notifying.eventNotify(parametersOf(text))).toEqual({ code: 0, message: 'success' });
    expect(notifying.underWay).toBe(2);
    await settled();
    expect(ports.asked).toEqual(['start s1 anna ', 'start s1 ben ']);
    for (const answer of ports.answers) answer({ kind: 'done' });
    await settled();
    expect(notifying.counts).toEqual({ done: 2, notDone: 0 });
    expect(notifying.underWay).toBe(0);
  });

  it('of an event that no policy names does nothing', async () => {
    expect(notifying.eventNotify(parametersOf('event=Other&calledAors=sip:1@x'))).toEqual({
      code: 0,
      message: 'success',
    });
    await settled();
    expect([ports.asked, ports.missed]).toEqual([[], []]);
  });

  it('without an event is refused', () => {
    expect(notifying.eventNotify(parametersOf('ucid=s1'))).toEqual({
      code: 27,
      message: 'Missing Parameter - event parameter is required',
    });
  });

  it('is told and logged where a policy says so, by the policies as they are now', async () => {
    notifying.policies = [{ event: 'CallFlagged', actions: ['log', 'webhook'] }];
    notifying.eventNotify(parametersOf('event=CallFlagged&note=R%26D&token=9a37ac05'));
    notifying.eventNotify(parametersOf('event=AudioRecordingStarted&calledAors=sip:1@x'));
    await settled();
    expect(ports.asked).toEqual(['log CallFlagged', 'tell CallFlagged {"note":"R&D"}']);
    expect(notifying.counts).toEqual({ done: 2, notDone: 0 });
  });

  it('has what was not done told and counted', async () => {
    const text = 'event=AudioRecordingStarted&calledAors=sip:anna@x';
    ports.outcome = { kind: 'not-configured' };
    notifying.eventNotify(parametersOf(text));
    await settled();
    ports.outcome = {
      kind: 'failed',
      reason: 'It failed.',
      detail: '10.0.0.7 refuses.',
      status: 502,
    };
    notifying.eventNotify(parametersOf(text));
    await settled();
    notifying.policies = [{ event: 'E', actions: ['webhook'] }];
    ports.trouble = new Error('disk full');
    notifying.eventNotify(parametersOf('event=E'));
    await settled();
    expect(ports.missed).toEqual([
      'capture AudioRecordingStarted: no screen capture is configured',
      'capture AudioRecordingStarted: 10.0.0.7 refuses.',
      'webhook E: disk full',
    ]);
    expect(notifying.counts).toEqual({ done: 0, notDone: 3 });
    expect(notifying.underWay).toBe(0);
  });
});

describe('what concerns one screen', () => {
  it('is done in the order in which it came, and nobody else waits for it', async () => {
    ports.outcome = undefined;
    const aors = 'ucid=s1&calledAors=sip:anna@x';
    notifying.eventNotify(parametersOf(`event=AudioRecordingStarted&${aors}`));
    notifying.eventNotify(parametersOf(`event=AudioRecordingEnded&${aors}`));
    const other = notifying.stopScreenCapture(parametersOf('AgentId=ben'));
    await settled();
    expect(ports.asked).toEqual(['start s1 anna ', 'stop  ben ']);
    ports.answers[1]?.({ kind: 'done' });
    expect(await other).toEqual({ code: 0, message: 'ACK' });
    ports.answers[0]?.({ kind: 'failed', reason: 'It failed.', detail: 'It failed.', status: 502 });
    await settled();
    expect(ports.asked.at(-1)).toBe('stop s1 anna ');
    ports.answers[2]?.({ kind: 'done' });
    await settled();
    expect(notifying.counts).toEqual({ done: 2, notDone: 1 });
  });

  it('is not done while much is asked for that screen, and nobody else has to wait', async () => {
    ports.outcome = undefined;
    notifying.policies = [
      { event: 'On', actions: ['startScreenCapture'] },
      { event: 'Flag', actions: ['webhook'] },
    ];
    for (let n = 0; n < 100; n += 1) notifying.eventNotify(parametersOf('event=On&AgentId=anna'));
    expect(notifying.underWay).toBe(mostOfScreen);
    notifying.eventNotify(parametersOf('event=On&AgentId=ben'));
    notifying.eventNotify(parametersOf('event=Flag'));
    await settled();
    expect(ports.asked).toEqual(['tell Flag {}', 'start  anna ', 'start  ben ']);
    expect(notifying.counts).toEqual({ done: 1, notDone: 100 - mostOfScreen });
  });

  it('is not done while too much is under way', async () => {
    ports.outcome = undefined;
    for (let n = 0; n < 1_000; n += 1) {
      notifying.eventNotify(parametersOf(`event=AudioRecordingStarted&calledAors=sip:${n}@x`));
      expect(notifying.underWay).toBeLessThanOrEqual(mostUnderWay);
    }
    await settled();
    expect(notifying.counts.notDone).toBe(1_000 - mostUnderWay);
    expect(await notifying.stopScreenCapture(parametersOf('AgentId=new'))).toEqual({
      code: -1,
      message: 'Too many screen captures are asked for at the same time.',
      status: 503,
    });
    while (ports.answers.length > 0) {
      ports.answers.shift()?.({ kind: 'done' });
      await settled();
    }
    expect(notifying.counts.done).toBe(mostUnderWay);
    expect(notifying.underWay).toBe(0);
  });
});

describe('a command', () => {
  it('is answered once it has been done', async () => {
    const text = 'IsrId= fbd5715afe5aca679d1c9230dce37e73@1.2.3.5&AgentId=6789';
    expect(await notifying.startScreenCapture(parametersOf(text))).toEqual({
      code: 0,
      message: 'ACK',
    });
    expect(await notifying.stopScreenCapture(parametersOf('ScreenIP=192.0.2.7'))).toMatchObject({
      code: 0,
    });
    expect(ports.asked).toEqual([
      'start fbd5715afe5aca679d1c9230dce37e73@1.2.3.5 6789 ',
      'stop   192.0.2.7',
    ]);
  });

  it.each([
    ['start', 'AgentId=6789', 27, 'Missing Parameter - IsrId parameter is required'],
    ['start', 'IsrId=&AgentId=6789', 27, 'Missing Parameter - IsrId parameter is required'],
    ['start', 'IsrId=s1', 27, 'Missing Parameter - AgentId or ScreenIP parameter is required'],
    ['stop', '', 27, 'Missing Parameter - AgentId or ScreenIP parameter is required'],
    ['stop', 'agentId=6789', 27, 'Missing Parameter - AgentId or ScreenIP parameter is required'],
    ['stop', `AgentId=${'x'.repeat(4_097)}`, -1, 'A parameter has at most 4096 characters'],
  ] as const)('%s with %j is refused', async (action, text, code, message) => {
    expect(await notifying[`${action}ScreenCapture`](parametersOf(text))).toMatchObject({
      code,
      message,
    });
    expect(ports.asked).toEqual([]);
  });

  it('that cannot be done is answered with why, and told to the operator in full', async () => {
    const parameters = parametersOf('AgentId=6789');
    ports.outcome = { kind: 'not-configured' };
    expect(await notifying.stopScreenCapture(parameters)).toEqual({
      code: -1,
      message: 'No screen capture is configured',
      status: 501,
    });
    ports.outcome = {
      kind: 'failed',
      reason: 'It failed.',
      detail: '10.0.0.7 refuses.',
      status: 502,
    };
    expect(await notifying.stopScreenCapture(parameters)).toEqual({
      code: -1,
      message: 'It failed.',
      status: 502,
    });
    expect(ports.missed.at(-1)).toBe('capture command: 10.0.0.7 refuses.');
    expect(notifying.counts).toEqual({ done: 0, notDone: 2 });
  });
});
