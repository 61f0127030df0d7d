/**
 * What may be sent to `POST /v1/models`: which models, and the bounds on their objects. The published JSON
 * Schema (protocol/ingest/models.schema.json) is made from these.
 */
import { z } from 'zod';
import { bounds } from './schema.ts';

export const objectBounds = {
  objectsPerBatch: 500,
  /** Bytes of JSON of one object. */
  objectBytes: 64 * 1024,
  /** Objects and lists within each other. */
  depth: 32,
} as const;

/** Models that no call shows. */
export const takenModels = [
  'auditlog',
  'auditlog_lite',
  'message',
  'messagesession',
  'subscriber',
  'voicemail',
] as const;
export type TakenModel = (typeof takenModels)[number];

/** Models whose objects are made here, and never taken from anybody. */
export const fedByCalls = [
  'agent',
  'call',
  'call_origid',
  'call_recording',
  'cdr',
  'presence',
] as const;

export function isTakenModel(model: unknown): model is TakenModel {
  return takenModels.some((each) => each === model);
}

/** No control characters, and no half of a surrogate pair. */
const clean = /^[^\p{Cc}\p{Cs}]*$/u;
const key = z.string().min(1).max(bounds.keyChars).regex(clean);

export const objectSchema = z.strictObject({
  model: z.enum(takenModels),
  id: key
    .describe("The sender's own id: receivers see the same one on every repeat.")
    .exactOptional(),
  lane: key
    .describe('Objects of one lane are told in order. Absent: all that are sent without one.')
    .exactOptional(),
  at: z.iso
    .datetime({ offset: true })
    .max(40)
    .describe('When it happened: ISO 8601 with an offset. Absent: when it came.')
    .exactOptional(),
  object: z
    .record(z.string(), z.unknown())
    .describe(
      `Told to receivers as it is: at most ${objectBounds.objectBytes} bytes of JSON and ${objectBounds.depth} levels.`,
    ),
});

/** The document that stands in protocol/ingest/models.schema.json. */
export function publishedObjectsSchema(): unknown {
  const objects = z.array(objectSchema.meta({ id: 'Object' })).max(objectBounds.objectsPerBatch);
  const body = z.strictObject({ objects }).meta({
    title: 'What may be sent to POST /v1/models',
    description: 'Objects of models that no call shows.',
  });
  return z.toJSONSchema(body, {
    io: 'input',
    override: ({ jsonSchema }) => {
      // `date-time` says what the half page of digits in zod's pattern says.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
    },
  });
}
