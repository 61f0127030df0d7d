/** Media files of recordings over HTTP: as a whole, in part, and what is added to a recording. */
import type { Readable } from 'node:stream';
import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import { problem } from '../base/problem.ts';
import { answerMedia } from '../record/media-answer.ts';
import type { MediaFiles } from '../record/media.ts';
import { badQuery, refuse } from './answer.ts';
import { forHolders, readsJson } from './managing.ts';
import { readQuery } from './query.ts';
import { supplementBody } from './recording-schemas.ts';
import { isInScope } from './recording-view.ts';
import {
  dossierFor,
  noSuchRecording,
  numberOf,
  type OfRecording,
  type RecordingPorts,
} from './recording-desk.ts';
import { grantOf } from './guard.ts';
import { troublesOf, unprocessable } from './troubles.ts';

type OfSegment = { Params: { id: string; segment: string } };

export function mediaRoutes({ books, media, now, onMedia }: RecordingPorts): FastifyPluginCallback {
  const { downloads } = media;

  /** @param file as the books have it; null where the source does not tell it */
  async function send(
    request: FastifyRequest,
    reply: FastifyReply,
    file: string | null,
  ): Promise<FastifyReply> {
    if (file === null) {
      onMedia?.('missing');
      const detail = 'the source has not told where the media file is';
      return refuse(reply, problem(404, 'MEDIA_UNKNOWN', detail));
    }
    const slot = downloads.enter();
    if (slot === undefined) {
      onMedia?.('busy');
      const detail = `${downloads.bounds.most} files are being fetched already; come again in a moment`;
      return refuse(reply.header('retry-after', 1), problem(503, 'DOWNLOADS_BUSY', detail));
    }
    try {
      const found = await opened(media, file, request, reply, now(), onMedia);
      if (found.stream === undefined) return found.refused;
      slot.give(found.stream, reply.raw);
      return reply.send(found.stream);
    } finally {
      slot.leave();
    }
  }

  return (app, _options, done) => {
    app.addHook('preHandler', (request, reply, next) => {
      const query = readQuery(request.url, []);
      if (query.kind === 'query') next();
      else badQuery(reply, query.detail);
    });
    // Fastify's own HEAD routes would tell a length of 0.
    const options = { method: ['GET', 'HEAD'], exposeHeadRoute: false };

    app.route<OfRecording>({
      ...options,
      url: '/v1/recordings/:id/media',
      handler: async (request, reply) => {
        const dossier = await dossierFor(books, request);
        if (dossier === undefined) return noSuchRecording(reply, request.params.id);
        const { segments } = dossier;
        const [only] = segments;
        if (only !== undefined && segments.length === 1) return send(request, reply, only.file);
        const detail = `seen a recording of ${segments.length} segments, expected which of them is wanted`;
        const paths = segments.map(({ id, recording }) => ({
          id,
          media: `/v1/recordings/${recording}/segments/${id}/media`,
        }));
        return refuse(reply, problem(409, 'SEGMENTS_SEVERAL', detail, { segments: paths }));
      },
    });

    app.route<OfSegment>({
      ...options,
      url: '/v1/recordings/:id/segments/:segment/media',
      handler: async (request, reply) => {
        const dossier = await dossierFor(books, request);
        if (dossier === undefined) return noSuchRecording(reply, request.params.id);
        const { segment } = request.params;
        const found = dossier.segments.find(({ id }) => id === numberOf(segment));
        if (found !== undefined) return send(request, reply, found.file);
        const detail = `seen ${JSON.stringify(segment)}, expected the number of a segment of this recording`;
        return refuse(reply, problem(404, 'SEGMENT_UNKNOWN', detail));
      },
    });

    app.route<OfRecording>({
      ...options,
      url: '/v1/supplements/:id/media',
      handler: async (request, reply) => {
        const id = numberOf(request.params.id);
        const row = id === undefined ? undefined : await books.supplement(id);
        const dossier = row && (await books.find(row.recording));
        if (dossier && isInScope(grantOf(request).scope, dossier.recording)) {
          return send(request, reply, row.file);
        }
        const seen = JSON.stringify(request.params.id);
        const detail = `seen ${seen}, expected the number of a supplement of a recording`;
        return refuse(reply, problem(404, 'SUPPLEMENT_UNKNOWN', detail));
      },
    });
    done();
  };
}

type Opened =
  | { readonly stream: Readable; readonly refused?: undefined }
  | { readonly stream?: undefined; readonly refused: FastifyReply };

/** The file as a stream, with the headers of the answer set; or the answer, where that has no bytes of a file. */
async function opened(
  files: MediaFiles,
  file: string,
  request: FastifyRequest,
  reply: FastifyReply,
  nowMs: number,
  onMedia: RecordingPorts['onMedia'],
): Promise<Opened> {
  const media = await files.locate(file);
  if (typeof media === 'string') {
    onMedia?.('missing');
    const detail = {
      missing: 'the media file is not there',
      outside: 'the media file lies outside the media roots; the settings name these',
    }[media];
    return { refused: refuse(reply, problem(404, `MEDIA_${media.toUpperCase()}`, detail)) };
  }
  try {
    const { method, headers } = request;
    const answer = answerMedia(media, { method, headers, nowMs });
    void reply.code(answer.status).headers(answer.headers);
    onMedia?.(answer.status);
    if (answer.body !== undefined) {
      return { stream: media.read(answer.body.from, answer.body.through) };
    }
    if (answer.status !== 416) return { refused: reply.send() };
    const detail = `seen a range beyond the ${media.bytes} bytes of the file`;
    return { refused: refuse(reply, problem(416, 'RANGE_UNSATISFIABLE', detail)) };
  } finally {
    await media.close();
  }
}

/**
 * Adding a file to a recording is for managers: it makes any file below a media root one that can be fetched by
 * whoever sees the recording.
 */
export function supplementRoutes({ books, media }: RecordingPorts): FastifyPluginCallback {
  return (app, _options, done) => {
    forHolders(app, 'manage');
    readsJson(app);
    app.post<OfRecording>('/v1/recordings/:id/supplements', async (request, reply) => {
      const query = readQuery(request.url, []);
      if (query.kind === 'wrong') return badQuery(reply, query.detail);
      const invalid = 'the supplement is not as expected; nothing was added';
      const { data, error } = supplementBody.safeParse(request.body);
      if (data === undefined) {
        const troubles = troublesOf(error, request.body);
        return refuse(reply, unprocessable('SUPPLEMENT_INVALID', invalid, troubles));
      }
      const dossier = await dossierFor(books, request);
      if (dossier === undefined) return noSuchRecording(reply, request.params.id);
      const { kind, file } = data;
      const found = await media.locate(file);
      if (typeof found === 'string') {
        const expected = 'the path of a file that is there, below a media root';
        const trouble = { path: 'file', seen: JSON.stringify(file).slice(0, 60), expected };
        return refuse(reply, unprocessable('SUPPLEMENT_INVALID', invalid, [trouble]));
      }
      const { filename } = found;
      await found.close();
      const recording = dossier.recording.id;
      const id = await books.addSupplement({ recording, kind, file, filename });
      void reply.code(201).header('location', `/v1/supplements/${id}/media`);
      return reply.send({ id, kind, filename });
    });
    done();
  };
}
