/** What people change, bring along and drop; and that later events leave it as it is. */
import { describe, expect, it } from 'vitest';
import {
  fedRecording,
  fedSegment,
  firstRecordingMs,
  importedRecording,
} from '../support/recordings.ts';
import { newRecordings } from './recording-bed.ts';

const begun = { recordings: [fedRecording({ agentId: 'Ben' })], segments: [fedSegment()] };
const endMs = firstRecordingMs + 20_000;
const over = { recordings: begun.recordings, segments: [fedSegment({ endMs, pauseMs: 5 })] };

it('segments are counted in the order of their numbers, whichever was told first', async () => {
  const bed = await newRecordings();
  bed.feed({ recordings: [fedRecording()], segments: [fedSegment({ goesOn: true, endMs })] });
  const later = (id: number) => fedSegment({ id, recording: 1, startMs: endMs, endMs: endMs + id });
  bed.feed({ segments: [later(5)] });
  bed.feed({ segments: [later(3), later(5)] });
  expect(bed.find(1)?.segments.map(({ id, sequence }) => [id, sequence])).toEqual([
    [1, 1],
    [3, 2],
    [5, 3],
  ]);
  expect(bed.find(1)?.recording.endMs).toBe(endMs + 5);
});

describe('a change of a recording', () => {
  it('stands beside what the platform says, and outranks it until it is taken back', async () => {
    const bed = await newRecordings();
    bed.feed(begun);
    const said = { agentId: 'Anna', agentTerminal: 'desk-1', thirdpartyId: 'crm-1' };
    const flags = { sensitive: true, neverExpire: true, deleteFlag: true };

    expect(bed.write.changeRecording({ id: 1, ...said, ...flags })).toBe(true);
    bed.feed(over);

    expect(bed.find(1)?.recording).toMatchObject({ ...said, ...flags, endMs, pauseMs: 5 });
    expect(bed.found({ agentId: 'Anna' })).toEqual([1]);
    expect(bed.found({ agentId: 'Ben' })).toEqual([]);
    bed.write.changeRecording({ id: 1, agentId: null, sensitive: false });
    expect(bed.find(1)?.recording).toMatchObject({
      ...said,
      ...flags,
      agentId: 'Ben',
      sensitive: false,
    });
    bed.write.changeRecording({ id: 1, agentTerminal: null, thirdpartyId: null });
    expect(bed.find(1)?.recording).toMatchObject({ agentTerminal: null, thirdpartyId: null });
  });

  it('sets custom data, one value for each field, and takes them away', async () => {
    const bed = await newRecordings();
    bed.feed(begun);
    const set = (field: number, value: string | null) =>
      bed.write.changeRecording({ id: 1, customData: [{ field, value }] });
    set(7, 'silver');
    set(8, 'x');
    set(7, 'gold');
    set(9, null);
    bed.write.changeSegment({ id: 1, customData: [{ field: 7, value: 'of the segment' }] });

    expect(bed.find(1)?.customData).toEqual([
      { recording: 1, segment: null, field: 7, value: 'gold' },
      { recording: 1, segment: null, field: 8, value: 'x' },
      { recording: 1, segment: 1, field: 7, value: 'of the segment' },
    ]);
    expect(bed.found({ customData: [{ field: 7, value: 'silver' }] })).toEqual([]);
    set(7, null);
    bed.write.changeSegment({ id: 1, customData: [{ field: 7, value: null }] });
    expect(bed.find(1)?.customData).toHaveLength(1);
    expect(bed.found({ customData: [{ field: 7, value: 'gold' }] })).toEqual([]);
  });

  it('says when there is no such recording or segment, and writes nothing', async () => {
    const bed = await newRecordings();
    const customData = [{ field: 7, value: 'gold' }];
    expect(bed.write.changeRecording({ id: 1, agentId: 'Anna', customData })).toBe(false);
    expect(bed.write.changeSegment({ id: 1, filename: 'x', customData })).toBe(false);
    expect(bed.count('custom_data')).toBe(0);
  });
});

