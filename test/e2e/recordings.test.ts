/**
 * Recordings on the server as its users run it: a client of the FACE interface drives an Asterisk's recorder over
 * real sockets, reads what became of it, and fetches the media; and whoever is notified is told the same.
 */
import { execFile } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hashToken } from '../../src/access/tokens.ts';
import type { Receiver } from '../../src/receiver/receiver.ts';
import { Authority } from '../support/certificates.ts';
import { FaceClient } from '../support/face-client.ts';
import { startReceiver } from '../support/receivers.ts';
import { bytesPerMs, headerBytes } from '../support/recorder-pbx.ts';
import {
  isrDestinations,
  password,
  RecordingSite,
  type Told,
  toldTo,
  userTable,
} from '../support/recording-site.ts';
import { until } from '../support/until.ts';

const main = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');
const ann = 'ann@example.org';

/** A time as the vendor writes it, in milliseconds since 1970. */
const msOf = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`);

function run(program: string, args: readonly string[], input = '') {
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const child = execFile(program, args, { timeout: 30_000 }, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, out, err });
    });
    child.stdin?.end(input);
  });
}

const offhook = (args: readonly string[], input?: string) =>
  run(process.execPath, [main, ...args], input);

/** Waits for so many notifications in all. @returns those that came since `from` */
async function told(receiver: Receiver, count: number, from: number): Promise<Told[]> {
  await until(`${count} notifications came`, () => toldTo(receiver).length >= count);
  return toldTo(receiver).slice(from);
}

test.each([
  ['before it answers', true],
  ['after it has answered', false],
])(
  "a FACE client's day, with an Asterisk that tells of it %s",
  { timeout: 60_000 },
  async (_, tellsFirst) => {
    const site = await RecordingSite.open();
    const { pbx } = site;
    pbx.tellsFirst = tellsFirst;
    const receiver = await startReceiver();
    await site.start(site.sections() + (await userTable(ann)) + isrDestinations(receiver));
    const face = new FaceClient(site.server.httpPort);
    expect(await face.login('ANN@example.org', password)).toMatchObject({
      code: 0,
      token: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as string,
    });
    const talk = await site.connect('1001', '1002');
    const { isrUcid } = talk;
    const of = { isrUcid };

    let heard = 0;
    /** The notifications that a command brought, by event; each must come once, and nothing else. */
    const notified = async (...events: string[]): Promise<Told[]> => {
      const came = await told(receiver, heard + events.length, heard);
      expect(came.map(({ event }) => event).sort()).toEqual([...events].sort());
      heard += events.length;
      return events.map((event) => came.find((each) => each['event'] === event) ?? {});
    };

    // Nothing is recorded yet: there is a session, and nothing to stop.
    expect(await face.post('audioRecording/stop', of)).toMatchObject({
      code: 13,
      message: 'Recording is started by another session or not started, cannot end recording.',
    });

    const beganMs = pbx.nowMs;
    const begun = await face.post('audioRecording/start', of);
    expect(begun).toMatchObject({ code: 0, message: 'start command returned successfully' });
    const id = begun.recording?.tmpRecordingId ?? expect.fail('no temporary number');
    expect(id).toMatch(/^\d+$/);
    const [startedTold = {}, segmentTold = {}] = await notified(
      'RECORDING_STARTED_EVENT',
      'SEGMENT_STARTED_EVENT',
    );
    expect(startedTold).toMatchObject({
      RESULT: 'SUCCESS',
      TMP_RECORDING_ID: id,
      ISR_UCID: isrUcid,
    });
    expect(segmentTold).toMatchObject({ RESULT: 'SUCCESS', TMP_SEGMENT_ID: id });
    // Nobody has asked the Asterisk where to yet: it is known from the order.
    for (const each of [startedTold, segmentTold]) {
      expect(each).toMatchObject({ FILENAME: `${talk.caller.uniqueid}.wav` });
    }
    expect(msOf(startedTold['START_TIME'] ?? '')).toBe(beganMs);

    expect(await face.post('audioRecording/start', of)).toMatchObject({
      code: 12,
      message: 'Recording has already started on this channel.',
    });
    const [startFailed = {}] = await notified('RECORDING_STARTED_EVENT');
    expect(startFailed).toMatchObject({ RESULT: 'FAILURE', ISR_UCID: isrUcid });

    const live = await face.get('audioRecording/details', { tmpRecordingId: id });
    expect(live).toMatchObject({ code: 0, message: 'ACK' });
    expect(live.recording).toMatchObject({
      tmpRecordingId: id,
      ani: '1001',
      dnis: '1002',
      isrUcid,
    });
    expect(live.recording).not.toHaveProperty('recordingId');
    expect(live.recording?.segments).toMatchObject([
      { tmpSegmentId: id, sequence: '1', end: '', pauseLength: '0' },
    ]);
    expect(msOf(live.recording?.startTime ?? '')).toBe(beganMs);

    pbx.pass(2_000);
    expect(await face.post('audioRecording/pause', of)).toMatchObject({
      code: 0,
      message: 'pause command returned successfully',
    });
    expect(pbx.writing).toEqual([]);
    const [pauseTold = {}] = await notified('RECORDING_PAUSED_EVENT');
    expect(pauseTold).toMatchObject({ TMP_RECORDING_ID: id, PAUSE_SILENCE: 'false' });
    expect(await face.post('audioRecording/pause', of)).toMatchObject({
      code: 12,
      message: 'Recording has already been paused, cannot pause recording.',
    });
    const [pauseFailed = {}] = await notified('RECORDING_PAUSED_EVENT');
    expect(pauseFailed).toMatchObject({ RESULT: 'FAILURE', TMP_RECORDING_ID: id });

    pbx.pass(1_500);
    const resumed = await face.post('audioRecording/resume', of, {
      agentId: '77',
      Ticket: 'A & "B"',
    });
    expect(resumed).toMatchObject({ code: 0, message: 'resume command returned successfully' });
    expect(resumed.recording).toMatchObject({
      agentId: '77',
      customData: [{ customDataId: '7', name: 'Ticket', value: 'A & "B"' }],
    });
    const [resumeTold = {}] = await notified('RECORDING_RESUMED_EVENT');
    expect(resumeTold).toMatchObject({ RESULT: 'SUCCESS', PAUSE_LENGTH: '1500' });
    expect(await face.post('audioRecording/resume', of)).toMatchObject({
      code: 12,
      message: 'Recording is not paused, cannot unpause recording.',
    });
    await notified('RECORDING_RESUMED_EVENT');

    pbx.pass(1_000);
    await face.post('audioRecording/pause', { ...of, fillWithSilence: true });
    const [silenceTold = {}] = await notified('RECORDING_PAUSED_EVENT');
    expect(silenceTold).toMatchObject({ PAUSE_SILENCE: 'true' });
    pbx.pass(700);
    expect(await face.post('audioRecording/resume', of)).toMatchObject({ code: 0 });
    const [secondResume = {}] = await notified('RECORDING_RESUMED_EVENT');
    expect(secondResume).toMatchObject({ PAUSE_LENGTH: '2200' });

    pbx.pass(300);
    const split = await face.post('audioRecording/split', of);
    expect(split).toMatchObject({ code: 0, message: 'split command returned successfully' });
    expect(split.recording?.segments).toHaveLength(2);
    const next = split.recording?.segments[1]?.tmpSegmentId ?? expect.fail('no second segment');
    // A recording that is split does not end.
    const [segmentEnded = {}, segmentBegan = {}] = await notified(
      'SEGMENT_ENDED_EVENT',
      'SEGMENT_STARTED_EVENT',
    );
    expect(segmentEnded).toMatchObject({ SEGMENT_ID: id, RESULT: 'SUCCESS', PAUSE_LENGTH: '2200' });
    expect(segmentBegan).toMatchObject({ TMP_SEGMENT_ID: next, TMP_RECORDING_ID: id });

    pbx.pass(900);
    expect(await face.post('audioRecording/stop', of)).toMatchObject({ code: 0 });
    const [lastSegment = {}, ended = {}] = await notified(
      'SEGMENT_ENDED_EVENT',
      'RECORDING_ENDED_EVENT',
    );
    expect(lastSegment).toMatchObject({
      SEGMENT_ID: next,
      TMP_SEGMENT_ID: next,
      PAUSE_LENGTH: '0',
    });
    expect(ended).toMatchObject({
      ...{ RECORDING_ID: id, TMP_RECORDING_ID: id, DURATION: '6400', PAUSE_LENGTH: '2200' },
    });

    // Numbers are permanent now, and times are the ones that the Asterisk has told.
    const over = await face.get('audioRecording/details', { recordingId: id });
    expect(over.recording).toMatchObject({ recordingId: id, duration: '6400', agentId: '77' });
    expect(over.recording).not.toHaveProperty('tmpRecordingId');
    const [first, second] = over.recording?.segments ?? [];
    expect(first).toMatchObject({ segmentId: id, sequence: '1', fileStatus: '0' });
    expect(second).toMatchObject({ segmentId: next, sequence: '2', fileStatus: '0' });
    const stops = pbx.told.filter(({ event }) => event === 'MixMonitorStop');
    const starts = pbx.told.filter(({ event }) => event === 'MixMonitorStart');
    const mutes = pbx.told.filter(({ event }) => event === 'MixMonitorMute');
    expect([starts.length, stops.length, mutes.length]).toEqual([3, 3, 2]);
    const lengthsMs = [
      (starts[1]?.atMs ?? NaN) - (stops[0]?.atMs ?? NaN),
      (mutes[1]?.atMs ?? NaN) - (mutes[0]?.atMs ?? NaN),
    ];
    expect(Number(first?.pauseLength)).toBe((lengthsMs[0] ?? NaN) + (lengthsMs[1] ?? NaN));
    expect(first).toMatchObject({ pauseLength: '2200' });
    expect(second).toMatchObject({ pauseLength: '0', pausedWithSilence: 'false' });
    expect(
      [first?.start, first?.end, second?.start, second?.end].map((at) => msOf(at ?? '')),
    ).toEqual([starts[0], stops[1], starts[2], stops[2]].map((each) => each?.atMs));

    // A cut leaves its time out of the file, silence does not.
    const files = readdirSync(site.monitor).sort();
    expect(files).toEqual([first?.filename, second?.filename].sort());
    const onDisk = readFileSync(join(site.monitor, first?.filename ?? ''));
    expect(onDisk.length).toBe(headerBytes + (2_000 + 1_000 + 700 + 300) * bytesPerMs);
    const whole = await face.fetch('audioRecording/segment/download', { segmentId: id });
    expect(whole.headers.get('content-type')).toMatch(/^audio\/(x-)?wav/);
    expect(Buffer.from(await whole.arrayBuffer()).equals(onDisk)).toBe(true);
    const part = await face.fetch(
      'audioRecording/segment/download',
      { segmentId: id },
      { headers: { range: 'bytes=40-100043' } },
    );
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(
      `bytes 40-${onDisk.length - 1}/${onDisk.length}`,
    );
    expect(Buffer.from(await part.arrayBuffer()).equals(onDisk.subarray(40))).toBe(true);

    // A new name, for the file as for whoever asks by it.
    const renamed = await face.post(
      'audioRecording/segment/details',
      { segmentId: id },
      { filename: 'ann & bob' },
    );
    expect(renamed).toMatchObject({
      code: 0,
      message:
        'This file has been renamed by the recorder, please use the following new filename for future commands: ann & bob.wav',
    });
    expect(readdirSync(site.monitor).sort()).toEqual(['ann & bob.wav', second?.filename].sort());
    const byName = await face.get('audioRecording/details', { filename: 'ann & bob.wav' });
    expect(byName.recording).toMatchObject({ recordingId: id });
    expect(
      await face.get('audioRecording/details', { filename: first?.filename ?? '' }),
    ).toMatchObject({ code: 19 });

    // Once the call is over: what goes on would be written again.
    pbx.hangUp(talk);
    await until('the call is over', async () => (await site.calls()) === 0);
    expect(await face.post('audioRecording/delete', { recordingId: id })).toMatchObject({
      code: 0,
    });
    await until('the files are gone', () => readdirSync(site.monitor).length === 0);
    await until('the recording is gone', async () => {
      const { code } = await face.get('audioRecording/details', { recordingId: id });
      return code === 19;
    });
    expect(await face.get('audioRecording/details', { recordingId: id })).toMatchObject({
      code: 19,
      message: 'No recording found with supplied criteria',
    });
    expect(await face.get('audioRecording/details', of)).toMatchObject({ code: 26 });

    // The next recording has numbers of its own, those of deleted ones are gone for good.
    const other = await site.connect('1001', '1002');
    const again = await face.post('audioRecording/start', { isrUcid: other.isrUcid });
    expect(Number(again.recording?.tmpRecordingId)).toBeGreaterThan(Number(next));
    await notified('RECORDING_STARTED_EVENT', 'SEGMENT_STARTED_EVENT');
    expect(receiver.count).toBe(heard);
    expect(await site.server.kill('SIGTERM')).toBe(0);
  },
);

test(
  'what a recorder refuses, or is not there to do, is told as code 20 and as FAILURE',
  {
    timeout: 60_000,
  },
  async () => {
    const site = await RecordingSite.open();
    const { pbx } = site;
    const receiver = await startReceiver();
    await site.start(site.sections() + (await userTable(ann)) + isrDestinations(receiver));
    const face = await site.client(ann);
    const { isrUcid } = await site.connect('1001', '1002');
    const of = { isrUcid };
    const refusal = { code: 20, message: 'RSS could not successfully perform the operation' };
    let heard = 0;
    const notified = async (...expected: Told[]): Promise<void> => {
      const came = await told(receiver, heard + expected.length, heard);
      const named = ({ event = '' }: Told, { event: other = '' }: Told): number =>
        event < other ? -1 : 1;
      expect([...came].sort(named)).toMatchObject([...expected].sort(named));
      heard += expected.length;
    };
    const failed = (event: string): Told => ({ event, RESULT: 'FAILURE', ISR_UCID: isrUcid });
    const done = (event: string): Told => ({ event, RESULT: 'SUCCESS', ISR_UCID: isrUcid });

    // The recorder says no.
    pbx.refusing.set('MixMonitor', 'Could not start monitoring channel');
    expect(await face.post('audioRecording/start', of)).toMatchObject(refusal);
    await notified(failed('RECORDING_STARTED_EVENT'));
    pbx.refusing.clear();
    const begun = await face.post('audioRecording/start', of);
    expect(begun).toMatchObject({ code: 0 });
    await notified(done('RECORDING_STARTED_EVENT'), done('SEGMENT_STARTED_EVENT'));
    pbx.refusing.set('StopMixMonitor', 'Could not stop monitoring channel');
    pbx.refusing.set('MixMonitorMute', 'Cannot set mute flag');
    for (const [command, parameters, event] of [
      ['pause', {}, 'RECORDING_PAUSED_EVENT'],
      ['pause', { fillWithSilence: true }, 'RECORDING_PAUSED_EVENT'],
      ['split', {}, 'SEGMENT_ENDED_EVENT'],
      ['stop', {}, 'RECORDING_ENDED_EVENT'],
    ] as const) {
      const answer = await face.post(`audioRecording/${command}`, { ...of, ...parameters });
      expect(answer, command).toMatchObject(refusal);
      await notified({ ...failed(event), TMP_RECORDING_ID: begun.recording?.tmpRecordingId ?? '' });
    }
    pbx.refusing.clear();
    expect(await face.get('audioRecording/details', of)).toMatchObject({
      recording: { segments: [{ pauseLength: '0', end: '' }] },
    });

    // It is lost before it has answered; nobody waits any longer than that.
    pbx.ignoring.add('MixMonitorMute');
    const asked = pbx.actions.length;
    const pausing = face.post('audioRecording/pause', { ...of, fillWithSilence: true });
    await until('the order is on its way', () => pbx.actions.length > asked);
    await pbx.down();
    expect(await pausing).toMatchObject(refusal);
    await notified(failed('RECORDING_PAUSED_EVENT'));
    pbx.ignoring.clear();

    // It is not there.
    for (const [command, event] of [
      ['pause', 'RECORDING_PAUSED_EVENT'],
      ['split', 'SEGMENT_ENDED_EVENT'],
      ['stop', 'RECORDING_ENDED_EVENT'],
    ] as const) {
      expect(await face.post(`audioRecording/${command}`, of), command).toMatchObject(refusal);
      await notified(failed(event));
    }

    // And here it is again, and records the same call still.
    await pbx.up();
    await site.sourceUp();
    expect(await face.post('audioRecording/pause', of)).toMatchObject({ code: 0 });
    await notified(done('RECORDING_PAUSED_EVENT'));
    pbx.pass(400);
    expect(await face.post('audioRecording/resume', of)).toMatchObject({ code: 0 });
    await notified(done('RECORDING_RESUMED_EVENT'));
    const over = await face.post('audioRecording/stop', of);
    expect(over).toMatchObject({
      code: 0,
      recording: {
        recordingId: begun.recording?.tmpRecordingId,
        segments: [{ pauseLength: '400' }],
      },
    });
    await notified(done('SEGMENT_ENDED_EVENT'), done('RECORDING_ENDED_EVENT'));
    expect(receiver.count).toBe(heard);
  },
);

interface Listed {
  readonly recordings: readonly { readonly id: number; readonly account: number }[];
}

test(
  'users see and drive what belongs to their account, tokens what lies in their scope',
  {
    timeout: 60_000,
  },
  async () => {
    const site = await RecordingSite.open();
    const { pbx } = site;
    const secrets = { sales: 'ohk_sales', support: 'ohk_support', all: 'ohk_all' };
    const tokens = [
      ...([
        [secrets.sales, 'sales', '["10*"]'],
        [secrets.support, 'support', '["20*"]'],
      ] as const),
      [secrets.all, 'all', '[]'] as const,
    ].map(
      ([secret, name, extensions]) =>
        `[[token]]\nname = "${name}"\nsha256 = "${hashToken(secret)}"\nextensions = ${extensions}\ncontrol = true\n`,
    );
    const accounts = `
