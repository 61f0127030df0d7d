/**
 * What a receiver of the dialect `standard` gets, as a schema: the published JSON Schema
 * (protocol/webhook/standard) is made from it, and a test holds every event against it. Names are those of
 * the feed's JSON wherever both tell the same.
 */
import { z } from 'zod';
import type { CallEventKind } from '../../call/event.ts';

const time = z.iso
  .datetime({ precision: 3 })
  .meta({ id: 'Time', description: 'ISO 8601 with milliseconds, in UTC, with a Z.' });
const text = z.string().optional();
const count = z.int().min(0);

const person = z
  .strictObject({ number: text, name: text, address: text })
  .meta({ id: 'Person', description: 'What is known of a party; nothing may be.' });

const cause = z
  .strictObject({ code: z.int().describe('Q.850 cause number.'), text })
  .meta({ id: 'Cause' });

const party = z
  .strictObject({
    number: text,
    name: text,
    role: z
      .enum(['caller', 'called', 'joined'])
      .describe('Began the call, was dialled, or came from another call.'),
    state: z
      .enum(['offered', 'ringing', 'connected', 'held', 'ended'])
      .describe('`held`: this party put the other on hold. `ended`: it has left.'),
    device: text,
    agent: z.string().describe("The queue agent at this party's phone.").optional(),
    offered: time,
    ringing: time.optional(),
    answered: time.optional(),
    ended: time.optional(),
    cause: cause.optional(),
  })
  .meta({ id: 'Party' });

const hold = z.strictObject({ by: text, from: time, to: time.optional() });

const transfer = z.strictObject({
  style: z.enum(['blind', 'attended']),
  by: text,
  transferee: text,
  to: text,
  at: time,
});

const queue = z.strictObject({
  name: z.string(),
  joined: time,
  left: time.optional(),
  position: count.optional(),
  result: z.enum(['answered', 'abandoned', 'left']).optional(),
  agent: text,
  missedBy: z.array(z.string()).describe('Agents that were rung and did not answer, in order.'),
});

const side = z.enum(['says', 'hears', 'both']);

const recording = z.strictObject({
  id: count.describe('Number of this segment: one media file.'),
  recording: count.describe('Number of the recording, which is that of its first segment.'),
  state: z.enum(['recording', 'paused', 'ended']),
  side: side
    .describe('What a paused recording leaves out, seen from the recorded party.')
    .optional(),
  number: z.string().describe('Number of the recorded party.').optional(),
  started: time,
  ended: time.optional(),
  file: text,
  pauses: z.array(
    z.strictObject({
      side,
      cut: z
        .literal(true)
        .describe('The file leaves this stretch out; otherwise it holds silence.')
        .optional(),
      from: time,
      to: time.optional(),
    }),
  ),
});

const outcomes = [
  'answered',
  'missed',
  'unreachable',
  'busy',
  'rejected',
  'cancelled',
  'abandoned',
  'failed',
  'merged',
  'unknown',
] as const;

const call = z
  .strictObject({
    id: z.string().min(1).describe('The same in all events of the call.'),
    source: z.string().min(1),
    platformId: z.string().describe("The telephony system's own name of the call.").optional(),
    revision: z.int().min(1).describe('Counts the events of the call, from 1.'),
    state: z.enum(['offered', 'ringing', 'connected', 'held', 'ended']),
    direction: z.enum(['internal', 'incoming', 'outgoing', 'external']),
    caller: person,
    called: person,
    dialled: text,
    started: time,
    answered: time.optional(),
    ended: time.optional(),
    outcome: z.enum(outcomes).optional(),
    ending: z
      .enum(['observed', 'reconciled', 'timed-out'])
      .describe('How we know that it ended: seen, concluded, or given up with its source.')
      .optional(),
    endedBy: z.enum(['caller', 'called', 'platform']).optional(),
    cause: cause.optional(),
    mergedInto: z.string().describe('Id of the call in which its parties went on.').optional(),
    conference: text,
    parties: z.array(party).describe('Everybody who is in the call now; nobody once it has ended.'),
    formerParties: z.array(party).describe('Everybody who has left it.'),
    holds: z.array(hold),
    transfers: z.array(transfer),
    queue: z.array(queue),
    recordings: z.array(recording),
  })
  .meta({ id: 'Call', description: 'The whole call after what happened.' });

const head = {
  id: z.string().min(1).describe('As in the header webhook-id: the same on every repeat.'),
  timestamp: time.describe('When it happened; the header has the time of the attempt.'),
  sequence: count.describe('Counts the events of the call, from 1; 0 for what is of no call.'),
};

/** The events of a call that it is told of. */
export const callTypes = [
  'call.started',
  'call.answered',
  'call.updated',
  'call.ended',
  'recording.started',
  'recording.paused',
  'recording.resumed',
  'recording.ended',
] as const satisfies readonly CallEventKind[];

const ofCall = z
  .strictObject({
    ...head,
    type: z.enum(callTypes),
    data: z.strictObject({
      call,
      joined: z
        .array(z.string())
        .describe(
          'Extensions that this event added to the call: to them, it becomes visible here.',
        ),
    }),
  })
  .meta({ id: 'CallEvent' });

const commandFailed = z
  .strictObject({
    ...head,
    type: z.literal('recording.command-failed'),
    data: z.strictObject({
      command: z.enum(['start', 'pause', 'resume', 'stop', 'split']),
      reason: z.string(),
      number: z.string().describe('Number of the party that was meant.').optional(),
      call,
    }),
  })
  .meta({ id: 'CommandFailed' });

const ofSource = z
  .strictObject({
    ...head,
    type: z.enum(['source.gap', 'source.up']),
    data: z.strictObject({
      source: z.strictObject({
        name: z.string().min(1),
        from: time.describe('When sight of it was lost.'),
        to: time.describe('When it came back.').optional(),
        reason: text,
      }),
    }),
  })
  .meta({ id: 'SourceEvent' });

const ofModel = z
  .strictObject({
    ...head,
    type: z.string().regex(/^model\.[a-z_]{1,57}$/),
    data: z.strictObject({ object: z.record(z.string(), z.unknown()) }),
  })
  .meta({ id: 'ModelEvent', description: 'An object of a model, as it was given to us.' });

const notified = z
  .strictObject({
    ...head,
    type: z.literal('event.notified'),
    data: z.strictObject({
      event: z.strictObject({
        name: z.string().min(1).describe('Name of the event, as a policy has it.'),
        parameters: z
          .record(z.string(), z.string())
          .describe('What was told with it, by the names of whoever told it.'),
      }),
    }),
  })
  .meta({ id: 'NotifiedEvent' });

/** The body of a request. */
export const eventSchema = z.union([ofCall, commandFailed, ofSource, ofModel, notified]);

export type StandardEvent = z.input<typeof eventSchema>;
export type StandardCall = z.input<typeof call>;

/** The document that stands in protocol/webhook/standard/event.schema.json. */
export function publishedSchema(): unknown {
  const body = eventSchema.meta({
    title: 'The body of a webhook of the dialect "standard"',
    description: 'One event. New types, and new members, may be added.',
  });
  return z.toJSONSchema(body, {
    io: 'input',
    override: ({ jsonSchema }) => {
      // `date-time` says what the half page of digits in zod's pattern says.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
    },
  });
}
