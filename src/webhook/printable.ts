/**
 * What a receiver answered and where a request went, made fit to be read by a person: short, printable, and
 * without what must stay secret. Pure.
 */
import type { OutgoingRequest } from './dialect/dialect.ts';
import { namesSecret } from './redaction.ts';

/** Most characters of an answer that are kept. */
export const longestAnswer = 1_000;

/** Control, direction and other invisible characters, which could make a terminal or a log lie. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;

/** Names whose values nobody must read, whoever says them. */
const secretName =
  'access_?token|api_?key|authorization|client_?secret|passwd|password|secret|sectok|token';
/** `token=…`, `"password": "…"`, `api_key: …`; also percent-encoded within a URL. */
const secretPair = new RegExp(
  `((?:${secretName})["']?(?:\\s*[=:]\\s*|%3[ad]))("[^"]*"?|'[^']*'?|[^\\s&"',;<>}]+)`,
  'gi',
);
const credentials = /\b(bearer|basic)(\s+)[A-Za-z0-9+/_.~=-]{4,}/gi;

const hidden = '[redacted]';

/** The URL as far as it may be shown: no query, no fragment, no password. */
export function plainUrl(url: string): string {
  const [, scheme = '', authority = '', path = ''] =
    /^([a-z][a-z0-9+.-]{0,20}:)?\/\/([^/?#]*)([^?#]*)/i.exec(url) ?? [];
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  const text = host === '' ? (url.split(/[?#]/)[0] ?? '') : `${scheme}//${host}${path}`;
  return oneLine(text).slice(0, 300);
}

/**
 * The first characters of an answer, on one line.
 * @param secrets texts that are hidden wherever they stand, as receivers like to repeat what they were sent
 */
export function shownAnswer(bytes: Uint8Array, secrets: readonly string[]): string {
  // A character that was cut in two at the end is no character.
  const text = new TextDecoder().decode(bytes).replace(/\ufffd$/, '');
  const line = withoutSecrets(oneLine(text), secrets);
  if (line.length <= longestAnswer) return line;
  // Not within a pair of surrogates.
  return `${line.slice(0, longestAnswer - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** The text without what looks like a secret, and without the secrets that are known. */
export function withoutSecrets(text: string, secrets: readonly string[] = []): string {
  let clean = text;
  for (const secret of secrets) clean = clean.replaceAll(secret, hidden);
  return clean.replace(credentials, `$1$2${hidden}`).replace(secretPair, `$1${hidden}`);
}

/** Texts of a request that must not be shown when a receiver repeats them. */
export function secretsOf({ url, headers }: OutgoingRequest): readonly string[] {
  const found = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    if (!isSecret(name) || name === 'idempotency-key') continue;
    found.add(value);
    found.add(value.slice(value.indexOf(' ') + 1));
  }
  for (const pair of url.split('?').slice(1).join('?').split('&')) {
    const at = pair.indexOf('=');
    if (at > 0 && isSecret(pair.slice(0, at))) found.add(pair.slice(at + 1));
  }
  // What is shorter says nothing, and would be found in every second word. The longest come first.
  return [...found].filter((text) => text.length >= 4).sort((a, b) => b.length - a.length);
}

function isSecret(name: string): boolean {
  return namesSecret(name) || /tok$/i.test(name);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').replace(invisible, '\ufffd').trim();
}
