/**
 * Texts on their way into a URL or a form: what somebody's phone says of itself may be anything, and must
 * neither end a parameter nor begin one. Pure.
 */

/**
 * Longest text of somebody else's that is told, in UTF-16 units. Signals over HTTP have none that is longer; one
 * that is would make a request that no receiver takes.
 */
const longest = 256;

/** A text that can be told: not too long, and without halves of surrogate pairs. Empty for none. */
export function tellable(text: string | undefined): string {
  if (text === undefined) return '';
  // A pair is not cut in two.
  const cut = text.length > longest ? text.slice(0, longest).replace(/[\uD800-\uDBFF]$/, '') : text;
  return wellFormed(cut);
}

/** Halves of surrogate pairs cannot be written in UTF-8. */
export function wellFormed(text: string): string {
  return text.replaceAll(/\p{Cs}/gu, '\uFFFD');
}

/** Percent-encoded as ECMAScript's `encodeURIComponent` does it, whatever the text holds. */
export function component(text: string): string {
  return encodeURIComponent(wellFormed(text));
}

/** Percent-encoded but for what RFC 3986 §2.3 calls unreserved. */
export function encoded(text: string): string {
  return component(text).replaceAll(/[!'()*]/g, hexOf);
}

/** What an operator typed, with only that encoded which a request line cannot hold: all but printable ASCII. */
export function asTyped(text: string): string {
  return wellFormed(text).replaceAll(/[^\x21-\x7e]/gu, encodeURIComponent);
}

/** The base as it was typed, and a query that is ready, after whatever query the base has. */
export function withQuery(base: string, query: string): string {
  const typed = asTyped(base);
  if (query === '') return typed;
  if (!typed.includes('?')) return `${typed}?${query}`;
  return /[?&]$/.test(typed) ? typed + query : `${typed}&${query}`;
}

/** The last part of a path, of whichever kind of system. */
export function baseNameOf(path: string | undefined): string | undefined {
  return path?.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

function hexOf(sign: string): string {
  return `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
}
