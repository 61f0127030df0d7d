/** What the metrics show of recordings: each number moves when what it counts happens, and what was begun adds up. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  RecordingCounts,
  recordingReading,
  type RecordingStanding,
} from '../../src/app/recording-metrics.ts';
import { SegmentTally } from '../../src/app/segment-tally.ts';
import { StoreError } from '../../src/base/errors.ts';
import type { Call } from '../../src/call/call.ts';
import { isOfCall } from '../../src/call/event.ts';
import { Registry } from '../../src/call/registry.ts';
import type { Ordered, RecorderOrder } from '../../src/record/control.ts';
import { RecordingBooks, SearchesBusyError } from '../../src/record/recordings.ts';
import type { RecordingStore } from '../../src/store/recording-client.ts';
import type { FoundRecordings } from '../../src/store/recording-messages.ts';
import { createMetrics, type Reading } from '../../src/telemetry/metrics.ts';
import { anySignals } from '../support/any-signals.ts';
import { nothingRecorded } from '../support/nothing-recorded.ts';
import { Scrape } from '../support/scrape.ts';
import { until } from '../support/until.ts';

interface House {
  nowMs: number;
  standing: RecordingStanding;
  readonly counts: RecordingCounts;
  scrape(): Promise<Scrape>;
}

function open(): House {
  const metrics = createMetrics();
  const face = { policySteps: { done: 3, notDone: 2, underWay: 1 } };
  const house: House = {
    nowMs: 1_000,
    standing: nothingRecorded,
    counts: new RecordingCounts(metrics, { now: () => house.nowMs }),
    scrape: async () => {
      const shown = recordingReading({ recordings: house, face }, house.counts, []);
      // Parse door: of the other instruments there is nothing to read here.
      metrics.attach(() => shown as unknown as Reading);
      return new Scrape(await metrics.text());
    },
  };
  return house;
}

/** A promise that the test settles. */
function later<T>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
}

const orders = ['start', 'stop', 'pause', 'resume', 'split'] as const;
const results = ['done', 'wrong-state', 'refused', 'unavailable', 'unknown'] as const;

function orderOf(kind: (typeof orders)[number]): RecorderOrder {
  if (kind === 'start') return { kind, callId: 'any caller\'s "text"\n' };
  if (kind === 'pause') return { kind, recording: 1, silence: true };
  return { kind, recording: 1 };
}

function resultOf(kind: (typeof results)[number]): Ordered {
  if (kind === 'done') return { kind };
  if (kind === 'wrong-state') return { kind, state: 'paused', reason: 'x' };
  return { kind, reason: 'x' };
}

