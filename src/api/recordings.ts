/**
 * `/v1/recordings`: what is and was recorded, searched, read, changed and marked to be deleted. Outside the scope
 * of a token no recording exists.
 */
import type { FastifyPluginCallback } from 'fastify';
import type { Grant } from '../access/grant.ts';
import { problem } from '../base/problem.ts';
import { type RecordingBooks, SearchesBusyError } from '../record/recordings.ts';
import type {
  FoundRecording,
  RecordingChange,
  RecordingSearch,
  SearchPlace,
} from '../store/recording-messages.ts';
import { badQuery, refuse } from './answer.ts';
import { grantOf } from './guard.ts';
import { readJson } from './managing.ts';
import { readQuery } from './query.ts';
import { commandRoutes } from './recording-commands.ts';
import {
  dossierFor,
  forControllers,
  noSuchRecording,
  type OfRecording,
  type RecordingPorts,
  unknownFields,
} from './recording-desk.ts';
import { importRoutes } from './recording-import.ts';
import { mediaRoutes, supplementRoutes } from './recording-media.ts';
import { cursorText, readSearch } from './recording-query.ts';
import { type CustomField, type Patch, patchSchema } from './recording-schemas.ts';
import { verifyRoutes } from './recording-verify.ts';
import { isInScope, viewOf, viewOfFound } from './recording-view.ts';
import { troublesOf, unprocessable } from './troubles.ts';

/** The routes, for whoever guards them. */
export function recordingRoutes(ports: RecordingPorts): FastifyPluginCallback {
  return (app, _options, done) => {
    void app.register(readingRoutes(ports));
    void app.register(mediaRoutes(ports));
    void app.register(changingRoutes(ports));
    void app.register(commandRoutes(ports));
    void app.register(supplementRoutes(ports));
    void app.register(importRoutes(ports));
    void app.register(verifyRoutes(ports));
    done();
  };
}

function readingRoutes({ books, fields }: RecordingPorts): FastifyPluginCallback {
  return (app, _options, done) => {
    app.get('/v1/recordings', async (request, reply) => {
      const asked = readSearch(request.url, fields);
      if (asked.kind === 'wrong') return badQuery(reply, asked.detail);
      try {
        const page = await pageOf(books, asked.search, grantOf(request));
        const next = page.after === undefined ? {} : { next: cursorText(page.after) };
        return await reply.send({ recordings: page.found.map(viewOfFound), ...next });
      } catch (error) {
        if (!(error instanceof SearchesBusyError)) throw error;
        return refuse(reply.header('retry-after', 1), problem(503, 'SEARCHES_BUSY', error.message));
      }
    });

    app.get<OfRecording>('/v1/recordings/:id', async (request, reply) => {
      const query = readQuery(request.url, []);
      if (query.kind === 'wrong') return badQuery(reply, query.detail);
      const dossier = await dossierFor(books, request);
      if (dossier === undefined) return noSuchRecording(reply, request.params.id);
      return reply.send(viewOf(dossier, fields));
    });
    done();
  };
}

/** For a token that sees some extensions only: how many are read at a time, and in all, for one page. */
const scopedLot = 500;
const lookBack = 5_000;

interface Page {
  readonly found: readonly FoundRecording[];
  /** Absent: there is nothing more. */
  readonly after?: SearchPlace;
}

async function pageOf(
  books: Pick<RecordingBooks, 'search'>,
  search: RecordingSearch,
  { scope, name }: Pick<Grant, 'scope' | 'name'>,
): Promise<Page> {
  const found: FoundRecording[] = [];
  let { after } = search;
  // One more than is shown tells whether there is more.
  const lotSize = scope.all ? search.limit + 1 : scopedLot;
  for (let read = 0; read < lookBack;) {
    const { criteria } = search;
    const lot = await books.search({ criteria, limit: lotSize, ...(after && { after }) }, name);
    for (const each of lot.rows) {
      if (found.length === search.limit) return { found, ...(after && { after }) };
      after = placeOf(each);
      if (isInScope(scope, each)) found.push(each);
    }
    if (!lot.isComplete) {
      // A search that looks at very much ends early; so does the page.
      return { found, ...(lot.lookedThrough !== null && { after: lot.lookedThrough }) };
    }
    if (lot.rows.length < lotSize) return { found };
    read += lot.rows.length;
  }
  return { found, ...(after && { after }) };
}

function placeOf({ startMs, id }: FoundRecording): SearchPlace {
  return { startMs, id };
}

function changingRoutes({ books, fields }: RecordingPorts): FastifyPluginCallback {
  return (app, _options, done) => {
    forControllers(app, [{ type: 'application/merge-patch+json', read: readJson }]);

    app.patch<OfRecording>('/v1/recordings/:id', async (request, reply) => {
      const query = readQuery(request.url, []);
      if (query.kind === 'wrong') return badQuery(reply, query.detail);
      const detail = 'the change is not as expected; nothing was changed';
      const { data, error } = patchSchema.safeParse(request.body);
      if (data === undefined) {
        const troubles = troublesOf(error, request.body);
        return refuse(reply, unprocessable('RECORDING_INVALID', detail, troubles));
      }
      const unknown = unknownFields(Object.keys(data.customData ?? {}), fields);
      if (unknown.length > 0) {
        return refuse(reply, unprocessable('RECORDING_INVALID', detail, unknown));
      }
      const dossier = await dossierFor(books, request);
      const isThere = dossier && (await books.change(changeOf(dossier.recording.id, data, fields)));
      const changed = isThere === true ? await dossierFor(books, request) : undefined;
      if (changed === undefined) return noSuchRecording(reply, request.params.id);
      return reply.send(viewOf(changed, fields));
    });

    app.delete<OfRecording>('/v1/recordings/:id', async (request, reply) => {
      const query = readQuery(request.url, []);
      if (query.kind === 'wrong') return badQuery(reply, query.detail);
      const dossier = await dossierFor(books, request);
      const id = dossier?.recording.id;
      const isThere = id !== undefined && (await books.change({ id, deleteFlag: true }));
      if (!isThere) return noSuchRecording(reply, request.params.id);
      return reply.code(202).send({ id, deletionRequested: true });
    });
    done();
  };
}

function changeOf(
  id: number,
  { customData, ...patch }: Patch,
  fields: readonly CustomField[],
): RecordingChange {
  const given = Object.entries(patch).filter(([, value]) => value !== undefined);
  const data = Object.entries(customData ?? {}).flatMap(([name, value]) => {
    const field = fields.find((each) => each.name === name)?.id;
    return field === undefined ? [] : [{ field, value }];
  });
  return { id, ...Object.fromEntries(given), ...(data.length > 0 && { customData: data }) };
}
