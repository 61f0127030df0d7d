/**
 * Whether the books name a file, as that of a segment or as a supplement: the same file may be spelled in several ways,
 * and a name may be common to many files.
 */
import { posix } from 'node:path';
import type { RecordingStore } from '../store/recording-client.ts';
import type { RecordingDossier } from '../store/recording-messages.ts';
import type { MediaFiles } from './media.ts';

/** What is asked of the store. */
export type NamingStore = Pick<
  RecordingStore,
  'segmentsOfFile' | 'supplementsNamed' | 'searchSegments' | 'find'
>;

export class NamedFiles {
  readonly #store: NamingStore;
  readonly #media: MediaFiles;

  constructor(store: NamingStore, media: MediaFiles) {
    this.#store = store;
    this.#media = media;
  }

  /**
   * Whether any recording but `except` names a file.
   * @param path where the file really is
   * @param spellings further paths that mean it
   */
  async isNamed(
    path: string,
    spellings: readonly string[] = [],
    except?: RecordingDossier,
  ): Promise<boolean> {
    const own = new Set(except?.segments.map(({ id }) => id));
    return (
      (await this.#isSegment(path, spellings, (id) => !own.has(id))) ||
      (await this.#isSupplement(path, (recording) => recording !== except?.recording.id))
    );
  }

  async #isSegment(
    path: string,
    spellings: readonly string[],
    isOther: (id: number) => boolean,
  ): Promise<boolean> {
    for (const whole of new Set([path, ...spellings])) {
      // A bare name is one of many files'.
      if (!whole.includes('/')) continue;
      if ((await this.#store.segmentsOfFile(whole)).some(isOther)) return true;
    }
    const sameName = await this.#store.segmentsOfFile(posix.basename(path));
    for (const id of sameName.filter(isOther)) {
      const file = await this.#fileOf(id);
      if (file !== null && (await this.#media.whereabouts(file)) === path) return true;
    }
    return false;
  }

  async #isSupplement(path: string, isOther: (recording: number) => boolean): Promise<boolean> {
    for (const { recording, file } of await this.#store.supplementsNamed(posix.basename(path))) {
      if (isOther(recording) && (await this.#media.whereabouts(file)) === path) return true;
    }
    return false;
  }

  async #fileOf(id: number): Promise<string | null> {
    const { rows } = await this.#store.searchSegments({ criteria: { segment: id }, limit: 1 });
    const [row] = rows;
    const dossier = row && (await this.#store.find(row.recording));
    return dossier?.segments.find((segment) => segment.id === id)?.file ?? null;
  }
}
