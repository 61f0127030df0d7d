/** The interface over the real books: on disk, searched in a thread of their own, with files beside them. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecordingBooks } from '../../src/record/recordings.ts';
import { StoreClient } from '../../src/store/client.ts';
import type { RecordingDossier, RecordingRows } from '../../src/store/recording-messages.ts';
import { dossierOf, ongoingDossier, sampleDossier } from './support/dossiers.ts';
import { FaceHouse, token, verdictIn } from './support/face-house.ts';

const ucid = 'x-isr-ucid-1-28605@10.10.248.209';

let folder: string;
let store: StoreClient;
let books: RecordingBooks;
let house: FaceHouse;
let seq = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-face-store-'));
  const onFailure = (error: Error): never => {
    throw error;
  };
  store = await StoreClient.open({ folder, onFailure });
  const nothing = (): void => undefined;
  books = new RecordingBooks({ store: store.recordings, reserveIds: nothing, onFlagged: nothing });
  house = await FaceHouse.open(books);
  const customData = [7, 9].map((id) => ({ id, name: 'CustomDataField1', searchable: true }));
  house.settings = {
    ...house.settings,
    customData: [...house.settings.customData.slice(1), ...customData],
  };
});
afterAll(async () => {
  await house?.close();
  await store?.close();
  await rm(folder, { recursive: true, force: true });
});

const json = { headers: { accept: 'application/json' } };
const details = async (criteria: string) =>
  JSON.parse((await house.command('audioRecording/details', criteria, json)).text).result;

async function imported(...dossiers: readonly RecordingDossier[]): Promise<void> {
  const taken = await books.import(
    dossiers.map((dossier) => ({ ...dossier, aors: [`sip:${dossier.recording.id}@1.2.3.4`] })),
  );
  expect(taken).toEqual([]);
}

/** As events tell of it. */
async function fed({ recording, segments }: RecordingDossier): Promise<void> {
  const { endMs: _, pauseMs: _p, agentTerminal: _t, sensitive: _s, ...rest } = recording;
  const { neverExpire: _n, deleteFlag: _d, thirdpartyId: _i, ...row } = rest;
  const rows: RecordingRows = {
    recordings: [{ ...row, aors: [] }],
    segments: segments.map(
      ({ sequence: _q, fileState: _f, bytes: _b, sha256: _h, ...segment }) => segment,
    ),
  };
  seq += 1;
  await store.commit({
    ...{ firstSeq: seq, kinds: ['call.updated'], callIds: ['c'], open: [true], seenMs: [1] },
    ...{ bodies: ['{}'], cdrs: [], sights: [], signalIds: [], recordings: rows },
  });
}

it('the recording of the sample is told as the sample has it, but for what nobody archived', async () => {
  const dossier = sampleDossier([7, 9]);
  const [segment] = dossier.segments;
  const file = await house.file(segment!.file!.slice(1), 'x');
  await imported({ ...dossier, segments: [{ ...segment!, file }] });
  const sample = readFileSync(new URL('../fixtures/face/recording.xml', import.meta.url), 'utf8');
  const { callId } = dossier.recording;
  const expected = sample
    .replaceAll(/>\s+</g, '><')
    .replace(/<archived>1</, '<archived>0<')
    .replace(/<archivalRemarks>.*<\/archivalRemarks>/, '<archivalRemarks/>')
    .replace('<archiverMode>Primary</archiverMode>', '<archiverMode/>')
    .replace(/<siprecSessionId>[^<]*/, `<siprecSessionId>${callId}`)
    .replace(/<streams>.*<\/streams>/, '<streams/>');
  const { flat } = await house.command('audioRecording/details', `isrUcid=${ucid}`);
  expect(flat.replace(/^<\?xml[^>]*>/, '')).toBe(expected);
});

