/**
 * The parameters of an address as selection criteria, or why they are none. Names and values are case-sensitive;
 * what is not understood is refused rather than left out, as a criterion left out selects more. Pure.
 */
import type { RecordingCriteria, Span } from '../store/recording-messages.ts';
import { type Parameters, quoted, readFlag, readWhole } from './parameters.ts';
import type { CustomField } from './ports.ts';
import { readTime, timeShape } from './times.ts';

export interface Wanted {
  readonly criteria: RecordingCriteria;
  /** Criteria that no recording can meet together. */
  readonly isImpossible: boolean;
  /** True when the number of a segment was given as that of one that has ended. */
  readonly isEndedSegment: boolean;
  /** True when something was given that selects. */
  readonly isSelective: boolean;
  /** True when one of the ids was given by which sessions are found. */
  readonly hasUcid: boolean;
  /** 1 to 1,000. */
  readonly mostListed: number;
  readonly format?: string;
  readonly formatName?: string;
  readonly formatVersion?: string;
  readonly fillWithSilence: boolean;
  /** 1 to 5. */
  readonly codecProfile?: number;
}

export type ReadCriteria =
  | { readonly kind: 'wanted'; readonly wanted: Wanted }
  | { readonly kind: 'refused'; readonly message: string };

export interface CriteriaReader {
  /** The master list. */
  readonly fields: readonly CustomField[];
  readonly timeZone: string;
}

const usualList = 100;
const longestList = 1_000;
const mostId = Number.MAX_SAFE_INTEGER;

type Changes = { -readonly [K in keyof RecordingCriteria]?: RecordingCriteria[K] };
type Rest = { -readonly [K in keyof Omit<Wanted, 'criteria' | 'isSelective'>]: Wanted[K] };

/** What is being read. */
interface Draft {
  readonly criteria: Changes;
  readonly rest: Rest;
  readonly reader: CriteriaReader;
}

/** Takes a value up. @returns what was expected instead, for one that is not taken */
type Take = (draft: Draft, value: string, name: string) => string | undefined;

const text =
  (key: 'isrUcid' | 'ingressCallId' | 'egressCallId' | 'thirdpartyId' | 'filename' | 'aor'): Take =>
  ({ criteria, rest }, value) => {
    criteria[key] = value;
    if (key === 'isrUcid' || key === 'ingressCallId' || key === 'egressCallId') rest.hasUcid = true;
    return undefined;
  };

/** Two names of one criterion. */
const synonym =
  (key: 'ani' | 'dnis', names: string): Take =>
  ({ criteria }, value) => {
    if (criteria[key] !== undefined && criteria[key] !== value) {
      return `the same value for ${names}, which mean the same`;
    }
    criteria[key] = value;
    return undefined;
  };

const time =
  (key: 'start' | 'end', bounds: readonly (keyof Span)[]): Take =>
  ({ criteria, rest, reader }, value) => {
    const span = readTime(value, reader.timeZone);
    if (span === undefined) return timeShape;
    let { from = -Infinity, through = Infinity } = criteria[key] ?? {};
    if (bounds.includes('from')) from = Math.max(from, span.from);
    if (bounds.includes('through')) through = Math.min(through, span.through);
    if (from > through) rest.isImpossible = true;
    criteria[key] = {
      ...(Number.isFinite(from) && { from }),
      ...(Number.isFinite(through) && { through }),
    };
    return undefined;
  };

const number =
  (key: 'recording' | 'segment', hasEnded: boolean): Take =>
  ({ criteria, rest }, value) => {
    const id = readWhole(value, 1, mostId);
    if (id === undefined) return 'a whole number from 1';
    if (criteria[key] !== undefined && criteria[key] !== id) rest.isImpossible = true;
    criteria[key] = id;
    if (hasEnded && key === 'recording') setProgress(criteria, rest, false);
    if (hasEnded && key === 'segment') rest.isEndedSegment = true;
    return undefined;
  };

function setProgress(criteria: Changes, rest: Rest, inProgress: boolean): void {
  if (criteria.inProgress !== undefined && criteria.inProgress !== inProgress) {
    rest.isImpossible = true;
  }
  criteria.inProgress = inProgress;
}

const flag =
  (take: (draft: Draft, value: boolean) => void): Take =>
  (draft, value) => {
    const given = readFlag(value);
    if (given === undefined) return '"true" or "false"';
    take(draft, given);
    return undefined;
  };

