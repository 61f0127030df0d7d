/**
 * Certificates for tests, made by `openssl` in a folder of the test's own: an authority, and what it signs.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of PEM files. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

export interface Signed {
  /** When it is valid, as openssl writes times (`20260101000000Z`); absent: now, and for 90 days. */
  readonly from?: string;
  readonly to?: string;
  /** Absent: a key of its own, made for it. */
  readonly key?: string;
}

function openssl(folder: string, ...words: readonly string[]): string {
  try {
    return execFileSync('openssl', words, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isMissing) throw new Error('These tests need openssl (Debian: apt-get install openssl).');
    throw error;
  }
}

export function newKey(folder: string, name: string): string {
  const path = join(folder, `${name}.key`);
  openssl(
    folder,
    'genpkey',
    '-algorithm',
    'EC',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-out',
    path,
  );
  return path;
}

/** An authority that signs what tests ask for, kept in `folder`. */
export class Authority {
  readonly #folder: string;
  readonly #name: string;
  readonly #pair: Pair;
  #made = 0;

  constructor(folder: string, name = 'authority') {
    this.#folder = folder;
    this.#name = name;
    this.#pair = { key: newKey(folder, name), certificate: join(folder, `${name}.pem`) };
    const { key, certificate } = this.#pair;
    const subject = ['-subj', `/CN=${name}`, '-days', '3650', '-sha256'];
    openssl(folder, 'req', '-x509', '-new', '-key', key, '-out', certificate, ...subject);
    writeFileSync(join(folder, `${name}.index`), '');
    writeFileSync(
      join(folder, `${name}.cnf`),
      `[ca]
default_ca = own
[own]
database = ${name}.index
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
rand_serial = yes
[any]
commonName = supplied
[leaf]
basicConstraints = CA:FALSE
subjectAltName = IP:127.0.0.1, DNS:localhost
`,
    );
  }

  /** Path of the authority's own certificate. */
  get certificate(): string {
    return this.#pair.certificate;
  }

  /** Text of the authority's own certificate, for clients that trust it. */
  get pem(): string {
    return readFileSync(this.certificate, 'utf8');
  }

  /** A certificate for 127.0.0.1 and localhost. */
  sign(name: string, { from, to, key }: Signed = {}): Pair {
    this.#made += 1;
    const file = `${this.#name}-${this.#made}-${name}`;
    const own = key ?? newKey(this.#folder, file);
    const [request, certificate] = [`${file}.csr`, join(this.#folder, `${file}.pem`)];
    openssl(this.#folder, 'req', '-new', '-key', own, '-subj', `/CN=${name}`, '-out', request);
    const times = [
      ...(from === undefined ? [] : ['-startdate', from]),
      ...(to === undefined ? ['-days', '90'] : ['-enddate', to]),
    ];
    const by = [
      '-config',
      `${this.#name}.cnf`,
      '-keyfile',
      this.#pair.key,
      '-cert',
      this.certificate,
    ];
    const how = ['-batch', '-notext', '-extensions', 'leaf', ...times];
    openssl(this.#folder, 'ca', ...by, ...how, '-in', request, '-out', certificate);
    return { certificate, key: own };
  }
}

/** A time so many days from now, as openssl writes it. */
export function inDays(days: number): string {
  const text = new Date(Date.now() + days * 86_400_000).toISOString();
  return `${text.slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
}
