/**
 * What events say of recordings, in the tables: calls that a real platform recorded, and whatever signals in whatever
 * order, over restarts.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/call/call.ts';
import { type CallEvent, isOfCall } from '../../src/call/event.ts';
import { Registry } from '../../src/call/registry.ts';
import { belonging } from '../../src/record/account.ts';
import { pausedMs, recordingRowsOf } from '../../src/record/recording-rows.ts';
import { hear } from '../source/ami/recorded.ts';
import { newRecordings } from '../store/recording-bed.ts';
import { anySignals } from '../support/any-signals.ts';

type Bed = Awaited<ReturnType<typeof newRecordings>>;
const site = { rss: 3, belonging: belonging([]) };

function feed(bed: Bed, events: readonly CallEvent[]): void {
  const rows = recordingRowsOf(events, site);
  if (rows !== undefined) bed.feed(rows);
}

const dump = (bed: Bed): unknown[] =>
  ['recordings', 'segments', 'recording_aors', 'meta'].map((table) =>
    bed.db
      .prepare(`SELECT * FROM ${table} ${table === 'meta' ? "WHERE key <> 'epoch'" : ''}`)
      .all(),
  );

describe('a recorded call', () => {
  it('that the dial plan recorded is in the books from its start, with its pause and its parties', async () => {
    const { events, calls } = await hear('ami-sip-mixmonitor-pause');
    const bed = await newRecordings();
    const states = events.map((event) => {
      feed(bed, [event]);
      const found = bed.find(1);
      if (found === null) return 'nothing';
      const { pausedSinceMs, endMs } = found.segments[0] ?? {};
      return endMs === null ? (pausedSinceMs === null ? 'goes on' : 'paused') : 'over';
    });
    expect(states.filter((state, at) => state !== states[at - 1])).toEqual([
      ...['nothing', 'goes on', 'paused', 'goes on', 'over'],
    ]);

    const startMs = (calls[0]?.startedAtMs ?? 0) + 2;
    const dossier = bed.find(1);
    expect(dossier).toMatchObject({
      recording: {
        ...{ id: 1, callId: calls[0]?.id, source: 'pbx', account: 1, route: 1, rss: 3 },
        ...{ ani: '1001', dnis: '91002', startMs, endMs: startMs + 6_019, pauseMs: 1_202 },
        ...{ isrUcid: calls[0]?.platformIds[0], ingressCallId: calls[0]?.legs[0]?.key },
        egressCallId: calls[0]?.legs[1]?.key,
      },
      segments: [
        {
          ...{ id: 1, recording: 1, sequence: 1, startMs, endMs: startMs + 6_019 },
          ...{ pauseMs: 1_202, pausedSinceMs: null, pausedWithSilence: true, goesOn: false },
        },
      ],
    });
    expect(JSON.parse(dossier?.recording.participants ?? '')).toMatchObject([
      { name: 'User 1001', isCalling: true },
      { name: 'User 1002', isCalling: false },
    ]);
    expect(bed.found({ aor: 'sip:1001', ani: '1001', dnis: '91002', inProgress: false })).toEqual([
      1,
    ]);
  });

  it.each(['ami-local-mixmonitor-pause', 'ami-sip-ami-monitor-midcall'])(
    '%s leaves one recording that has ended',
    async (name) => {
      const { events, calls } = await hear(name);
      const bed = await newRecordings();
      feed(bed, events);
      const told = calls.flatMap(({ recordings }) => recordings);
      expect(told).toHaveLength(1);
      expect(bed.found({ inProgress: false })).toEqual([1]);
      expect(bed.find(1)?.recording).toMatchObject({ endMs: Math.trunc(told[0]?.endedAtMs ?? 0) });
    },
  );

  it('of which nothing was recorded leaves nothing', async () => {
    const { events } = await hear('ami-sip-answer-caller-hangs-up');
    expect(recordingRowsOf(events, site)).toBeUndefined();
  });
});

/** A server of which all runs share a journal and a store. */
class Runs {
  registry = new Registry();
  readonly events: CallEvent[] = [];
  readonly #bed: Bed;

  constructor(bed: Bed) {
    this.#bed = bed;
  }

  get calls(): Map<string, Call> {
    return new Map(this.events.filter(isOfCall).map(({ call }) => [call.id, call]));
  }

