/**
 * Driving recorders over HTTP: start for a call; stop, pause, resume and split for a recording. What the recorder
 * says is the answer.
 */
import type { FastifyPluginCallback, FastifyReply } from 'fastify';
import type { z } from 'zod';
import { problem } from '../base/problem.ts';
import type { Ordered, RecorderOrder } from '../record/control.ts';
import { badQuery, noSuchCall, refuse } from './answer.ts';
import { grantOf } from './guard.ts';
import { readQuery } from './query.ts';
import { nothingSchema, pauseSchema, splitSchema, startSchema } from './recording-schemas.ts';
import {
  dossierFor,
  forControllers,
  noSuchRecording,
  type OfRecording,
  type RecordingPorts,
} from './recording-desk.ts';
import { troublesOf, unprocessable } from './troubles.ts';

type Read<T> =
  | { readonly data: T; readonly refused?: undefined }
  | { readonly data?: undefined; readonly refused: FastifyReply };

export function commandRoutes({ books, control, calls }: RecordingPorts): FastifyPluginCallback {
  return (app, _options, done) => {
    forControllers(app);
    app.addHook('preHandler', (request, reply, next) => {
      const query = readQuery(request.url, []);
      if (query.kind === 'query') next();
      else badQuery(reply, query.detail);
    });

    app.post<OfRecording>('/v1/calls/:id/recording', async (request, reply) => {
      const { id } = request.params;
      const body = read(startSchema, request.body, reply);
      if (body.refused !== undefined) return body.refused;
      const found = await calls.find(id, grantOf(request).scope);
      if (found === undefined) return noSuchCall(reply, id);
      if (found.call.state === 'ended') return over(reply, 'CALL_ENDED', 'the call has ended');
      const { leg, file } = body.data;
      const order = { ...(leg !== undefined && { leg }), ...(file !== undefined && { file }) };
      const ordered = await control.order({ kind: 'start', callId: id, ...order });
      return answer(reply, ordered, 'CALL_ENDED');
    });

    /** @param orderOf the order that a body means, for a recording */
    const command = <T>(
      name: string,
      schema: z.ZodType<T>,
      orderOf: (recording: number, body: T) => RecorderOrder,
    ): void => {
      app.post<OfRecording>(`/v1/recordings/:id/${name}`, async (request, reply) => {
        const body = read(schema, request.body, reply);
        if (body.refused !== undefined) return body.refused;
        const dossier = await dossierFor(books, request);
        if (dossier === undefined) return noSuchRecording(reply, request.params.id);
        const { id, endMs } = dossier.recording;
        if (endMs !== null) return over(reply, 'RECORDING_ENDED', `recording ${id} has ended`);
        const ordered = await control.order(orderOf(id, body.data));
        return answer(reply, ordered, 'RECORDING_ENDED');
      });
    };
    command('stop', nothingSchema, (recording) => ({ kind: 'stop', recording }));
    command('pause', pauseSchema, (recording, { silence = true }) => ({
      ...{ kind: 'pause', recording, silence },
    }));
    command('resume', nothingSchema, (recording) => ({ kind: 'resume', recording }));
    command('split', splitSchema, (recording, { file }) => ({
      ...{ kind: 'split', recording },
      ...(file !== undefined && { file }),
    }));
    done();
  };
}

/** A command may come without a body: then it says nothing in particular. */
function read<T>(schema: z.ZodType<T>, body: unknown, reply: FastifyReply): Read<T> {
  const { data, error } = schema.safeParse(body ?? {});
  if (error === undefined) return { data };
  const detail = 'the command is not as expected; nothing was done';
  const troubles = troublesOf(error, body);
  return { refused: refuse(reply, unprocessable('COMMAND_INVALID', detail, troubles)) };
}

/** @param unknown the code for what is not in progress any more by now */
function answer(
  reply: FastifyReply,
  ordered: Ordered,
  unknown: 'CALL_ENDED' | 'RECORDING_ENDED',
): FastifyReply {
  switch (ordered.kind) {
    case 'done': {
      const { recording, segment } = ordered;
      // Without numbers it is not in the books yet.
      const status = recording === undefined ? 202 : 200;
      return reply.code(status).send({
        ...(recording !== undefined && { recording }),
        ...(segment !== undefined && { segment }),
      });
    }
    case 'wrong-state': {
      const { state, reason } = ordered;
      return refuse(reply, problem(409, 'RECORDING_STATE', reason, { state }));
    }
    case 'unknown':
      return over(reply, unknown, ordered.reason);
    case 'refused':
      return refuse(reply, problem(502, 'RECORDER_REFUSED', ordered.reason));
    case 'unavailable':
      return refuse(reply, problem(503, 'RECORDER_UNAVAILABLE', ordered.reason));
  }
}

function over(reply: FastifyReply, code: string, detail: string): FastifyReply {
  return refuse(reply, problem(409, code, detail));
}
