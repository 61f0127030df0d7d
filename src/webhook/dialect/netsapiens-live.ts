/**
 * Models of the dialect `netsapiens` that show what is now: a set of objects that follows from the call as it
 * is. What a destination is told of an event is the difference between two such sets, object by object, so
 * that no object's news ever stands in for another's. Pure.
 */
import { createHash } from 'node:crypto';
import type { Call } from '../../call/call.ts';
import type { Part } from './dialect.ts';
import type { Site, Texts } from './netsapiens-words.ts';

export interface Row {
  /** What makes it this object and no other; bounded texts. */
  readonly id: readonly string[];
  /** Whom a destination's `user` may name to get it. */
  readonly users: readonly string[];
  readonly object: Texts;
}

export interface LiveModel {
  /** The objects of the call as it is. */
  readonly rows: (call: Call, site: Site, atMs: number) => readonly Row[];
  /** The last word on an object that is no more; the call is as it is now. */
  readonly gone: (id: readonly string[], call: Call, site: Site, atMs: number) => Texts;
}

/**
 * What has changed: objects that are no more as records, in the order in which they were, then new and changed
 * ones as live parts. Either makes an untold older word on the same object superfluous, and no other.
 * @param before undefined when the destination has not been told of the call
 */
export function changesOf(
  name: string,
  model: LiveModel,
  before: Call | undefined,
  call: Call,
  site: Site,
  isMeant: (row: Row) => boolean,
): Part[] {
  // With one time for both, whatever differs is news.
  const then = new Map(
    (before === undefined ? [] : model.rows(before, site, 0)).map((row) => [keyOf(row.id), row]),
  );
  const now = new Map(model.rows(call, site, 0).map((row) => [keyOf(row.id), row]));
  const parts: Part[] = [];
  for (const [key, row] of then) {
    const next = now.get(key);
    const goesOn = next !== undefined && isMeant(next);
    if (isMeant(row) && !goesOn) parts.push(partOf(name, row.id, 'gone'));
  }
  for (const [key, row] of now) {
    const old = then.get(key);
    // Somebody may become known only now: whoever watches them is told of the object for the first time.
    const isNews = old === undefined || !isMeant(old) || textOf(old) !== textOf(row);
    if (isNews && isMeant(row)) parts.push(partOf(name, row.id, 'now'));
  }
  return parts;
}

function textOf({ object }: Row): string {
  return JSON.stringify(object);
}

function partOf(name: string, id: readonly string[], state: 'now' | 'gone'): Part {
  return {
    topic: topicOf(name, id),
    class: state === 'now' ? 'live' : 'record',
    supersedes: 'topic',
    about: `${state} ${keyOf(id)}`,
  };
}

function keyOf(id: readonly string[]): string {
  return JSON.stringify(id);
}

const longestTopic = 64;
/** Of names that may stand in a header as they are, with no doubt where one ends. */
const plain = /^[A-Za-z0-9._@+-]*$/;

/** One topic per object: readable where its names allow. */
function topicOf(name: string, id: readonly string[]): string {
  const text = [name, ...id].join(':');
  if (text.length <= longestTopic && id.every((each) => plain.test(each))) return text;
  return `${name}:~${createHash('sha256').update(keyOf(id)).digest('hex').slice(0, 32)}`;
}

/**
 * The object that a part is about.
 * @throws {RangeError} when the call knows of no such object
 */
export function objectOf(
  model: LiveModel,
  about: string | undefined,
  call: Call,
  site: Site,
  atMs: number,
): Texts {
  const [, state, key] = /^(now|gone) (.*)$/s.exec(about ?? '') ?? [];
  if (state === 'now') {
    const row = model.rows(call, site, atMs).find(({ id }) => keyOf(id) === key);
    if (row !== undefined) return row.object;
  }
  if (state === 'gone' && key !== undefined) return model.gone(idOf(key), call, site, atMs);
  throw new RangeError(`seen ${JSON.stringify(about)}, expected the name of an object of the call`);
}

function idOf(key: string): string[] {
  const id: unknown = JSON.parse(key);
  return Array.isArray(id) ? id.map(String) : [];
}
