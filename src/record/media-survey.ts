/**
 * Looks at the media files of segments that have ended, once each, and keeps in the books whether they are there and
 * how large they are. A file may be brought from another machine: it is waited for, for some minutes.
 */
import type { Clock } from '../base/clock.ts';
import { StoreError } from '../base/errors.ts';
import { Rounds } from '../base/rounds.ts';
import type { RecordingStore } from '../store/recording-client.ts';
import type { KeptSegment, RecordingDossier, SearchPlace } from '../store/recording-messages.ts';
import type { MediaFiles } from './media.ts';

export interface MediaSurveyOptions {
  readonly store: Pick<RecordingStore, 'walkMedia' | 'find' | 'changeSegment'>;
  readonly media: MediaFiles;
  readonly clock: Clock;
  readonly onFailure: (error: unknown) => void;
  /** Told of every file whose state is in the books from now on. */
  readonly onSettled?: (state: 'present' | 'missing') => void;
  /** Milliseconds from the end of one round to the next; 15 s when absent. */
  readonly everyMs?: number;
}

const perPage = 100;
/** Between two pages others have the disk for themselves. */
const restMs = 10;
/** How long a file that is not there is waited for, milliseconds from the end of its segment. */
const patienceMs = 10 * 60_000;
/** Recordings that are looked at again in every round; when there are more, newer ones wait. */
const mostUnsettled = 20_000;

export class MediaSurvey {
  readonly #options: MediaSurveyOptions;
  readonly #rounds: Rounds;
  /** Up to here everything is settled, but for those in `#unsettled`. */
  #through: SearchPlace | null = null;
  readonly #unsettled = new Set<number>();
  #isToRestart = false;

  constructor(options: MediaSurveyOptions) {
    this.#options = options;
    this.#rounds = new Rounds(() => this.#run(), options.everyMs ?? 15_000);
  }

  /** Runs now, or joins the run that is going on. */
  run(): Promise<void> {
    return this.#rounds.run();
  }

  /** From the oldest again: recordings have come that may be older than what has been looked at. */
  lookAgain(): void {
    this.#isToRestart = true;
  }

  /** Resolves when nothing is under way. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #run(): Promise<void> {
    // Without roots nothing can be found.
    if (this.#options.media.roots.length === 0) return;
    if (this.#isToRestart) this.#through = null;
    this.#isToRestart = false;
    try {
      for (const id of [...this.#unsettled]) {
        if (this.#rounds.isStopped) return;
        const dossier = await this.#options.store.find(id);
        if (dossier === null || (await this.#look(dossier))) this.#unsettled.delete(id);
      }
      await this.#walk();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#options.onFailure(error);
    }
  }

  async #walk(): Promise<void> {
    while (!this.#rounds.isStopped) {
      const page = await this.#options.store.walkMedia({
        after: this.#through,
        limit: perPage,
        expiringBeforeMs: null,
        flaggedOnly: false,
      });
      for (const dossier of page) {
        if (this.#rounds.isStopped || this.#unsettled.size >= mostUnsettled) return;
        const { id, startMs } = dossier.recording;
        if (!(await this.#look(dossier))) this.#unsettled.add(id);
        this.#through = { startMs, id };
      }
      if (page.length < perPage) return;
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
  }

  /** @returns whether there is nothing more to be learnt */
  async #look({ recording, segments }: RecordingDossier): Promise<boolean> {
    let isSettled = recording.endMs !== null;
    for (const segment of segments) {
      const { file, endMs, fileState } = segment;
      if (fileState !== 'unknown' || file === null) continue;
      if (endMs === null || !(await this.#lookAt(segment, file, endMs))) isSettled = false;
    }
    return isSettled;
  }

  async #lookAt({ id }: KeptSegment, file: string, endMs: number): Promise<boolean> {
    const { store, media, clock, onFailure, onSettled } = this.#options;
    try {
      const found = await media.locate(file);
      if (typeof found !== 'string') {
        await found.close();
        await store.changeSegment({ id, fileState: 'present', bytes: found.bytes });
        onSettled?.('present');
        return true;
      }
      if (found === 'missing' && clock.now() - endMs < patienceMs) return false;
      await store.changeSegment({ id, fileState: 'missing' });
      onSettled?.('missing');
      return true;
    } catch (error) {
      if (error instanceof StoreError) throw error;
      // The file system will not say; the next round asks again.
      onFailure(error);
      return false;
    }
  }
}