describe('orders', () => {
  it('are shown by command and result, with how long they took', async () => {
    const house = open();
    const order = later<Ordered>();
    const recorders = house.counts.ordering({ order: () => order.promise });
    const answer = recorders.order(orderOf('split'));
    const before = await house.scrape();
    expect(before.value('offhook_recorder_orders_taken_total', 'command="split"')).toBe(1);
    expect(before.value('offhook_recorder_orders_under_way')).toBe(1);
    expect(before.sum('offhook_recorder_orders_total')).toBe(0);
    expect(before.families.get('offhook_recorder_orders_total')?.values.size).toBe(25);
    house.nowMs += 1_500;
    order.resolve(resultOf('refused'));
    expect(await answer).toEqual(resultOf('refused'));
    const after = await house.scrape();
    const labels = 'command="split",result="refused"';
    expect(after.value('offhook_recorder_orders_total', labels)).toBe(1);
    expect(after.value('offhook_recorder_orders_under_way')).toBe(0);
    expect(after.value('offhook_recorder_order_duration_seconds', '_sum')).toBe(1.5);
  });

  it('have come to something, or are under way, at every moment', async () => {
    const step = fc.record({
      order: fc.constantFrom(...orders),
      result: fc.constantFrom(...results),
      /** How many others are taken before it is answered. */
      waits: fc.nat(3),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const { counts } = open();
        const asked: { answer: () => void; waits: number }[] = [];
        const recorders = counts.ordering({
          order: () => {
            const { promise, resolve } = later<Ordered>();
            const { result, waits } = steps[taken - 1] ?? { result: 'done', waits: 0 };
            asked.push({ answer: () => resolve(resultOf(result)), waits });
            return promise;
          },
        });
        let taken = 0;
        const expectBalance = (): void => {
          const ended = counts.orders.reduce((sum, [, count]) => sum + count, 0);
          const begun = Object.values(counts.taken).reduce((sum, count) => sum + count, 0);
          expect([begun, ended + counts.ordersUnderWay]).toEqual([taken, taken]);
        };
        const answers: Promise<Ordered>[] = [];
        for (const { order } of steps) {
          taken += 1;
          answers.push(recorders.order(orderOf(order)));
          for (const each of asked) if ((each.waits -= 1) < 0) each.answer();
          await Promise.resolve();
          expectBalance();
        }
        for (const each of asked) each.answer();
        await Promise.all(answers);
        expectBalance();
        expect(counts.ordersUnderWay).toBe(0);
        for (const command of orders) {
          for (const result of results) {
            const sent = steps.filter((each) => each.order === command && each.result === result);
            const shown = counts.orders.find(
              ([labels]) => labels.command === command && labels.result === result,
            );
            expect(shown?.[1]).toBe(sent.length);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('searches', () => {
  const place = { startMs: 1, id: 1 };

  it('are shown by what came of them; those turned away have no duration', async () => {
    const house = open();
    const asked: ReturnType<typeof later<FoundRecordings>>[] = [];
    const search = (): Promise<FoundRecordings> => {
      const one = later<FoundRecordings>();
      asked.push(one);
      return one.promise;
    };
    const books = new RecordingBooks({
      // Parse door: searches ask no more of the store than this.
      store: { search } as unknown as RecordingStore,
      reserveIds: () => undefined,
      onFlagged: () => undefined,
      onSearch: () => house.counts.searching(),
    });
    const balance = async (): Promise<Record<string, number>> => {
      const all = await house.scrape();
      const { complete, failed, busy, ...rest } = house.counts.searches;
      expect(all.sum('offhook_searches_asked_total')).toBe(
        all.sum('offhook_searches_total') + all.sum('offhook_searches_under_way'),
      );
      expect(all.value('offhook_search_duration_seconds', '_count')).toBe(
        complete + failed + rest['cut-short'],
      );
      return { complete, failed, busy, ...rest, underWay: house.counts.searchesUnderWay };
    };
    const searches = Array.from({ length: 256 }, () =>
      books.search({ criteria: {}, limit: 1 }).catch((error: unknown) => error),
    );
    const ended = { complete: 0, failed: 0, busy: 0, 'cut-short': 0 };
    expect(await balance()).toEqual({ ...ended, underWay: 256 });
    await expect(books.search({ criteria: {}, limit: 1 })).rejects.toThrow(SearchesBusyError);
    expect(await balance()).toEqual({ ...ended, busy: 1, underWay: 256 });
    house.nowMs += 250;
    // Two at a time, so that the third is asked for when one of the others has been answered.
    asked[0]?.resolve({ rows: [], isComplete: true, lookedThrough: null });
    asked[1]?.resolve({ rows: [], isComplete: false, lookedThrough: place });
    await Promise.all(searches.slice(0, 2));
    asked[2]?.reject(new Error('the disk'));
    await searches[2];
    expect(await balance()).toEqual({
      ...{ complete: 1, failed: 1, busy: 1, 'cut-short': 1 },
      underWay: 253,
    });
    const all = await house.scrape();
    expect(all.value('offhook_search_duration_seconds', '_sum')).toBe(0.75);
    // There is room again.
    const more = books.search({ criteria: {}, limit: 1 }, 'another').then(() => 'answered');
    await until('it has had its turn', async () => {
      for (const one of asked) one.resolve({ rows: [], isComplete: true, lookedThrough: null });
      return (await Promise.race([more, Promise.resolve('not yet')])) === 'answered';
    });
  });
});

describe('segments', () => {
  function inProgress(calls: Iterable<Call>): number {
    const segments = [...calls].flatMap(({ recordings }) => recordings);
    return segments.filter(({ endedAtMs }) => endedAtMs === undefined).length;
  }

  it('have ended or are in progress, each once, whatever signals come, over a restart', () => {
    let most = 0;
    fc.assert(
      fc.property(anySignals, fc.nat(60), (signals, restartAt) => {
        const registry = new Registry();
        const calls = new Map<string, Call>();
        let tally = new SegmentTally([]);
        let atStart = 0;
        const ids = { begun: new Set<number>(), ended: new Set<number>() };
        for (const [at, signal] of signals.entries()) {
          if (at === restartAt) {
            tally = new SegmentTally([...calls.values()]);
            expect([tally.begun, tally.ended]).toEqual([0, 0]);
            atStart = inProgress(calls.values());
            ids.begun.clear();
            ids.ended.clear();
          }
          const applied = registry.apply(signal, at);
          if (applied.kind !== 'events') continue;
          for (const event of applied.events) {
            tally.take([event]);
            if (!isOfCall(event)) continue;
            const { call, kind } = event;
            const before = calls.get(call.id)?.recordings ?? [];
            for (const { id, endedAtMs } of call.recordings) {
              const was = before.find((each) => each.id === id);
              if (was === undefined) ids.begun.add(id);
              if (was?.endedAtMs === undefined && endedAtMs !== undefined) ids.ended.add(id);
            }
            if (kind === 'call.ended') calls.delete(call.id);
            else calls.set(call.id, call);
            expect(atStart + tally.begun - tally.ended).toBe(inProgress(calls.values()));
            // Of calls that are over nothing is remembered.
            const recorded = [...calls.values()].filter((each) => each.recordings.length > 0);
            expect(tally.calls).toBe(recorded.length);
          }
        }
        expect([tally.begun, tally.ended]).toEqual([ids.begun.size, ids.ended.size]);
        most = Math.max(most, tally.ended);
      }),
      { numRuns: 300 },
    );
    // Signals of which none records would show nothing.
    expect(most).toBeGreaterThan(1);
  });
});

describe('what is counted elsewhere', () => {
  it('is shown under its name', async () => {
    const house = open();
    house.standing = {
      segments: { begun: 11, ended: 12 },
      mediaBytes: 13,
      givenBytes: 14,
      logins: {
        ...{ waiting: 15, tokens: 99, tokensHeld: 16, failing: 99, locked: 17 },
        results: { token: 18, refused: 19, 'password-expired': 20, busy: 21 },
      },
    };
    const { counts } = house;
    for (const outcome of [200, 206, 206, 304, 416, 'missing', 'busy'] as const) {
      counts.media(outcome);
    }
    counts.surveyed('present');
    counts.surveyed('missing');
    counts.surveyed('missing');
    const all = await house.scrape();
    const shown = Object.entries({
      recording_segments_begun_total: '',
      recording_segments_ended_total: '',
      media_known_bytes: '',
      media_given_bytes_total: '',
      logins_waiting: '',
      face_tokens: '',
      users_locked: '',
      logins_total: 'result="password-expired"',
      media_answers_total: 'answer="206"',
      media_files_surveyed_total: 'state="missing"',
      policy_steps_total: 'result="undone"',
      policy_steps_under_way: '',
    }).map(([name, labels]) => all.value(`offhook_${name}`, labels));
    expect(shown).toEqual([11, 12, 13, 14, 15, 16, 17, 20, 2, 2, 2, 1]);
    expect(all.sum('offhook_logins_total')).toBe(18 + 19 + 20 + 21);
    expect(all.sum('offhook_media_answers_total')).toBe(7);
    expect(all.value('offhook_policy_steps_total', 'result="done"')).toBe(3);
  });

  it('says what the last round of removing left, each recording once', async () => {
    const house = open();
    const { counts } = house;
    const shown = async (): Promise<unknown[]> => {
      const all = await house.scrape();
      return [
        'recordings_reaped_total',
        'media_files_removed_total',
        'recordings_kept',
        'reaping_failures_total',
      ].map((name) => all.value(`offhook_${name}`));
    };
    // Tried again within the round, as something was marked meanwhile.
    for (const id of [7, 8, 7]) counts.kept(id);
    counts.reaped({ kind: 'done', recordings: 2, files: 3, kept: 3 });
    expect(await shown()).toEqual([2, 3, 2, 0]);
    counts.kept(7);
    counts.reaped({ kind: 'failed', error: new StoreError('STORE_UNAVAILABLE', 'gone') });
    // What could not be looked at is as it was.
    expect(await shown()).toEqual([2, 3, 2, 1]);
    counts.reaped({ kind: 'done', recordings: 1, files: 1, kept: 0 });
    expect(await shown()).toEqual([3, 4, 0, 1]);
  });
});

describe('answers of FACE', () => {
  it('are counted by command and code, whatever was asked for', () => {
    const { counts } = open();
    counts.answered('/Face/audioRecording/details', -1);
    counts.answered('/Face/audioRecording/details', -1);
    counts.answered('/Face/audioRecording/download', undefined);
    counts.answered(undefined, 5);
    counts.answered(undefined, 5);
    expect(counts.faceAnswers).toEqual([
      [{ command: 'audioRecording/details', code: '-1' }, 2],
      [{ command: 'audioRecording/download', code: 'none' }, 1],
      [{ command: 'none', code: '5' }, 2],
    ]);
  });
});
