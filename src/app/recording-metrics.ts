/**
 * What the metrics show of recordings, of orders for recorders and searches, of media files, and of the FACE interface
 * with its users. What happens is counted here, as it happens; what is, is read at a scrape.
 */
import type { LoginResult, LoginStanding } from '../access/logins.ts';
import type { Clock } from '../base/clock.ts';
import type { Call } from '../call/call.ts';
import type { Ordered, RecorderControl, RecorderOrder } from '../record/control.ts';
import type { MediaOutcome } from '../record/media-answer.ts';
import type { ReapingReport } from '../record/reaping.ts';
import type { SearchResult } from '../record/recordings.ts';
import type { Metrics, Reading, Sample } from '../telemetry/metrics.ts';

/** What of the recordings is read at a scrape. */
export interface RecordingStanding {
  /** Since the start. */
  readonly segments: { readonly begun: number; readonly ended: number };
  /** Of media files that the books know to be there. */
  readonly mediaBytes: number;
  /** Read for those who fetch media, since the start. */
  readonly givenBytes: number;
  readonly logins: LoginStanding & {
    readonly results: Readonly<Record<LoginResult['kind'], number>>;
  };
}

export interface PolicySteps {
  readonly done: number;
  readonly notDone: number;
  readonly underWay: number;
}

export interface RecordingParts {
  readonly recordings: { readonly standing: RecordingStanding };
  /** Undefined where FACE is not served. */
  readonly face: { readonly policySteps: PolicySteps } | undefined;
}

type RecordingReading = Pick<
  Reading,
  Extract<
    keyof Reading,
    `offhook_${'recording' | 'recorder' | 'search' | 'media' | 'reaping' | 'face' | 'login' | 'user' | 'policy'}${string}`
  >
>;

type Command = RecorderOrder['kind'];
type OrderResult = Ordered['kind'];
const commands = ['start', 'stop', 'pause', 'resume', 'split'] as const satisfies Command[];
const orderResults = [
  ...(['done', 'wrong-state', 'refused', 'unavailable', 'unknown'] as const),
] satisfies OrderResult[];
const facePrefix = '/Face/';

/** What happens to recordings, since the start. */
export class RecordingCounts {
  readonly #metrics: Metrics;
  readonly #clock: Clock;
  readonly taken: Record<Command, number> = { start: 0, stop: 0, pause: 0, resume: 0, split: 0 };
  readonly #ordered = new Map<string, number>();
  ordersUnderWay = 0;
  readonly searches: Record<SearchResult, number> = {
    ...{ complete: 0, 'cut-short': 0, failed: 0, busy: 0 },
  };
  searchesAsked = 0;
  searchesUnderWay = 0;
  readonly mediaAnswers: Record<MediaOutcome, number> = {
    ...{ 200: 0, 206: 0, 304: 0, 416: 0, missing: 0, busy: 0 },
  };
  readonly survey = { present: 0, missing: 0 };
  readonly reaping = { recordings: 0, files: 0, kept: 0, failures: 0 };
  readonly #keptNow = new Set<number>();
  readonly #answers = new Map<string, { command: string; code: string; count: number }>();

  /** @param clock one that nobody can set */
  constructor(metrics: Metrics, clock: Clock) {
    this.#metrics = metrics;
    this.#clock = clock;
  }

  /** The same recorders, with their orders counted. */
  ordering(control: RecorderControl): RecorderControl {
    return {
      order: async (order) => {
        const begunMs = this.#clock.now();
        this.taken[order.kind] += 1;
        this.ordersUnderWay += 1;
        try {
          const ordered = await control.order(order);
          const key = `${order.kind} ${ordered.kind}`;
          this.#ordered.set(key, (this.#ordered.get(key) ?? 0) + 1);
          return ordered;
        } finally {
          this.ordersUnderWay -= 1;
          this.#observe('offhook_recorder_order_duration_seconds', begunMs);
        }
      },
    };
  }

  /** A search is asked for; what is returned is to be told what came of it. */
  searching(): (result: SearchResult) => void {
    const begunMs = this.#clock.now();
    this.searchesAsked += 1;
    this.searchesUnderWay += 1;
    return (result) => {
      this.searchesUnderWay -= 1;
      this.searches[result] += 1;
      if (result !== 'busy') this.#observe('offhook_search_duration_seconds', begunMs);
    };
  }

