/**
 * Which segments name a file: the same file may be spelled in several ways, and a name may be common to many files.
 */
import { posix } from 'node:path';
import type { RecordingStore } from '../store/recording-client.ts';
import type { MediaFiles } from './media.ts';

export class SegmentFiles {
  readonly #store: Pick<RecordingStore, 'segmentsOfFile' | 'searchSegments' | 'find'>;
  readonly #media: MediaFiles;

  constructor(
    store: Pick<RecordingStore, 'segmentsOfFile' | 'searchSegments' | 'find'>,
    media: MediaFiles,
  ) {
    this.#store = store;
    this.#media = media;
  }

  /**
   * Whether any segment but `except` names a file.
   * @param path where the file really is
   * @param spellings further paths that mean it
   */
  async isNamed(
    path: string,
    spellings: readonly string[] = [],
    except: ReadonlySet<number> = new Set(),
  ): Promise<boolean> {
    const isOther = (id: number): boolean => !except.has(id);
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

  async #fileOf(id: number): Promise<string | null> {
    const { rows } = await this.#store.searchSegments({ criteria: { segment: id }, limit: 1 });
    const [row] = rows;
    const dossier = row && (await this.#store.find(row.recording));
    return dossier?.segments.find((segment) => segment.id === id)?.file ?? null;
  }
}
