/**
 * `/v1/cdrs`: the record of one call, in the same bytes as its metadata file, and the calls that ended
 * last.
 */
import type { FastifyPluginCallback } from 'fastify';
import { problem } from '../base/problem.ts';
import { declaration } from '../base/xml.ts';
import { seesAny } from '../call/extension.ts';
import { preferred } from './accept.ts';
import { badQuery, noSuchCall, refuse } from './answer.ts';
import type { CallBook } from './calls.ts';
import { grantOf } from './guard.ts';
import { asksFor, readQuery, wholeNumber } from './query.ts';

/** What the books say about an ended call in a list. */
export interface EndedCall {
  readonly callId: string;
  readonly source: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Numbers, as text. */
  readonly caller?: string;
  readonly called?: string;
  readonly outcome?: string;
  /** Everybody by whom the call could be watched. */
  readonly extensions: readonly string[];
  /** Number of the event that ended the call. */
  readonly seq: number;
}

export interface CdrBook extends Pick<CallBook, 'find'> {
  /**
   * The calls that ended last, newest first; at most `limit` (1 to 1,000), and only those that ended before
   * the event `beforeSeq`, where that is given. Rejects with a StoreError when the books cannot be read.
   */
  recent(limit: number, beforeSeq?: number): Promise<readonly EndedCall[]>;
}

const forms = ['application/xml', 'text/xml', 'application/json'] as const;

const usualLimit = 50;
const mostListed = 500;

/** How far back a search by extension looks, in calls, and how many it reads at a time. */
const lookBack = 5_000;
const pageSize = 500;

export function cdrRoutes(book: CdrBook): FastifyPluginCallback {
  return (app, _options, done) => {
    app.get('/v1/cdrs', async (request, reply) => {
      const query = readQuery(request.url, ['limit', 'before', 'extension']);
      if (query.kind === 'wrong') return badQuery(reply, query.detail);
      const limit = wholeNumber('limit', query.all('limit'), {
        from: 1,
        to: mostListed,
        absent: usualLimit,
      });
      if (limit.kind === 'wrong') return badQuery(reply, limit.detail);
      const all = { from: 1, to: Number.MAX_SAFE_INTEGER, absent: Number.MAX_SAFE_INTEGER };
      const before = wholeNumber('before', query.all('before'), all);
      if (before.kind === 'wrong') return badQuery(reply, before.detail);
      const { scope } = grantOf(request);
      const wanted = (cdr: EndedCall): boolean =>
        seesAny(scope, cdr.extensions) && asksFor(query.all('extension'), cdr.extensions);
      const isAll = scope.all && query.all('extension').length === 0;
      const size = isAll ? limit.value : pageSize;
      return reply.send(await listed(book, wanted, { limit: limit.value, size }, before.value));
    });

    app.get<{ Params: { id: string } }>('/v1/cdrs/:id', async (request, reply) => {
      const query = readQuery(request.url, []);
      if (query.kind === 'wrong') return badQuery(reply, query.detail);
      void reply.header('vary', 'accept');
      const form = preferred(request.headers.accept, forms);
      if (form === undefined) {
        const detail = `expected an Accept header that allows one of ${forms.join(', ')}`;
        return refuse(reply, problem(406, 'FORM_UNKNOWN', detail));
      }
      const found = await book.find(request.params.id, grantOf(request).scope);
      if (found === undefined) return noSuchCall(reply, request.params.id);
      if (form === 'application/json') return reply.send(found.call);
      return reply.type(`${form}; charset=utf-8`).send(`${declaration}${found.xml}\n`);
    });
    done();
  };
}

interface Listed {
  readonly cdrs: readonly EndedCall[];
  /** Ask for calls before this to go on; absent when there are none. */
  readonly before?: number;
}

/** @param size how many are read at a time */
async function listed(
  book: CdrBook,
  wanted: (cdr: EndedCall) => boolean,
  { limit, size }: { readonly limit: number; readonly size: number },
  beforeSeq: number,
): Promise<Listed> {
  const cdrs: EndedCall[] = [];
  let before = beforeSeq;
  for (let read = 0; read < lookBack;) {
    const page = await book.recent(size, before);
    for (const cdr of page) {
      before = cdr.seq;
      if (wanted(cdr)) cdrs.push(cdr);
      if (cdrs.length === limit) return { cdrs, before };
    }
    if (page.length < size) return { cdrs };
    read += page.length;
  }
  return { cdrs, before };
}
