/**
 * What of a destination is never shown: what it proves itself with, wherever that may stand. Also the way
 * back: what was shown hidden and is sent back keeps the secret that is stored. Pure.
 */
import type { DestinationProblem } from './dialect/dialect.ts';
import { seenOf } from './problems.ts';

/** Stands where a secret is. */
export const mask = '***';

/** Deeper than any destination; what is deeper is hidden as a whole. */
const deepest = 32;
/** Shorter texts are not searched for within others: too much would be hidden that is none. */
const shortestSought = 4;

const telling =
  /token|secret|passw|passphrase|credential|authoriz|cookie|signature|apikey|(key|sig|pwd|auth|jwt|hmac)$/;

/** Whether a value under this name is a secret: of an option, a header or a parameter of a URL. */
export function namesSecret(name: string): boolean {
  return telling.test(name.toLowerCase().replaceAll(/[^a-z0-9]/g, ''));
}

type Table = Readonly<Record<string, unknown>>;

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same with every secret hidden: what was written comes back in its shape, and nothing is changed. */
export function redacted(written: unknown): unknown {
  return shown(written, false, 0);
}

/** A text with the values of its telling URL parameters hidden, and user and password of a URL. */
export function redactedUrl(text: string): string {
  return text
    .replaceAll(userInfo, `$1${mask}@`)
    .replaceAll(parameter, (whole: string, start: string, name: string, value: string) =>
      value !== '' && namesSecret(decoded(name)) ? `${start}${name}=${mask}` : whole,
    );
}

const userInfo = /(:\/\/)[^/?#@\s]*@/g;
const parameter = /(^|[?&;\s"'(])([^=&;?#\s"'(]+)=([^&;#\s"')]*)/g;

/** @param isSecret whether it stands where everything is hidden */
function shown(value: unknown, isSecret: boolean, depth: number): unknown {
  if (depth > deepest) return mask;
  if (Array.isArray(value)) return value.map((each) => shown(each, isSecret, depth + 1));
  if (isTable(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => {
        // Which kind of proof it is helps to read the rest, and is checked to be a known word.
        const isKind = name === 'kind' && (each === 'basic' || each === 'bearer');
        return [name, shown(each, !isKind && (isSecret || namesSecret(name)), depth + 1)];
      }),
    );
  }
  if (isSecret) return value === null || value === '' ? value : mask;
  return typeof value === 'string' ? redactedUrl(value) : value;
}

export interface Restored {
  readonly written: unknown;
  /** Places where something hidden came back and no secret is stored. */
  readonly problems: readonly DestinationProblem[];
}

/**
 * What was sent, with the secrets that are stored in the places where they came back hidden.
 * @param stored what the destination has so far; undefined for a new one
 */
export function restored(sent: unknown, stored: unknown): Restored {
  const problems: DestinationProblem[] = [];
  const written = merged(sent, stored, { path: '', isSecret: false, depth: 0 }, problems);
  return { written, problems };
}

interface Place {
  readonly path: string;
  readonly isSecret: boolean;
  readonly depth: number;
}

function merged(
  sent: unknown,
  stored: unknown,
  place: Place,
  problems: DestinationProblem[],
): unknown {
  const { path, isSecret, depth } = place;
  // No destination is so deep; reading it says what is wrong.
  if (depth > deepest) return sent;
  if (Array.isArray(sent)) {
    const pairs = pairsOf(sent, Array.isArray(stored) ? stored : [], isSecret);
    return pairs.map(([each, known], index) =>
      merged(each, known, { path: `${path}[${index}]`, isSecret, depth: depth + 1 }, problems),
    );
  }
  if (isTable(sent)) {
    const known = new Map(Object.entries(isTable(stored) ? stored : {}));
    return Object.fromEntries(
      Object.entries(sent).map(([name, each]) => {
        const under = {
          path: path === '' ? name : `${path}.${name}`,
          isSecret: isSecret || namesSecret(name),
          depth: depth + 1,
        };
        return [name, merged(each, known.get(name), under, problems)];
      }),
    );
  }
  if (typeof sent !== 'string' || !sent.includes(mask)) return sent;
  const kept = isSecret ? keptWhole(sent, stored) : keptParameters(sent, stored);
  if (kept === undefined) {
    problems.push({ path, seen: 'a hidden value', expected: 'the secret itself: none is stored' });
  }
  return kept ?? sent;
}

function keptWhole(sent: string, stored: unknown): unknown {
  if (sent !== mask) return sent;
  return typeof stored === 'object' ? undefined : stored;
}