[[account]]
id = 3
name = "Sales"
extensions = ["10*"]
[[account]]
id = 4
name = "Support"
route = 9
extensions = ["20*"]
`;
    const users = [
      await userTable('sales@example.org', 'account = 3'),
      await userTable('support@example.org', 'account = 4'),
      await userTable('chief@example.org'),
      await userTable('reader@example.org', 'account = 3\ncontrol = false'),
    ];
    const access = { access: 'requireToken = true' };
    await site.start(site.sections(access) + accounts + users.join('') + tokens.join(''));
    const sales = await site.client('sales@example.org');
    const support = await site.client('support@example.org');
    const chief = await site.client('chief@example.org');
    const reader = await site.client('reader@example.org');
    const talks = [pbx.connect('1001', '5551'), pbx.connect('2001', '5552')] as const;
    for (const talk of talks) await site.knows(talk, secrets.all);
    const [ofSales, ofSupport] = talks.map(({ caller }) => ({ isrUcid: caller.linkedid }));
    const noSession = {
      code: 26,
      message: 'No session or file was found matching the provided UCID',
    };
    const none = { code: 19, message: 'No recording found with supplied criteria' };

    // What is another account's cannot be driven, before it is recorded and after.
    expect(await support.post('audioRecording/start', ofSales)).toMatchObject(noSession);
    expect(await reader.post('audioRecording/start', ofSales)).toMatchObject({ code: 2 });
    expect(pbx.writing).toEqual([]);
    const first = await sales.post('audioRecording/start', ofSales);
    const second = await support.post('audioRecording/start', ofSupport);
    expect(first.recording).toMatchObject({ account: '3' });
    expect(second.recording).toMatchObject({ account: '4', route: '9' });
    const [saleId = '', supportId = ''] = [first, second].map(
      (each) => each.recording?.tmpRecordingId,
    );
    for (const command of ['pause', 'split', 'stop']) {
      expect(await sales.post(`audioRecording/${command}`, ofSupport), command).toMatchObject(
        noSession,
      );
      const byId = { tmpRecordingId: supportId };
      expect(await sales.post(`audioRecording/${command}`, byId), command).toMatchObject(none);
      const byReader = await reader.post(`audioRecording/${command}`, ofSales);
      expect(byReader, command).toMatchObject({ code: 2, message: 'Host Not Authorized' });
    }
    expect(pbx.told.map(({ event }) => event)).toEqual(['MixMonitorStart', 'MixMonitorStart']);
    pbx.pass(100);
    expect(await sales.post('audioRecording/stop', ofSales)).toMatchObject({ code: 0 });
    expect(await support.post('audioRecording/stop', ofSupport)).toMatchObject({ code: 0 });

    const seenBy = async (face: FaceClient): Promise<string[]> => {
      const { matches, recording } = await face.get('audioRecording/details');
      return [
        ...matches.map(({ recordingId = '' }) => recordingId),
        recording?.recordingId ?? [],
      ].flat();
    };
    expect(await seenBy(sales)).toEqual([saleId]);
    expect(await seenBy(reader)).toEqual([saleId]);
    expect(await seenBy(support)).toEqual([supportId]);
    expect((await seenBy(chief)).sort()).toEqual([saleId, supportId].sort());
    for (const [face, own, other] of [
      [sales, saleId, supportId],
      [support, supportId, saleId],
    ] as const) {
      const details = (id: string) => face.get('audioRecording/details', { recordingId: id });
      expect(await details(own)).toMatchObject({ code: 0, recording: { recordingId: own } });
      expect(await details(other)).toMatchObject(none);
      expect(await face.get('audioRecording/segment/details', { segmentId: other })).toMatchObject(
        none,
      );
      for (const command of ['download', 'redirect', 'segment/download']) {
        const by = command === 'segment/download' ? 'segmentId' : 'recordingId';
        const answer = await face.get(`audioRecording/${command}`, { [by]: other });
        expect(answer, command).toMatchObject(none);
      }
      const media = await face.fetch('audioRecording/download', { recordingId: own });
      expect((await media.arrayBuffer()).byteLength).toBe(headerBytes + 100 * bytesPerMs);
      expect(await face.post('audioRecording/delete', { recordingId: other })).toMatchObject(none);
      const update = await face.post(
        'audioRecording/details',
        { recordingId: other },
        { agentId: 'x' },
      );
      expect(update).toMatchObject(none);
    }
    expect(await chief.get('audioRecording/details', { recordingId: supportId })).toMatchObject({
      recording: { agentId: '', deleteFlag: 'false' },
    });

    const ask = (path: string, token: string, method = 'GET') =>
      fetch(`http://127.0.0.1:${site.server.httpPort}/v1/recordings${path}`, {
        method,
        headers: { authorization: `Bearer ${token}` },
      });
    const listed = async (token: string): Promise<string[]> => {
      const { recordings } = (await (await ask('', token)).json()) as Listed;
      return recordings.map(({ id }) => String(id)).sort();
    };
    expect(await listed(secrets.sales)).toEqual([saleId]);
    expect(await listed(secrets.support)).toEqual([supportId]);
    expect(await listed(secrets.all)).toEqual([saleId, supportId].sort());
    expect((await ask('', 'ohk_nobody')).status).toBe(401);
    // A token of FACE is none of the feed's, nor the other way round.
    expect((await ask('', sales.token)).status).toBe(401);
    const stranger = new FaceClient(site.server.httpPort, undefined, secrets.all);
    expect(await stranger.get('audioRecording/details')).toMatchObject({ code: -1 });
    for (const [token, own, other] of [
      [secrets.sales, saleId, supportId],
      [secrets.support, supportId, saleId],
    ] as const) {
      expect((await ask(`/${own}`, token)).status).toBe(200);
      expect((await ask(`/${own}/media`, token)).status).toBe(200);
      expect((await ask(`/${other}`, token)).status).toBe(404);
      expect((await ask(`/${other}/media`, token)).status).toBe(404);
      expect((await ask(`/${other}/stop`, token, 'POST')).status).toBe(404);
      expect((await ask(`/${other}`, token, 'DELETE')).status).toBe(404);
    }
  },
);

