/** What is asked of the books of recordings behind the `?`: criteria in our names, a limit and a cursor. Pure. */
import type { RecordingCriteria, RecordingSearch } from '../store/recording-messages.ts';
import { atMostOne, readQuery, wholeNumber } from './query.ts';
import { type CustomField, highestId } from './recording-schemas.ts';

export const usualLimit = 50;
export const mostListed = 500;
/** A file name may have so many. */
const longestValue = 1_024;

const textNames = {
  caller: 'ani',
  called: 'dnis',
  agent: 'agentId',
  terminal: 'agentTerminal',
  call: 'callId',
  source: 'source',
  sessionId: 'isrUcid',
  ingressCallId: 'ingressCallId',
  egressCallId: 'egressCallId',
  thirdpartyId: 'thirdpartyId',
  filename: 'filename',
  aor: 'aor',
} as const satisfies Record<string, keyof RecordingCriteria>;
const numberNames = {
  recording: 'recording',
  segment: 'segment',
  account: 'account',
  rss: 'rss',
} as const satisfies Record<string, keyof RecordingCriteria>;
const flagNames = {
  inProgress: 'inProgress',
  hasVideo: 'hasVideo',
  hasSupplements: 'hasSupplements',
} as const satisfies Record<string, keyof RecordingCriteria>;
const timeNames = ['startedFrom', 'startedThrough', 'endedFrom', 'endedThrough'] as const;

export const criterionNames = {
  texts: Object.keys(textNames),
  numbers: Object.keys(numberNames),
  flags: Object.keys(flagNames),
  times: timeNames,
};

export interface Cursor {
  readonly startMs: number;
  readonly id: number;
}

export type Asked =
  | { readonly kind: 'search'; readonly search: RecordingSearch }
  | { readonly kind: 'wrong'; readonly detail: string };

export function readSearch(url: string, fields: readonly CustomField[]): Asked {
  const custom = fields.filter(({ searchable }) => searchable);
  const names = [
    ...Object.values(criterionNames).flat(),
    ...custom.map(({ name }) => `custom.${name}`),
    'limit',
    'cursor',
  ];
  const query = readQuery(url, names, longestValue);
  if (query.kind === 'wrong') return query;
  const given: Record<string, string | number | boolean> = {};
  for (const [name, criterion] of Object.entries(textNames)) {
    const text = atMostOne(name, query.all(name));
    if (text.kind === 'wrong') return text;
    if (text.value !== undefined) given[criterion] = text.value;
  }
  for (const [name, criterion] of Object.entries(numberNames)) {
    const number = wholeNumber(name, query.all(name), { from: 0, to: highestId, absent: -1 });
    if (number.kind === 'wrong') return number;
    if (number.value >= 0) given[criterion] = number.value;
  }
  for (const [name, criterion] of Object.entries(flagNames)) {
    const text = atMostOne(name, query.all(name));
    if (text.kind === 'wrong') return text;
    if (text.value === undefined) continue;
    if (text.value !== 'true' && text.value !== 'false') {
      return wrong(name, text.value, 'true or false');
    }
    given[criterion] = text.value === 'true';
  }
  const times: Partial<Record<(typeof timeNames)[number], number>> = {};
  for (const name of timeNames) {
    const text = atMostOne(name, query.all(name));
    if (text.kind === 'wrong') return text;
    if (text.value === undefined) continue;
    const ms = timeOf(text.value);
    if (ms === undefined) return wrong(name, text.value, 'a time such as 2026-01-31T12:00:00Z');
    times[name] = ms;
  }
  const customData: { field: number; value: string }[] = [];
  for (const { id, name } of custom) {
    for (const value of query.all(`custom.${name}`)) customData.push({ field: id, value });
  }
  const bounds = { from: 1, to: mostListed, absent: usualLimit };
  const limit = wholeNumber('limit', query.all('limit'), bounds);
  if (limit.kind === 'wrong') return limit;
  const cursor = atMostOne('cursor', query.all('cursor'));
  if (cursor.kind === 'wrong') return cursor;
  const after = cursor.value === undefined ? undefined : cursorOf(cursor.value);
  if (cursor.value !== undefined && after === undefined) {
    return wrong('cursor', cursor.value, 'the "next" of an answer');
  }
  const start = spanOf(times.startedFrom, times.startedThrough);
  const end = spanOf(times.endedFrom, times.endedThrough);
  const criteria: RecordingCriteria = {
    ...given,
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
    ...(customData.length > 0 && { customData }),
  };
  const search = { criteria, limit: limit.value, ...(after !== undefined && { after }) };
  return { kind: 'search', search };
}

function spanOf(
  from: number | undefined,
  through: number | undefined,
): { readonly from?: number; readonly through?: number } | undefined {
  if (from === undefined && through === undefined) return undefined;
  return { ...(from !== undefined && { from }), ...(through !== undefined && { through }) };
}

const isoShape = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/i;

/** Milliseconds since 1970; a "+" that came as a space is one. */
function timeOf(text: string): number | undefined {
  const iso = text.replace(' ', '+');
  const ms = isoShape.test(iso) ? Date.parse(iso) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** Where a search goes on; nobody else's business what is in it. */
export function cursorText({ startMs, id }: Cursor): string {
  return Buffer.from(`${startMs}/${id}`).toString('base64url');
}

function cursorOf(text: string): Cursor | undefined {
  const [, start, number] =
    /^(-?\d{1,15})\/(\d{1,16})$/.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? [];
  if (start === undefined || number === undefined) return undefined;
  const [startMs, id] = [Number(start), Number(number)];
  return Number.isSafeInteger(id) ? { startMs, id } : undefined;
}

function wrong(name: string, value: string, expected: string): Asked {
  const seen = JSON.stringify(value.slice(0, 40));
  return { kind: 'wrong', detail: `seen ${name} ${seen}, expected ${expected}` };
}
