/**
 * What recordings look like in JSON, out and in: one schema each, by which bodies are read, and from which the
 * published description is made.
 */
import { z } from 'zod';

/** One field of the master list of custom data. */
export interface CustomField {
  readonly id: number;
  readonly name: string;
  /** Whether recordings may be searched by it. */
  readonly searchable: boolean;
}

/** Numbers of recordings and segments; those of imported ones leave room for all that come after. */
export const highestId = 999_999_999_999_999;
export const mostPerImport = 500;
const mostSegments = 100;
const mostParticipants = 16;

const idOf = (what: string): z.ZodNumber =>
  z
    .int({ error: `a whole number from 1 to ${highestId}` })
    .min(1, { error: `a whole number from 1 to ${highestId}` })
    .max(highestId, { error: `a whole number from 1 to ${highestId}` })
    .describe(what);
const time = (what: string): z.ZodISODateTime =>
  z.iso.datetime({ offset: true, error: 'a time such as 2026-01-31T12:00:00Z' }).describe(what);
const text = (most: number): z.ZodString => {
  const error = `1 to ${most} characters`;
  return z.string({ error }).min(1, { error }).max(most, { error });
};
const flag = z.boolean({ error: 'true or false' });
const milliseconds = z.int({ error: 'milliseconds' }).min(0, { error: '0 or more' });
const kind = z.enum(['video', 'other'], { error: 'one of video, other' });
const customData = z
  .record(z.string(), z.string())
  .describe('Values of custom data by the names of their fields.');

const sessionIds = {
  sessionId: text(128).optional().describe('Id of the session over all its calls.'),
  ingressCallId: text(256).optional().describe('SIP Call-ID of the side that came in.'),
  egressCallId: text(256).optional().describe('SIP Call-ID of the side that went out.'),
};

/** A recording as a search finds it. */
export const foundSchema = z.object({
  id: idOf('Number of the recording.'),
  call: z.string().describe('Id of the call.'),
  source: z.string().describe('Name of the source that told of it.'),
  account: z.int().describe('Number of the account; 0 when it belongs to none.'),
  caller: z.string().optional(),
  called: z.string().optional(),
  sessionId: sessionIds.sessionId,
  ingressCallId: sessionIds.ingressCallId,
  agentId: z.string().optional(),
  startedAt: time('When it began, UTC.'),
  endedAt: time('When it ended, UTC; absent while it goes on.').optional(),
  inProgress: flag,
  filename: z.string().optional().describe('Name of the media file of its first segment.'),
});
export type FoundView = z.infer<typeof foundSchema>;

export const listSchema = z.object({
  recordings: z.array(foundSchema),
  next: z
    .string()
    .optional()
    .describe('To be given as "cursor" to go on; absent when there is nothing more.'),
});

const participantSchema = z.object({
  leg: z.string().optional().describe('Key of the leg.'),
  aor: z.string().optional().describe('SIP address of record.'),
  name: z.string().optional(),
  calling: flag,
  startedAt: time('When they came, UTC.').optional(),
  endedAt: time('When they left, UTC.').optional(),
});

export const fileStates = ['unknown', 'present', 'missing'] as const;

const segmentSchema = z.object({
  id: idOf('Number of the segment.'),
  sequence: z.int().describe('From 1 within the recording.'),
  leg: z.string().describe('Key of the recorded leg.'),
  startedAt: time('When it began, UTC.'),
  endedAt: time('When it ended, UTC; absent while it goes on.').optional(),
  pauseMs: milliseconds.describe('How long it was paused.'),
  pausedSince: time('Since when it is paused; absent while it is not.').optional(),
  pausedWithSilence: flag.describe('Whether pauses hold silence; otherwise they are cut out.'),
  filename: z.string().optional(),
  fileState: z.enum(fileStates),
  bytes: z.int().optional().describe('Size of the media file when it was last looked at.'),
  sha256: z.string().optional(),
  customData,
  media: z.string().describe('Path of the media file of this segment.'),
});

const supplementSchema = z.object({
  id: z.int(),
  kind,
  filename: z.string(),
  media: z.string().describe('Path of the file.'),
});

/** A recording with all that belongs to it. */
export const dossierSchema = foundSchema.omit({ filename: true }).extend({
  egressCallId: sessionIds.egressCallId,
  route: z.int(),
  rss: z.int().describe('Number of the recorder service.'),
  agentTerminal: z.string().optional(),
  thirdpartyId: z.string().optional(),
  pauseMs: milliseconds.describe('How long it was paused in all.'),
  sensitive: flag,
  neverExpire: flag.describe('Whether retention leaves it alone.'),
  deletionRequested: flag.describe('Whether it is marked to be deleted.'),
  extensions: z.array(z.string()).describe('Everybody by whom the call could be watched.'),
  participants: z.array(participantSchema),
  customData,
  segments: z.array(segmentSchema),
  supplements: z.array(supplementSchema),
});
export type DossierView = z.infer<typeof dossierSchema>;