/** The text with its hidden parameters as they stand in `stored`, by their names; undefined if one does not. */
function keptParameters(sent: string, stored: unknown): string | undefined {
  const known = new Map<string, string[]>();
  const text = typeof stored === 'string' ? stored : '';
  for (const [, , name = '', value = ''] of text.matchAll(parameter)) {
    known.set(name, [...(known.get(name) ?? []), value]);
  }
  let isKnown = true;
  const whole = sent.replaceAll(parameter, (each: string, start: string, name: string, value) => {
    if (value !== mask || !namesSecret(decoded(name))) return each;
    const kept = known.get(name)?.shift();
    isKnown &&= kept !== undefined;
    return `${start}${name}=${kept ?? mask}`;
  });
  return isKnown ? whole : undefined;
}

/**
 * Each item that was sent, with the stored one that it is: the one that looks the same, else the one in its
 * place; hidden secrets are the stored ones in turn.
 */
function pairsOf(
  sent: readonly unknown[],
  stored: readonly unknown[],
  isSecret: boolean,
): readonly (readonly [unknown, unknown])[] {
  const looks = stored.map((each) => lookOf(shown(each, isSecret, 0)));
  const taken = new Set<number>();
  const found = sent.map((each) => {
    const look = lookOf(each);
    const at = looks.findIndex((one, index) => !taken.has(index) && one === look);
    if (at >= 0) taken.add(at);
    return at;
  });
  return sent.map((each, index) => {
    const at = found[index] ?? -1;
    if (at >= 0) return [each, stored[at]];
    return [each, taken.has(index) ? undefined : stored[index]];
  });
}

function lookOf(value: unknown): string {
  return JSON.stringify(value) ?? '';
}

function encoded(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    // Half a surrogate pair has no such form.
    return text;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

const scrubbers = new WeakMap<object, (text: string) => string>();

/**
 * A function that hides what is secret in this destination within any text, such as what a receiver answered:
 * receivers like to repeat what they were sent.
 */
export function scrubber(written: unknown): (text: string) => string {
  const isKept = typeof written === 'object' && written !== null;
  const known = isKept ? scrubbers.get(written) : undefined;
  if (known !== undefined) return known;
  const secrets = [...secretsOf(written)].sort((one, other) => other.length - one.length);
  const scrub = (text: string): string =>
    secrets.reduce((rest, secret) => rest.replaceAll(secret, mask), redactedUrl(text));
  if (isKept) scrubbers.set(written, scrub);
  return scrub;
}

/** Every way in which a secret of it may appear in a text. */
function secretsOf(written: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (secret: string): void => {
    for (const form of [
      secret,
      encoded(secret),
      decoded(secret),
      JSON.stringify(secret).slice(1, -1),
      Buffer.from(secret).toString('base64'),
    ]) {
      if (form.length >= shortestSought && form !== mask) found.add(form);
    }
  };
  collect(written, false, 0, add);
  if (isTable(written) && isTable(written['auth'])) {
    const { username, password } = written['auth'];
    if (typeof username === 'string' && typeof password === 'string') {
      found.add(Buffer.from(`${username}:${password}`).toString('base64'));
    }
  }
  return found;
}

function collect(
  value: unknown,
  isSecret: boolean,
  depth: number,
  add: (secret: string) => void,
): void {
  if (depth > deepest) return;
  if (Array.isArray(value)) {
    for (const each of value) collect(each, isSecret, depth + 1, add);
    return;
  }
  if (isTable(value)) {
    for (const [name, each] of Object.entries(value)) {
      if (name === 'kind' && (each === 'basic' || each === 'bearer')) continue;
      collect(each, isSecret || namesSecret(name), depth + 1, add);
    }
    return;
  }
  if (isSecret && (typeof value === 'string' || typeof value === 'number')) add(String(value));
  if (typeof value !== 'string' || isSecret) return;
  for (const [, , name = '', secret = ''] of value.matchAll(parameter)) {
    if (namesSecret(decoded(name))) add(secret);
  }
  for (const [whole] of value.matchAll(userInfo)) {
    for (const part of whole.slice('://'.length, -1).split(':')) add(part);
  }
}

/** Problems as they may be told: what was seen is hidden where it is, or holds, a secret. */
export function redactedProblems(
  problems: readonly DestinationProblem[],
  written: unknown,
): readonly DestinationProblem[] {
  const scrub = scrubber(written);
  return problems.map(({ path, seen, expected }) => ({
    path: scrub(path),
    seen: seenAt(written, path, seen, scrub),
    expected: scrub(expected),
  }));
}

function seenAt(
  written: unknown,
  path: string,
  seen: string,
  scrub: (text: string) => string,
): string {
  let value = written;
  let isSecret = false;
  for (const name of path.split(/[.[\]]+/).filter((part) => part !== '')) {
    isSecret ||= namesSecret(name);
    value = new Map<string, unknown>(
      Object.entries(typeof value === 'object' && value !== null ? value : {}),
    ).get(name);
  }
  if (isSecret && value !== undefined) return 'a hidden value';
  // What was seen may be cut in the middle of a secret, where nobody finds it: said anew without it.
  const isHidden = value !== undefined && lookOf(redacted(value)) !== lookOf(value);
  return isHidden ? seenOf(redacted(value)) : scrub(seen);
}