describe('every criterion', () => {
  beforeAll(async () => {
    await imported(
      dossierOf(31, {
        recording: { ...{ ani: 'a', dnis: 'd', egressCallId: 'e', thirdpartyId: 't', rss: 9 } },
        segments: [{ id: 41, filename: 'f 1.wav' }, { id: 42 }],
        rest: { customData: [{ recording: 31, segment: null, field: 4, value: "T-'1'" }] },
      }),
      dossierOf(32, { recording: { ani: 'b', dnis: 'd', rss: 9 } }),
    );
  });

  it.each([
    ...[
      'recordingId=31',
      'tmpRecordingId=31',
      'segmentId=42',
      'tmpSegmentId=41',
      'ani=a',
      'from=a',
    ],
    ...['ani=a&dnis=d&rssId=9', 'egressCallId=e', 'thirdpartyId=t', 'filename=f%201.wav'],
    ...['aor=sip:31@1.2.3.4', "Ticket=T-'1'", 'isrUcid=x-isr-ucid-31-28520@1.2.3.4'],
    ...['isrUcid=31-28520@1.2.3.4', 'ingressCallId=31-28520@1.2.3.4'],
    ...[
      'start=2021-01-18T06:42:37',
      'end=2021-01-18 06:42:47.21',
      'dnis=d&latestStart=2021-01-18 06:42:37',
    ],
    ...[
      'rssId=9&latestEnd=2021-01-18 06:42:47.21',
      'ani=a&inProgress=false',
      'ani=a&audioOnly=true',
    ],
  ])('%s finds the recording', async (criteria) => {
    expect(await details(criteria)).toMatchObject({ code: 0, recording: { recordingId: 31 } });
  });

  it.each([
    ...[
      'ani=A',
      'ani=a&dnis=x',
      'ani=a%00',
      "ani=a' OR '1'='1",
      "Ticket=T-1';DROP TABLE recordings;--",
    ],
    ...['filename=F%201.wav', 'filename=%25', 'ani=a&inProgress=true', 'ani=a&mustHaveVideo=true'],
    ...['ani=_', 'ani=%25', 'aor=sip:31@1.2.3.5', 'recordingId=31&ani=b', 'segmentId=31&ani=a'],
  ])('%s finds none', async (criteria) => {
    expect([19, 26]).toContain((await details(criteria)).code);
  });
});

describe('what is said of a recording', () => {
  it('is kept: its form, its new name, and that it is to be deleted', async () => {
    const file = await house.file('51.wav', 'sound of 51');
    await imported(dossierOf(51, { segments: [{ file, filename: '51.wav' }] }));
    const form = { agentId: '😀 <&>', sensitive: '1', Ticket: 'x', filename: 'new' };
    await house.post('audioRecording/details', 'recordingId=51', form);
    const told = {
      ...{ agentId: '😀 <&>', sensitive: 1, deleteFlag: false },
      customDataSets: [{ customData: { customDataId: 4, name: 'Ticket', value: 'x' } }],
      segments: [{ filename: 'new.wav', fileStatus: 0, locationId: 4, directory: '/' }],
    };
    expect((await details('filename=new.wav')).recording).toMatchObject(told);
    expect((await house.command('audioRecording/download', 'Ticket=x')).text).toBe('sound of 51');
    expect(verdictIn(await house.command('audioRecording/delete', 'Ticket=x'))[0]).toBe(0);
    expect((await details('recordingId=51')).recording.deleteFlag).toBe(true);
    const late = await house.post('audioRecording/details', 'recordingId=51', { filename: 'y' });
    expect(verdictIn(late)[0]).toBe(22);
  });

  it('is of a segment where that was meant', async () => {
    await imported(dossierOf(55, { segments: [{ id: 56 }, { id: 57 }] }));
    await house.post('audioRecording/segment/details', 'segmentId=57', { Ticket: 'of 57' });
    const { text } = await house.command('audioRecording/segment/details', 'segmentId=57', json);
    expect(JSON.parse(text).result.segment).toMatchObject({
      customDataSets: [{ customData: { value: 'of 57' } }],
    });
    expect((await details('recordingId=55')).recording.customDataSets).toEqual([]);
  });

  it('supplemental files come with it and are given out', async () => {
    const file = await house.file('52.mp4', 'film');
    await imported(dossierOf(52));
    const row = { recording: 52, kind: 'video', file, filename: '52.mp4' } as const;
    const id = await books.addSupplement(row);
    expect(
      (await details('recordingId=52&mustHaveVideo=true')).recording.supplementalFiles,
    ).toEqual([
      { supplementalFile: { supplementalFileId: id, filename: '52.mp4', type: 'video' } },
    ]);
    const query = `filename=52.mp4&supplementalFileId=${id}`;
    expect((await house.command('file/download', query)).text).toBe('film');
  });
});

