/**
 * Receivers for tests: real servers on loopback, http and https, which end with the test that started them.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach } from 'vitest';
import { type Fault, parseFault } from '../../src/receiver/fault.ts';
import { Receiver, type ReceiverOptions } from '../../src/receiver/receiver.ts';
import { Authority, type Pair, type Signed } from './certificates.ts';

const started: Receiver[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((receiver) => receiver.close()));
});

/** Faults as a person writes them: `500:3`, `hang`, `reset:10%`. */
export function faults(...written: readonly string[]): Fault[] {
  return written.map((text) => {
    const fault = parseFault(text);
    if (fault === undefined) throw new Error(`no fault: ${text}`);
    return fault;
  });
}

/** A receiver that is closed when the test is over. */
export async function startReceiver(
  options: Omit<ReceiverOptions, 'faults'> & { readonly faults?: readonly string[] } = {},
): Promise<Receiver> {
  const { faults: written = [], ...rest } = options;
  const receiver = await Receiver.start({ ...rest, faults: faults(...written) });
  started.push(receiver);
  return receiver;
}

/** An authority for the tests of one file, made when it is first asked for. */
export class TestAuthority {
  #folder: string | undefined;
  #authority: Authority | undefined;

  constructor() {
    afterAll(() => {
      if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true });
    });
  }

  get folder(): string {
    this.#folder ??= mkdtempSync(join(tmpdir(), 'offhook-receivers-'));
    return this.#folder;
  }

  get authority(): Authority {
    this.#authority ??= new Authority(this.folder);
    return this.#authority;
  }

  get pem(): string {
    return this.authority.pem;
  }

  /** For 127.0.0.1 and localhost. */
  sign(signed: Signed = {}): { readonly certificate: string; readonly key: string } {
    return textsOf(this.authority.sign('localhost', signed));
  }
}

export function textsOf({ certificate, key }: Pair): {
  readonly certificate: string;
  readonly key: string;
} {
  return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
}
