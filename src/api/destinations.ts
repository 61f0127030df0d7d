/**
 * `/v1/destinations`: who is told of calls over HTTP. Made, changed, removed, paused and tried by those who may
 * manage; what they see has its secrets hidden.
 */
import type { FastifyPluginCallback, FastifyReply } from 'fastify';
import { problem } from '../base/problem.ts';
import { badQuery, refuse } from './answer.ts';
import { grantOf } from './guard.ts';
import { forManagers, noSuchDestination } from './managing.ts';
import { atMostOne, readQuery } from './query.ts';
import type { Changed, WebhookPort } from './webhooks.ts';

type OfDestination = { Params: { id: string } };

export function destinationRoutes(webhooks: WebhookPort): FastifyPluginCallback {
  return (app, _options, done) => {
    forManagers(app);
    // None of these but `why` takes anything behind the "?".
    app.addHook('preHandler', (request, reply, next) => {
      if (request.routeOptions.url === '/v1/destinations/:id/why') return next();
      const query = readQuery(request.url, []);
      if (query.kind === 'query') next();
      else badQuery(reply, query.detail);
    });

    app.get('/v1/destinations', async (_request, reply) =>
      reply.send({ destinations: await webhooks.destinations() }),
    );

    app.post('/v1/destinations', async (request, reply) => {
      const changed = await webhooks.create(request.body, grantOf(request).name);
      if (changed.kind !== 'done') return refused(reply, changed, idIn(request.body));
      const { destination } = changed;
      void reply.code(201).header('location', `/v1/destinations/${destination.id}`);
      return reply.send(destination);
    });

    app.get<OfDestination>('/v1/destinations/:id', async ({ params: { id } }, reply) => {
      const found = await webhooks.destination(id);
      return found === undefined ? noSuchDestination(reply, id) : reply.send(found);
    });

    app.put<OfDestination>('/v1/destinations/:id', async (request, reply) => {
      const { id } = request.params;
      const changed = await webhooks.update(id, request.body, grantOf(request).name);
      return changed.kind === 'done'
        ? reply.send(changed.destination)
        : refused(reply, changed, id);
    });

    app.delete<OfDestination>('/v1/destinations/:id', async (request, reply) => {
      const { id } = request.params;
      const changed = await webhooks.remove(id, grantOf(request).name);
      return changed.kind === 'done' ? reply.code(204).send() : refused(reply, changed, id);
    });

    for (const action of ['pause', 'resume'] as const) {
      app.post<OfDestination>(`/v1/destinations/:id/${action}`, async (request, reply) => {
        const { id } = request.params;
        const changed = await webhooks.pause(id, action === 'pause', grantOf(request).name);
        return changed.kind === 'done'
          ? reply.send(changed.destination)
          : refused(reply, changed, id);
      });
    }

    app.post<OfDestination>('/v1/destinations/:id/test', async (request, reply) => {
      const { id } = request.params;
      const tried = await webhooks.test(id, grantOf(request).name);
      switch (tried.kind) {
        case 'sent':
          return reply.code(202).send({ delivery: tried.delivery });
        case 'unknown':
          return noSuchDestination(reply, id);
        case 'nothing': {
          const detail = `the dialect of "${id}", as it is set, tells nothing of the example`;
          return refuse(reply, problem(409, 'NOTHING_TO_TELL', detail));
        }
      }
    });

    app.get<OfDestination>('/v1/destinations/:id/why', async (request, reply) => {
      const query = readQuery(request.url, ['call']);
      if (query.kind === 'wrong') return badQuery(reply, query.detail);
      const call = atMostOne('call', query.all('call'));
      if (call.kind === 'wrong') return badQuery(reply, call.detail);
      if (call.value === undefined) return badQuery(reply, 'expected ?call= and the id of a call');
      const { id } = request.params;
      const why = await webhooks.why(id, call.value);
      return why === undefined ? noSuchDestination(reply, id) : reply.send(why);
    });
    done();
  };
}

/** @param id as it was asked for */
function refused(
  reply: FastifyReply,
  changed: Exclude<Changed, { readonly kind: 'done' }>,
  id: string,
): FastifyReply {
  const name = JSON.stringify(id);
  switch (changed.kind) {
    case 'problems': {
      const { problems } = changed;
      const detail = 'the destination is not as expected; nothing was changed';
      return refuse(reply, problem(422, 'DESTINATION_INVALID', detail, { problems }));
    }
    case 'unknown':
      return noSuchDestination(reply, id);
    case 'exists': {
      const detail = `seen ${name}, which there is already; PUT /v1/destinations/${id} changes it`;
      return refuse(reply, problem(409, 'DESTINATION_EXISTS', detail));
    }
    case 'from-file': {
      const detail = `${name} stands in the configuration file: change it there, and reload with SIGHUP`;
      return refuse(reply, problem(409, 'DESTINATION_FROM_FILE', detail));
    }
  }
}

function idIn(body: unknown): string {
  const isNamed = typeof body === 'object' && body !== null && 'id' in body;
  return isNamed && typeof body.id === 'string' ? body.id.slice(0, 64) : '';
}
