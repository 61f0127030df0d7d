/** What the description of the HTTP interface says of recordings. */
import {
  inPath,
  inQuery,
  instant,
  integer,
  type Operation,
  type Parameter,
  text,
} from './openapi-operation.ts';
import { criterionNames, mostListed, usualLimit } from './recording-query.ts';
import {
  type CustomField,
  dossierSchema,
  findingSchema,
  importAnswer,
  importedSchema,
  listSchema,
  mostPerImport,
  nothingSchema,
  orderedSchema,
  patchSchema,
  pauseSchema,
  splitSchema,
  startSchema,
  supplementBody,
  supplementMade,
} from './recording-schemas.ts';

const tag = 'Recordings';

export const recordingSchemas = {
  Recording: dossierSchema,
  RecordingList: listSchema,
  RecordingPatch: patchSchema,
  PauseCommand: pauseSchema,
  SplitCommand: splitSchema,
  StartCommand: startSchema,
  EmptyCommand: nothingSchema,
  CommandResult: orderedSchema,
  SupplementRequest: supplementBody,
  Supplement: supplementMade,
  ImportedRecording: importedSchema,
  ImportResult: importAnswer,
  Finding: findingSchema,
};

const criterionWords: Readonly<Record<string, string>> = {
  caller: 'Number of the caller.',
  called: 'Number that was called.',
  agent: 'Id of the agent.',
  terminal: "The agent's terminal.",
  call: 'Id of the call.',
  source: 'Name of the source that told of it.',
  sessionId: 'Id of the session over all its calls.',
  ingressCallId: 'SIP Call-ID of the side that came in.',
  egressCallId: 'SIP Call-ID of the side that went out.',
  thirdpartyId: 'Id that somebody else has given it.',
  filename: 'Name of the media file of any of its segments.',
  aor: 'SIP address of record of any participant.',
  recording: 'Number of the recording.',
  segment: 'Number of any of its segments.',
  account: 'Number of the account.',
  rss: 'Number of the recorder service.',
  inProgress: 'Whether it goes on.',
  hasVideo: 'Whether video belongs to it.',
  hasSupplements: 'Whether anything has been added to it.',
  startedFrom: 'Begun then or later.',
  startedThrough: 'Begun then or earlier.',
  endedFrom: 'Ended then or later.',
  endedThrough: 'Ended then or earlier.',
};

function criteria(fields: readonly CustomField[]): readonly Parameter[] {
  const { texts, numbers, flags, times } = criterionNames;
  const of = (names: readonly string[], schema: Readonly<Record<string, unknown>>): Parameter[] =>
    names.map((name) => inQuery(name, criterionWords[name] ?? '', schema));
  const custom = fields.filter(({ searchable }) => searchable);
  return [
    ...of(texts, text).map((each) =>
      each.name === 'called' ? { ...each, example: '1001' } : each,
    ),
    ...of(numbers, integer(0)),
    ...of(flags, { type: 'boolean' }),
    ...of(times, instant),
    ...custom.map(({ name }) => inQuery(`custom.${name}`, `Value of the custom field ${name}.`)),
    inQuery('limit', 'At most so many.', { ...integer(1, mostListed), default: usualLimit }, 10),
    inQuery('cursor', 'The "next" of the answer before.'),
  ];
}

const recording = inPath('id', 'Number of the recording.', 17);
const unknownRecording = { 404: ['RECORDING_UNKNOWN'] };
const wrongJson = { 400: ['QUERY_INVALID', 'JSON_MALFORMED'], 413: ['BODY_TOO_LARGE'] };

const dossierExample = {
  id: 17,
  call: '1651d3c9-7bce-51e0-a220-005056c00008',
  source: 'pbx',
  account: 1,
  caller: '+4930123',
  called: '1001',
  startedAt: '2026-11-20T09:16:00.000Z',
  endedAt: '2026-11-20T09:16:30.000Z',
  inProgress: false,
};

const wholeExample = {
  ...dossierExample,
  ...{ route: 1, rss: 1, pauseMs: 0, sensitive: false, neverExpire: false },
  deletionRequested: false,
  extensions: ['+4930123', '1001'],
  participants: [{ leg: 'called', aor: 'sip:1001@10.0.0.5', name: 'Anna', calling: false }],
  customData: { Ticket: 'T-4711' },
  segments: [
    {
      ...{ id: 17, sequence: 1, leg: 'called', startedAt: '2026-11-20T09:16:00.000Z' },
      ...{ endedAt: '2026-11-20T09:16:30.000Z', pauseMs: 0, pausedWithSilence: false },
      ...{ filename: 'rec-17.wav', fileState: 'present', bytes: 480_044, customData: {} },
      media: '/v1/recordings/17/segments/17/media',
    },
  ],
  supplements: [],
};

