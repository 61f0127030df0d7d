/**
 * Everything that the fuzzer found worth keeping, through what must hold for any bytes; and the documents
 * among it, through another reader of XML.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/base/errors.ts';
import { parseDocument } from '../../src/subscriber/document-codec.ts';
import { targets } from './targets.ts';

const corpus = join(import.meta.dirname, 'corpus');

function inputsOf(name: string): string[] {
  return readdirSync(join(corpus, name)).map((file) => join(corpus, name, file));
}

describe.each(Object.keys(targets))('the corpus of %s', (name) => {
  const inputs = inputsOf(name);

  it('is there, and small', () => {
    expect(inputs.length).toBeGreaterThan(10);
    expect(inputs.length).toBeLessThan(1_000);
    for (const path of inputs) expect(statSync(path).size, path).toBeLessThanOrEqual(8_192);
  });

  it('breaks nothing', () => {
    const broken = inputs.flatMap((path) => {
      try {
        targets[name]?.(readFileSync(path));
        return [];
      } catch (error) {
        return [`${path}: ${String(error)}`];
      }
    });
    expect(broken).toEqual([]);
  });
});

describe('a document that is taken', () => {
  const bytes = [...inputsOf('xml'), ...inputsOf('framer')].map((path) => readFileSync(path));
  const taken = bytes.filter((each) => !(parseDocument(each) instanceof ProtocolError));

  it('is well-formed XML to others too', () => {
    expect(taken.length).toBeGreaterThan(5);
    const strangers = taken.filter((each) => !isWellFormed(each));
    expect(strangers.map((each) => each.toString())).toEqual([]);
  });
});

/** What xmllint says; prefixes that nobody bound are no concern of XML 1.0 itself. */
function isWellFormed(document: Buffer): boolean {
  const { status, error, stderr } = spawnSync('xmllint', ['--noout', '--nonet', '-'], {
    input: document,
  });
  if (error !== undefined) throw new Error('xmllint is missing: install libxml2-utils');
  return status === 0 || !String(stderr).includes('parser error');
}
