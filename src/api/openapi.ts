/**
 * `GET /v1/openapi.json`: the HTTP interface described in OpenAPI 3.1, made of the operations that stand in files of
 * their own, and of the schemas by which bodies are read.
 */
import type { FastifyPluginCallback } from 'fastify';
import { badQuery } from './answer.ts';
import { callOperations, callSchemas } from './openapi-calls.ts';
import {
  type Answer,
  type Body,
  componentsOf,
  type Operation,
  type Parameter,
  type Schema,
  text,
} from './openapi-operation.ts';
import { commandOperations } from './openapi-recording-commands.ts';
import { recordingOperations, recordingSchemas } from './openapi-recordings.ts';
import { webhookOperations, webhookSchemas } from './openapi-webhooks.ts';
import { readQuery } from './query.ts';
import type { CustomField } from './recording-schemas.ts';

export interface Description {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly [member: string]: unknown;
}

const description: Operation = {
  ...{ method: 'get', path: '/v1/openapi.json', id: 'getDescription', tag: 'Description' },
  summary: 'Fetch this description',
  answers: { 200: { description: 'An OpenAPI document.', schema: { type: 'object' } } },
  problems: { 400: ['QUERY_INVALID'] },
};

/** What every operation may answer. */
const everywhere: Readonly<Record<number, readonly string[]>> = {
  401: ['UNAUTHORIZED'],
  429: ['TOO_MANY_REQUESTS'],
  500: ['INTERNAL'],
  503: ['STORE_UNAVAILABLE'],
};

const rights = {
  control: 'The token must have control = true.',
  manage: 'The token must have manage = true.',
};

/** @param fields the master list of custom data; searchable ones are criteria */
export function operationsOf(fields: readonly CustomField[]): readonly Operation[] {
  return [
    ...recordingOperations(fields),
    ...commandOperations,
    ...callOperations,
    ...webhookOperations,
    description,
  ];
}

/** The whole document. @param fields as for `operationsOf` */
export function describeApi(fields: readonly CustomField[]): Description {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operationsOf(fields)) {
    (paths[operation.path] ??= {})[operation.method] = describe(operation);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'offhook',
      version: '1',
      summary: 'Calls, recordings, and who is told of them.',
      description:
        'Times are ISO 8601. What lies outside the extensions of a token does not exist for it. Errors are problem details (RFC 9457) with a stable code.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The server that gave this description.' }],
    security: [{ bearer: [] }],
    tags: [
      { name: 'Recordings', description: 'What is and was recorded.' },
      { name: 'Calls', description: 'What goes on, and what has ended.' },
      { name: 'Ingest', description: 'What telephony systems tell.' },
      { name: 'Destinations', description: 'Who is told of calls over HTTP.' },
      { name: 'Deliveries', description: 'What they are told, and what came of it.' },
      { name: 'Description', description: 'This document.' },
    ],
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'A token of `offhook tokens`; needed once there is one.',
        },
      },
      schemas: {
        ...componentsOf(recordingSchemas),
        ...callSchemas,
        ...webhookSchemas,
        Problem: {
          type: 'object',
          description: 'Problem details (RFC 9457).',
          properties: {
            status: { type: 'integer' },
            title: text,
            code: { ...text, description: 'For programs; does not change.' },
            detail: { ...text, description: 'What was seen, and what was expected.' },
            problems: { type: 'array', items: { type: 'object' } },
          },
          required: ['status', 'title', 'code', 'detail'],
        },
      },
    },
  };
}

function describe(operation: Operation): Readonly<Record<string, unknown>> {
  const { id, tag, summary, right, parameters, body } = operation;
  const words = [operation.description, right && rights[right]].filter(Boolean).join(' ');
  const forbidden = right && [`${right.toUpperCase()}_FORBIDDEN`, 'ORIGIN_FOREIGN'];
  return {
    ...{ operationId: id, tags: [tag], summary },
    ...(words !== '' && { description: words }),
    ...(parameters !== undefined && { parameters: parameters.map(describeParameter) }),
    ...(body !== undefined && { requestBody: describeBody(body) }),
    responses: {
      ...Object.fromEntries(
        Object.entries(operation.answers).map(([status, each]) => [status, describeAnswer(each)]),
      ),
      ...problemsOf(operation, body !== undefined, forbidden),
    },
  };
}

function describeParameter({ in: place, ...parameter }: Parameter): unknown {
  return { ...parameter, in: place, required: place === 'path' };
}

function describeBody({ schema, example, type = 'application/json', isOptional }: Body): unknown {
  return {
    required: isOptional !== true,
    content: { [type]: { schema: schemaOf(schema), example } },
  };
}

function describeAnswer({ description: said, schema, type, example }: Answer): unknown {
  if (schema === undefined) return { description: said };
  const given = example === undefined ? {} : { example };
  const content = { [type ?? 'application/json']: { schema: schemaOf(schema), ...given } };
  return { description: said, content };
}

function schemaOf(schema: Schema): Readonly<Record<string, unknown>> {
  return typeof schema === 'string' ? { $ref: `#/components/schemas/${schema}` } : schema;
}

/** HEAD has no body, so its codes are told in words alone. */
function problemsOf(
  { method, problems = {} }: Operation,
  hasBody: boolean,
  forbidden: readonly string[] | undefined,
): Readonly<Record<string, unknown>> {
  const codes = new Map<number, readonly string[]>();
  const all = [
    problems,
    everywhere,
    hasBody ? { 415: ['CONTENT_TYPE_UNKNOWN'] } : {},
    forbidden === undefined ? {} : { 403: forbidden },
  ];
  for (const each of all.flatMap((table) => Object.entries(table))) {
    const status = Number(each[0]);
    codes.set(status, [...(codes.get(status) ?? []), ...each[1]]);
  }
  const content = {
    'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
  };
  return Object.fromEntries(
    [...codes].map(([status, names]) => [
      status,
      { description: `${names.join(', ')}.`, ...(method !== 'head' && { content }) },
    ]),
  );
}

/** @param fields as for `operationsOf`; may be changed in place */
export function descriptionRoute(fields: readonly CustomField[]): FastifyPluginCallback {
  let made: { readonly of: string; readonly body: string } | undefined;
  return (app, _options, done) => {
    app.get('/v1/openapi.json', (request, reply) => {
      const query = readQuery(request.url, []);
      if (query.kind === 'wrong') return badQuery(reply, query.detail);
      // Custom data may be configured anew while the server runs.
      const of = JSON.stringify(fields);
      if (made?.of !== of) made = { of, body: JSON.stringify(describeApi(fields)) };
      return reply.type('application/json; charset=utf-8').send(made.body);
    });
    done();
  };
}
