/**
 * Keeps recordings within their bounds of age and space, and removes those that are marked: media files first, then
 * rows, so that a crash in between repeats harmlessly. What goes on is left alone; so is what never expires, unless
 * somebody marked it.
 */
import type { Clock } from '../base/clock.ts';
import { StoreError } from '../base/errors.ts';
import { Rounds } from '../base/rounds.ts';
import type { RecordingStore } from '../store/recording-client.ts';
import type { MediaWalk, RecordingDossier, SearchPlace } from '../store/recording-messages.ts';
import type { MediaFiles } from './media.ts';
import { NamedFiles, type NamingStore } from './named-files.ts';

/** Zero means "no bound". */
export interface ReapingSettings {
  /** Age since the end, milliseconds. */
  readonly maxAgeMs: number;
  /** Sum of all media files that are known to be there, bytes; the oldest recordings go first. */
  readonly maxBytes: number;
}

export type ReapingReport =
  /** Recordings dropped, files removed, and recordings kept because of a file that could not be. */
  | {
      readonly kind: 'done';
      readonly recordings: number;
      readonly files: number;
      readonly kept: number;
    }
  /** It goes on at the next interval. */
  | { readonly kind: 'failed'; readonly error: StoreError };

export interface ReapingOptions {
  readonly store: NamingStore & Pick<RecordingStore, 'walkMedia' | 'mediaBytes' | 'drop'>;
  readonly media: MediaFiles;
  readonly clock: Clock;
  readonly settings: ReapingSettings;
  readonly onReport: (report: ReapingReport) => void;
  /** A file lies outside the media roots: it stays, though nothing names it any more. */
  readonly onStray: (recording: number, file: string) => void;
  /** A file could not be removed; its recording is kept, and tried again. */
  readonly onKept: (recording: number, error: unknown) => void;
  /** Milliseconds from the end of one round to the next; one minute when absent. */
  readonly everyMs?: number;
}

const perPage = 50;
/** Between two pages others have the disk for themselves. */
const restMs = 10;

interface Sum {
  recordings: number;
  files: number;
  kept: number;
}

export class Reaping {
  readonly #options: ReapingOptions;
  readonly #files: NamedFiles;
  readonly #rounds: Rounds;
  #isNudged = false;
  /** Older ones had nothing to give when room was last made. */
  #givesFrom: SearchPlace | null = null;

  constructor(options: ReapingOptions) {
    this.#options = options;
    this.#files = new NamedFiles(options.store, options.media);
    this.#rounds = new Rounds(() => this.#run(), options.everyMs ?? 60_000);
  }

  /** Runs now, or joins the run that is going on. */
  run(): Promise<void> {
    return this.#rounds.run();
  }

  /** Something is marked: runs now, or once more after the run that is going on. */
  nudge(): void {
    if (this.#rounds.isStopped) return;
    this.#isNudged = true;
    void this.#rounds.run().then(() => {
      // It came when that run had looked for the last time.
      if (this.#isNudged && !this.#rounds.isStopped) void this.#rounds.run();
    });
  }

  /** Resolves when nothing is under way. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #run(): Promise<void> {
    const sum: Sum = { recordings: 0, files: 0, kept: 0 };
    try {
      do {
        this.#isNudged = false;
        await this.#reap({ expiringBeforeMs: null, flaggedOnly: true }, sum);
        const { maxAgeMs, maxBytes } = this.#options.settings;
        const nowMs = this.#options.clock.now();
        if (maxAgeMs > 0) {
          await this.#reap({ expiringBeforeMs: nowMs - maxAgeMs, flaggedOnly: false }, sum);
        }
        if (maxBytes > 0) await this.#makeRoom(maxBytes, nowMs, sum);
      } while (this.#isNudged && !this.#rounds.isStopped);
      this.#options.onReport({ kind: 'done', ...sum });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#options.onReport({ kind: 'failed', error });
    }
  }

  /** Everything that the walk meets. */
  async #reap(walk: Pick<MediaWalk, 'expiringBeforeMs' | 'flaggedOnly'>, sum: Sum): Promise<void> {
    await this.#each({ ...walk, after: null }, async (dossier) => {
      await this.#remove(dossier, sum);
      return true;
    });
  }

  /** The oldest that have files to give, until the rest fits. */
  async #makeRoom(maxBytes: number, nowMs: number, sum: Sum): Promise<void> {
    const { store } = this.#options;
    if ((await store.mediaBytes()) <= maxBytes) return;
    const walk = { expiringBeforeMs: nowMs, flaggedOnly: false };
    const end = await this.#each({ ...walk, after: this.#givesFrom }, async (dossier) => {
      const gives = dossier.segments.some(
        ({ fileState, bytes }) => fileState === 'present' && (bytes ?? 0) > 0,
      );
      if (!gives) return true;
      await this.#remove(dossier, sum);
      return (await store.mediaBytes()) > maxBytes;
    });
    // From the oldest again, once all have been asked: some may have come, or have a known size by then.
    this.#givesFrom = end;
  }

  /**
   * @param deed says whether there is more to be done
   * @returns how far it came; null when it came to the end
   */
  async #each(
    walk: Omit<MediaWalk, 'limit'>,
    deed: (dossier: RecordingDossier) => Promise<boolean>,
  ): Promise<SearchPlace | null> {
    let { after } = walk;
    while (!this.#rounds.isStopped) {
      const page = await this.#options.store.walkMedia({ ...walk, after, limit: perPage });
      for (const dossier of page) {
        if (this.#rounds.isStopped || !(await deed(dossier))) return after;
        const { startMs, id } = dossier.recording;
        after = { startMs, id };
      }
      if (page.length < perPage) return null;
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
    return after;
  }

  async #remove({ recording: { id } }: RecordingDossier, sum: Sum): Promise<void> {
    const { store, onKept } = this.#options;
    // Since the page was read it may have been given another name, or to be kept for ever.
    const dossier = await store.find(id);
    if (dossier === null || !mayGo(dossier)) return;
    try {
      sum.files += await this.#removeFiles(dossier);
    } catch (error) {
      if (error instanceof StoreError) throw error;
      sum.kept += 1;
      onKept(id, error);
      return;
    }
    await store.drop([id]);
    sum.recordings += 1;
  }

  /** All but those that another recording names, too. @returns how many */
  async #removeFiles(dossier: RecordingDossier): Promise<number> {
    const { recording, segments, supplements } = dossier;
    const { media, onStray } = this.#options;
    const files = [...segments, ...supplements].flatMap(({ file }) =>
      file === null ? [] : [file],
    );
    let removed = 0;
    for (const file of new Set(files)) {
      const path = await media.whereabouts(file);
      if (path !== undefined && (await this.#files.isNamed(path, [file], dossier))) continue;
      const what = await media.remove(file);
      if (what === 'removed') removed += 1;
      if (what === 'outside') onStray(recording.id, file);
    }
    return removed;
  }
}

/** Whether it may be removed, where its age or the space wants that: a person's mark outranks that it never expires. */
function mayGo({ recording: { neverExpire, deleteFlag } }: RecordingDossier): boolean {
  return deleteFlag || !neverExpire;
}
