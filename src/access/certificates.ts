/**
 * The certificate of our own listeners, its key, and the authorities by which clients are known: read from
 * their files, tried before anybody is shown them, and read again while the server runs.
 */
import type { X509Certificate } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs';
import { createSecureContext, type TlsOptions } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { readBounded } from '../base/bounded-file.ts';
import type { Clock } from '../base/clock.ts';
import { ConfigError } from '../base/errors.ts';
import { certificatesIn, firstEndMs, keyIn, mismatch, whyNotNow } from './pem.ts';

/** Absolute paths of PEM files. */
export interface CertificateSettings {
  readonly certificate?: string;
  readonly key?: string;
  /** Present: only clients with a certificate of one of these authorities are let in. */
  readonly clientCa?: string;
}

export interface CertificateProblem {
  /** The setting that names the file, such as `tls.key`. */
  readonly path: string;
  readonly seen: string;
  readonly expected: string;
}

/** Certificate, key or authorities cannot be used; `problems` holds at least one. */
export class CertificateError extends ConfigError {
  readonly problems: readonly CertificateProblem[];

  constructor(problems: readonly CertificateProblem[]) {
    const lines = problems.map(
      ({ path, seen, expected }) => `\n  ${path}: saw ${seen}, expected ${expected}`,
    );
    super('CERTIFICATE_UNUSABLE', `TLS cannot be set up:${lines.join('')}`);
    this.problems = problems;
  }
}

export type Reloaded =
  | { readonly kind: 'same' }
  | { readonly kind: 'renewed' }
  | { readonly kind: 'failed'; readonly error: CertificateError };

const dayMs = 86_400_000;
const largestFile = 1024 * 1024;

export class Certificates {
  readonly #clock: Clock;
  #loaded: Loaded;

  private constructor(clock: Clock, loaded: Loaded) {
    this.#clock = clock;
    this.#loaded = loaded;
  }

  /**
   * Reads and tries what the settings name.
   * @throws {CertificateError} with everything that is wrong
   */
  static load(settings: CertificateSettings, clock: Clock): Certificates {
    return new Certificates(clock, load(settings, clock.now()));
  }

  /** For a server of `node:tls` or `node:https`, and for its `setSecureContext`. */
  get options(): TlsOptions {
    return this.#loaded.options;
  }

  /** When the certificate expires, or the first of those between it and its authority. */
  get expiresAtMs(): number {
    return this.#loaded.expiresAtMs;
  }

