/**
 * Every message of the JSON encoding as JSON Schema 2020-12, for whoever writes the other side. What a client
 * sends is described by the very schemas it is held against; what the server says by schemas that a test
 * holds every message of a real server against.
 */
import { z } from 'zod';
import { closeCodes } from './close-codes.ts';
import { extensionSchema, requestSchemas } from './json-request-schema.ts';
import { notificationTypes, wire } from './message.ts';

const time = z.iso
  .datetime({ precision: 3 })
  .meta({ id: 'Time', description: 'In UTC, with a Z.' });
const position = z.string().min(1).meta({
  id: 'Position',
  description: 'Opaque: keep it and send it back, nothing else.',
});
const count = z.int().min(0);
const filled = z.string().min(1);
const text = z.string().exactOptional();

const request = z
  .strictObject({ type: filled, id: text })
  .meta({ id: 'Echo', description: 'Type and id of the request, as they were sent.' });

/** The echo of a request of one of these types. */
const echoOf = (types: readonly [string, ...string[]]) =>
  z.strictObject({ type: z.enum(types), id: text });

const source = z
  .strictObject({
    name: filled,
    state: z.enum(['connecting', 'syncing', 'up', 'down']),
    heard: time.describe('When it was last heard.').exactOptional(),
    lag: count
      .describe("Milliseconds from the source's own time of its last signal to when we took it.")
      .exactOptional(),
  })
  .meta({ id: 'Source' });

const known = filled.exactOptional();
const cdrTime = z
  .string()
  .regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}$/)
  .meta({ id: 'CdrTime' });
const number = z.string().regex(/^[0-9]+$/);
const flag = z.enum(['true', 'false']);

const cdr = z
  .strictObject({
    state: z.enum(['0', '1']),
    id: filled,
    ccdr_id: filled,
    modality_id: filled,
    native_id: known,
    native_call_id: known,
    location: known,
    source_ip: known,
    source_caller_id: known,
    source_name: known,
    destination_ip: known,
    destination_caller_id: known,
    destination_name: known,
    start_time: cdrTime,
    end_time: cdrTime.exactOptional(),
    cause_id: number.exactOptional(),
    audio_codec_id: number.exactOptional(),
    direction_id: number,
    signaling_id: number,
    recorder_service_id: number,
    ondemand: flag,
    conference: flag,
    platform_call_id: known,
  })
  .meta({ id: 'Cdr', description: 'The record: every value is the text that its XML holds.' });

const party = z.strictObject({
  number: text,
  name: text,
  role: z.enum(['caller', 'called', 'joined']),
  state: z.enum(['offered', 'ringing', 'connected', 'held']),
  device: text,
  agent: text,
});

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
  left: time.exactOptional(),
  position: count.exactOptional(),
  result: z.enum(['answered', 'abandoned', 'left']).exactOptional(),
  agent: text,
  missedBy: z.array(z.string()),
});

const recording = z.strictObject({
  state: z.enum(['recording', 'paused', 'ended']),
  side: z.enum(['says', 'hears', 'both']).exactOptional(),
  started: time,
  ended: time.exactOptional(),
  file: text,
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
    state: z.enum(['offered', 'ringing', 'connected', 'held', 'ended']),
    revision: z.int().min(1).describe('Counts the events of the call.'),
    source: filled,
    dialled: text,
    answered: time.exactOptional(),
    outcome: z.enum(outcomes).exactOptional(),
    ending: z.enum(['observed', 'reconciled', 'timed-out']).exactOptional(),
    endedBy: z.enum(['caller', 'called', 'platform']).exactOptional(),
    mergedInto: known,
    conference: text,
    parties: z.array(party).describe('Everybody who is in the call now.'),
    transfers: z.array(transfer),
    queue: z.array(queue),
    recordings: z.array(recording),
  })
  .meta({ id: 'Call' });

const { requests } = wire;
const code = z.literal(0);
const seconds = z.int().min(1);

const subscribeAnswer = z
  .strictObject({
    code,
    request: echoOf([requests.subscribe]),
    keepalive: z.strictObject({ time: seconds }).exactOptional(),
    feed: z.strictObject({
      recovered: z.boolean().exactOptional(),
      position,
      calls: count.describe('How many snapshot notifications follow.').exactOptional(),
    }),
  })
  .meta({ id: 'SubscribeAnswer' });