test('what SIGHUP takes up: users, custom data and accounts', { timeout: 60_000 }, async () => {
  const site = await RecordingSite.open();
  const config = join(site.folder, 'offhook.toml');
  writeFileSync(config, site.sections());
  for (const email of ['ann@example.org', 'bob@example.org']) {
    const added = await offhook(
      ['users', 'add', email, '--password-stdin', '--config', config],
      `${password}\n`,
    );
    expect(added, added.err).toMatchObject({ code: 0 });
  }
  const server = await site.start(site.sections());
  let reloads = 0;
  const reload = async (): Promise<void> => {
    reloads += 1;
    server.child.kill('SIGHUP');
    const count = (): number =>
      server.log.filter(({ event }) => event === 'config.reloaded').length;
    await until('the configuration has been taken up', () => count() === reloads);
  };
  const anns = await site.client(ann);
  const bobs = await site.client('bob@example.org');
  const { isrUcid } = await site.connect('1001', '1002');
  const begun = await anns.post('audioRecording/start', { isrUcid }, { agentId: '77' });
  expect(begun.recording).toMatchObject({ account: '1' });
  const id = begun.recording?.tmpRecordingId ?? '';
  const unknown = await anns.post(
    'audioRecording/details',
    { tmpRecordingId: id },
    { Mood: 'fine' },
  );
  expect(unknown).toMatchObject({ code: -1 });

  expect(await offhook(['users', 'remove', ann, '--config', config])).toMatchObject({ code: 0 });
  // Until it is told, the server goes by what it has read.
  expect(await anns.get('audioRecording/details', { isrUcid })).toMatchObject({ code: 0 });
  await reload();
  expect(await anns.get('audioRecording/details', { isrUcid })).toMatchObject({ code: -1 });
  expect(await anns.post('audioRecording/stop', { isrUcid })).toMatchObject({ code: -1 });
  const again = new FaceClient(server.httpPort);
  expect(await again.login(ann, password)).toMatchObject({ code: -1 });
  expect(await bobs.get('audioRecording/details', { isrUcid })).toMatchObject({ code: 0 });

  appendFileSync(
    config,
    '[[customData]]\nid = 8\nname = "Mood"\n[[account]]\nid = 6\nname = "Sales"\nextensions = ["10*"]\n',
  );
  await reload();
  const updated = await bobs.post('audioRecording/details', { isrUcid }, { Mood: 'fine' });
  expect(updated).toMatchObject({
    code: 0,
    recording: { customData: [{ customDataId: '8', name: 'Mood', value: 'fine' }] },
  });
  expect(await bobs.get('audioRecording/details', { Mood: 'fine' })).toMatchObject({
    recording: { tmpRecordingId: id },
  });
  // One that goes on goes to the account that fits by now, and what people have said of it stays.
  const stopped = await bobs.post('audioRecording/stop', { isrUcid });
  expect(stopped.recording).toMatchObject({ recordingId: id, account: '6', agentId: '77' });
  expect(server.words).toEqual([]);
});

