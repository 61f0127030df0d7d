/**
 * What a search finds, whatever is asked of whatever recordings: what a plain look at all of them finds, in the same
 * order, however small its pages are and however early it has to end.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type {
  ImportedRecording,
  RecordingCriteria,
  SearchPlace,
  Span,
} from '../../src/store/recording-messages.ts';
import { importedRecording } from '../support/recordings.ts';
import { newRecordings } from './recording-bed.ts';

const word = fc.constantFrom('a', 'c\0d', '\ud800');
const few = fc.integer({ min: 1, max: 3 });
const ms = fc.integer({ min: 0, max: 3 });
const flag = fc.boolean();
const datum = fc.record({ field: few, value: word });

const anyRecording = fc.record({
  ...{ ani: word, dnis: word, isrUcid: word, ingressCallId: word, egressCallId: word },
  ...{ thirdpartyId: fc.option(word), agentId: fc.option(word), agentTerminal: fc.option(word) },
  ...{ source: word, account: few, rss: few, startMs: ms, lastsMs: ms },
  aors: fc.uniqueArray(word, { maxLength: 2 }),
  segments: fc.array(fc.record({ filename: fc.option(word), callId: word }), {
    minLength: 1,
    maxLength: 3,
  }),
  customData: fc.uniqueArray(datum, { maxLength: 3, selector: ({ field }) => field }),
  /** 0: of the recording; otherwise of its first segment. */
  customOf: fc.constantFrom(0, 1),
  supplement: fc.option(fc.constantFrom('video' as const, 'other' as const)),
  deleted: flag,
});
type AnyRecording = typeof anyRecording extends fc.Arbitrary<infer R> ? R : never;

const span: fc.Arbitrary<Span> = fc.record({ from: ms, through: ms }, { requiredKeys: [] });
const rarely = { freq: 5 };
const sometimes = <T>(one: fc.Arbitrary<T>) => fc.option(one, { ...rarely, nil: undefined });
const anyCriteria: fc.Arbitrary<RecordingCriteria> = fc
  .record({
    ...{ account: sometimes(few), recording: sometimes(few), segment: sometimes(few) },
    ...{ callId: word, source: word, isrUcid: word, ingressCallId: word, egressCallId: word },
    ...{ thirdpartyId: word, ani: word, dnis: word, aor: word, agentId: word },
    ...{ agentTerminal: word, filename: word, start: span, end: span, inProgress: flag, rss: few },
    ...{ hasSupplements: flag, hasVideo: flag },
    customData: fc.array(datum, { minLength: 1, maxLength: 2 }),
  })
  .chain((all) =>
    fc.subarray(Object.entries(all), { maxLength: 3 }).map((some) =>
      // Of those that were drawn, some: what is undefined was not drawn.
      Object.fromEntries(some.filter(([, value]) => value !== undefined)),
    ),
  );

const within = (value: number | null, bounds: Span | undefined): boolean =>
  bounds === undefined ||
  (value !== null && value >= (bounds.from ?? 0) && value <= (bounds.through ?? Infinity));
/** As UTF-8 keeps it. */
const known = (text: string | null): string | null =>
  text === null ? null : Buffer.from(text).toString();
const same = (value: string | null, wanted: string | undefined): boolean =>
  wanted === undefined || known(value) === known(wanted);
const equal = <T>(value: T, wanted: T | undefined): boolean =>
  wanted === undefined || value === wanted;

interface Kept {
  readonly whole: ImportedRecording;
  readonly supplement: 'video' | 'other' | null;
}

function fits({ whole, supplement }: Kept, wanted: RecordingCriteria): boolean {
  const { recording, segments, aors, customData } = whole;
  return (
    (['source', 'isrUcid', 'ingressCallId', 'egressCallId', 'thirdpartyId'] as const).every(
      (name) => same(recording[name], wanted[name]),
    ) &&
    (['ani', 'dnis', 'agentId', 'agentTerminal'] as const).every((name) =>
      same(recording[name], wanted[name]),
    ) &&
    equal(recording.account, wanted.account) &&
    equal(recording.rss, wanted.rss) &&
    equal(recording.id, wanted.recording) &&
    within(recording.startMs, wanted.start) &&
    within(recording.endMs, wanted.end) &&
    equal(recording.endMs === null, wanted.inProgress) &&
    equal(supplement !== null, wanted.hasSupplements) &&
    equal(supplement === 'video', wanted.hasVideo) &&
    (wanted.aor === undefined || aors.some((aor) => same(aor, wanted.aor))) &&
    (wanted.segment === undefined || segments.some(({ id }) => id === wanted.segment)) &&
    (wanted.callId === undefined || segments.some(({ callId }) => same(callId, wanted.callId))) &&
    (wanted.filename === undefined ||
      segments.some(({ filename }) => filename !== null && same(filename, wanted.filename))) &&
    (wanted.customData ?? []).every((one) =>
      customData.some(({ field, value }) => field === one.field && same(value, one.value)),
    )
  );
}

