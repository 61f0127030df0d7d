/**
 * `/Face/…` over HTTP: which address is which command, requests read within bounds, and every answer written in
 * the vendor's envelope, whatever went wrong.
 */
import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import { isOfForeignPage } from '../access/pages.ts';
import { StoreError } from '../base/errors.ts';
import { SearchesBusyError } from '../record/recordings.ts';
import { admission } from './admission.ts';
import { membersOf } from './answer-tree.ts';
import type { Answer, Envelope } from './answers.ts';
import { told } from './answers.ts';
import { nack, type Verdict, verdicts } from './codes.ts';
import type { Command } from './commands/command.ts';
import { control, start } from './commands/control.ts';
import { deleteRecording } from './commands/delete.ts';
import { details, segmentDetailsCommand } from './commands/details.ts';
import { login } from './commands/login.ts';
import {
  download,
  fileDownload,
  redirect,
  segmentDownload,
  segmentRedirect,
} from './commands/media.ts';
import { none, type Parameters, readForm, readQuery } from './parameters.ts';
import type { FacePorts, Told } from './ports.ts';
import { send } from './sending.ts';

const prefix = '/Face';

/** Largest form that is read, bytes: a handful of fields. */
const bodyLimit = 64 * 1024;

/** Commands that want a token. */
const commands: Readonly<Record<string, Command>> = {
  '/audioRecording/details': details,
  '/audioRecording/start': start,
  '/audioRecording/stop': control('stop'),
  '/audioRecording/pause': control('pause'),
  '/audioRecording/resume': control('resume'),
  '/audioRecording/split': control('split'),
  '/audioRecording/delete': deleteRecording,
  '/audioRecording/download': download,
  '/audioRecording/redirect': redirect,
  '/audioRecording/segment/details': segmentDetailsCommand,
  '/audioRecording/segment/download': segmentDownload,
  '/audioRecording/segment/redirect': segmentRedirect,
  '/file/download': fileDownload,
};

/** Those that give files out may be asked what they would give. */
const giving: ReadonlySet<string> = new Set([
  '/audioRecording/download',
  '/audioRecording/segment/download',
  '/file/download',
]);

/** Commands that want none. */
const open: Readonly<Record<string, { readonly envelope: Envelope; readonly run: OpenCommand }>> = {
  '/version': {
    envelope: 'result',
    run: async ({ settings }) => ({
      kind: 'document',
      root: 'result',
      members: membersOf({ version: settings().version }),
    }),
  },
  '/login': {
    envelope: 'result',
    run: (ports, { body, address }) => login(ports, body, address),
  },
  '/eventNotify': {
    envelope: 'response',
    run: async ({ policies }, { all }) => response(await policies.eventNotify(all)),
  },
  '/StartScreenCapture': {
    envelope: 'response',
    run: async ({ policies }, { all }) => response(await policies.startScreenCapture(all)),
  },
  '/StopScreenCapture': {
    envelope: 'response',
    run: async ({ policies }, { all }) => response(await policies.stopScreenCapture(all)),
  },
};

/** Those of them that have an effect: no page of somebody else may have a browser send them. */
const effective: ReadonlySet<string> = new Set([
  '/login',
  '/eventNotify',
  '/StartScreenCapture',
  '/StopScreenCapture',
]);

type OpenCommand = (ports: FacePorts, sent: Sent) => Promise<Answer>;

/** What a request brings, read. */
interface Sent {
  /** Of the address. */
  readonly parameters: Parameters;
  /** Of the form. */
  readonly body: Parameters;
  /** Of both; those of the address outrank. */
  readonly all: Parameters;
  readonly address: string;
}

function response(verdict: Told): Answer {
  return { kind: 'response', verdict };
}

/** The routes as a fastify plugin, for whoever owns the HTTP server. */
export function faceRoutes(ports: FacePorts): FastifyPluginCallback {
  return (app, _options, done) => {
    void app.register(underPrefix(ports), { prefix });
    done();
  };
}

function underPrefix(ports: FacePorts): FastifyPluginCallback {
  return (app, _options, done) => {
    app.removeAllContentTypeParsers();
    // Parsed once it is known whether anybody wants it.
    app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, parsed) =>
      parsed(null, body),
    );
    app.addHook('onRequest', (request, reply, next) => {
      const waitMs = ports.waitMs(request.ip);
      if (waitMs === 0) return next();
      const message = 'Too many requests of this address; expected the next one a little later';
      void reply.header('retry-after', Math.ceil(waitMs / 1_000));
      send(ports, request, reply, told(nack(message, 429)), envelopeOf(request));
    });
    app.setErrorHandler((error, request, reply) => {
      const verdict = verdictOf(error);
      if (isFault(verdict)) ports.onFault(error, routeOf(request));
      return send(ports, request, reply, told(verdict), envelopeOf(request));
    });
    app.setNotFoundHandler((request, reply) => {
      const { verdict, allow } = notFound(request.method, pathOf(request));
      if (allow !== undefined) void reply.header('allow', allow);
      return send(ports, request, reply, told(verdict), 'result');
    });
    for (const [url, command] of Object.entries(commands)) {
      app.route({
        method: giving.has(url) ? ['GET', 'HEAD', 'POST'] : ['GET', 'POST'],
        exposeHeadRoute: false,
        url,
        bodyLimit,
        handler: async (request, reply) =>
          send(ports, request, reply, await commanded(ports, request, reply, command)),
      });
    }
    for (const [url, { run, envelope }] of Object.entries(open)) {
      app.route({
        method: ['GET', 'POST'],
        exposeHeadRoute: false,
        url,
        bodyLimit,
        handler: async (request, reply) => {
          const own = `${request.protocol}://${request.host}`;
          if (effective.has(url) && isOfForeignPage(request.headers, own)) {
            return send(ports, request, reply, told(verdicts.notAuthorized), envelope);
          }
          const sent = sentBy(request);
          const answer = sent.kind === 'refused' ? told(sent.verdict) : await run(ports, sent.sent);
          return send(ports, request, reply, answer, envelope);
        },
      });
    }
    done();
  };
}

