/**
 * The tables of recordings, users' tokens among them, as the main thread sees them. Changes go to the thread that
 * writes; questions go to the one that searches, so that none of them delays a commit or a subscriber.
 */
import type { Conversation } from './conversation.ts';
import type { Searches, Writes } from './messages.ts';
import type {
  ApiTokenRow,
  FoundRecordings,
  FoundSegments,
  ImportedRecording,
  MediaWalk,
  RecordingChange,
  RecordingDossier,
  RecordingSearch,
  SegmentChange,
  SupplementRow,
} from './recording-messages.ts';

/** Every method rejects as those of the StoreClient do. */
export class RecordingStore {
  readonly #writer: Conversation<Writes>;
  readonly #searcher: Conversation<Searches>;

  constructor(writer: Conversation<Writes>, searcher: Conversation<Searches>) {
    this.#writer = writer;
    this.#searcher = searcher;
  }

  /** The newest first. */
  search(search: RecordingSearch): Promise<FoundRecordings> {
    return this.#searcher.ask('searchRecordings', search);
  }

  /** Segments of the recordings that match, in the order of those. */
  searchSegments(search: RecordingSearch): Promise<FoundSegments> {
    return this.#searcher.ask('searchSegments', search);
  }

  find(id: number): Promise<RecordingDossier | null> {
    return this.#searcher.ask('recording', id);
  }

  supplement(id: number): Promise<SupplementRow | null> {
    return this.#searcher.ask('supplement', id);
  }

  /** In order of start and number, a page at a time. */
  walkMedia(walk: MediaWalk): Promise<readonly RecordingDossier[]> {
    return this.#searcher.ask('walkMedia', walk);
  }

  mediaBytes(): Promise<number> {
    return this.#searcher.ask('mediaBytes', null);
  }

  segmentsOfFile(name: string): Promise<readonly number[]> {
    return this.#searcher.ask('segmentsOfFile', name);
  }

  supplementsNamed(filename: string): Promise<readonly SupplementRow[]> {
    return this.#searcher.ask('supplementsNamed', filename);
  }

  /** The highest number that a segment or a recording was ever given; 0 when there was none. */
  lastSegmentId(): Promise<number> {
    return this.#searcher.ask('lastSegmentId', null);
  }

  change(change: RecordingChange): Promise<boolean> {
    return this.#writer.ask('changeRecording', change);
  }

  changeSegment(change: SegmentChange): Promise<boolean> {
    return this.#writer.ask('changeSegment', change);
  }

  import(recordings: readonly ImportedRecording[]): Promise<readonly number[]> {
    return this.#writer.ask('importRecordings', recordings);
  }

  async drop(ids: readonly number[]): Promise<void> {
    await this.#writer.ask('dropRecordings', ids);
  }

  addSupplement(row: Omit<SupplementRow, 'id'>): Promise<number> {
    return this.#writer.ask('addSupplement', row);
  }

  apiTokens(): Promise<readonly ApiTokenRow[]> {
    return this.#searcher.ask('apiTokens', null);
  }

  async putApiToken(row: ApiTokenRow): Promise<void> {
    await this.#writer.ask('putApiToken', row);
  }

  async dropApiTokens(hashes: readonly string[]): Promise<void> {
    await this.#writer.ask('dropApiTokens', hashes);
  }
}
