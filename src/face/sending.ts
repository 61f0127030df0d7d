/**
 * Answers on their way out: the vendor's envelopes as XML or JSON, files in part or whole, redirections.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Media } from '../record/media.ts';
import { answerMedia } from '../record/media-answer.ts';
import { contentTypes, formFor, type Member, membersOf, written } from './answer-tree.ts';
import { type Answer, type Envelope, told } from './answers.ts';
import { nack, strictStatusOf, type Verdict } from './codes.ts';
import type { FacePorts } from './ports.ts';

/** @param envelope what a plain verdict is put into */
export function send(
  ports: FacePorts,
  request: FastifyRequest,
  reply: FastifyReply,
  answer: Answer,
  envelope: Envelope = 'result',
): FastifyReply {
  const code = 'verdict' in answer ? answer.verdict.code : undefined;
  ports.onAnswered?.(request.routeOptions.url, code);
  switch (answer.kind) {
    case 'media':
      return sendMedia(ports, request, reply, answer.media);
    case 'redirect':
      return reply.code(302).header('location', answer.location).send();
    case 'document':
      return document(request, reply, answer.root, answer.members);
    case 'response':
      return sendVerdict(ports, request, reply, { ...answer, envelope: 'response', members: [] });
    case 'result':
      return sendVerdict(ports, request, reply, { ...answer, envelope });
  }
}

function sendVerdict(
  { settings }: FacePorts,
  request: FastifyRequest,
  reply: FastifyReply,
  {
    verdict,
    members,
    envelope,
  }: {
    readonly verdict: Verdict;
    readonly members: readonly Member[];
    readonly envelope: Envelope;
  },
): FastifyReply {
  void reply.code(settings().strictStatus ? strictStatusOf(verdict) : 200);
  const { code, message } = verdict;
  // The vendor's two envelopes differ in more than their name.
  const head = envelope === 'response' ? { Code: code, message } : { code, message };
  return document(request, reply, envelope, [...membersOf(head), ...members]);
}

function document(
  request: FastifyRequest,
  reply: FastifyReply,
  root: string,
  members: readonly Member[],
): FastifyReply {
  const form = formFor(request.headers.accept);
  const text = written(form, root, { kind: 'branch', members });
  return reply.header('vary', 'accept').type(contentTypes[form]).send(text);
}

function sendMedia(
  ports: FacePorts,
  request: FastifyRequest,
  reply: FastifyReply,
  media: Media,
): FastifyReply {
  const { clock, log, onMedia } = ports;
  const { method, headers, routeOptions } = request;
  const close = (): void => {
    media.close().catch((err: unknown) => log.warn({ err }, 'face.file-not-closed'));
  };
  const answer = answerMedia(media, { method, headers, nowMs: clock.now() });
  const slot = answer.body === undefined ? undefined : ports.media.downloads.enter();
  if (answer.body !== undefined && slot === undefined) {
    onMedia?.('busy');
    close();
    const busy = nack('Too many files are being fetched; try again in a moment', 503);
    return send(ports, request, reply.header('retry-after', 1), told(busy));
  }
  void reply.code(answer.status).headers(answer.headers);
  onMedia?.(answer.status);
  if (answer.body === undefined) {
    close();
    return reply.send();
  }
  const stream = media.read(answer.body.from, answer.body.through);
  stream.on('error', (err) => log.warn({ err, route: routeOptions.url }, 'face.download-cut'));
  slot?.give(stream, reply.raw);
  return reply.send(stream);
}