  /** Whole days until then, rounded down; negative once it is over. */
  get daysLeft(): number {
    return Math.floor((this.#loaded.expiresAtMs - this.#clock.now()) / dayMs);
  }

  /** SHA-256 of the server's certificate as people compare it: hexadecimal pairs with colons. */
  get fingerprint(): string {
    return this.#loaded.fingerprint;
  }

  /** Reads and tries the files again; when anything is wrong with them, what there was goes on. */
  reload(settings: CertificateSettings): Reloaded {
    try {
      const loaded = load(settings, this.#clock.now());
      if (isDeepStrictEqual(loaded.texts, this.#loaded.texts)) return { kind: 'same' };
      this.#loaded = loaded;
      return { kind: 'renewed' };
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      return { kind: 'failed', error };
    }
  }
}

/**
 * What shows whether the files have changed since somebody looked: another text means that they have, or
 * that one is gone. Links are followed, as ACME clients leave them.
 */
export function stampOf({ certificate, key, clientCa }: CertificateSettings): string {
  const stamps = [certificate, key, clientCa].map((path) => {
    if (path === undefined) return '';
    try {
      const { ino, size, mtimeMs, ctimeMs } = statSync(path);
      // The change of the inode too: a file moved or copied into place may carry an old time.
      return [ino, size, mtimeMs, ctimeMs].join(':');
    } catch (error) {
      return reasonOf(error);
    }
  });
  return stamps.join(' ');
}

interface Loaded {
  readonly options: TlsOptions;
  readonly texts: readonly (string | undefined)[];
  readonly expiresAtMs: number;
  readonly fingerprint: string;
}

function load(settings: CertificateSettings, nowMs: number): Loaded {
  const problems: CertificateProblem[] = [];
  const wrong: Wrong = (name, seen, expected) => {
    const path = settings[name];
    const where = path === undefined ? '' : `${JSON.stringify(path)}, `;
    problems.push({ path: `tls.${name}`, seen: `${where}${seen}`, expected });
  };
  const certificate = readFile(settings, 'certificate', wrong);
  const key = readFile(settings, 'key', wrong);
  const clientCa = settings.clientCa && readFile(settings, 'clientCa', wrong);
  const chain = certificate === undefined ? [] : chainIn(certificate, nowMs, wrong);
  if (key !== undefined) checkKey(key, chain, wrong);
  if (clientCa !== undefined) checkAuthorities(clientCa, nowMs, wrong);

  const asks = clientCa !== undefined;
  const options: TlsOptions = {
    ...(certificate !== undefined && { cert: certificate }),
    ...(key !== undefined && { key }),
    ...(asks && { ca: clientCa }),
    requestCert: asks,
    rejectUnauthorized: asks,
    minVersion: 'TLSv1.2',
  };
  if (problems.length === 0) tryOut(options, wrong);
  if (problems.length > 0) throw new CertificateError(problems);
  return {
    options,
    texts: [certificate, key, clientCa],
    expiresAtMs: firstEndMs(chain),
    fingerprint: chain[0]?.fingerprint256 ?? '',
  };
}

/** Told of what is wrong with the file of a setting. */
type Wrong = (name: keyof CertificateSettings, seen: string, expected: string) => void;

/** The text of the file that the setting names; undefined after telling why there is none. */
function readFile(
  settings: CertificateSettings,
  name: keyof CertificateSettings,
  wrong: Wrong,
): string | undefined {
  const path = settings[name];
  try {
    if (path !== undefined) return textOf(path);
    wrong(name, 'nothing', 'the path of a PEM file');
  } catch (error) {
    wrong(name, `which cannot be read (${reasonOf(error)})`, 'the path of a PEM file');
  }
  return undefined;
}

function chainIn(text: string, nowMs: number, wrong: Wrong): readonly X509Certificate[] {
  const chain = certificatesIn(text);
  if ('fault' in chain) {
    wrong('certificate', chain.fault, "the server's certificate as PEM");
    return [];
  }
  for (const each of chain.value) {
    const fault = whyNotNow(each, nowMs);
    if (fault !== undefined) wrong('certificate', fault, 'a certificate that is valid today');
  }
  return chain.value;
}

function checkKey(text: string, chain: readonly X509Certificate[], wrong: Wrong): void {
  const key = keyIn(text);
  if ('fault' in key) {
    wrong('key', key.fault, 'a PEM key without a passphrase');
    return;
  }
  const fault = mismatch(chain, key.value);
  if (fault !== undefined) wrong('key', fault, 'the key of the certificate in tls.certificate');
}

function checkAuthorities(text: string, nowMs: number, wrong: Wrong): void {
  const authorities = certificatesIn(text);
  if ('fault' in authorities) {
    wrong('clientCa', authorities.fault, 'the certificates of authorities as PEM');
    return;
  }
  // A bundle may keep old ones beside those in use.
  const faults = authorities.value.map((each) => whyNotNow(each, nowMs));
  const [first] = faults;
  if (first === undefined || faults.includes(undefined)) return;
  wrong('clientCa', first, 'an authority that is valid today');
}

/** TLS has rules of its own, on the strength of keys for one. */
function tryOut(options: TlsOptions, wrong: Wrong): void {
  try {
    createSecureContext(options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    wrong('certificate', `which TLS refuses (${reason})`, 'a certificate and key that TLS can use');
  }
}

/** At most so much is read, and a pipe in the place of the file keeps nobody waiting. */
function textOf(path: string): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!fstatSync(file).isFile()) throw new Error('it is no file');
    const bytes = readBounded(file, largestFile);
    if (bytes === undefined) throw new Error(`it is larger than ${largestFile} bytes`);
    // Whatever is not ASCII is no PEM, and shows as such.
    return bytes.toString('latin1');
  } finally {
    closeSync(file);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  ENOTDIR: 'its folder is no folder',
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return reasons[code] ?? (error instanceof Error ? error.message : String(error));
}