async function commanded(
  ports: FacePorts,
  request: FastifyRequest,
  reply: FastifyReply,
  command: Command,
): Promise<Answer> {
  const sent = sentBy(request);
  if (sent.kind === 'refused') return told(sent.verdict);
  const { parameters, body } = sent.sent;
  const admitted = admission(ports.logins, parameters, request.headers.authorization);
  if (admitted.kind === 'refused') {
    const { waitMs } = admitted;
    if (waitMs !== undefined) void reply.header('retry-after', Math.ceil(waitMs / 1_000));
    return told(admitted.verdict);
  }
  const { kind: _, ...who } = admitted;
  const origin = `${request.protocol}://${request.host}`;
  return command(ports, { ...who, parameters, body, origin });
}

function sentBy(
  request: FastifyRequest,
):
  | { readonly kind: 'sent'; readonly sent: Sent }
  | { readonly kind: 'refused'; readonly verdict: Verdict } {
  const query = readQuery(request.raw.url ?? '');
  if (query.kind === 'refused') return { kind: 'refused', verdict: nack(query.message) };
  const form = formOf(request);
  if (form.kind === 'refused') return form;
  const { parameters } = query;
  const { body } = form;
  const all: Parameters = new Map([...body, ...parameters]);
  return { kind: 'sent', sent: { parameters, body, all, address: request.ip } };
}

function formOf({
  body,
  headers,
}: FastifyRequest):
  | { readonly kind: 'form'; readonly body: Parameters }
  | { readonly kind: 'refused'; readonly verdict: Verdict } {
  if (!Buffer.isBuffer(body) || body.length === 0) return { kind: 'form', body: none };
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== undefined && type !== 'application/x-www-form-urlencoded') {
    const seen = `seen a body of the type ${JSON.stringify(type.slice(0, 60))}`;
    const verdict = nack(`${seen}, expected application/x-www-form-urlencoded`, 415);
    return { kind: 'refused', verdict };
  }
  const read = readForm(body);
  if (read.kind === 'refused') return { kind: 'refused', verdict: nack(read.message) };
  return { kind: 'form', body: read.parameters };
}

/** What is answered to an address under `/Face` that is broken; false for one that is not there. */
export function answerBadAddress(
  ports: FacePorts,
  request: FastifyRequest,
  reply: FastifyReply,
): boolean {
  if (!pathOf(request).startsWith(`${prefix}/`)) return false;
  const verdict = nack('seen a path that is not percent-encoded UTF-8, expected that of a command');
  send(ports, request, reply, told(verdict), 'result');
  return true;
}

function pathOf(request: FastifyRequest): string {
  return (request.raw.url ?? '').split('?', 1)[0] ?? '';
}

/** Its pattern, which holds nothing that a client has sent. */
function routeOf(request: FastifyRequest): string {
  return `${request.method} ${request.routeOptions.url ?? prefix}`;
}

function envelopeOf(request: FastifyRequest): Envelope {
  const path = request.routeOptions.url?.slice(prefix.length) ?? '';
  return Object.hasOwn(open, path) ? (open[path]?.envelope ?? 'result') : 'result';
}

function notFound(
  method: string,
  path: string,
): { readonly verdict: Verdict; readonly allow?: string } {
  const command = path.slice(prefix.length);
  if (Object.hasOwn(commands, command) || Object.hasOwn(open, command)) {
    const allow = giving.has(command) ? 'GET, HEAD, POST' : 'GET, POST';
    return { allow, verdict: nack(`seen ${method}, expected one of ${allow}`, 405) };
  }
  const isHalf = /^\/?((audioRecording(\/segment)?|file)\/?)?$/.test(command);
  return { verdict: isHalf ? verdicts.commandMissing : verdicts.commandInvalid };
}

function verdictOf(error: unknown): Verdict {
  if (error instanceof StoreError) return verdicts.database;
  if (error instanceof SearchesBusyError) {
    return nack('Too many searches wait; try again in a moment', 503);
  }
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  if (status === 413) return nack(`seen a larger body, expected at most ${bodyLimit} bytes`, 413);
  if (typeof status === 'number' && status >= 400 && status < 500) {
    // The framework's own words may quote what was sent.
    return nack('seen a request that could not be read', status);
  }
  return nack('NACK', 500);
}

/** What must be logged; what is wrong with a request is the client's to know. */
function isFault(verdict: Verdict): boolean {
  return verdict === verdicts.database || verdict.status === 500;
}
