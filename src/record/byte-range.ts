/**
 * Which bytes of a representation a request wants, and whether it has them already: ranges and conditions as in
 * RFC 9110, §13 and §14. Pure.
 */

/** What is known of the bytes. */
export interface Version {
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** What a request says of them; headers as they came, at most one value each. */
export interface Wish {
  readonly method: string;
  readonly range?: string | undefined;
  readonly ifRange?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: string | undefined;
  readonly nowMs: number;
}

/** Both bytes included; `through` is one less than `from` where there are none. */
export type Portion =
  | { readonly kind: 'whole'; readonly from: number; readonly through: number }
  | { readonly kind: 'part'; readonly from: number; readonly through: number }
  | { readonly kind: 'unsatisfiable' }
  /** The client has these bytes. */
  | { readonly kind: 'unchanged' };

/** A strong one: a file that is written further has another size or time. */
export function entityTagOf({ bytes, modifiedMs }: Version): string {
  return `"${bytes.toString(16)}-${modifiedMs.toString(16)}"`;
}

export function lastModifiedOf({ modifiedMs }: Version): string {
  return new Date(modifiedMs).toUTCString();
}

export function portionOf(version: Version, wish: Wish): Portion {
  if (isKnown(version, wish)) return { kind: 'unchanged' };
  const whole = { kind: 'whole', from: 0, through: version.bytes - 1 } as const;
  // A range means something for GET alone (§14.2).
  if (wish.method !== 'GET' || wish.range === undefined) return whole;
  if (wish.ifRange !== undefined && !isSame(wish.ifRange, version, wish.nowMs)) return whole;
  return ranged(wish.range, version.bytes) ?? whole;
}

/** Undefined for what is no range of bytes, or more than one: that is answered with the whole. */
function ranged(text: string, bytes: number): Portion | undefined {
  const [, first = '', last = ''] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(text) ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Number(last);
    if (length === 0) return { kind: 'unsatisfiable' };
    // No Content-Range can say "none of nothing".
    if (bytes === 0) return undefined;
    return { kind: 'part', from: Math.max(0, bytes - length), through: bytes - 1 };
  }
  const [from, through] = [Number(first), last === '' ? Infinity : Number(last)];
  if (through < from) return undefined;
  if (from >= bytes) return { kind: 'unsatisfiable' };
  return { kind: 'part', from, through: Math.min(through, bytes - 1) };
}

/** Whether the client says that it has this very version. */
function isKnown(version: Version, { method, ifNoneMatch, ifModifiedSince }: Wish): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  if (ifNoneMatch !== undefined) {
    const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    return tags.includes('*') || tags.includes(entityTagOf(version));
  }
  const sinceMs = ifModifiedSince === undefined ? NaN : Date.parse(ifModifiedSince);
  return Math.trunc(version.modifiedMs / 1_000) * 1_000 <= sinceMs;
}

/** If-Range wants a strong validator: a weak tag is none, and a time only once a second has passed (§8.8.2.2). */
function isSame(ifRange: string, version: Version, nowMs: number): boolean {
  if (ifRange.startsWith('"')) return ifRange === entityTagOf(version);
  return ifRange === lastModifiedOf(version) && nowMs - version.modifiedMs >= 1_000;
}