test('all of it over TLS', { timeout: 60_000 }, async () => {
  const site = await RecordingSite.open();
  const authority = new Authority(site.folder);
  const { certificate, key } = authority.sign('recorder');
  copyFileSync(certificate, join(site.folder, 'live.pem'));
  copyFileSync(key, join(site.folder, 'live.key'));
  const tls = '[tls]\ncertificate = "live.pem"\nkey = "live.key"\n';
  const { httpPort } = await site.start(
    site.sections({ http: 'tls = true' }) + tls + (await userTable(ann)),
  );
  const face = new FaceClient(httpPort, authority.pem);
  expect(await face.login(ann, password)).toMatchObject({ code: 0 });
  const { caller } = site.pbx.connect('1001', '1002');
  const of = { isrUcid: caller.linkedid };
  await until('the call is known', async () => {
    const { code } = await face.post('audioRecording/stop', of);
    return code === 13;
  });
  let begun = await face.post('audioRecording/start', of);
  await until('the call is connected', async () => {
    if (begun.code === 20) begun = await face.post('audioRecording/start', of);
    return begun.code === 0;
  });
  site.pbx.pass(200);
  for (const command of ['pause', 'resume', 'split', 'stop']) {
    expect(await face.post(`audioRecording/${command}`, of), command).toMatchObject({ code: 0 });
  }
  const recordingId = begun.recording?.tmpRecordingId ?? '';
  const over = await face.get('audioRecording/details', { recordingId });
  expect(over.recording?.segments).toHaveLength(2);
  const by = { segmentId: over.recording?.segments[0]?.segmentId ?? '' };
  const range = { headers: { range: 'bytes=-32' } };
  const part = await face.fetch('audioRecording/segment/download', by, range);
  expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, 32]);
  // Followed, it leads to the same over TLS.
  const redirected = await face.fetch('audioRecording/segment/redirect', by);
  expect(new URL(redirected.url).protocol).toBe('https:');
  expect((await redirected.arrayBuffer()).byteLength).toBe(headerBytes + 200 * bytesPerMs);
  await expect(new FaceClient(httpPort).get('version')).rejects.toThrow();
  await face.close();
});

