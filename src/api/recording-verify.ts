/**
 * `POST /v1/recordings/verify`: rows and media files compared, told line by line as it goes on. One at a time.
 */
import { Readable } from 'node:stream';
import type { FastifyPluginCallback } from 'fastify';
import { problem } from '../base/problem.ts';
import { badQuery, refuse } from './answer.ts';
import { forHolders, readsJson } from './managing.ts';
import { readQuery } from './query.ts';
import type { Finding } from './recording-schemas.ts';
import type { RecordingPorts } from './recording-desk.ts';

export function verifyRoutes({ verify, media }: RecordingPorts): FastifyPluginCallback {
  let isUnderWay = false;
  return (app, _options, done) => {
    forHolders(app, 'manage');
    readsJson(app);
    app.post('/v1/recordings/verify', (request, reply) => {
      const query = readQuery(request.url, []);
      if (query.kind === 'wrong') return badQuery(reply, query.detail);
      if (isUnderWay) {
        const detail = 'a verification is under way; come again when it is over';
        return refuse(reply, problem(409, 'VERIFY_UNDER_WAY', detail));
      }
      isUnderWay = true;
      const stream = Readable.from(linesOf(verify()));
      stream.once('close', () => (isUnderWay = false));
      // Who reads no more would keep everybody else from it; who waits for a slow disk may wait.
      reply.raw.setTimeout(media.downloads.bounds.stalledMs, () => {
        if (reply.raw.writableNeedDrain) reply.raw.destroy();
      });
      return reply.type('application/x-ndjson; charset=utf-8').send(stream);
    });
    done();
  };
}

/** The status has been sent when something goes wrong: what did is the last line. */
async function* linesOf(findings: AsyncGenerator<Finding>): AsyncGenerator<string> {
  try {
    for await (const finding of findings) yield `${JSON.stringify(finding)}\n`;
  } catch (error) {
    // Managers may know: it names a file, or says what is wrong with the store.
    const detail = error instanceof Error ? error.message : String(error);
    yield `${JSON.stringify({ kind: 'failed', detail } satisfies Finding)}\n`;
  }
}
