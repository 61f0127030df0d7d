/** What the description of the HTTP interface says of destinations and deliveries. */
import { inPath, inQuery, instant, integer, type Operation, text } from './openapi-operation.ts';
import { deliveryStates } from './webhooks.ts';

const count = integer(0);
const counters = {
  type: 'object',
  properties: { waiting: count, delivered: count, collapsed: count, expired: count, dead: count },
  required: ['waiting', 'delivered', 'collapsed', 'expired', 'dead'],
};
const delivery = {
  id: integer(1),
  ...{ destination: text, call: text, topic: text, reason: text, attempts: count },
  state: { enum: deliveryStates },
  madeAt: instant,
};
const required = ['id', 'destination', 'topic', 'state', 'attempts', 'madeAt'];

export const webhookSchemas = {
  Destination: {
    type: 'object',
    properties: {
      ...{ id: text, dialect: text, status: text, reason: text, counters },
      origin: { enum: ['file', 'api'] },
      paused: { type: 'boolean' },
      settings: { type: 'object', description: 'As it was written, secrets hidden.' },
    },
    required: ['id', 'dialect', 'origin', 'status', 'paused', 'counters', 'settings'],
  },
  DestinationList: {
    type: 'object',
    properties: {
      destinations: { type: 'array', items: { $ref: '#/components/schemas/Destination' } },
    },
    required: ['destinations'],
  },
  DestinationSettings: {
    type: 'object',
    description: 'The settings of a [[destination]]; SETTINGS.md has all of them.',
    properties: { id: text, dialect: text, url: text },
    required: ['dialect'],
    additionalProperties: true,
  },
  Delivery: { type: 'object', properties: delivery, required },
  DeliveryList: {
    type: 'object',
    properties: {
      deliveries: { type: 'array', items: { $ref: '#/components/schemas/Delivery' } },
      before: { ...integer(1), description: 'To be given as "before" to go on.' },
    },
    required: ['deliveries'],
  },
  ReplayRequest: {
    type: 'object',
    properties: {
      ...{ destination: text, from: instant, through: instant },
      state: { enum: ['dead', 'expired', 'collapsed', 'delivered', 'any'] },
    },
    minProperties: 1,
    additionalProperties: false,
  },
  Replayed: { type: 'object', properties: { replayed: count }, required: ['replayed'] },
  Tried: { type: 'object', properties: { delivery: integer(1) }, required: ['delivery'] },
  Why: {
    type: 'object',
    properties: { verdict: text, because: { type: 'array', items: text } },
    required: ['verdict', 'because'],
  },
};

const destination = inPath('id', 'Name of the destination.', 'crm');
const wrongJson = { 400: ['QUERY_INVALID', 'JSON_MALFORMED'], 413: ['BODY_TOO_LARGE'] };
const unknown = { 404: ['DESTINATION_UNKNOWN'] };
const unknownDelivery = { 404: ['DELIVERY_UNKNOWN'] };
const shown = { 200: { description: 'As it is now.', schema: 'Destination' } };
const settings = { dialect: 'standard', url: 'https://receiver.example/hook' };
const secrets = [`whsec_${'c2VjcmV0'.repeat(5)}c2U=`];

const ofDestinations = { tag: 'Destinations', right: 'manage' } as const;
const ofDeliveries = { tag: 'Deliveries', right: 'manage' } as const;