test('curl that offers an upgrade to HTTP/2 is answered', { timeout: 60_000 }, async () => {
  const site = await RecordingSite.open();
  await site.start(site.sections() + (await userTable(ann)));
  const base = `http://127.0.0.1:${site.server.httpPort}/Face`;
  const curl = (...args: string[]) => run('curl', ['--silent', '--show-error', '--http2', ...args]);
  const version = await curl(`${base}/version`);
  expect(version, version.err).toMatchObject({ code: 0 });
  expect(version.out).toMatch(/<result>\s*<version>offhook [^<]+<\/version>/);
  // With a body there is no upgrade to be had; the login is answered all the same.
  const form = ['--data-urlencode', `userEmail=${ann}`, '--data-urlencode', `password=${password}`];
  const login = await curl(...form, `${base}/login`);
  const token = /<token>([0-9a-f-]{36})<\/token>/.exec(login.out)?.[1] ?? expect.fail(login.out);
  const details = await curl(`${base}/audioRecording/details?token=${token}`);
  expect(details.out).toContain('<code>19</code>');
});

test('the command line sees what FACE sees', { timeout: 60_000 }, async () => {
  const site = await RecordingSite.open();
  await site.start(site.sections() + (await userTable(ann)));
  const face = await site.client(ann);
  const talk = await site.connect('1001', '1002');
  const { isrUcid } = talk;
  const begun = await face.post('audioRecording/start', { isrUcid }, { Ticket: 'T-1' });
  const id = begun.recording?.tmpRecordingId ?? expect.fail('it did not start');
  const http = ['--http', `http://127.0.0.1:${site.server.httpPort}`];
  const recordings = (...args: string[]) => offhook(['recordings', ...args, ...http]);
  const list = async (...args: string[]): Promise<unknown> => {
    const { code, out, err } = await recordings('list', '--json', ...args);
    expect(code, err).toBe(0);
    return JSON.parse(out);
  };
  const running = { id: Number(id), inProgress: true, caller: '1001', called: '1002' };
  expect(await list('--in-progress')).toMatchObject({ recordings: [running] });
  site.pbx.pass(250);
  await face.post('audioRecording/split', { isrUcid });
  site.pbx.pass(50);
  await face.post('audioRecording/stop', { isrUcid });
  expect(await list('--in-progress')).toEqual({ recordings: [] });
  expect(await list('--where', 'custom.Ticket=T-1')).toMatchObject({
    recordings: [{ id: Number(id), inProgress: false }],
  });
  const { recording } = await face.get('audioRecording/details', { recordingId: id });
  const [first, second] = recording?.segments ?? [];
  const shown = await recordings('show', id);
  for (const segment of [first, second]) expect(shown.out).toContain(segment?.filename);
  const output = join(site.folder, 'fetched.wav');
  const fetched = await recordings(
    ...['download', id, '--segment', second?.segmentId ?? '', '--output', output],
  );
  expect(fetched, fetched.err).toMatchObject({ code: 0 });
  const onDisk = readFileSync(join(site.monitor, second?.filename ?? ''));
  expect(readFileSync(output).equals(onDisk)).toBe(true);
  expect(await recordings('verify')).toMatchObject({ code: 0 });
  const stray = join(site.monitor, 'nobodys.wav');
  writeFileSync(stray, 'x');
  // What is quite new may be somebody's in a moment.
  utimesSync(stray, new Date(0), new Date(0));
  const verified = await recordings('verify');
  expect(verified).toMatchObject({ code: 1 });
  expect(verified.out).toContain('nobodys.wav');
  site.pbx.hangUp(talk);
  await until('the call is over', async () => (await site.calls()) === 0);
  expect(await recordings('delete', id)).toMatchObject({ code: 0 });
  await until('its files are gone', () => readdirSync(site.monitor).length === 1);
  expect(await recordings('show', id)).toMatchObject({ code: 1 });
});
