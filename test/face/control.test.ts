/** Commands to recorders over HTTP: which call or recording is meant, what is ordered, and what is answered. */
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ucidOf } from '../../src/record/session.ts';
import type { Ordered, WrongState } from '../../src/record/control.ts';
import { connectedCall, endedCall } from '../support/calls.ts';
import { dossierOf, ongoingDossier } from './support/dossiers.ts';
import { FaceHouse, token, verdictIn } from './support/face-house.ts';

let house: FaceHouse;
beforeEach(async () => {
  house = await FaceHouse.open();
});
afterEach(() => house.close());

const command = async (name: string, criteria = '') =>
  verdictIn(await house.command(`audioRecording/${name}`, criteria));

const recorder = [20, 'RSS could not successfully perform the operation'];
const none = [19, 'No recording found with supplied criteria'];
const noSession = [26, 'No session or file was found matching the provided UCID'];

describe('start', () => {
  const call = connectedCall(1);
  const ucid = ucidOf(call)!;
  beforeEach(() => {
    house.calls = [call, connectedCall(2), endedCall(3)];
    house.ordered = (order) => {
      if (order.kind === 'start')
        house.books.add(ongoingDossier(6, { recording: { callId: order.callId } }));
      return { kind: 'done', recording: 6, segment: 6 };
    };
  });

  it('orders the recording of the call, and answers with its numbers for the time being', async () => {
    const answer = await house.command('audioRecording/start', `isrUcid=${ucid}`);
    expect(verdictIn(answer)).toEqual([0, 'start command returned successfully']);
    expect(answer.text).toContain('<tmpRecordingId>6</tmpRecordingId>');
    expect(answer.text).toContain('<tmpSegmentId>6</tmpSegmentId>');
    expect(house.orders).toEqual([{ kind: 'start', callId: call.id }]);
    expect(house.log.lines).toEqual([
      {
        level: 'info',
        event: 'face.commanded',
        fields: { user: 'ann@example.org', command: 'start', callId: call.id },
      },
    ]);
  });

  it.each([
    ['ingressCallId', call.legs[0]?.key],
    ['egressCallId', call.legs[1]?.key],
    ['ani', call.caller.number],
    ['from', call.caller.number],
    ['aor', `sip:${call.called.number}@${call.called.address}`],
  ])('finds the call by %s', async (name, value) => {
    const [code] = await command('start', `${name}=${encodeURIComponent(value ?? '')}`);
    expect(code).toBe(0);
    expect(house.orders).toEqual([{ kind: 'start', callId: call.id }]);
  });

  it('lists calls where several are meant, and starts none', async () => {
    const answer = await house.command('audioRecording/start', `dnis=${call.dialled}`);
    expect(verdictIn(answer)).toEqual([
      -1,
      'Selection criteria insufficient to determine recording. Returning all matches.',
    ]);
    expect(answer.text.match(/<isrUcid>.*?</g)).toEqual([
      `<isrUcid>${ucid}<`,
      `<isrUcid>${ucidOf(connectedCall(2))}<`,
    ]);
    const first = await house.command(
      'audioRecording/start',
      `dnis=${call.dialled}&maxListLength=1`,
    );
    expect(first.text.match(/<match>/g)).toHaveLength(1);
    expect(verdictIn(first)[1]).toContain('There were more matches than maxListLength');
    expect(house.orders).toEqual([]);
  });

  it('finds no call that has ended, or is of another account', async () => {
    expect(await command('start', `isrUcid=${ucidOf(endedCall(3))}`)).toEqual(noSession);
    expect(await command('start', 'ani=1')).toEqual(none);
    house.users.set(token, {
      ...{ email: 'bo@example.org', control: true, video: true, timeZone: 'UTC', account: 2 },
    });
    expect(await command('start', `isrUcid=${ucid}`)).toEqual(noSession);
    house.accountOf = () => 2;
    house.books.find = () => Promise.resolve(undefined);
    expect((await command('start', `isrUcid=${ucid}`))[0]).toBe(0);
  });

  it('wants to be told which call, and by what calls are known', async () => {
    expect(await command('start')).toEqual([3, 'Parameter Missing']);
    const [code, message] = await command('start', `isrUcid=${ucid}&filename=x`);
    expect(code).toBe(-1);
    expect(message).toContain('isrUcid, ingressCallId, egressCallId, ani, dnis and aor');
    expect(house.orders).toEqual([]);
  });

  it('takes a name, a codec profile, and what else a form has', async () => {
    const criteria = `isrUcid=${ucid}`;
    const form = { filename: 'mine', agentId: '6789' };
    const named = await house.post('audioRecording/start', `${criteria}&codecProfile=2`, form);
    expect(verdictIn(named)).toEqual([0, 'start command returned successfully']);
    expect(named.text).toContain('<agentId>6789</agentId>');
    await house.post('audioRecording/start', `${criteria}&codecProfile=5`, { filename: 'a.wav' });
    await house.post('audioRecording/start', criteria, { filename: 'a.wav' });
    await house.post('audioRecording/start', criteria, { filename: 'of 2021.05' });
    await house.command('audioRecording/start', `${criteria}&codecProfile=1`);
    const start = { kind: 'start', callId: call.id };
    expect(house.orders).toEqual([
      { ...start, file: 'mine.gsm', format: 'gsm' },
      { ...start, file: 'a.wav', format: 'wav' },
      { ...start, file: 'a.wav' },
      { ...start, file: 'of 2021.05.wav' },
      start,
    ]);
    const bad = await house.post('audioRecording/start', criteria, { filename: '../x' });
    expect(verdictIn(bad)[0]).toBe(-1);
    expect(house.orders).toHaveLength(5);
  });

  it('of which the recorder has not told in time is done all the same', async () => {
    house.ordered = () => ({ kind: 'done' });
    const answer = await house.command('audioRecording/start', `isrUcid=${ucid}`);
    expect(answer.flat).toContain(
      '<result><code>0</code><message>start command returned successfully</message></result>',
    );
    house.books.add(ongoingDossier(9, { recording: { callId: call.id } }));
    const later = await house.command('audioRecording/start', `isrUcid=${ucid}`);
    expect(later.text).toContain('<tmpRecordingId>9</tmpRecordingId>');
  });

  it.each<[Ordered, readonly [number, string]]>([
    [
      { kind: 'wrong-state', state: 'started', reason: 'r' },
      [12, 'Recording has already started on this channel.'],
    ],
    [{ kind: 'unknown', reason: 'r' }, [26, noSession[1] as string]],
  ])('answers %j', async (ordered, verdict) => {
    house.ordered = () => ordered;
    expect(await command('start', `isrUcid=${ucid}`)).toEqual(verdict);
  });
});