  restart(): void {
    const told: Call[] = JSON.parse(JSON.stringify([...this.calls.values()]));
    this.registry = new Registry();
    this.registry.restore({
      open: told.filter(({ state }) => state !== 'ended'),
      // Only the store knows how far the numbers of those went.
      ended: told
        .filter(({ state }) => state === 'ended')
        .map((call) => ({ ...call, recordings: [] })),
      gaps: [],
      lastSegmentId: this.#bed.read.lastSegmentId(null),
    });
  }
}

it('holds each segment under its number, and says when a recording is over, whatever happens', async () => {
  let recorded = 0;
  let chains = 0;
  const bed = await newRecordings();
  const whole = await newRecordings();
  fc.assert(
    fc.property(
      anySignals,
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1 }),
      fc.nat(60),
      fc.nat(60),
      (signals, sizes, restartAt, changeAt) => {
        for (const each of [bed, whole]) {
          each.db.exec(
            "DELETE FROM segments; DELETE FROM recordings; DELETE FROM recording_aors; UPDATE meta SET value = 0 WHERE key = 'last_segment'",
          );
        }
        const runs = new Runs(bed);
        const pending: CallEvent[] = [];
        let batches = 0;
        let changed: number | undefined;
        const commit = (): void => {
          const batch = pending.splice(0);
          feed(bed, batch);
          const before = dump(bed);
          feed(bed, batch);
          expect(dump(bed)).toEqual(before);
        };
        for (const [at, signal] of signals.entries()) {
          if (at === restartAt) {
            commit();
            runs.restart();
          }
          const applied = runs.registry.apply(signal, signal.atMs + 7);
          const events = applied.kind === 'events' ? applied.events : [];
          runs.events.push(...events);
          pending.push(...events);
          // Events of one signal are never divided.
          if (pending.length >= (sizes[batches % sizes.length] ?? 1)) {
            commit();
            batches += 1;
          }
          if (at === changeAt) {
            [changed] = bed.found({});
            if (changed !== undefined) {
              bed.write.changeRecording({ id: changed, agentId: 'Carla', neverExpire: true });
              bed.write.changeSegment({ id: changed, filename: 'mine.wav' });
            }
          }
        }
        commit();
        feed(whole, runs.events);

        const told = [...runs.calls.values()].flatMap((call) =>
          call.recordings.map((segment) => ({ call, segment })),
        );
        recorded += told.length;
        expect(new Set(told.map(({ segment }) => segment.id)).size).toBe(told.length);
        expect(bed.count('segments')).toBe(told.length);
        const last = Math.max(0, ...told.map(({ segment }) => segment.id));
        expect(bed.read.lastSegmentId(null)).toBe(last);
        const dossiers = new Map(bed.search({}).rows.map(({ id }) => [id, bed.find(id)] as const));
        for (const { call, segment } of told) {
          const { id, of = id } = segment;
          const dossier = dossiers.get(of);
          expect(dossier, `recording ${of} of segment ${id}`).toBeDefined();
          expect(dossier?.segments.find((each) => each.id === id)).toMatchObject({
            ...{ recording: of, callId: call.id, leg: segment.leg, startMs: segment.startedAtMs },
            ...{ endMs: segment.endedAtMs ?? null, pauseMs: pausedMs(segment) },
            ...{ goesOn: segment.goesOn === true },
            filename: id === changed ? 'mine.wav' : (segment.file ?? null),
          });
        }
        for (const dossier of dossiers.values()) {
          const { recording, segments } = dossier ?? { segments: [] };
          if (segments.length > 1) chains += 1;
          expect(segments.map(({ sequence }) => sequence)).toEqual(segments.map((_, at) => at + 1));
          const ends = segments.map(({ endMs }) => endMs);
          const isOver = !ends.includes(null) && segments.some(({ goesOn }) => !goesOn);
          const lastEnd = Math.max(...ends.map((end) => end ?? 0));
          if (isOver) expect(recording?.endMs).toBeLessThanOrEqual(lastEnd);
          expect(recording?.endMs === null, JSON.stringify(segments)).toBe(!isOver);
        }
        if (changed !== undefined) {
          expect(bed.find(changed)?.recording).toMatchObject({
            agentId: 'Carla',
            neverExpire: true,
          });
        }
        // However events were divided into commits.
        expect(whole.count('segments')).toBe(told.length);
        expect(whole.found({})).toEqual(bed.found({}));
      },
    ),
    { numRuns: 4000 },
  );
  expect(recorded).toBeGreaterThan(200);
  expect(chains).toBeGreaterThan(20);
});
