/**
 * Names and values of a request, of its address as of its form: read strictly, since a criterion that is
 * misunderstood selects what nobody asked for. Pure.
 */

/** Decoded, by their names; each once. */
export type Parameters = ReadonlyMap<string, string>;

export type ReadParameters =
  | { readonly kind: 'parameters'; readonly parameters: Parameters }
  | { readonly kind: 'refused'; readonly message: string };

export const none: Parameters = new Map();

const mostParameters = 100;
const longestName = 64;
const longestValue = 4_096;

/** What stands behind the "?" of a request's target. */
export function readQuery(target: string): ReadParameters {
  const start = target.indexOf('?');
  if (start < 0) return { kind: 'parameters', parameters: none };
  const query = target.slice(start + 1);
  // Bytes beyond ASCII, which nobody encoded, come from Node as one character each.
  return readForm(/[\x80-\xff]/.test(query) ? Buffer.from(query, 'latin1') : query);
}

/** `name=value` pairs between "&", percent-encoded UTF-8, "+" for a space. */
export function readForm(sent: Uint8Array | string): ReadParameters {
  const text = typeof sent === 'string' ? sent : textOf(sent);
  if (text === undefined) return refused('seen bytes that are no UTF-8');
  // One more than may be, so that too many are seen without all being taken apart.
  const pairs = text.split('&', mostParameters + 1);
  if (pairs.length > mostParameters) {
    return refused(`seen more than ${mostParameters} parameters, expected at most that`);
  }
  const parameters = new Map<string, string>();
  for (const pair of pairs) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = decoded(at < 0 ? pair : pair.slice(0, at));
    if (name === undefined)
      return refused('seen a parameter whose name is not percent-encoded UTF-8');
    if (name === '' || name.length > longestName) {
      return refused(
        `seen a parameter name of ${name.length} characters, expected 1 to ${longestName}`,
      );
    }
    const value = at < 0 ? '' : decoded(pair.slice(at + 1));
    if (value === undefined) {
      return refused(`seen a value of ${quoted(name)} that is not percent-encoded UTF-8`);
    }
    if (value.length > longestValue) {
      return refused(
        `seen ${value.length} characters in ${quoted(name)}, expected at most ${longestValue}`,
      );
    }
    const other = parameters.get(name);
    if (other !== undefined && other !== value) {
      return refused(`seen ${quoted(name)} twice with different values, expected it once`);
    }
    parameters.set(name, value);
  }
  return { kind: 'parameters', parameters };
}

/** A text of a client in a sentence of ours: short, between quotes. */
export function quoted(text: string): string {
  return `"${text.length > 60 ? `${text.slice(0, 60)}…` : text}"`;
}

/** `true` or `false`; undefined for anything else. */
export function readFlag(text: string): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

/** A whole number in digits; undefined for what is none, or lies outside. */
export function readWhole(text: string, from: number, through: number): number | undefined {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  return value >= from && value <= through ? value : undefined;
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function refused(message: string): ReadParameters {
  return { kind: 'refused', message };
}
