/**
 * Which recording or segment the criteria select, of those that the user may see: what is another account's does
 * not exist.
 */
import type { ApiUser } from '../access/users.ts';
import type {
  Found,
  FoundRecording,
  FoundSegment,
  KeptSegment,
  RecordingCriteria,
  RecordingDossier,
} from '../store/recording-messages.ts';
import type { Wanted } from './criteria.ts';
import type { FacePorts } from './ports.ts';

export type Selection<Row, One> =
  | { readonly kind: 'none' }
  | { readonly kind: 'one'; readonly one: One }
  | {
      readonly kind: 'several';
      /** The newest of them, the oldest first. */
      readonly rows: readonly Row[];
      /** True when there are more than are shown. */
      readonly isCut: boolean;
    };

export type SelectedRecording = Selection<FoundRecording, RecordingDossier>;

export interface OfSegment {
  readonly dossier: RecordingDossier;
  readonly segment: KeptSegment;
}

export type SelectedSegment = Selection<FoundSegment, OfSegment>;

type Books = FacePorts['books'];

export async function selectRecording(
  books: Books,
  user: ApiUser,
  wanted: Wanted,
): Promise<SelectedRecording> {
  const found = await searched(user, wanted, (criteria, limit) =>
    books.search({ criteria, limit }, user.email),
  );
  if (found.kind !== 'one') return found;
  const dossier = await dossierOf(books, user, found.one.id);
  if (dossier === undefined) return { kind: 'none' };
  const { segment } = wanted.criteria;
  if (wanted.isEndedSegment && !hasEnded(dossier, segment)) return { kind: 'none' };
  return { kind: 'one', one: dossier };
}

export async function selectSegment(
  books: Books,
  user: ApiUser,
  wanted: Wanted,
): Promise<SelectedSegment> {
  const found = await searched(user, wanted, async (criteria, limit) => {
    const { rows, ...how } = await books.searchSegments({ criteria, limit }, user.email);
    // The books find recordings, and tell all segments of these.
    const asked = rows.filter(
      ({ id, filename }) =>
        (criteria.segment ?? id) === id && (criteria.filename ?? filename) === filename,
    );
    return { rows: asked, ...how };
  });
  if (found.kind !== 'one') return found;
  const dossier = await dossierOf(books, user, found.one.recording);
  const segment = dossier?.segments.find(({ id }) => id === found.one.id);
  if (dossier === undefined || segment === undefined) return { kind: 'none' };
  if (wanted.isEndedSegment && segment.endMs === null) return { kind: 'none' };
  return { kind: 'one', one: { dossier, segment } };
}

/** A recording as it is now; undefined when there is none that the user may see. */
export async function dossierOf(
  books: Books,
  { account }: ApiUser,
  id: number,
): Promise<RecordingDossier | undefined> {
  const dossier = await books.find(id);
  if (account !== undefined && dossier?.recording.account !== account) return undefined;
  return dossier;
}

async function searched<Row extends FoundRecording | FoundSegment>(
  user: ApiUser,
  { criteria, isImpossible, mostListed }: Wanted,
  search: (criteria: RecordingCriteria, limit: number) => Promise<Found<Row>>,
): Promise<Selection<Row, Row>> {
  // Who may see no video has no recording that has some.
  if (isImpossible || (criteria.hasVideo === true && !user.video)) return { kind: 'none' };
  // Two tell one from several, and one more than is shown tells that there are more.
  const limit = mostListed + 1;
  const within = user.account === undefined ? {} : { account: user.account };
  let { rows, isComplete } = await search({ ...criteria, ...within }, limit);
  if (rows.length === 0 && criteria.isrUcid !== undefined && criteria.ingressCallId === undefined) {
    // Either id may be given where a UCID is asked for.
    const { isrUcid, ...others } = criteria;
    const byOther = { ...others, ingressCallId: isrUcid, ...within };
    const other = await search(byOther, limit);
    ({ rows } = other);
    isComplete &&= other.isComplete;
  }
  const seen = rows.filter(({ account }) => user.account === undefined || account === user.account);
  const [first] = seen;
  // A search that ended early does not say that there is none, nor that one is the only one.
  if (first === undefined && isComplete) return { kind: 'none' };
  if (first !== undefined && seen.length === 1 && isComplete) return { kind: 'one', one: first };
  const shown = seen
    .slice(0, mostListed)
    .sort((one, other) => one.startMs - other.startMs || one.id - other.id);
  return { kind: 'several', rows: shown, isCut: !isComplete || seen.length > mostListed };
}

function hasEnded({ segments }: RecordingDossier, id: number | undefined): boolean {
  return segments.some((segment) => segment.id === id && segment.endMs !== null);
}