export const webhookOperations: readonly Operation[] = [
  {
    ...ofDestinations,
    ...{ method: 'get', path: '/v1/destinations', id: 'listDestinations' },
    summary: 'List the destinations and how they are',
    answers: { 200: { description: 'All of them.', schema: 'DestinationList' } },
    problems: { 400: ['QUERY_INVALID'] },
  },
  {
    ...ofDestinations,
    ...{ method: 'post', path: '/v1/destinations', id: 'addDestination' },
    summary: 'Make a destination',
    body: {
      schema: 'DestinationSettings',
      example: { id: 'crm-2', ...settings, standard: { secrets } },
    },
    answers: { 201: { description: 'It is made.', schema: 'Destination' } },
    problems: { ...wrongJson, 409: ['DESTINATION_EXISTS'], 422: ['DESTINATION_INVALID'] },
  },
  {
    ...ofDestinations,
    ...{ method: 'get', path: '/v1/destinations/{id}', id: 'getDestination' },
    summary: 'Show a destination with all that is set, secrets hidden',
    parameters: [destination],
    answers: { 200: { description: 'The destination.', schema: 'Destination' } },
    problems: unknown,
  },
  {
    ...ofDestinations,
    ...{ method: 'put', path: '/v1/destinations/{id}', id: 'putDestination' },
    summary: 'Replace a destination as a whole; "***" keeps a secret',
    parameters: [destination],
    body: {
      schema: 'DestinationSettings',
      example: { id: 'crm', ...settings, standard: { secrets } },
    },
    answers: shown,
    problems: {
      ...{ ...wrongJson, ...unknown },
      ...{ 409: ['DESTINATION_FROM_FILE'], 422: ['DESTINATION_INVALID'] },
    },
  },
  {
    ...ofDestinations,
    ...{ method: 'delete', path: '/v1/destinations/{id}' },
    ...{ id: 'removeDestination', summary: 'Remove a destination; what waits is given up' },
    parameters: [destination],
    answers: { 204: { description: 'It is removed.' } },
    problems: { ...unknown, 409: ['DESTINATION_FROM_FILE'] },
  },
  ...(['pause', 'resume'] as const).map((action): Operation => ({
    ...ofDestinations,
    ...{ method: 'post', path: `/v1/destinations/{id}/${action}` },
    id: `${action}Destination`,
    summary: action === 'pause' ? 'Send nothing; everything waits' : 'Go on sending',
    parameters: [destination],
    answers: shown,
    problems: unknown,
  })),
  {
    ...ofDestinations,
    ...{ method: 'post', path: '/v1/destinations/{id}/test' },
    ...{ id: 'testDestination', summary: 'Tell a destination of a made-up event' },
    parameters: [destination],
    answers: { 202: { description: 'It is on its way.', schema: 'Tried' } },
    problems: { ...unknown, 409: ['NOTHING_TO_TELL'] },
  },
  {
    ...ofDestinations,
    ...{ method: 'get', path: '/v1/destinations/{id}/why' },
    ...{ id: 'explainDestination', summary: 'Say why a destination did or did not get a call' },
    parameters: [
      destination,
      inQuery('call', 'Id of the call.', text, '1651d3c9-7bce-51e0-a220-005056c00008'),
    ],
    answers: { 200: { description: 'One word, and sentences.', schema: 'Why' } },
    problems: { 400: ['QUERY_INVALID'], ...unknown },
  },
  {
    ...ofDeliveries,
    ...{ method: 'get', path: '/v1/deliveries', id: 'listDeliveries' },
    summary: 'List deliveries, the newest first',
    parameters: [
      inQuery('destination', 'Only of this destination.', text, 'crm'),
      inQuery('call', 'Only of this call.'),
      inQuery('state', 'Only in this state.', { enum: deliveryStates }),
      inQuery('before', 'Only those with a lower number.', integer(1)),
      inQuery('limit', 'At most so many.', { ...integer(1, 500), default: 50 }, 10),
    ],
    answers: { 200: { description: 'Deliveries.', schema: 'DeliveryList' } },
    problems: { 400: ['QUERY_INVALID'] },
  },
  {
    ...ofDeliveries,
    ...{ method: 'get', path: '/v1/deliveries/{id}', id: 'getDelivery' },
    summary: 'Show a delivery with its attempts and what it tells',
    parameters: [inPath('id', 'Number of the delivery.', 1)],
    answers: { 200: { description: 'The delivery.', schema: 'Delivery' } },
    problems: unknownDelivery,
  },
  {
    ...ofDeliveries,
    ...{ method: 'post', path: '/v1/deliveries/{id}/replay' },
    ...{ id: 'replayDelivery', summary: 'Tell one delivery once more' },
    parameters: [inPath('id', 'Number of the delivery.', 1)],
    answers: { 202: { description: 'It is on its way again.', schema: 'Replayed' } },
    problems: { ...unknownDelivery, 409: ['DELIVERY_WAITING', 'DESTINATION_REMOVED'] },
  },
  {
    ...ofDeliveries,
    ...{ method: 'post', path: '/v1/deliveries/replay', id: 'replayDeliveries' },
    summary: 'Tell deliveries once more',
    body: { schema: 'ReplayRequest', example: { state: 'dead' } },
    answers: { 202: { description: 'They are on their way again.', schema: 'Replayed' } },
    problems: { ...wrongJson, ...unknown, 422: ['REPLAY_INVALID'] },
  },
];