describe('a change of a segment', () => {
  it('of the name holds, whatever later events say; without one, events name the file', async () => {
    const bed = await newRecordings();
    bed.feed(begun);
    bed.feed({ segments: [fedSegment({ file: '/a/new.wav', filename: 'new.wav' })] });
    expect(bed.find(1)?.segments[0]).toMatchObject({ file: '/a/new.wav', filename: 'new.wav' });
    expect(bed.search({}).rows).toMatchObject([{ filename: 'new.wav' }]);

    bed.write.changeSegment({ id: 1, filename: 'mine.wav' });
    bed.feed({ segments: [fedSegment({ file: '/a/other.wav', filename: 'other.wav', endMs })] });

    expect(bed.find(1)?.segments[0]).toMatchObject({
      ...{ file: '/a/new.wav', filename: 'mine.wav', endMs },
    });
    expect(bed.search({}).rows).toMatchObject([{ filename: 'mine.wav' }]);
    expect(bed.found({ filename: 'mine.wav' })).toEqual([1]);
    expect(bed.found({ filename: 'new.wav' })).toEqual([]);
    expect(bed.read.segmentsOfFile('mine.wav')).toEqual([1]);
    expect(bed.read.segmentsOfFile('/a/new.wav')).toEqual([1]);
    expect(bed.read.segmentsOfFile('/b/mine.wav')).toEqual([]);
  });

  it('of what was found of the file does not keep events from naming it', async () => {
    const bed = await newRecordings();
    bed.feed(begun);
    bed.write.changeSegment({ id: 1, fileState: 'present', bytes: 9, sha256: 'ab' });
    bed.feed({ segments: [fedSegment({ file: '/a/new.wav', filename: 'new.wav' })] });
    expect(bed.find(1)?.segments[0]).toMatchObject({
      ...{ filename: 'new.wav', fileState: 'present', bytes: 9, sha256: 'ab' },
    });
    expect(bed.read.segmentsOfFile('/a/new.wav')).toEqual([1]);
  });

  it('is counted in the size of all files', async () => {
    const bed = await newRecordings();
    const size = () => bed.read.mediaBytes(null);
    const present = { fileState: 'present', bytes: 100 } as const;
    bed.import(
      importedRecording({
        recording: { id: 1 },
        segments: [present, { fileState: 'missing', bytes: 7 }],
      }),
      importedRecording({ recording: { id: 5 }, segments: [present] }),
    );
    expect(size()).toBe(200);
    bed.write.changeSegment({ id: 1, bytes: 150 });
    expect(size()).toBe(250);
    bed.write.changeSegment({ id: 2, fileState: 'present' });
    expect(size()).toBe(257);
    bed.write.changeSegment({ id: 5, fileState: 'missing', bytes: null });
    expect(size()).toBe(157);
    bed.write.changeSegment({ id: 1, filename: 'x.wav' });
    expect(size()).toBe(157);
    bed.write.dropRecordings([1, 5]);
    expect(size()).toBe(0);
  });
});

describe('an import', () => {
  it('is found as it was handed over, and no segment gets one of its numbers', async () => {
    const bed = await newRecordings();
    const whole = importedRecording({
      recording: { id: 11_905_071, agentId: 'Ben', sensitive: true, neverExpire: true, pauseMs: 3 },
      segments: [
        { id: 1_214_965, fileState: 'present', bytes: 5, sha256: 'ff' },
        { id: 1_214_966 },
      ],
      customData: [
        { segment: null, field: 7, value: 'gold' },
        { segment: 1_214_965, field: 9, value: 'red' },
      ],
    });
    bed.import(whole);

    const { aors, ...kept } = whole;
    expect(aors.length).toBeGreaterThan(0);
    expect(bed.find(11_905_071)).toEqual({ ...kept, supplements: [] });
    expect(bed.read.lastSegmentId(null)).toBe(11_905_071);
  });

  it('brings all or none: numbers that are there, stand twice or are none are told', async () => {
    const bed = await newRecordings();
    bed.import(importedRecording({ recording: { id: 4 }, segments: [{ id: 40 }] }));
    const taken = bed.write.importRecordings([
      importedRecording({ recording: { id: 1 } }),
      importedRecording({ recording: { id: 4 }, segments: [{ id: 41 }] }),
      importedRecording({ recording: { id: 2 }, segments: [{ id: 40 }] }),
      importedRecording({ recording: { id: 3 }, segments: [{ id: 33 }, { id: 33 }] }),
      importedRecording({ recording: { id: 1.5 }, segments: [{ id: 50 }] }),
      importedRecording({ recording: { id: 5 }, segments: [{ id: -1 }] }),
    ]);

    expect(taken).toEqual([4, 40, 33, 1.5, -1]);
    expect(bed.found({})).toEqual([4]);
    expect(bed.count('segments')).toBe(1);
    expect(bed.read.lastSegmentId(null)).toBe(40);
  });
});

