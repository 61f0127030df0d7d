// Policies of a configuration, from the notification to the capture, the webhook and the line of the log.
import { describe, expect, it, vi } from 'vitest';
import { Notifications } from '../../src/app/notifications.ts';
import { readConfig } from '../../src/config/read.ts';
import { createLog } from '../../src/telemetry/log.ts';
import type { Occurrence } from '../../src/webhook/occurrence.ts';
import { startReceiver } from '../support/receivers.ts';
import { bareMachine } from '../support/surroundings.ts';

const parametersOf = (text: string): Map<string, string> => new Map(new URLSearchParams(text));
const configOf = (text: string) => readConfig(text, 'it', bareMachine);

function rig(text: string) {
  const lines: string[] = [];
  const told: Occurrence[] = [];
  const log = createLog({ level: 'info', parties: false }, { write: (line) => lines.push(line) });
  const notifications = new Notifications(configOf(text), {
    log,
    tell: async (occurrences) => void told.push(...occurrences),
  });
  return { notifications, lines, told };
}

describe('notifications', () => {
  it('are carried out as they are set, and as they are set anew', async () => {
    const receiver = await startReceiver();
    const capture = `[screenCapture]\nstartUrl = "${receiver.url}/on"\nallow = ["127.0.0.1"]\n`;
    const { notifications, lines, told } = rig(capture);
    const { policies } = notifications;
    const started = 'event=AudioRecordingStarted&ucid=s1&calledAors=sip:6789@pbx';
    expect(await policies.eventNotify(parametersOf(started))).toEqual({
      code: 0,
      message: 'success',
    });
    await vi.waitFor(() => expect(notifications.counts).toEqual({ done: 1, notDone: 0 }));
    expect(receiver.requests.map(({ path, body }) => [path, JSON.parse(body)])).toEqual([
      ['/on', { action: 'start', isrId: 's1', agentId: '6789' }],
    ]);
    notifications.renew(
      configOf('[[policy]]\nevent = "CallFlagged"\nactions = ["webhook", "log"]\n'),
    );
    await policies.eventNotify(parametersOf('event=CallFlagged&ucid=s1&agent=6789'));
    await vi.waitFor(() => expect(notifications.counts).toEqual({ done: 3, notDone: 0 }));
    expect(told).toEqual([
      {
        ...{ kind: 'notified', event: 'CallFlagged' },
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        atMs: expect.any(Number),
        parameters: { ucid: 's1', agent: '6789' },
      },
    ]);
    const [line = ''] = lines;
    expect(JSON.parse(line)).toMatchObject({ event: 'policy.log', notified: 'CallFlagged' });
    expect(line).not.toContain('6789');
    expect(await policies.startScreenCapture(parametersOf('IsrId=s1&AgentId=1'))).toMatchObject({
      code: -1,
      message: 'No screen capture is configured',
    });
    await notifications.stop();
  });

  it('that could not be carried out are in the log, with what was tried', async () => {
    const receiver = await startReceiver();
    const { notifications, lines } = rig(`[screenCapture]\nstopUrl = "${receiver.url}/off"\n`);
    const ended = 'event=AudioRecordingEnded&calledAors=sip:6789@pbx';
    await notifications.policies.eventNotify(parametersOf(ended));
    await vi.waitFor(() => expect(notifications.counts).toEqual({ done: 0, notDone: 1 }));
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      ...{ level: 'warn', event: 'policy.undone', action: 'capture' },
      notified: 'AudioRecordingEnded',
      reason: expect.stringContaining('name its block in screenCapture.allow'),
    });
    expect(receiver.requests).toEqual([]);
    await notifications.stop();
  });
});