function keptOf(any: AnyRecording, at: number): Kept {
  const id = at + 1;
  const { aors, customData, customOf, supplement, lastsMs, segments, deleted: _, ...columns } = any;
  const firstSegment = 100 * id;
  const whole = importedRecording({
    recording: { ...columns, id, endMs: columns.startMs + lastsMs },
    aors,
    // Three of them have the numbers that are asked for.
    segments: segments.map((segment, n) => ({ ...segment, id: n === 0 ? id : firstSegment + n })),
    customData: customData.map((one) => ({ ...one, segment: customOf === 0 ? null : id })),
  });
  return { whole, supplement };
}

it('finds what a look at each recording finds, in order, page by page', async () => {
  const bed = await newRecordings({ mostKeys: 4 });
  const generous = await newRecordings();
  let matched = 0;
  fc.assert(
    fc.property(
      fc.array(anyRecording, { maxLength: 14 }),
      fc.array(anyCriteria, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 5 }),
      (recordings, questions, limit) => {
        const all = recordings.map(keptOf);
        for (const each of [bed, generous]) {
          each.import(...all.map(({ whole }) => whole));
          for (const { whole, supplement } of all) {
            if (supplement === null) continue;
            const row = { recording: whole.recording.id, kind: supplement };
            each.write.addSupplement({ ...row, file: '/f', filename: 'f' });
          }
          for (const [at, { deleted }] of recordings.entries()) {
            if (deleted) each.write.dropRecordings([at + 1]);
          }
        }
        const left = all
          .filter((_, at) => recordings[at]?.deleted === false)
          .sort((a, b) => order(b.whole.recording, a.whole.recording));
        for (const criteria of questions) {
          const expected = left.filter((one) => fits(one, criteria));
          const ids = expected.map(({ whole }) => whole.recording.id);
          matched += ids.length === 0 ? 0 : 1;
          expect(generous.found(criteria), JSON.stringify(criteria)).toEqual(ids);
          expect(paged(bed, criteria, limit), JSON.stringify(criteria)).toEqual(ids);
          const segments = expected.flatMap(({ whole }) =>
            whole.segments.filter(
              (segment) =>
                equal(segment.id, criteria.segment) &&
                same(segment.callId, criteria.callId) &&
                same(segment.filename, criteria.filename),
            ),
          );
          expect(generous.foundSegments(criteria)).toEqual(segments.map(({ id }) => id));
        }
        for (const each of [bed, generous]) {
          each.write.dropRecordings(all.map(({ whole }) => whole.recording.id));
          for (const table of ['recordings', 'segments', 'recording_aors', 'custom_data']) {
            expect(each.count(table)).toBe(0);
          }
        }
      },
    ),
    { numRuns: 150 },
  );
  expect(matched).toBeGreaterThan(100);
});

const order = (a: SearchPlace, b: SearchPlace): number => a.startMs - b.startMs || a.id - b.id;

/** All pages, each gone on from where the one before came to. */
function paged(
  bed: Awaited<ReturnType<typeof newRecordings>>,
  criteria: RecordingCriteria,
  limit: number,
): number[] {
  const ids: number[] = [];
  let after: SearchPlace | undefined;
  for (let pages = 0; pages < 200; pages += 1) {
    const found = bed.search(criteria, { limit, ...(after !== undefined && { after }) });
    ids.push(...found.rows.map(({ id }) => id));
    const last = found.rows.at(-1);
    if (found.isComplete && found.rows.length < limit) return ids;
    after = found.lookedThrough ?? last ?? after;
  }
  throw new Error('it never came to an end');
}