const doneAnswer = z
  .strictObject({
    code,
    request: echoOf([requests.unsubscribe, requests.mute, requests.authenticate]),
  })
  .meta({ id: 'DoneAnswer' });

const ongoingAnswer = z
  .strictObject({
    code,
    request: echoOf([requests.ongoing]),
    calls: z.array(z.strictObject({ id: filled, caller: text, called: text, start: time })),
  })
  .meta({ id: 'OngoingAnswer' });

const detailAnswer = z
  .strictObject({
    code,
    request: echoOf(requests.detail),
    cdr,
  })
  .meta({ id: 'DetailAnswer' });

const muteStateAnswer = z
  .strictObject({
    code,
    request: echoOf([requests.muteState]),
    state: z.strictObject({ callerMuted: z.boolean(), calleeMuted: z.boolean() }),
  })
  .meta({ id: 'MuteStateAnswer' });

const summaryAnswer = z
  .strictObject({
    code,
    request: echoOf([requests.summary]),
    summary: z.strictObject({
      version: filled,
      uptime: count.describe('Seconds.'),
      subscribers: count,
      calls: count,
      sources: z.array(source),
    }),
  })
  .meta({ id: 'SummaryAnswer' });

const failure = z
  .strictObject({
    code: z.literal(2),
    request: request.exactOptional(),
    error: z.strictObject({
      description: z.enum([
        'Invalid Request',
        'Unknown Request',
        'Call Not Found',
        'Not Authorized',
        'Processing Error',
      ]),
      text: z.string(),
    }),
  })
  .meta({ id: 'Failure' });

const sourceTypes = ['SourceGap', 'SourceUp'] as const;
const callTypes = notificationTypes.filter((type) => type !== 'SourceGap' && type !== 'SourceUp');
const reasons = Object.keys(closeCodes);

const keepalive = z
  .strictObject({
    code,
    keepalive: z.strictObject({ time: seconds, position: position.exactOptional() }),
    sources: z.array(source),
  })
  .meta({ id: 'Keepalive' });

const callNotification = z
  .strictObject({
    notification: z.enum(callTypes),
    position,
    snapshot: z.literal(true).exactOptional(),
    cdr,
    call,
  })
  .meta({ id: 'CallNotification' });

const sourceNotification = z
  .strictObject({
    notification: z.enum(sourceTypes),
    position,
    source: z.strictObject({ name: filled, from: time, to: time.exactOptional(), reason: text }),
  })
  .meta({ id: 'SourceNotification' });

const goodbye = z
  .strictObject({
    notification: z.literal(wire.goodbye),
    reason: z.enum(reasons),
    position: position.exactOptional(),
  })
  .meta({ id: 'Goodbye' });

/** Everything that the server says. */
export const serverMessage = z
  .union([
    subscribeAnswer,
    doneAnswer,
    ongoingAnswer,
    detailAnswer,
    muteStateAnswer,
    summaryAnswer,
    failure,
    keepalive,
    callNotification,
    sourceNotification,
    goodbye,
  ])
  .meta({ id: 'ServerMessage' });

/** Everything that a client may say. */
const clientMessage = z.union(Object.values(requestSchemas)).meta({ id: 'Request' });

/** The document that stands in protocol/feed/feed.schema.json. */
export function publishedSchema(): unknown {
  const message = z.union([clientMessage, serverMessage]).meta({
    title: 'The feed protocol in JSON',
    description:
      'One message of either side: Request is what a client sends, ServerMessage what it gets.',
  });
  return z.toJSONSchema(message, {
    io: 'input',
    override: ({ jsonSchema, zodSchema }) => {
      if (zodSchema === extensionSchema) describeExtension(jsonSchema);
    },
  });
}

/** The ways to name extensions, each as a form of its own. */
function describeExtension(jsonSchema: z.core.JSONSchema.BaseSchema): void {
  const { properties = {} } = jsonSchema;
  for (const key of ['type', 'properties', 'additionalProperties'] as const) delete jsonSchema[key];
  jsonSchema.anyOf = [['number'], ['prefix'], ['from', 'to']].map((required) => ({
    type: 'object',
    properties: Object.fromEntries(required.map((name) => [name, properties[name] ?? {}])),
    required,
    additionalProperties: false,
  }));
  jsonSchema.description =
    'A number, what numbers begin with, or a range of numbers of as many digits, both ends included.';
}
