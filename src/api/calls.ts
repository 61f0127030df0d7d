/**
 * `/v1/calls`: the calls that go on, with the position in the feed at which that is the truth, and any
 * one call by its id.
 */
import { Readable } from 'node:stream';
import type { FastifyPluginCallback } from 'fastify';
import type { Call } from '../call/call.ts';
import type { ExtensionFilter } from '../call/extension.ts';
import { badQuery, noSuchCall } from './answer.ts';
import { grantOf } from './guard.ts';
import { asksFor, readQuery } from './query.ts';

/** What the API asks about calls. What lies outside the scope does not exist for who asks. */
export interface CallBook {
  /** The calls that go on as of `position`, oldest first. */
  ongoing(scope: ExtensionFilter): readonly Call[];
  /** The feed position that belongs to `ongoing`; a subscriber goes on from there. */
  position(): string;
  /**
   * A call with its record (one `verbacdr` element), going on or ended; undefined when nobody knows it.
   * Rejects with a StoreError when the books cannot be read.
   */
  find(
    id: string,
    scope: ExtensionFilter,
  ): Promise<{ readonly call: Call; readonly xml: string } | undefined>;
}

/** Calls written at once; between two lots the rest of the process has its turn. */
const callsPerLot = 50;

export function callRoutes(book: CallBook): FastifyPluginCallback {
  return (app, _options, done) => {
    app.get('/v1/calls', (request, reply) => {
      const query = readQuery(request.url, ['extension']);
      if (query.kind === 'wrong') return badQuery(reply, query.detail);
      const extension = query.all('extension');
      const position = book.position();
      const { scope } = grantOf(request);
      const calls = book.ongoing(scope).filter((call) => asksFor(extension, call.extensions));
      return reply
        .type('application/json; charset=utf-8')
        .send(Readable.from(inLots(position, calls)));
    });

    app.get<{ Params: { id: string } }>('/v1/calls/:id', async (request, reply) => {
      const query = readQuery(request.url, []);
      if (query.kind === 'wrong') return badQuery(reply, query.detail);
      const found = await book.find(request.params.id, grantOf(request).scope);
      return found === undefined ? noSuchCall(reply, request.params.id) : reply.send(found.call);
    });
    done();
  };
}

/** Ten thousand calls are many megabytes of JSON: written in lots, since one piece would hold up the feed. */
async function* inLots(position: string, calls: readonly Call[]): AsyncGenerator<string> {
  yield `{"position":${JSON.stringify(position)},"calls":[`;
  for (let start = 0; start < calls.length; start += callsPerLot) {
    const lot = calls.slice(start, start + callsPerLot).map((call) => JSON.stringify(call));
    yield (start === 0 ? '' : ',') + lot.join(',');
    await new Promise((resolve) => setImmediate(resolve));
  }
  yield ']}';
}