describe('dropping', () => {
  it('takes a recording with all that belongs to it, and nothing of others', async () => {
    const bed = await newRecordings();
    const customData = [{ segment: null, field: 7, value: 'gold' }];
    for (const id of [1, 5]) {
      bed.import(importedRecording({ recording: { id }, segments: [{}, {}], customData }));
      bed.write.addSupplement({
        recording: id,
        kind: 'video',
        file: `/x/${id}`,
        filename: `${id}`,
      });
    }
    const tables = ['recordings', 'segments', 'recording_aors', 'custom_data', 'supplements'];
    const counts = () => tables.map(bed.count);
    const both = counts();

    bed.write.dropRecordings([1, 77]);

    expect(counts()).toEqual(both.map((count) => Number(count) / 2));
    expect(bed.find(1)).toBeNull();
    expect(bed.find(5)).toMatchObject({ segments: [{}, {}], customData: [{}], supplements: [{}] });
    bed.write.dropRecordings([5]);
    expect(counts()).toEqual(tables.map(() => 0));
  });

  it('leaves what belongs to a call that goes on, since its events would bring it back', async () => {
    const bed = await newRecordings();
    bed.feed({
      recordings: [fedRecording()],
      segments: [
        fedSegment({ goesOn: true, endMs }),
        fedSegment({ id: 2, recording: 1, callId: 'later', startMs: endMs, endMs: endMs + 1 }),
      ],
    });
    bed.db.exec("INSERT INTO open_calls VALUES ('later', 1)");
    const flagged = { after: null, limit: 9, expiringBeforeMs: null, flaggedOnly: true };
    bed.write.changeRecording({ id: 1, deleteFlag: true });

    expect(bed.read.walkMedia(flagged)).toEqual([]);
    bed.write.dropRecordings([1]);
    expect(bed.found({})).toEqual([1]);
    bed.db.exec('DELETE FROM open_calls');
    expect(bed.read.walkMedia(flagged)).toHaveLength(1);
    bed.write.dropRecordings([1]);
    expect(bed.found({})).toEqual([]);
  });
});

it('supplements are numbered, found and dropped with their recording', async () => {
  const bed = await newRecordings();
  bed.import(importedRecording());
  const row = { recording: 1, kind: 'video', file: '/x/1.mp4', filename: '1.mp4' } as const;
  const id = bed.write.addSupplement(row);

  expect(bed.read.supplement(id)).toEqual({ id, ...row });
  expect(bed.found({ hasVideo: true })).toEqual([1]);
  expect(bed.found({ hasSupplements: false })).toEqual([]);
  bed.write.dropRecordings([1]);
  expect(bed.read.supplement(id)).toBeNull();
});

it('tokens are put, changed and dropped', async () => {
  const bed = await newRecordings();
  const token = { hash: 'a'.repeat(64), user: 'zoë', expiresMs: 5 };
  bed.write.putApiToken(token);
  bed.write.putApiToken({ ...token, hash: 'b'.repeat(64) });
  bed.write.putApiToken({ ...token, expiresMs: 9 });
  expect(bed.read.apiTokens(null)).toEqual([
    { ...token, expiresMs: 9 },
    { ...token, hash: 'b'.repeat(64) },
  ]);
  bed.write.dropApiTokens([token.hash, 'c']);
  expect(bed.read.apiTokens(null)).toMatchObject([{ hash: 'b'.repeat(64) }]);
});

describe('a walk through the media', () => {
  it('goes in order of start, a page at a time, and passes by what may not expire', async () => {
    const bed = await newRecordings();
    const minute = 60_000;
    bed.import(
      ...[1, 2, 3, 4, 5].map((id) =>
        importedRecording({ recording: { id, neverExpire: id === 2, deleteFlag: id > 3 } }),
      ),
    );
    bed.feed({
      recordings: [fedRecording({ id: 60, startMs: firstRecordingMs })],
      segments: [fedSegment({ id: 60, startMs: firstRecordingMs })],
    });
    const walk = (over: object, after: { startMs: number; id: number } | null = null) =>
      bed.read
        .walkMedia({ after, limit: 9, expiringBeforeMs: null, flaggedOnly: false, ...over })
        .map(({ recording }) => recording.id);

    expect(walk({})).toEqual([1, 60, 2, 3, 4, 5]);
    expect(walk({ limit: 2 }, { startMs: firstRecordingMs, id: 1 })).toEqual([60, 2]);
    expect(walk({ expiringBeforeMs: firstRecordingMs + 4 * minute })).toEqual([1, 3, 4]);
    expect(walk({ expiringBeforeMs: firstRecordingMs + 2 * minute + 30_000 })).toEqual([1]);
    expect(walk({ flaggedOnly: true })).toEqual([4, 5]);
    expect(walk({ flaggedOnly: true, expiringBeforeMs: firstRecordingMs + 4 * minute })).toEqual([
      4,
    ]);
  });
});