const within =
  (key: 'mostListed' | 'codecProfile', through: number): Take =>
  ({ rest }, value) => {
    const given = readWhole(value, 1, through);
    if (given === undefined) return `a whole number from 1 to ${through}`;
    rest[key] = given;
    return undefined;
  };

const special =
  (key: 'format' | 'formatName' | 'formatVersion'): Take =>
  ({ rest }, value) => {
    rest[key] = value;
    return undefined;
  };

const selecting: ReadonlyMap<string, Take> = new Map([
  ['isrUcid', text('isrUcid')],
  ['ingressCallId', text('ingressCallId')],
  ['egressCallId', text('egressCallId')],
  ['thirdpartyId', text('thirdpartyId')],
  ['filename', text('filename')],
  ['aor', text('aor')],
  ['ani', synonym('ani', '"ani" and "from"')],
  ['from', synonym('ani', '"ani" and "from"')],
  ['dnis', synonym('dnis', '"dnis" and "to"')],
  ['to', synonym('dnis', '"dnis" and "to"')],
  ['start', time('start', ['from', 'through'])],
  ['earliestStart', time('start', ['from'])],
  ['latestStart', time('start', ['through'])],
  ['end', time('end', ['from', 'through'])],
  ['earliestEnd', time('end', ['from'])],
  ['latestEnd', time('end', ['through'])],
  ['recordingId', number('recording', true)],
  ['tmpRecordingId', number('recording', false)],
  ['segmentId', number('segment', true)],
  ['tmpSegmentId', number('segment', false)],
  [
    'rssId',
    ({ criteria }, value) => {
      const rss = readWhole(value, 0, mostId);
      if (rss === undefined) return 'a whole number';
      criteria.rss = rss;
      return undefined;
    },
  ],
  [
    'channelNumber',
    () => 'another criterion: calls have no numbers of channels here, "tmpRecordingId" says which',
  ],
  ['inProgress', flag(({ criteria, rest }, value) => setProgress(criteria, rest, value))],
  ['audioOnly', flag(({ criteria }, value) => void (value && (criteria.hasSupplements = false)))],
  ['mustHaveVideo', flag(({ criteria }, value) => void (value && (criteria.hasVideo = true)))],
]);

const others: ReadonlyMap<string, Take> = new Map([
  ['token', () => undefined],
  ['format', special('format')],
  ['formatName', special('formatName')],
  ['version', special('formatVersion')],
  ['maxListLength', within('mostListed', longestList)],
  ['codecProfile', within('codecProfile', 5)],
  ['fillWithSilence', flag(({ rest }, value) => void (rest.fillWithSilence = value))],
]);

export function readCriteria(parameters: Parameters, reader: CriteriaReader): ReadCriteria {
  const draft: Draft = {
    criteria: {},
    rest: {
      ...{ isImpossible: false, isEndedSegment: false, hasUcid: false },
      ...{ mostListed: usualList, fillWithSilence: false },
    },
    reader,
  };
  let isSelective = false;
  for (const [name, value] of parameters) {
    const take = selecting.get(name) ?? others.get(name) ?? ofField(name, reader.fields);
    if (take === undefined) return refused(unknown(name, reader.fields));
    if (value === '') return refused(`seen no value of ${quoted(name)}, expected one`);
    const expected = take(draft, value, name);
    if (expected !== undefined) {
      return refused(`seen ${quoted(name)} ${quoted(value)}, expected ${expected}`);
    }
    isSelective ||= !others.has(name);
  }
  return { kind: 'wanted', wanted: { criteria: draft.criteria, ...draft.rest, isSelective } };
}

function ofField(name: string, fields: readonly CustomField[]): Take | undefined {
  const field = fields.find((each) => each.searchable && each.name === name);
  if (field === undefined) return undefined;
  return ({ criteria }, value) => {
    criteria.customData = [...(criteria.customData ?? []), { field: field.id, value }];
    return undefined;
  };
}

function unknown(name: string, fields: readonly CustomField[]): string {
  if (fields.some((each) => each.name === name)) {
    return `seen the parameter ${quoted(name)}, a custom data field that is not searchable`;
  }
  const searchable = fields.filter((each) => each.searchable).map((each) => each.name);
  const known = [...selecting.keys(), ...searchable, ...others.keys()];
  return `seen the parameter ${quoted(name)}, expected one of ${known.join(', ')}`;
}

function refused(message: string): ReadCriteria {
  return { kind: 'refused', message };
}
