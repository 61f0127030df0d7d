/**
 * `/metrics`: the server's numbers for a scraper. Behind the same guard as what else can be read: who may
 * see how many calls go on is not nobody's business. Prometheus sends a token with `authorization` in its
 * scrape configuration.
 */
import type { FastifyPluginCallback } from 'fastify';
import { badQuery } from './answer.ts';
import { readQuery } from './query.ts';

export interface MetricsPort {
  /** Media type of the text. */
  readonly contentType: string;
  /** Rejects when the numbers cannot be read. */
  text(): Promise<string>;
}

export function metricsRoutes(metrics: MetricsPort): FastifyPluginCallback {
  return (app, _options, done) => {
    app.get('/metrics', async (request, reply) => {
      const query = readQuery(request.url, []);
      if (query.kind === 'wrong') return badQuery(reply, query.detail);
      return reply.type(metrics.contentType).send(await metrics.text());
    });
    done();
  };
}
