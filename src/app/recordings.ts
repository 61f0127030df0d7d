/**
 * Puts together what there is of recordings: the books and who feeds them, media files, recorders, and the users who
 * may ask for all that. What of the configuration can change while the server runs is held here.
 */
import { Logins, type LoginLimits } from '../access/logins.ts';
import { Users } from '../access/users.ts';
import type { RecordingPorts } from '../api/recording-desk.ts';
import { systemClock } from '../base/clock.ts';
import type { Call } from '../call/call.ts';
import type { CallEvent } from '../call/event.ts';
import type { Config, CustomDataSettings } from '../config/settings.ts';
import { belonging, type Belonging } from '../record/account.ts';
import type { RecorderControl } from '../record/control.ts';
import { MediaFiles } from '../record/media.ts';
import { MediaSurvey } from '../record/media-survey.ts';
import { Reaping } from '../record/reaping.ts';
import { recordingRowsOf } from '../record/recording-rows.ts';
import { RecordingBooks } from '../record/recordings.ts';
import { verify } from '../record/verification.ts';
import type { StoreClient } from '../store/client.ts';
import type { RecordingRows } from '../store/recording-messages.ts';
import type { Log } from '../telemetry/log.ts';
import { RecorderDesk, type RecorderDeskParts } from './recorder-desk.ts';
import type { RecordingCounts, RecordingStanding } from './recording-metrics.ts';
import { SegmentTally } from './segment-tally.ts';
import { believedClock } from './slices.ts';
import { steadyClock } from './steady-clock.ts';

export interface RecordingsParts extends Omit<RecorderDeskParts, 'nowMs' | 'isThere'> {
  readonly store: StoreClient;
  readonly log: Log;
  /**
   * From here on no segment that begins gets a number up to this one; resolves when all that got one before are on
   * the disk.
   */
  readonly reserveIds: (through: number) => Promise<void>;
  readonly counts: RecordingCounts;
}

export class Recordings {
  readonly books: RecordingBooks;
  readonly media: MediaFiles;
  /** Orders for recorders, from whatever interface. */
  readonly control: RecorderControl;
  readonly logins: Logins;
  /** The master list of custom data; changed in place, as routes hold on to it. */
  readonly fields: CustomDataSettings[];
  readonly #counts: RecordingCounts;
  readonly #desk: RecorderDesk;
  readonly #segments: SegmentTally;
  readonly #mediaBytes: () => number;
  readonly #rss: number;
  readonly #reaping: Reaping;
  readonly #survey: MediaSurvey;
  readonly #verify: RecordingPorts['verify'];
  #belonging: (call: Call) => Belonging;

