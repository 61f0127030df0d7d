/**
 * The books of recordings: searched, read and changed. What goes on is in them too, from the moment its start is
 * on the disk.
 */
import { FairTurns } from '../base/fair-turns.ts';
import type { RecordingStore } from '../store/recording-client.ts';
import type {
  Found,
  FoundRecordings,
  FoundSegments,
  ImportedRecording,
  RecordingChange,
  RecordingDossier,
  RecordingSearch,
  SegmentChange,
  SupplementRow,
} from '../store/recording-messages.ts';

export interface RecordingBooksOptions {
  readonly store: RecordingStore;
  /**
   * From here on no segment that begins gets a number up to this one. A promise resolves when all that got one before
   * are on the disk.
   */
  readonly reserveIds: (through: number) => Promise<void> | void;
  /** Called when recordings have been marked to be deleted. */
  readonly onFlagged: () => void;
  /** Called when a search is asked for; what it returns is called once, with what came of it. */
  readonly onSearch?: () => (result: SearchResult) => void;
}

/** `cut-short`: it looked at too much and ended early; `busy`: it was not begun. */
export type SearchResult = 'complete' | 'cut-short' | 'failed' | 'busy';

/** Too many searches wait; come again. */
export class SearchesBusyError extends Error {
  override readonly name = 'SearchesBusyError';
}

/** Searches under way and waiting at one time. */
const mostSearches = 256;
/** Searches that the thread which searches is asked for at one time: one, and one that it finds waiting. */
const searchesAtOnce = 2;

/** Every method rejects with a StoreError when the store cannot be read or written. */
export class RecordingBooks {
  readonly #options: RecordingBooksOptions;
  /** A search may look at very much: who asks for many waits for them, and nobody else does. */
  readonly #turns = new FairTurns({
    atOnce: searchesAtOnce,
    waiting: mostSearches - searchesAtOnce,
  });

  constructor(options: RecordingBooksOptions) {
    this.#options = options;
  }

  /**
   * The newest first.
   * @param who asks; searches of different people take turns
   * @throws {SearchesBusyError} when too many wait
   */
  search(search: RecordingSearch, who = ''): Promise<FoundRecordings> {
    return this.#searched(who, () => this.#options.store.search(search));
  }

  /** Segments of the recordings that match, of the newest recording first. @throws {SearchesBusyError} as `search` */
  searchSegments(search: RecordingSearch, who = ''): Promise<FoundSegments> {
    return this.#searched(who, () => this.#options.store.searchSegments(search));
  }

  async find(id: number): Promise<RecordingDossier | undefined> {
    return (await this.#options.store.find(id)) ?? undefined;
  }

  async supplement(id: number): Promise<SupplementRow | undefined> {
    return (await this.#options.store.supplement(id)) ?? undefined;
  }

  /** @returns whether there is such a recording */
  async change(change: RecordingChange): Promise<boolean> {
    const isThere = await this.#options.store.change(change);
    if (isThere && change.deleteFlag === true) this.#options.onFlagged();
    return isThere;
  }

  /** @returns whether there is such a segment */
  changeSegment(change: SegmentChange): Promise<boolean> {
    return this.#options.store.changeSegment(change);
  }

  /** @returns its number */
  addSupplement(row: Omit<SupplementRow, 'id'>): Promise<number> {
    return this.#options.store.addSupplement(row);
  }

  /**
   * Takes over recordings of another system, under their own numbers, all of them or none.
   * @returns numbers that are taken already, stand twice or are none; nothing was imported then
   */
  async import(recordings: readonly ImportedRecording[]): Promise<readonly number[]> {
    const ids = recordings.flatMap(({ recording, segments }) => [
      recording.id,
      ...segments.map(({ id }) => id),
    ]);
    // Before anything is written: a recording that begins meanwhile gets another number.
    await this.#options.reserveIds(ids.reduce((most, id) => Math.max(most, id), 0));
    return this.#options.store.import(recordings);
  }

  async #searched<T extends Found<unknown>>(who: string, search: () => Promise<T>): Promise<T> {
    const tell = this.#options.onSearch?.();
    let result: SearchResult = 'failed';
    try {
      const found = await this.#turns.take(who, search);
      if (found === undefined) {
        result = 'busy';
        const seen = `${mostSearches} searches wait already`;
        throw new SearchesBusyError(`${seen}; come again in a moment`);
      }
      result = found.isComplete ? 'complete' : 'cut-short';
      return found;
    } finally {
      tell?.(result);
    }
  }
}