/** All but what drives recorders and what fetches files. */
export function recordingOperations(fields: readonly CustomField[]): readonly Operation[] {
  return [
    {
      ...{ method: 'get', path: '/v1/recordings', id: 'listRecordings', tag },
      summary: 'Search recordings, the newest first',
      description:
        'All criteria that are given must hold; texts are compared as they are. Searchable custom data are criteria by the name "custom." and that of the field. A page may be shorter than its limit and yet have a "next": go on until there is none.',
      parameters: criteria(fields),
      answers: {
        200: {
          description: 'A page of recordings.',
          schema: 'RecordingList',
          example: { recordings: [dossierExample], next: 'MTc2MzYzMDE2MDAwMC8xNw' },
        },
      },
      problems: { 400: ['QUERY_INVALID'], 503: ['SEARCHES_BUSY'] },
    },
    {
      ...{ method: 'get', path: '/v1/recordings/{id}', id: 'getRecording', tag },
      summary: 'Show a recording with all that belongs to it',
      parameters: [recording],
      answers: {
        200: { description: 'The recording.', schema: 'Recording', example: wholeExample },
      },
      problems: unknownRecording,
    },
    {
      ...{ method: 'patch', path: '/v1/recordings/{id}', id: 'changeRecording', tag },
      summary: 'Change what people say of a recording',
      description: 'A JSON merge patch (RFC 7396): what is absent stays, null takes away.',
      right: 'control',
      parameters: [recording],
      body: {
        schema: 'RecordingPatch',
        example: { agentId: 'ben', sensitive: true },
        type: 'application/merge-patch+json',
      },
      answers: {
        200: { description: 'As it is now.', schema: 'Recording', example: wholeExample },
      },
      problems: { ...wrongJson, ...unknownRecording, 422: ['RECORDING_INVALID'] },
    },
    {
      ...{ method: 'delete', path: '/v1/recordings/{id}', id: 'deleteRecording', tag },
      summary: 'Mark a recording to be deleted',
      description:
        'Files and rows go soon, those of a recording in progress once its call has ended.',
      right: 'control',
      parameters: [recording],
      answers: {
        202: {
          description: 'It is marked.',
          schema: {
            type: 'object',
            properties: { id: integer(1), deletionRequested: { const: true } },
            required: ['id', 'deletionRequested'],
          },
          example: { id: 17, deletionRequested: true },
        },
      },
      problems: unknownRecording,
    },
    {
      ...{ method: 'post', path: '/v1/recordings/{id}/supplements', id: 'addSupplement', tag },
      summary: 'Add a file to a recording, such as video of a screen',
      right: 'manage',
      parameters: [recording],
      body: { schema: 'SupplementRequest', example: { kind: 'video', file: 'screen.webm' } },
      answers: {
        201: {
          description: 'It is added; Location says where it can be fetched.',
          schema: 'Supplement',
          example: { id: 2, kind: 'video', filename: 'screen.webm' },
        },
      },
      problems: { ...wrongJson, ...unknownRecording, 422: ['SUPPLEMENT_INVALID'] },
    },
    {
      ...{ method: 'post', path: '/v1/recordings/import', id: 'importRecordings', tag },
      summary: 'Take over recordings of another system, under their own numbers',
      description: `All of a request are taken or none. At most ${mostPerImport} in a megabyte; application/x-ndjson with a recording a line is read, too.`,
      right: 'manage',
      body: {
        schema: {
          type: 'array',
          items: { $ref: '#/components/schemas/ImportedRecording' },
          ...{ minItems: 1, maxItems: mostPerImport },
        },
        example: [
          {
            ...{ id: 90_001, source: 'old-recorder', caller: '+4930123', called: '1001' },
            ...{ startedAt: '2025-01-31T12:00:00Z', endedAt: '2025-01-31T12:01:00Z' },
            segments: [
              {
                ...{ startedAt: '2025-01-31T12:00:00Z', endedAt: '2025-01-31T12:01:00Z' },
                file: '2025/01/90001.wav',
              },
            ],
          },
        ],
      },
      answers: {
        200: {
          description: 'They are taken over.',
          schema: 'ImportResult',
          example: { imported: 1 },
        },
      },
      problems: { ...wrongJson, 409: ['RECORDINGS_EXIST'], 422: ['RECORDINGS_INVALID'] },
    },
    {
      ...{ method: 'post', path: '/v1/recordings/verify', id: 'verifyRecordings', tag },
      summary: 'Compare rows and media files',
      description:
        'A JSON object a line, as it goes on: progress, what is amiss, and in the end "done" or "failed".',
      right: 'manage',
      answers: {
        200: {
          description: 'Findings, a line each.',
          type: 'application/x-ndjson',
          schema: 'Finding',
          example: { kind: 'done', segments: 2, files: 2, findings: 0 },
        },
      },
      problems: { 400: ['QUERY_INVALID'], 409: ['VERIFY_UNDER_WAY'] },
    },
  ];
}