  private constructor(config: Config, parts: RecordingsParts) {
    const { store, log, reserveIds, counts, ...driving } = parts;
    this.#counts = counts;
    this.#segments = new SegmentTally(driving.ongoing);
    this.#mediaBytes = lastKnown(() => store.recordings.mediaBytes());
    this.#rss = config.site.recorderServiceId;
    this.#belonging = belonging(config.accounts);
    this.fields = [...config.customData];
    this.books = new RecordingBooks({
      store: store.recordings,
      reserveIds,
      onFlagged: () => this.#reaping.nudge(),
      onSearch: () => counts.searching(),
    });
    this.media = new MediaFiles(config.record.mediaRoots);
    const keeping = { store: store.recordings, media: this.media, clock: believedClock() };
    this.#verify = () => verify({ ...keeping, nowMs: () => systemClock.now() });
    this.#survey = new MediaSurvey({
      ...keeping,
      onFailure: (error) => log.error({ err: error }, 'media.failing'),
      onSettled: (state) => counts.surveyed(state),
    });
    const { mediaMaxAgeMs: maxAgeMs, mediaMaxSpaceBytes: maxBytes } = config.record;
    this.#reaping = new Reaping({
      ...keeping,
      settings: { maxAgeMs, maxBytes },
      onReport: (report) => {
        counts.reaped(report);
        if (report.kind === 'failed') log.error({ err: report.error }, 'retention.failed');
        else if (report.recordings + report.kept > 0) log.info({ ...report }, 'recordings.reaped');
      },
      onStray: (recording, file) => log.warn({ recording, file }, 'media.outside'),
      onKept: (recording, error) => {
        counts.kept(recording);
        log.error({ recording, err: error }, 'media.failing');
      },
    });
    this.#desk = new RecorderDesk({
      ...driving,
      isThere: async (file) => (await this.media.whereabouts(file)) !== undefined,
      nowMs: () => systemClock.now(),
    });
    this.control = counts.ordering(this.#desk);
    this.logins = new Logins({
      users: usersOf(config),
      limits: limitsOf(config),
      keeper: {
        put: (row) => store.recordings.putApiToken(row),
        drop: (hashes) => store.recordings.dropApiTokens(hashes),
        all: () => store.recordings.apiTokens(),
      },
      clock: systemClock,
      steady: steadyClock,
      onTrouble: (error) => log.error({ err: error }, 'login.failing'),
      onLocked: (user) => log.warn({ user }, 'user.locked'),
    });
  }

  /** @throws {StoreError} STORE_UNAVAILABLE when the store cannot be read */
  static async open(config: Config, parts: RecordingsParts): Promise<Recordings> {
    const opened = new Recordings(config, parts);
    await opened.logins.load();
    return opened;
  }

  /** What of these events belongs into the books, for the transaction of the events. */
  rowsOf(events: readonly CallEvent[]): RecordingRows | undefined {
    return recordingRowsOf(events, { rss: this.#rss, belonging: this.#belonging });
  }

  /** To be told of every event once it is on the disk, after those who keep the calls that go on. */
  committed(events: readonly CallEvent[]): void {
    this.#desk.committed(events);
    this.#segments.take(events);
  }

  /** What there is to look at. The bytes that the books know of are those of the look before. */
  get standing(): RecordingStanding {
    const { begun, ended } = this.#segments;
    const [mediaBytes, givenBytes] = [this.#mediaBytes(), this.media.given.bytes];
    const logins = { ...this.logins.standing, results: this.logins.counts };
    return { segments: { begun, ended }, mediaBytes, givenBytes, logins };
  }

  /** The account that recordings of the call belong to now. */
  accountOf(call: Call): number {
    return this.#belonging(call).account;
  }

  start(): void {
    void this.#reaping.run();
    void this.#survey.run();
  }

  /** Resolves when nothing is under way. */
  async stop(): Promise<void> {
    await Promise.all([this.#reaping.stop(), this.#survey.stop()]);
  }

  /** What the routes of recordings need. */
  portsFor(calls: RecordingPorts['calls']): RecordingPorts {
    const { books, control, media, fields } = this;
    return {
      ...{ books, media, calls, fields, control },
      onMedia: (outcome) => this.#counts.media(outcome),
      verify: this.#verify,
      onImported: () => this.#survey.lookAgain(),
      now: () => systemClock.now(),
    };
  }

  /** From here on these users and accounts hold; a recording in progress goes to the account that fits now. */
  renew(config: Config): void {
    this.#belonging = belonging(config.accounts);
    this.fields.splice(0, this.fields.length, ...config.customData);
    this.logins.renew(usersOf(config), limitsOf(config));
  }
}

/** Gives what was last fetched, and has it fetched anew: whoever asks must not wait until others have searched. */
function lastKnown(fetch: () => Promise<number>): () => number {
  let known = 0;
  let isAsked = false;
  return () => {
    if (!isAsked) {
      isAsked = true;
      fetch().then(
        (found) => ((known = found), (isAsked = false)),
        // That the store cannot be read is said elsewhere.
        () => (isAsked = false),
      );
    }
    return known;
  };
}

/** Those of the configuration come first. */
function usersOf({ users, filedUsers }: Config): Users {
  return new Users([...users, ...filedUsers]);
}

function limitsOf({ face }: Config): LoginLimits {
  const { tokenLifetimeMs, lockAfter, lockForMs, requestRate } = face;
  return { tokenLifetimeMs, lockAfter, lockForMs, requestRate };
}
