// Screen captures asked for at a real receiver, over real sockets.
import { afterEach, describe, expect, it } from 'vitest';
import { ScreenCapture } from '../../src/app/screen-capture.ts';
import type { ScreenCaptureSettings } from '../../src/config/settings.ts';
import type { CaptureOutcome } from '../../src/face/notifying.ts';
import { startReceiver } from '../support/receivers.ts';

const home: ScreenCaptureSettings = { timeoutMs: 10_000, allow: ['127.0.0.0/8'] };
const open: ScreenCapture[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

function captureAt(settings: Partial<ScreenCaptureSettings>): ScreenCapture {
  const made = new ScreenCapture({ ...home, ...settings });
  open.push(made);
  return made;
}

const session = 'fbd5715afe5aca679d1c9230dce37e73@192.0.2.5';

describe('a screen capture', () => {
  it('is asked for with all that is known, in the address and in the body', async () => {
    const receiver = await startReceiver();
    const capture = captureAt({
      startUrl: `${receiver.url}/start/{{agentId}}?s={{isrId}}&at={{screenIp}}`,
      stopUrl: `${receiver.url}/stop?at={{screenIp}}`,
      token: 'hunter2',
    });
    const outcomes = [
      await capture.capture('start', { isrId: session, agentId: '6789' }),
      await capture.capture('stop', { screenIp: '192.0.2.7' }),
    ];
    expect(outcomes).toEqual([{ kind: 'done' }, { kind: 'done' }]);
    expect(receiver.requests).toMatchObject([
      {
        method: 'POST',
        path: '/start/6789?s=fbd5715afe5aca679d1c9230dce37e73%40192.0.2.5&at=',
        headers: { authorization: 'Bearer hunter2', 'content-type': 'application/json' },
      },
      { method: 'POST', path: '/stop?at=192.0.2.7' },
    ]);
    expect(receiver.requests.map(({ body }) => JSON.parse(body))).toEqual([
      { action: 'start', isrId: session, agentId: '6789' },
      { action: 'stop', screenIp: '192.0.2.7' },
    ]);
  });

  it('is asked for as it was set, whatever an agent is called', async () => {
    const receiver = await startReceiver();
    const capture = captureAt({ startUrl: `${receiver.url}/start/{{agentId}}?a=1` });
    const names = [
      'a/b',
      '../..',
      'a?b=c&d#e',
      '{{isrId}}',
      'Zoë 📞',
      '\ud800',
      '\r\nX-A: b',
      '\0',
    ];
    for (const agentId of names) {
      expect(await capture.capture('start', { isrId: 's', agentId })).toEqual({ kind: 'done' });
    }
    for (const { path, headers } of receiver.requests) {
      expect(path).toMatch(/^\/start\/[^/?#]+\?a=1$/);
      expect(headers).not.toHaveProperty('x-a');
      expect(new URL(path, receiver.url).pathname.split('/').length).toBe(3);
    }
    const sent = receiver.requests.map(({ body }): unknown => JSON.parse(body));
    expect(sent.length).toBe(names.length);
    expect(sent).toEqual(
      names.map((agentId) => ({ action: 'start', isrId: 's', agentId: agentId.toWellFormed() })),
    );
    for (const agentId of ['.', '..']) {
      expect(await capture.capture('start', { isrId: 's', agentId })).toMatchObject({
        kind: 'failed',
        reason: `"${agentId}" is the name of no session, agent or screen.`,
      });
    }
    expect(receiver.requests.length).toBe(names.length);
  });

  it('is not asked for where nobody has said where', async () => {
    const receiver = await startReceiver();
    const capture = captureAt({ startUrl: `${receiver.url}/` });
    expect(await capture.capture('stop', { agentId: '1' })).toEqual({ kind: 'not-configured' });
    expect(receiver.requests).toEqual([]);
    capture.settings = { ...home, stopUrl: `${receiver.url}/` };
    expect(await capture.capture('stop', { agentId: '1' })).toEqual({ kind: 'done' });
    expect(await capture.capture('start', { agentId: '1' })).toEqual({ kind: 'not-configured' });
  });

  /** What whoever asked is told, and the operator; never where we looked, or what we prove ourselves with. */
  function failed(outcome: CaptureOutcome): { reason: string; detail: string } {
    if (outcome.kind !== 'failed') throw new Error(`not failed: ${outcome.kind}`);
    expect(outcome.reason).not.toMatch(/127\.0\.0\.1|localhost|hunter2/);
    expect(outcome.detail).not.toContain('hunter2');
    return outcome;
  }

  it('goes to allowed addresses only', async () => {
    const receiver = await startReceiver();
    const capture = captureAt({ startUrl: `${receiver.url}/`, allow: ['10.0.0.0/8'] });
    const { reason, detail } = failed(await capture.capture('start', { agentId: '1' }));
    expect(reason).toBe('The screen capture system cannot be reached.');
    expect(detail).toBe(
      '127.0.0.1 is an address of this machine; requests go to public addresses only. ' +
        'To reach it, name its block in screenCapture.allow.',
    );
    expect(receiver.requests).toEqual([]);
  });

  it.each([
    ['500', 'The screen capture system answered with status 500.'],
    ['404', 'The screen capture system answered with status 404.'],
    ['redirect', 'The screen capture system answered with status 302.'],
    ['reset', 'The screen capture system cut the connection.'],
    ['hang', 'The screen capture system did not answer in time.'],
  ])('that meets %s has failed, and why is said', async (fault, words) => {
    const receiver = await startReceiver({ faults: [fault] });
    const settings = { startUrl: `${receiver.url}/`, token: 'hunter2' };
    const capture = captureAt({ ...settings, ...(fault === 'hang' && { timeoutMs: 200 }) });
    const { reason } = failed(await capture.capture('start', { agentId: '1' }));
    expect(reason).toBe(words);
    // The redirect was not followed.
    expect(receiver.requests.length).toBe(1);
  });

  it('at a place where nobody listens has failed', async () => {
    const receiver = await startReceiver();
    const { url } = receiver;
    await receiver.close();
    const capture = captureAt({ startUrl: `${url}/` });
    const { reason, detail } = failed(await capture.capture('start', { agentId: '1' }));
    expect(reason).toBe('The screen capture system cannot be reached.');
    expect(detail).toContain('refuses connections');
  });
});
