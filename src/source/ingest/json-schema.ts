/**
 * The published form of the schema: JSON Schema 2020-12, for whoever writes the other side in another
 * language. Made from the schema that the server itself checks with, so the two cannot drift apart.
 */
import { z } from 'zod';
import { bounds, schemas } from './schema.ts';

/** The document that stands in protocol/ingest/signals.schema.json. */
export function publishedSchema(): unknown {
  const [first, ...others] = Object.values(schemas);
  if (first === undefined) throw new Error('there is no kind of signal');
  const signal = z.discriminatedUnion('kind', [first, ...others]).meta({ id: 'Signal' });
  const batch = z.array(signal).max(bounds.signalsPerBatch);
  const body = z.union([signal, batch, z.strictObject({ signals: batch })]).meta({
    title: 'What may be sent to POST /v1/signals',
    description: 'One signal, a list of signals, or an object with a list of signals.',
  });
  return z.toJSONSchema(body, {
    io: 'input',
    override: ({ jsonSchema }) => {
      // `date-time` says what the half page of digits in zod's pattern says.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
    },
  });
}
