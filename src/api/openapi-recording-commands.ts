/** What the description of the HTTP interface says of driving recorders and of fetching media files. */
import {
  type Answer,
  type Body,
  inPath,
  type Operation,
  type Parameter,
  text,
} from './openapi-operation.ts';

const tag = 'Recordings';
const recording = inPath('id', 'Number of the recording.', 17);
const running = inPath('id', 'Number of the recording.', 30);
const segment = inPath('segment', 'Number of the segment.', 22);
const unknownRecording = { 404: ['RECORDING_UNKNOWN'] };
const wrongJson = { 400: ['QUERY_INVALID', 'JSON_MALFORMED'], 413: ['BODY_TOO_LARGE'] };

const ranged: Parameter = {
  name: 'Range',
  in: 'header',
  description: 'One range of bytes (RFC 9110 §14); several are answered with the whole.',
  schema: text,
  example: 'bytes=0-3',
};

function media(
  path: string,
  id: string,
  what: string,
  parameters: readonly Parameter[],
  problems: Readonly<Record<number, readonly string[]>>,
): Operation[] {
  const anyBytes = { type: '*/*', schema: { type: 'string', format: 'binary' } };
  const unchanged: Answer = { description: 'The client has it already (If-None-Match).' };
  const base = { path, tag } as const;
  const get: Operation = {
    ...{ ...base, method: 'get', id: `get${id}`, summary: `Fetch ${what}` },
    description:
      'With the media type of its extension, ETag, Last-Modified and a file name. HEAD tells the same without the bytes.',
    parameters: [...parameters, ranged],
    answers: {
      206: { description: 'The part that was asked for.', ...anyBytes },
      200: { description: 'The whole file.', ...anyBytes },
      304: unchanged,
    },
    problems: { ...problems, 416: ['RANGE_UNSATISFIABLE'], 503: ['DOWNLOADS_BUSY'] },
  };
  const head: Operation = {
    ...{ ...base, method: 'head', id: `head${id}`, summary: `Look at ${what}` },
    parameters,
    answers: { 200: { description: 'Length, type and ETag of the file.' }, 304: unchanged },
    problems,
  };
  return [get, head];
}

const noMedia = ['MEDIA_UNKNOWN', 'MEDIA_MISSING', 'MEDIA_OUTSIDE'];

function command(name: string, summary: string, body: Body): Operation {
  return {
    ...{ method: 'post', path: `/v1/recordings/{id}/${name}`, id: `${name}Recording`, tag },
    ...{ summary, right: 'control', parameters: [running], body: { ...body, isOptional: true } },
    answers: {
      200: {
        description: 'Done, and in the books.',
        schema: 'CommandResult',
        example: { recording: 30, segment: 30 },
      },
      202: { description: 'Done, and not in the books yet.', schema: 'CommandResult' },
    },
    problems: {
      ...wrongJson,
      ...unknownRecording,
      409: ['RECORDING_STATE', 'RECORDING_ENDED'],
      422: ['COMMAND_INVALID'],
      502: ['RECORDER_REFUSED'],
      503: ['RECORDER_UNAVAILABLE'],
    },
  };
}

export const commandOperations: readonly Operation[] = [
  {
    ...{ method: 'post', path: '/v1/calls/{id}/recording', id: 'startRecording', tag },
    summary: 'Start recording a call',
    right: 'control',
    parameters: [inPath('id', 'Id of the call.', '1651d3c9-7bce-51e0-a220-005056c00008')],
    body: { schema: 'StartCommand', example: { file: 'asked-for.wav' }, isOptional: true },
    answers: {
      200: {
        description: 'It is recorded, and in the books.',
        schema: 'CommandResult',
        example: { recording: 30, segment: 30 },
      },
      202: { description: 'It is recorded, and not in the books yet.', schema: 'CommandResult' },
    },
    problems: {
      ...wrongJson,
      404: ['CALL_UNKNOWN'],
      409: ['RECORDING_STATE', 'CALL_ENDED'],
      422: ['COMMAND_INVALID'],
      502: ['RECORDER_REFUSED'],
      503: ['RECORDER_UNAVAILABLE'],
    },
  },
  command('stop', 'Stop a recording', { schema: 'EmptyCommand', example: {} }),
  command('pause', 'Pause a recording', { schema: 'PauseCommand', example: { silence: true } }),
  command('resume', 'Go on with a paused recording', { schema: 'EmptyCommand', example: {} }),
  command('split', 'Go on in another file', {
    ...{ schema: 'SplitCommand', example: { file: 'part-2.wav' } },
  }),
  ...media(
    '/v1/recordings/{id}/media',
    'RecordingMedia',
    'the media file of a recording of one segment',
    [recording],
    { 404: ['RECORDING_UNKNOWN', ...noMedia], 409: ['SEGMENTS_SEVERAL'] },
  ),
  ...media(
    '/v1/recordings/{id}/segments/{segment}/media',
    'SegmentMedia',
    'the media file of a segment',
    [inPath('id', 'Number of the recording.', 21), segment],
    { 404: ['RECORDING_UNKNOWN', 'SEGMENT_UNKNOWN', ...noMedia] },
  ),
  ...media(
    '/v1/supplements/{id}/media',
    'SupplementMedia',
    'what was added to a recording',
    [inPath('id', 'Number of the supplement.', 1)],
    { 404: ['SUPPLEMENT_UNKNOWN', ...noMedia] },
  ),
];