it('a recording that goes on is found by its number for the time being, before and after its end', async () => {
  const going = ongoingDossier(61, { recording: { ani: 'live' } });
  await fed(going);
  house.ordered = () => ({ kind: 'done' });
  const stopped = await house.command('audioRecording/pause', 'ani=live');
  expect(stopped.text).toContain('<tmpRecordingId>61</tmpRecordingId>');
  expect((await details('recordingId=61')).code).toBe(19);
  await house.post('audioRecording/details', 'tmpRecordingId=61', { agentId: 'kept' });
  await fed(dossierOf(61, { recording: { ani: 'live' } }));
  for (const criteria of ['recordingId=61', 'tmpRecordingId=61', 'segmentId=61']) {
    expect((await details(criteria)).recording).toMatchObject({ recordingId: 61, agentId: 'kept' });
  }
  expect((await house.command('audioRecording/stop', 'ani=live')).text).toContain(
    '<code>13</code>',
  );
});

it('segments of a recording in progress are listed with its temporary number, also those that have ended', async () => {
  const endMs = null;
  const dossier = dossierOf(65, { segments: [{ goesOn: true }, { id: 66, endMs }] });
  await fed({ ...dossier, recording: { ...dossier.recording, ani: 'half', endMs } });
  const listed = await house.command('audioRecording/segment/details', 'ani=half', json);
  expect(JSON.parse(listed.text).result.matches).toMatchObject([
    { match: { segmentId: 65, tmpRecordingId: 65 } },
    { match: { tmpSegmentId: 66, tmpRecordingId: 65 } },
  ]);
});

it('an account sees its own alone', async () => {
  await imported(dossierOf(71, { recording: { account: 2, ani: 'two' } }));
  const user = house.users.get(token)!;
  house.users.set(token, { ...user, account: 2 });
  const own = await details('');
  house.users.set(token, { ...user, account: 1 });
  const others = [await details('ani=two'), await details('tmpRecordingId=71')];
  house.users.set(token, user);
  expect(own.recording.recordingId).toBe(71);
  expect(others.map(({ code }) => code)).toEqual([19, 19]);
});

it('10,000 matches are answered with as many as were asked for', async () => {
  const many = Array.from({ length: 10_000 }, (_, n) =>
    dossierOf(100_000 + n, { recording: { ani: 'many' } }),
  );
  for (let at = 0; at < many.length; at += 2_500) await imported(...many.slice(at, at + 2_500));
  const most = await details('ani=many&maxListLength=1000');
  expect(most.matches).toHaveLength(1_000);
  expect(most.message).toContain('There were more matches than maxListLength');
  // The newest of them, the oldest first.
  expect(most.matches.at(-1).match.recordingId).toBe(109_999);
  expect(most.matches[0].match.recordingId).toBe(109_000);
  const segments = await house.command(
    'audioRecording/segment/details',
    'ani=many&maxListLength=3',
    json,
  );
  expect(
    JSON.parse(segments.text).result.matches.map(
      ({ match }: { match: { segmentId: number } }) => match.segmentId,
    ),
  ).toEqual([109_997, 109_998, 109_999]);
});

it('books that are closed are code 10', async () => {
  await store.close();
  expect(await details('')).toEqual({
    code: 10,
    message: 'Error establishing database connection',
  });
});
