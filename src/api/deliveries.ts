/**
 * `/v1/deliveries`: what destinations are told, what became of it, and telling it once more.
 */
import type { FastifyPluginCallback, FastifyReply } from 'fastify';
import { z } from 'zod';
import { plainName, plainNameShape } from '../base/names.ts';
import { problem } from '../base/problem.ts';
import { badQuery, refuse } from './answer.ts';
import { grantOf } from './guard.ts';
import { forManagers, noSuchDestination } from './managing.ts';
import { atMostOne, readQuery, wholeNumber } from './query.ts';
import {
  type DeliveryQuery,
  deliveryStates,
  type ReplayQuery,
  type Replaying,
  type Trouble,
  type WebhookPort,
} from './webhooks.ts';

type OfDelivery = { Params: { id: string } };

const usualLimit = 50;
const mostListed = 500;

export function deliveryRoutes(webhooks: WebhookPort): FastifyPluginCallback {
  return (app, _options, done) => {
    forManagers(app);

    app.get('/v1/deliveries', async (request, reply) => {
      const asked = readAsked(request.url);
      if (asked.kind === 'wrong') return badQuery(reply, asked.detail);
      const deliveries = await webhooks.deliveries(asked.query);
      const last = deliveries.length === asked.query.limit ? deliveries.at(-1)?.id : undefined;
      return reply.send({ deliveries, ...(last !== undefined && { before: last }) });
    });

    app.get<OfDelivery>('/v1/deliveries/:id', async (request, reply) => {
      const query = readQuery(request.url, []);
      if (query.kind === 'wrong') return badQuery(reply, query.detail);
      const id = idOf(request.params.id);
      const found = id === undefined ? undefined : await webhooks.delivery(id);
      return found === undefined ? noSuchDelivery(reply, request.params.id) : reply.send(found);
    });

    app.post<OfDelivery>('/v1/deliveries/:id/replay', async (request, reply) => {
      const query = readQuery(request.url, []);
      if (query.kind === 'wrong') return badQuery(reply, query.detail);
      const delivery = idOf(request.params.id);
      if (delivery === undefined) return noSuchDelivery(reply, request.params.id);
      const replaying = await webhooks.replay({ delivery }, grantOf(request).name);
      return answer(reply, replaying, () => noSuchDelivery(reply, request.params.id));
    });

    app.post('/v1/deliveries/replay', async (request, reply) => {
      const query = readQuery(request.url, []);
      if (query.kind === 'wrong') return badQuery(reply, query.detail);
      const order = readOrder(request.body);
      if (order.kind === 'problems') {
        const detail = 'what to replay is not said as expected; nothing was replayed';
        const { problems } = order;
        return refuse(reply, problem(422, 'REPLAY_INVALID', detail, { problems }));
      }
      const replaying = await webhooks.replay(order.query, grantOf(request).name);
      return answer(reply, replaying, () =>
        noSuchDestination(reply, order.query.destination ?? ''),
      );
    });
    done();
  };
}

type Asked =
  | { readonly kind: 'asked'; readonly query: DeliveryQuery }
  | { readonly kind: 'wrong'; readonly detail: string };

function readAsked(url: string): Asked {
  const names = ['destination', 'call', 'state', 'before', 'limit'] as const;
  const query = readQuery(url, names);
  if (query.kind === 'wrong') return query;
  const destination = atMostOne('destination', query.all('destination'));
  if (destination.kind === 'wrong') return destination;
  const call = atMostOne('call', query.all('call'));
  if (call.kind === 'wrong') return call;
  const text = atMostOne('state', query.all('state'));
  if (text.kind === 'wrong') return text;
  const state = deliveryStates.find((each) => each === text.value);
  if (text.value !== undefined && state === undefined) {
    const seen = `seen the state "${text.value.slice(0, 40)}"`;
    return { kind: 'wrong', detail: `${seen}, expected one of ${deliveryStates.join(', ')}` };
  }
  const all = { from: 1, to: Number.MAX_SAFE_INTEGER, absent: Number.MAX_SAFE_INTEGER };
  const before = wholeNumber('before', query.all('before'), all);
  if (before.kind === 'wrong') return before;
  const bounds = { from: 1, to: mostListed, absent: usualLimit };
  const limit = wholeNumber('limit', query.all('limit'), bounds);
  if (limit.kind === 'wrong') return limit;
  return {
    kind: 'asked',
    query: {
      ...(destination.value !== undefined && { destination: destination.value }),
      ...(call.value !== undefined && { call: call.value }),
      ...(state !== undefined && { state }),
      before: before.value,
      limit: limit.value,
    },
  };
}