describe.each(['stop', 'pause', 'resume', 'split'] as const)('%s', (name) => {
  const elsewhere = `Recording is started by another session or not started, cannot`;
  const notStarted = {
    stop: [13, `${elsewhere} end recording.`],
    pause: [12, `${elsewhere} pause recording.`],
    resume: [12, `${elsewhere} unpause recording.`],
    split: [12, `${elsewhere} split recording.`],
  }[name];

  it('orders it of the one that goes on, whatever else the criteria select', async () => {
    house.books.add(dossierOf(1), dossierOf(2), ongoingDossier(3));
    house.ordered = () => {
      if (name === 'stop') house.books.add(dossierOf(3));
      return { kind: 'done' };
    };
    const answer = await house.command(`audioRecording/${name}`, 'ani=7777');
    expect(verdictIn(answer)).toEqual([0, `${name} command returned successfully`]);
    const key = name === 'stop' ? 'recordingId' : 'tmpRecordingId';
    expect(answer.text).toContain(`<${key}>3</${key}>`);
    const how = name === 'pause' ? { silence: false } : {};
    expect(house.orders).toEqual([{ kind: name, recording: 3, ...how }]);
  });

  it('lists those that go on where several do, and orders nothing', async () => {
    house.books.add(dossierOf(1), ongoingDossier(2), ongoingDossier(3));
    const answer = await house.command(`audioRecording/${name}`, 'ani=7777');
    expect(verdictIn(answer)[0]).toBe(-1);
    expect(answer.text.match(/<tmpRecordingId>\d/g)).toEqual([
      '<tmpRecordingId>2',
      '<tmpRecordingId>3',
    ]);
    expect(house.orders).toEqual([]);
  });

  it('of what has ended, or of a call that is not recorded, is a wrong state', async () => {
    house.books.add(dossierOf(1), dossierOf(2));
    house.calls = [connectedCall(1)];
    expect(await command(name, 'recordingId=1')).toEqual(notStarted);
    expect(await command(name, 'ani=7777')).toEqual(notStarted);
    expect(await command(name, `isrUcid=${ucidOf(connectedCall(1))}`)).toEqual(notStarted);
    expect(await command(name, 'ani=1')).toEqual(none);
    expect(await command(name, 'isrUcid=1')).toEqual(noSession);
    expect(await command(name, 'inProgress=true')).toEqual(none);
    expect(await command(name)).toEqual([3, 'Parameter Missing']);
    expect(house.orders).toEqual([]);
  });

  it('that the recorder refuses is code 20; its words are for the log', async () => {
    house.books.add(ongoingDossier(3));
    for (const kind of ['refused', 'unavailable'] as const) {
      house.ordered = () => ({ kind, reason: 'no such channel' });
      const answer = await house.command(`audioRecording/${name}`, 'tmpRecordingId=3');
      expect(verdictIn(answer)).toEqual(recorder);
      expect(answer.text).not.toContain('no such channel');
    }
    expect(house.log.lines.at(-1)).toEqual({
      level: 'warn',
      event: 'face.command-failed',
      fields: {
        user: 'ann@example.org',
        ...{ command: name, recording: 3, outcome: 'unavailable', reason: 'no such channel' },
      },
    });
  });

  it('in a wrong state has the text of that', async () => {
    house.books.add(ongoingDossier(3));
    const said: [WrongState, readonly (string | number)[]][] = [
      ['not-started', notStarted],
      [
        'paused',
        name === 'pause'
          ? [12, 'Recording has already been paused, cannot pause recording.']
          : notStarted,
      ],
      [
        'not-paused',
        name === 'resume' ? [12, 'Recording is not paused, cannot unpause recording.'] : notStarted,
      ],
    ];
    for (const [state, verdict] of said) {
      house.ordered = () => ({ kind: 'wrong-state', state, reason: 'r' });
      expect(await command(name, 'tmpRecordingId=3'), state).toEqual(verdict);
    }
    house.ordered = () => ({ kind: 'unknown', reason: 'r' });
    expect(await command(name, 'tmpRecordingId=3')).toEqual(notStarted);
  });

  it('of another account is of nothing', async () => {
    house.books.add(ongoingDossier(3));
    house.calls = [connectedCall(1)];
    house.users.set(token, {
      ...{ email: 'bo@example.org', control: true, video: true, timeZone: 'UTC', account: 2 },
    });
    expect(await command(name, 'tmpRecordingId=3')).toEqual(none);
    expect(await command(name, `isrUcid=${ucidOf(connectedCall(1))}`)).toEqual(noSession);
    expect(house.orders).toEqual([]);
  });

  it('with a form changes the recording, too', async () => {
    house.books.add(ongoingDossier(3));
    const answer = await house.post(`audioRecording/${name}`, 'tmpRecordingId=3', { agentId: 'x' });
    expect(verdictIn(answer)[0]).toBe(0);
    expect(answer.text).toContain('<agentId>x</agentId>');
  });

  it('with a form that is wrong does nothing at all', async () => {
    house.books.add(ongoingDossier(3));
    const answer = await house.post(`audioRecording/${name}`, 'tmpRecordingId=3', { wrong: 'x' });
    expect(verdictIn(answer)[0]).toBe(-1);
    expect(house.orders).toEqual([]);
  });
});

