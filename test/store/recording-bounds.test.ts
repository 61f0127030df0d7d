/** Odd values and far too many rows: nothing of it fails a commit, ends a thread, or holds a search up. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { StoreClient } from '../../src/store/client.ts';
import type { Batch } from '../../src/store/messages.ts';
import type { RecordingCriteria, SearchPlace } from '../../src/store/recording-messages.ts';
import { newFolder } from '../support/data-folder.ts';
import {
  fedRecording,
  fedSegment,
  firstRecordingMs,
  importedRecording,
} from '../support/recordings.ts';
import { newRecordings } from './recording-bed.ts';

const event: Batch = {
  ...{ firstSeq: 1, kinds: ['call.updated'], callIds: ['call-1'], open: [true], seenMs: [1] },
  ...{ bodies: ['{}'], cdrs: [], sights: [], signalIds: [] },
};

const odd: readonly (readonly [string, string, string])[] = [
  ['ten kilobytes', 'x'.repeat(10_240), 'x'.repeat(10_240)],
  ['NUL', 'a\0b', 'a\0b'],
  ['half of a pair', 'a\ud83d', 'a\ufffd'],
  ['quotes and line breaks', `'";--\r\n%_`, `'";--\r\n%_`],
  ['an emoji', '😀', '😀'],
  ['nothing', '', ''],
];

describe('an odd text', () => {
  it.each(odd)('of %s is kept with its event, and found', async (_, text, kept) => {
    const store = await StoreClient.open({
      folder: await newFolder(),
      onFailure: (error) => {
        throw error;
      },
    });
    onTestFinished(() => store.close());
    const said = { ani: text, dnis: text, isrUcid: text, ingressCallId: text, egressCallId: text };
    const ids = { callId: text, source: text, agentId: text };

    await store.commit({
      ...event,
      recordings: {
        recordings: [
          fedRecording({ ...said, ...ids, aors: [text], participants: JSON.stringify([text]) }),
        ],
        segments: [fedSegment({ callId: text, leg: text, file: text, filename: text })],
      },
    });
    const customData = [{ field: 7, value: text }];
    const { recordings } = store;
    await recordings.change({ id: 1, agentTerminal: text, thirdpartyId: text, customData });

    const dossier = await recordings.find(1);
    expect(dossier?.recording).toMatchObject({ ani: kept, callId: kept, agentTerminal: kept });
    expect(dossier?.segments).toMatchObject([{ file: kept, filename: kept, leg: kept }]);
    expect(dossier?.customData).toMatchObject([{ value: kept }]);
    expect(JSON.parse(dossier?.recording.participants ?? '')).toEqual([text]);
    const all: RecordingCriteria[] = [
      ...[...Object.keys(said), ...Object.keys(ids), 'agentTerminal', 'thirdpartyId'].map(
        (name) => ({
          [name]: text,
        }),
      ),
      ...[{ aor: text }, { filename: text }, { customData }],
    ];
    for (const criteria of all) {
      const found = await recordings.search({ criteria, limit: 9 });
      expect(
        found.rows.map(({ id }) => id),
        JSON.stringify(criteria),
      ).toEqual([1]);
      const both = await recordings.search({ criteria: { ...criteria, dnis: text }, limit: 9 });
      expect(both.rows).toHaveLength(1);
    }
    expect(await recordings.segmentsOfFile(text)).toEqual([1]);
  });
});

describe('an odd number', () => {
  it('in what an event says does not fail its commit', async () => {
    const bed = await newRecordings();
    const numbers = [NaN, Infinity, -Infinity, 1.5, 1e300];
    for (const [at, n] of numbers.entries()) {
      const id = at + 1;
      bed.feed({
        recordings: [fedRecording({ id, startMs: n, account: n, route: n, rss: n })],
        segments: [fedSegment({ id, startMs: n, endMs: n, pauseMs: n, pausedSinceMs: n })],
      });
    }
    expect(bed.found({}).sort()).toEqual([1, 2, 3, 4, 5]);
    for (const { id } of bed.search({}).rows) {
      expect(bed.find(id)?.recording.startMs).toSatisfy(Number.isSafeInteger);
    }
  });

  it('in a search finds nothing, and never everything', async () => {
    const bed = await newRecordings();
    bed.import(importedRecording(), importedRecording({ recording: { id: 2, account: 2 } }));
    for (const n of [NaN, Infinity, -Infinity, 1.5, 2 ** 70]) {
      for (const name of ['account', 'recording', 'segment', 'rss']) {
        expect(bed.found({ [name]: n }), `${name} ${n}`).toEqual([]);
      }
      expect(bed.found({ customData: [{ field: n, value: 'x' }] })).toEqual([]);
    }
    expect(bed.found({ start: { from: NaN } })).toEqual([]);
    expect(bed.found({ end: { through: NaN } })).toEqual([]);
    expect(bed.found({ start: { from: -Infinity, through: Infinity } })).toEqual([2, 1]);
    expect(bed.found({ start: { from: 1.5, through: 1e300 } })).toEqual([2, 1]);
    expect(bed.found({}, { after: { startMs: NaN, id: 1 } })).toEqual([]);
  });

  it('names no recording', async () => {
    const bed = await newRecordings();
    bed.import(importedRecording());
    for (const n of [NaN, Infinity, 1.5, -1, 2 ** 70]) {
      expect(bed.find(n)).toBeNull();
      expect(bed.read.supplement(n)).toBeNull();
      expect(bed.write.changeRecording({ id: n, sensitive: true })).toBe(false);
      expect(bed.write.changeSegment({ id: n, bytes: n })).toBe(false);
      bed.write.dropRecordings([n]);
    }
    bed.write.changeSegment({ id: 1, bytes: NaN });
    expect(bed.found({})).toEqual([1]);
  });
});

describe('a search', () => {
  const minute = 60_000;

  it('that would look at too many rows says how far it came, and goes on from there', async () => {
    const bed = await newRecordings({ mostKeys: 40 });
    const ids = Array.from({ length: 100 }, (_, at) => at + 1);
    bed.import(...ids.map((id) => importedRecording({ recording: { id, rss: id === 3 ? 9 : 1 } })));
    const first = bed.search({ rss: 9 });
    expect(first).toEqual({
      rows: [],
      isComplete: false,
      lookedThrough: { startMs: firstRecordingMs + 60 * minute, id: 61 },
    });
    const pages = [first];
    for (let last = first; last.lookedThrough !== null;) {
      last = bed.search({ rss: 9 }, { after: last.lookedThrough });
      pages.push(last);
    }
    expect(pages.map(({ rows }) => rows.length)).toEqual([0, 0, 1]);
    expect(pages.at(-1)).toMatchObject({ isComplete: true, rows: [{ id: 3 }] });
  });

  it('ends early as well when its time is over', async () => {
    const bed = await newRecordings({ mostMs: -1 });
    const ids = Array.from({ length: 600 }, (_, at) => at + 1);
    bed.import(...ids.map((id) => importedRecording({ recording: { id } })));
    expect(bed.search({ rss: 9 })).toMatchObject({
      isComplete: false,
      lookedThrough: { id: 600 - 512 + 1 },
    });
  });

  /** A thousand of one number, of which three are to another, rare one; and an account that has two. */
  async function skewed() {
    const bed = await newRecordings({ mostKeys: 100 });
    const ids = Array.from({ length: 1_000 }, (_, at) => at + 1);
    bed.import(
      ...ids.map((id) => {
        const rare = id === 5 || id === 6 || id === 700;
        const agent = rare ? { agentId: 'Ben' } : { agentId: 'Anna' };
        return importedRecording({
          recording: { id, ...agent, source: id === 8 ? 'other' : 'pbx', account: rare ? 2 : 1 },
          segments: [{ filename: 'rec.wav' }],
          customData: [
            { segment: null, field: 1, value: 'all' },
            { segment: null, field: 2, value: rare ? 'few' : 'most' },
          ],
        });
      }),
    );
    return bed;
  }

  const common = { ani: '+4930123', filename: 'rec.wav', aor: 'sip:+4930123', inProgress: false };
  it.each<readonly [RecordingCriteria, readonly number[]]>([
    [{ ...common, agentId: 'Ben' }, [700, 6, 5]],
    [{ ...common, account: 2 }, [700, 6, 5]],
    [{ ...common, source: 'other' }, [8]],
    [
      {
        ...common,
        customData: [
          { field: 1, value: 'all' },
          { field: 2, value: 'few' },
        ],
      },
      [700, 6, 5],
    ],
    [{ ...common, start: { from: firstRecordingMs, through: firstRecordingMs + minute } }, [2, 1]],
    [{ ...common, end: { from: firstRecordingMs, through: firstRecordingMs + minute } }, [1]],
    [{ ...common, recording: 9 }, [9]],
  ])('goes along what is rare: %j', async (criteria, ids) => {
    const bed = await skewed();
    expect(bed.search(criteria)).toMatchObject({ isComplete: true });
    expect(bed.found(criteria)).toEqual(ids);
  });

  it('pages through many that began in the same millisecond', async () => {
    const bed = await newRecordings();
    const ids = Array.from({ length: 50 }, (_, at) => at + 1);
    bed.import(
      ...ids.map((id) => importedRecording({ recording: { id, startMs: firstRecordingMs } })),
    );
    const found: number[] = [];
    for (let after: SearchPlace | undefined; ;) {
      const { rows } = bed.search({}, { limit: 7, ...(after !== undefined && { after }) });
      found.push(...rows.map(({ id }) => id));
      after = rows.at(-1);
      if (after === undefined) break;
    }
    expect(found).toEqual(ids.reverse());
  });
});