const time = z.iso.datetime({ offset: true, error: 'a time such as 2026-01-31T12:00:00Z' });

const orderSchema = z
  .strictObject({
    destination: z
      .string()
      .regex(plainName, { error: `the id of a destination: ${plainNameShape}` }),
    from: time,
    through: time,
    state: z.enum(['dead', 'expired', 'collapsed', 'delivered', 'any'], {
      error: 'one of dead, expired, collapsed, delivered, any',
    }),
  })
  .partial();

type Order =
  | { readonly kind: 'order'; readonly query: ReplayQuery }
  | { readonly kind: 'problems'; readonly problems: readonly Trouble[] };

/** What is to be replayed; the dead ones, when it does not say which. */
function readOrder(body: unknown): Order {
  const { data, error } = orderSchema.safeParse(body);
  if (data === undefined) return { kind: 'problems', problems: troublesOf(error, body) };
  const { destination, from, through, state = 'dead' } = data;
  if (Object.keys(data).length === 0) {
    // All dead ones of all destinations are many requests: nobody shall ask for them by an empty body.
    const expected = 'destination, from, through or state; {"state": "dead"} means all dead ones';
    return { kind: 'problems', problems: [{ path: '', seen: 'nothing', expected }] };
  }
  const [fromMs, throughMs] = [from, through].map((text) =>
    text === undefined ? undefined : Date.parse(text),
  );
  if (fromMs !== undefined && throughMs !== undefined && fromMs > throughMs) {
    const expected = 'a time after "from"';
    return { kind: 'problems', problems: [{ path: 'through', seen: `"${through}"`, expected }] };
  }
  return {
    kind: 'order',
    query: {
      ...(destination !== undefined && { destination }),
      ...(fromMs !== undefined && { fromMs }),
      ...(throughMs !== undefined && { throughMs }),
      ...(state !== 'any' && { state }),
    },
  };
}

function troublesOf(error: z.ZodError, body: unknown): readonly Trouble[] {
  const given = new Map<string, unknown>(
    Object.entries(typeof body === 'object' && body !== null ? body : {}),
  );
  return error.issues.flatMap((issue): readonly Trouble[] => {
    if (issue.code === 'unrecognized_keys') {
      const expected = `one of ${Object.keys(orderSchema.shape).join(', ')}`;
      return issue.keys.map((key) => ({
        path: key.slice(0, 64),
        seen: 'an unknown name',
        expected,
      }));
    }
    const path = issue.path.map(String).join('.');
    const value = path === '' ? body : given.get(path);
    const seen = value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60);
    return [{ path, seen, expected: path === '' ? 'a table' : issue.message }];
  });
}

function answer(
  reply: FastifyReply,
  replaying: Replaying,
  unknown: () => FastifyReply,
): FastifyReply {
  switch (replaying.kind) {
    case 'replayed':
      return reply.code(202).send({ replayed: replaying.count });
    case 'unknown':
      return unknown();
    case 'waiting': {
      const detail = 'the delivery is on its way: there is nothing to replay yet';
      return refuse(reply, problem(409, 'DELIVERY_WAITING', detail));
    }
    case 'removed': {
      const detail =
        'the destination of this delivery has been removed; make it again to replay it';
      return refuse(reply, problem(409, 'DESTINATION_REMOVED', detail));
    }
  }
}

function idOf(text: string): number | undefined {
  const id = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  return Number.isSafeInteger(id) ? id : undefined;
}

function noSuchDelivery(reply: FastifyReply, id: string): FastifyReply {
  const detail = `seen ${JSON.stringify(id)}, expected the id of a delivery that is kept; GET /v1/deliveries lists them`;
  return refuse(reply, problem(404, 'DELIVERY_UNKNOWN', detail));
}
