/**
 * Books of recordings in memory, for tests of what is asked of them and how it is told.
 */
import type { FacePorts } from '../../../src/face/ports.ts';
import type {
  Found,
  FoundRecordings,
  FoundSegments,
  KeptSegment,
  RecordingChange,
  RecordingCriteria,
  RecordingDossier,
  RecordingSearch,
  SegmentChange,
  Span,
  SupplementRow,
} from '../../../src/store/recording-messages.ts';

type Books = FacePorts['books'];

export class MemoryBooks implements Books {
  readonly dossiers = new Map<number, RecordingDossier>();
  /** What every method rejects with, while it is set. */
  fails: Error | undefined;
  /** What searches say of themselves. */
  isComplete = true;
  /** Every search, as it was asked. */
  readonly searches: RecordingSearch[] = [];

  add(...dossiers: readonly RecordingDossier[]): void {
    for (const each of dossiers) this.dossiers.set(each.recording.id, each);
  }

  search(search: RecordingSearch): Promise<FoundRecordings> {
    return this.#answered(() =>
      this.#found(
        this.#matching(search).map(({ recording, segments }) => ({
          ...recording,
          filename: segments[0]?.filename ?? null,
        })),
      ),
    );
  }

  searchSegments(search: RecordingSearch): Promise<FoundSegments> {
    return this.#answered(() =>
      this.#found(
        this.#matching({ ...search, limit: Infinity })
          .flatMap(({ recording, segments, supplements }) =>
            segments
              .filter((segment) => fitsSegment(segment, search.criteria))
              .map((segment) => ({
                ...segment,
                inProgress: recording.endMs === null,
                hasVideo: supplements.some(({ kind }) => kind === 'video'),
                account: recording.account,
                extensions: recording.extensions,
              })),
          )
          .slice(0, search.limit),
      ),
    );
  }

  find(id: number): Promise<RecordingDossier | undefined> {
    return this.#answered(() => this.dossiers.get(id));
  }

  supplement(id: number): Promise<SupplementRow | undefined> {
    return this.#answered(() =>
      [...this.dossiers.values()]
        .flatMap(({ supplements }) => supplements)
        .find((each) => each.id === id),
    );
  }

  change({ id, customData = [], ...change }: RecordingChange): Promise<boolean> {
    return this.#answered(() => {
      const dossier = this.dossiers.get(id);
      if (dossier === undefined) return false;
      const data = dossier.customData.filter(
        ({ segment, field }) =>
          segment !== null || !customData.some((each) => each.field === field),
      );
      for (const { field, value } of customData) {
        if (value !== null) data.push({ recording: id, segment: null, field, value });
      }
      this.add({ ...dossier, recording: { ...dossier.recording, ...change }, customData: data });
      return true;
    });
  }

  changeSegment({ id, customData = [], ...change }: SegmentChange): Promise<boolean> {
    return this.#answered(() => {
      const dossier = [...this.dossiers.values()].find(({ segments }) =>
        segments.some((each) => each.id === id),
      );
      if (dossier === undefined) return false;
      const segments = dossier.segments.map((each) =>
        each.id === id ? { ...each, ...change } : each,
      );
      const data = dossier.customData.filter(
        ({ segment, field }) => segment !== id || !customData.some((each) => each.field === field),
      );
      const recording = dossier.recording.id;
      for (const { field, value } of customData) {
        if (value !== null) data.push({ recording, segment: id, field, value });
      }
      this.add({ ...dossier, segments, customData: data });
      return true;
    });
  }

  #matching({ criteria, limit }: RecordingSearch): RecordingDossier[] {
    this.searches.push({ criteria, limit });
    return [...this.dossiers.values()]
      .filter((dossier) => fits(dossier, criteria))
      .sort(
        ({ recording: one }, { recording: other }) =>
          other.startMs - one.startMs || other.id - one.id,
      )
      .slice(0, limit);
  }

  #found<Row>(rows: readonly Row[]): Found<Row> {
    const { isComplete } = this;
    return { rows, isComplete, lookedThrough: isComplete ? null : { startMs: 0, id: 0 } };
  }

  async #answered<T>(answer: () => T): Promise<T> {
    if (this.fails !== undefined) throw this.fails;
    return answer();
  }
}

const plain = [
  ...(['account', 'callId', 'source', 'isrUcid', 'ingressCallId', 'egressCallId'] as const),
  ...(['thirdpartyId', 'ani', 'dnis', 'agentId', 'agentTerminal', 'rss'] as const),
];

function fits(dossier: RecordingDossier, criteria: RecordingCriteria): boolean {
  const { recording, segments, supplements, customData } = dossier;
  const { inProgress, hasSupplements, hasVideo } = criteria;
  return (
    plain.every((name) => criteria[name] === undefined || recording[name] === criteria[name]) &&
    (criteria.recording === undefined || recording.id === criteria.recording) &&
    segments.some((segment) => fitsSegment(segment, criteria)) &&
    (criteria.aor === undefined || recording.participants.includes(JSON.stringify(criteria.aor))) &&
    within(recording.startMs, criteria.start) &&
    (criteria.end === undefined || within(recording.endMs, criteria.end)) &&
    (inProgress === undefined || (recording.endMs === null) === inProgress) &&
    (hasSupplements === undefined || supplements.length > 0 === hasSupplements) &&
    (hasVideo === undefined || supplements.some(({ kind }) => kind === 'video') === hasVideo) &&
    (criteria.customData ?? []).every(({ field, value }) =>
      customData.some((datum) => datum.field === field && datum.value === value),
    )
  );
}

function fitsSegment({ id, filename }: KeptSegment, criteria: RecordingCriteria): boolean {
  return (
    (criteria.segment === undefined || criteria.segment === id) &&
    (criteria.filename === undefined || criteria.filename === filename)
  );
}

function within(ms: number | null, { from = -Infinity, through = Infinity }: Span = {}): boolean {
  return ms !== null && ms >= from && ms <= through;
}