/** A JSON merge patch: what is absent stays, null takes away. */
export const patchSchema = z.strictObject({
  agentId: text(128).nullable().optional(),
  agentTerminal: text(128).nullable().optional(),
  sensitive: flag.optional(),
  neverExpire: flag.optional(),
  thirdpartyId: text(128).nullable().optional(),
  customData: z.record(z.string(), text(1_024).nullable()).optional(),
});
export type Patch = z.infer<typeof patchSchema>;

const file = text(1_024).describe('Name of the media file, as the platform takes it.');
export const pauseSchema = z.strictObject({
  silence: flag
    .optional()
    .describe('Whether the file holds silence instead of what is paused; true when not given.'),
});
export const splitSchema = z.strictObject({ file: file.optional() });
export const startSchema = z.strictObject({
  leg: text(256).optional().describe('Key of the leg to record; the best one when not given.'),
  file: file.optional(),
});
export const nothingSchema = z.strictObject({});

export const orderedSchema = z.object({
  recording: idOf('Number of the recording.').optional(),
  segment: idOf('Number of the segment that was begun, or told so.').optional(),
});

export const supplementBody = z.strictObject({
  kind,
  file: text(4_095).describe('Path of the file, below a media root.'),
});
export const supplementMade = supplementSchema.omit({ media: true });

/** A recording of another system, which has ended. */
export const importedSchema = z.strictObject({
  id: idOf('Its number there, which it keeps.'),
  call: text(128).optional().describe('Id of the call; "imported-" and the number when not given.'),
  source: text(64).describe('What it comes from.'),
  account: z.int().min(0).max(1_000_000).optional().describe('1 when not given.'),
  route: z.int().min(0).max(1_000_000).optional().describe('1 when not given.'),
  rss: z.int().min(0).max(1_000_000).optional().describe('1 when not given.'),
  caller: text(128).optional(),
  called: text(128).optional(),
  ...sessionIds,
  agentId: text(128).optional(),
  agentTerminal: text(128).optional(),
  thirdpartyId: text(128).optional(),
  startedAt: time('When it began.'),
  endedAt: time('When it ended.'),
  sensitive: flag.optional(),
  neverExpire: flag.optional(),
  extensions: z
    .array(text(128))
    .max(64)
    .optional()
    .describe('By whom it may be found; caller, called and agent when not given.'),
  participants: z.array(participantSchema).max(mostParticipants).optional(),
  customData: z.record(z.string(), text(1_024)).optional(),
  segments: z
    .array(
      z.strictObject({
        id: idOf(
          'Its number there; that of the recording when not given, for the first one.',
        ).optional(),
        leg: text(256).optional(),
        startedAt: time('When it began.'),
        endedAt: time('When it ended.'),
        pauseMs: milliseconds.optional(),
        pausedWithSilence: flag.optional(),
        file: text(4_095).describe('Path of the media file, below a media root.'),
        bytes: z.int().min(0).optional(),
        sha256: z
          .string()
          .regex(/^[0-9a-f]{64}$/, { error: '64 hexadecimal digits' })
          .optional(),
        customData: z.record(z.string(), text(1_024)).optional(),
      }),
      { error: `1 to ${mostSegments} segments` },
    )
    .min(1, { error: `1 to ${mostSegments} segments` })
    .max(mostSegments, { error: `1 to ${mostSegments} segments` }),
});
export type Imported = z.infer<typeof importedSchema>;

export const importAnswer = z.object({ imported: z.int() });

/** One line of what a verification tells. */
export const findingSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('progress'), segments: z.int(), files: z.int() }),
  z.object({
    kind: z.enum(['missing', 'outside']),
    recording: z.int(),
    segment: z.int().optional(),
    supplement: z.int().optional(),
    file: z.string(),
  }),
  z.object({
    kind: z.literal('size'),
    recording: z.int(),
    segment: z.int(),
    file: z.string(),
    known: z.int(),
    bytes: z.int(),
  }),
  z.object({ kind: z.literal('orphan'), file: z.string(), bytes: z.int() }),
  z.object({ kind: z.literal('done'), segments: z.int(), files: z.int(), findings: z.int() }),
  z.object({ kind: z.literal('failed'), detail: z.string() }),
]);
export type Finding = z.infer<typeof findingSchema>;