  media(outcome: MediaOutcome): void {
    this.mediaAnswers[outcome] += 1;
  }

  surveyed(state: 'present' | 'missing'): void {
    this.survey[state] += 1;
  }

  /** One could not be removed; it may be tried more than once in a round. */
  kept(recording: number): void {
    this.#keptNow.add(recording);
  }

  /** A round is over. */
  reaped(report: ReapingReport): void {
    if (report.kind === 'failed') this.reaping.failures += 1;
    else {
      this.reaping.recordings += report.recordings;
      this.reaping.files += report.files;
      this.reaping.kept = this.#keptNow.size;
    }
    this.#keptNow.clear();
  }

  /** FACE has answered. @param route its pattern, which holds nothing that a client has sent */
  answered(route: string | undefined, returned: number | undefined): void {
    const command =
      route?.startsWith(facePrefix) === true ? route.slice(facePrefix.length) : 'none';
    const code = returned === undefined ? 'none' : String(returned);
    const key = `${code} ${command}`;
    const counted = this.#answers.get(key);
    if (counted === undefined) this.#answers.set(key, { command, code, count: 1 });
    else counted.count += 1;
  }

  get orders(): Sample<'offhook_recorder_orders_total'>[] {
    return commands.flatMap((command) =>
      orderResults.map((result): Sample<'offhook_recorder_orders_total'> => [
        { command, result },
        this.#ordered.get(`${command} ${result}`) ?? 0,
      ]),
    );
  }

  get faceAnswers(): Sample<'offhook_face_answers_total'>[] {
    return [...this.#answers.values()].map(({ command, code, count }) => [
      { command, code },
      count,
    ]);
  }

  #observe(name: Parameters<Metrics['observe']>[0], begunMs: number): void {
    this.#metrics.observe(name, Math.max(0, this.#clock.now() - begunMs) / 1_000);
  }
}

/** @param ongoing all calls that go on */
export function recordingReading(
  { recordings, face }: RecordingParts,
  counts: RecordingCounts,
  ongoing: readonly Call[],
): RecordingReading {
  const { segments, mediaBytes, givenBytes, logins } = recordings.standing;
  const { searches, mediaAnswers, survey, reaping } = counts;
  const steps = face?.policySteps ?? { done: 0, notDone: 0, underWay: 0 };
  return {
    offhook_recordings_in_progress: inProgress(ongoing),
    offhook_recording_segments_begun_total: segments.begun,
    offhook_recording_segments_ended_total: segments.ended,
    offhook_recorder_orders_taken_total: commands.map((command) => [
      { command },
      counts.taken[command],
    ]),
    offhook_recorder_orders_total: counts.orders,
    offhook_recorder_orders_under_way: counts.ordersUnderWay,
    offhook_searches_asked_total: counts.searchesAsked,
    offhook_searches_total: Object.entries(searches).map(([result, count]) => [{ result }, count]),
    offhook_searches_under_way: counts.searchesUnderWay,
    offhook_media_known_bytes: mediaBytes,
    offhook_media_answers_total: Object.entries(mediaAnswers).map(([answer, count]) => [
      { answer },
      count,
    ]),
    offhook_media_given_bytes_total: givenBytes,
    offhook_media_files_surveyed_total: Object.entries(survey).map(([state, count]) => [
      { state },
      count,
    ]),
    offhook_recordings_reaped_total: reaping.recordings,
    offhook_media_files_removed_total: reaping.files,
    offhook_recordings_kept: reaping.kept,
    offhook_reaping_failures_total: reaping.failures,
    offhook_face_answers_total: counts.faceAnswers,
    offhook_face_tokens: logins.tokensHeld,
    offhook_logins_total: Object.entries(logins.results).map(([result, count]) => [
      { result },
      count,
    ]),
    offhook_logins_waiting: logins.waiting,
    offhook_users_locked: logins.locked,
    offhook_policy_steps_total: [
      [{ result: 'done' }, steps.done],
      [{ result: 'undone' }, steps.notDone],
    ],
    offhook_policy_steps_under_way: steps.underWay,
  };
}

/** A recording that goes on has one segment that does. */
function inProgress(calls: readonly Call[]): number {
  let count = 0;
  for (const { recordings } of calls) {
    for (const { endedAtMs } of recordings) if (endedAtMs === undefined) count += 1;
  }
  return count;
}
