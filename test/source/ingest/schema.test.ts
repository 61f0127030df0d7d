import { readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import type { SignalKind } from '../../../src/call/signal.ts';
import { publishedSchema } from '../../../src/source/ingest/json-schema.ts';
import { bounds, schemas } from '../../../src/source/ingest/schema.ts';
import { translate } from '../../../src/source/ingest/translate.ts';
import { everyKind } from './every-kind.ts';

const published = new URL('../../../protocol/ingest/signals.schema.json', import.meta.url);

const kinds = Object.keys(everyKind) as SignalKind[];

describe('the schema', () => {
  it('is published as the server checks it', async () => {
    // Where this fails because the schema was meant to change: npx vitest run test/source/ingest -u
    const options = { ...(await resolveConfig(published)), parser: 'json' };
    const text = await format(JSON.stringify(publishedSchema()), options);
    await expect(text).toMatchFileSnapshot('../../../protocol/ingest/signals.schema.json');
  });

  it('publishes every kind of signal, strict and with its bounds', () => {
    const document: unknown = JSON.parse(readFileSync(published, 'utf8'));
    expect(document).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $defs: {
        Key: { maxLength: 128, minLength: 1 },
        Text: { maxLength: 256, minLength: 1 },
        LegFacts: { additionalProperties: false },
        Signal: {
          oneOf: kinds.map((kind) => ({
            properties: { kind: { const: kind } },
            additionalProperties: false,
            oneOf: [{ required: ['at'] }, { required: ['atMs'] }],
          })),
        },
      },
    });
    expect(Object.keys(schemas)).toEqual(kinds);
  });

  it.each(kinds)('takes %s with all that it may say, and gives it on as it is', (kind) => {
    const signal = everyKind[kind];
    const { source: _, ...sent } = signal;
    expect(translate(sent, 'pbx')).toEqual({ kind: 'signals', signals: [signal] });
  });

  it.each(kinds)('refuses %s with a field that it does not have', (kind) => {
    const translated = translate({ ...everyKind[kind], surprise: 1 }, 'pbx');
    expect(translated).toEqual({
      kind: 'problems',
      problems: [
        {
          index: 0,
          path: '/surprise',
          seen: '1',
          expected: `no such field; the schema of ${kind} has the fields that are`,
        },
      ],
    });
  });

  it('bounds every text and every list of every kind', () => {
    const unbounded: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const {
        type,
        maxLength,
        maxItems,
        const: fixed,
        enum: choices,
        maximum,
      } = node as Record<string, unknown>;
      const isFree = type === 'string' && fixed === undefined && choices === undefined;
      if (isFree && typeof maxLength !== 'number') unbounded.push(path);
      if (type === 'array' && typeof maxItems !== 'number') unbounded.push(path);
      if (type === 'integer' && typeof maximum !== 'number') unbounded.push(path);
      for (const [name, child] of Object.entries(node)) walk(child, `${path}/${name}`);
    };
    walk(publishedSchema(), '');
    expect(unbounded).toEqual([]);
    expect(bounds.signalsPerBatch).toBe(1000);
  });
});
