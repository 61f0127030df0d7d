/**
 * How a receiver answers: well, or as a fault says. Whatever it does ends with the connection.
 */
import type { ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { FaultKind } from './fault.ts';

export interface AnswerOptions {
  /** Seconds of the header `retry-after`, which goes with 429 and 503; absent: no header. */
  readonly retryAfter?: number | undefined;
  /** How late `late` is, milliseconds. */
  readonly lateMs: number;
  /** Where `redirect` leads. */
  readonly location: string;
}

const hugeBytes = 100 * 1024 * 1024;
const hugeChunk = Buffer.alloc(64 * 1024, 'a');
/** Time between two characters of a slow body, milliseconds. */
const slowMs = 100;
/** Time from half a head to the reset, milliseconds. */
const resetMs = 50;

export function answer(response: ServerResponse, kind: FaultKind, options: AnswerOptions): void {
  const { socket } = response;
  switch (kind) {
    case 'ok':
      return plain(response, 200, {});
    case 'hang':
      return;
    case 'late':
      return after(response, options.lateMs, () => plain(response, 200, {}));
    case 'close':
      socket?.destroy();
      return;
    case 'reset':
      socket?.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\nx-half: ');
      // What is reset before it was read may look like an end.
      return after(response, resetMs, () => reset(socket));
    case 'garbage':
      socket?.end('\u0000\u0001 this is not HTTP\r\n\r\n');
      return;
    case 'redirect':
      return plain(response, 302, { location: options.location });
    case 'slow-body':
      return slow(response);
    case 'huge-body':
      return huge(response);
    default: {
      const asksForPatience = kind === 429 || kind === 503;
      const { retryAfter } = options;
      const patience =
        asksForPatience && retryAfter !== undefined ? { 'retry-after': String(retryAfter) } : {};
      return plain(response, kind, patience);
    }
  }
}

function plain(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
): void {
  const hasBody = status !== 204 && status !== 304;
  const type = hasBody ? { 'content-type': 'text/plain' } : {};
  response.writeHead(status, { ...type, ...headers });
  response.end(hasBody ? `${STATUS_CODES[status] ?? 'status'}\n` : undefined);
}

/** RST instead of FIN, where the connection is plain TCP. */
function reset(socket: Socket | null): void {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket?.resetAndDestroy();
}

function slow(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.write('s');
  const timer = setInterval(() => response.write('s'), slowMs);
  response.once('close', () => clearInterval(timer));
}

function huge(response: ServerResponse): void {
  response.writeHead(200, { 'content-length': hugeBytes });
  let left = hugeBytes;
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= hugeChunk.length;
      if (!response.write(hugeChunk)) return;
    }
    if (left <= 0) response.end();
  };
  response.on('drain', more);
  more();
}

function after(response: ServerResponse, ms: number, then: () => void): void {
  const timer = setTimeout(then, ms);
  response.once('close', () => clearTimeout(timer));
}