it('pause fills with silence on request', async () => {
  house.books.add(ongoingDossier(3));
  await command('pause', 'tmpRecordingId=3&fillWithSilence=true');
  expect(house.orders).toEqual([{ kind: 'pause', recording: 3, silence: true }]);
});

describe('a name', () => {
  it.each(['start', 'split'])('that a file has already is refused with %s', async (name) => {
    const call = connectedCall(1);
    house.calls = [call];
    await house.file('there.wav', 'x');
    // Also where it is of another account, and its file not at hand.
    const known = { file: '/elsewhere/known.wav', filename: 'known.wav' };
    house.books.add(
      dossierOf(1, { recording: { account: 2 }, segments: [known] }),
      ongoingDossier(3, { recording: { isrUcid: ucidOf(call) ?? null } }),
    );
    for (const filename of ['there', 'there.wav', 'known']) {
      const answer = await house.post(`audioRecording/${name}`, `isrUcid=${ucidOf(call)}`, {
        filename,
      });
      expect(verdictIn(answer)[1]).toMatch(
        /^seen the filename "\w+\.wav", which another file has$/,
      );
    }
    const long = { filename: 'x'.repeat(253) };
    const answer = await house.post(`audioRecording/${name}`, `isrUcid=${ucidOf(call)}`, long);
    expect(verdictIn(answer)[1]).toContain('seen a filename of 257 bytes');
    expect(house.orders).toEqual([]);
  });

  it('with split is that of the next segment', async () => {
    house.books.add(ongoingDossier(3));
    const answer = await house.post('audioRecording/split', 'tmpRecordingId=3', {
      filename: 'second',
    });
    expect(verdictIn(answer)).toEqual([0, 'split command returned successfully']);
    expect(house.orders).toEqual([{ kind: 'split', recording: 3, file: 'second.wav' }]);
  });

  it.each(['pause', 'resume'])('with %s is refused before anything is done', async (name) => {
    house.books.add(ongoingDossier(3));
    const answer = await house.post(`audioRecording/${name}`, 'tmpRecordingId=3', {
      filename: 'x',
    });
    expect(verdictIn(answer)[0]).toBe(21);
    expect(house.orders).toEqual([]);
  });

  it('with stop is given once the file is closed', async () => {
    const file = await house.file('a.wav', 'x');
    const segments = [{ file, filename: 'a.wav' }];
    house.books.add(ongoingDossier(3, { segments }));
    house.ordered = () => {
      house.books.add(dossierOf(3, { segments }));
      return { kind: 'done' };
    };
    const answer = await house.post('audioRecording/stop', 'tmpRecordingId=3', { filename: 'b' });
    expect(verdictIn(answer)[1]).toMatch(/following new filename for future commands: b\.wav$/);
    expect(answer.text).toContain('<filename>b.wav</filename>');
    expect(existsSync(file)).toBe(false);
  });

  it('with stop that cannot be given hides neither what was done nor what else was changed', async () => {
    const file = await house.file('a.wav', 'x');
    await house.file('b.wav', 'y');
    const segments = [{ file, filename: 'a.wav' }];
    house.ordered = () => {
      house.books.add(dossierOf(3, { segments }));
      return { kind: 'done' };
    };
    house.books.add(ongoingDossier(3, { segments }));
    const form = { filename: 'b', agentId: '7' };
    const answer = await house.post('audioRecording/stop', 'tmpRecordingId=3', form);
    expect(verdictIn(answer)).toEqual([-1, 'seen the filename "b.wav", which another file has']);
    expect(answer.text).toContain('<recordingId>3</recordingId>');
    expect(answer.text).toContain('<agentId>7</agentId>');
  });

  it('with stop of a recording of several files is refused before it is stopped', async () => {
    house.books.add(ongoingDossier(3, { segments: [{ endMs: 1 }, { id: 7 }] }));
    const answer = await house.post('audioRecording/stop', 'tmpRecordingId=3', { filename: 'b' });
    expect(verdictIn(answer)[1]).toContain('audioRecording/segment/details');
    expect(house.orders).toEqual([]);
  });
});
