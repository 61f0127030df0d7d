/** What the description of the HTTP interface says of calls, their records, and what is sent in. */
import { inPath, inQuery, integer, type Operation, text } from './openapi-operation.ts';

const call = '1651d3c9-7bce-51e0-a220-005056c00008';
const extension = inQuery('extension', 'Only those of this extension; may be repeated.');
const count = integer(0);

export const callSchemas = {
  Call: {
    type: 'object',
    description: 'A call with its parties, legs and recordings.',
    properties: {
      id: text,
      source: text,
      state: { enum: ['offered', 'ringing', 'connected', 'held', 'ended'] },
      extensions: { type: 'array', items: text },
      legs: { type: 'array', items: { type: 'object' } },
      recordings: { type: 'array', items: { type: 'object' } },
    },
    required: ['id', 'source', 'state', 'extensions', 'legs', 'recordings'],
  },
  CallList: {
    type: 'object',
    properties: {
      position: { ...text, description: 'Where the feed goes on from here.' },
      calls: { type: 'array', items: { $ref: '#/components/schemas/Call' } },
    },
    required: ['position', 'calls'],
  },
  CdrList: {
    type: 'object',
    properties: {
      cdrs: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            ...{ callId: text, source: text, caller: text, called: text, outcome: text },
            ...{ startedAtMs: { type: 'number' }, endedAtMs: { type: 'number' }, seq: count },
            extensions: { type: 'array', items: text },
          },
          required: ['callId', 'source', 'startedAtMs', 'endedAtMs', 'extensions', 'seq'],
        },
      },
      before: { ...count, description: 'To be given as "before" to go on.' },
    },
    required: ['cdrs'],
  },
  SignalsTaken: {
    type: 'object',
    properties: { accepted: count, duplicates: count, ignored: { type: 'array' } },
    required: ['accepted', 'duplicates', 'ignored'],
  },
  ObjectsTaken: { type: 'object', properties: { accepted: count }, required: ['accepted'] },
};

const intakeProblems = {
  400: ['JSON_MALFORMED'],
  413: ['BODY_TOO_LARGE'],
  503: ['INGEST_BUSY', 'INGEST_UNDECIDED'],
};

export const callOperations: readonly Operation[] = [
  {
    ...{ method: 'get', path: '/v1/calls', id: 'listCalls', tag: 'Calls' },
    summary: 'List the calls that go on, the oldest first',
    parameters: [extension],
    answers: {
      200: { description: 'The calls, and the position in the feed.', schema: 'CallList' },
    },
    problems: { 400: ['QUERY_INVALID'] },
  },
  {
    ...{ method: 'get', path: '/v1/calls/{id}', id: 'getCall', tag: 'Calls' },
    summary: 'Show a call that goes on or has ended',
    parameters: [inPath('id', 'Id of the call.', call)],
    answers: { 200: { description: 'The call.', schema: 'Call' } },
    problems: { 404: ['CALL_UNKNOWN'] },
  },
  {
    ...{ method: 'get', path: '/v1/cdrs', id: 'listCdrs', tag: 'Calls' },
    summary: 'List the calls that ended last, the newest first',
    parameters: [
      extension,
      inQuery('limit', 'At most so many.', { ...integer(1, 500), default: 50 }, 10),
      inQuery('before', 'The "before" of the answer before.', integer(1)),
    ],
    answers: { 200: { description: 'Calls that have ended.', schema: 'CdrList' } },
    problems: { 400: ['QUERY_INVALID'] },
  },
  {
    ...{ method: 'get', path: '/v1/cdrs/{id}', id: 'getCdr', tag: 'Calls' },
    summary: 'Fetch the record of a call',
    parameters: [inPath('id', 'Id of the call.', call)],
    answers: {
      200: { description: 'One verbacdr element.', type: 'application/xml', schema: text },
    },
    problems: { 404: ['CALL_UNKNOWN'], 406: ['FORM_UNKNOWN'] },
  },
  {
    ...{ method: 'post', path: '/v1/signals', id: 'sendSignals', tag: 'Ingest' },
    summary: 'Tell what happens in a telephony system',
    description:
      'Where a source of the type "ingest" is configured, with the token of that source.',
    body: {
      schema: {
        type: 'array',
        description: 'What may stand here says signals.schema.json.',
        items: {
          type: 'object',
          properties: { kind: text },
          required: ['kind'],
          additionalProperties: true,
        },
      },
      example: [
        {
          ...{ kind: 'leg.offered', id: 's-1', at: '2026-01-05T09:00:00+01:00', leg: 'A' },
          facts: { call: 'A', number: '+493023125001', dialled: '1001' },
        },
      ],
    },
    answers: { 200: { description: 'On the disk.', schema: 'SignalsTaken' } },
    problems: { ...intakeProblems, 422: ['SIGNALS_INVALID'] },
  },
  {
    ...{ method: 'post', path: '/v1/models', id: 'sendModels', tag: 'Ingest' },
    summary: 'Tell of objects that no call shows, such as voicemail',
    description:
      'Where a source of the type "ingest" is configured, with the token of that source.',
    body: {
      schema: {
        type: 'object',
        description: 'What may stand here says models.schema.json.',
        properties: { objects: { type: 'array', items: { type: 'object' } } },
        required: ['objects'],
      },
      example: {
        objects: [
          { model: 'voicemail', id: 'vm-1', lane: '1001', object: { filename: 'vm-1.wav' } },
        ],
      },
    },
    answers: { 202: { description: 'They are told.', schema: 'ObjectsTaken' } },
    problems: { ...intakeProblems, 422: ['OBJECTS_INVALID'] },
  },
];
