/**
 * The feed over WebSocket, in JSON, from Node. Nothing is decided here.
 */
import { WebSocket } from 'ws';
import { readingBounds } from '../subscriber/reading.ts';
import type { Closing } from './effect.ts';
import { jsonSubprotocol, readServerJson, requestJson } from './json-codec.ts';
import { closingOf } from './parting.ts';
import { refusedConnection } from './refused-connection.ts';
import { type TlsOptions, tlsSettings } from './tcp.ts';
import type { Line, LineListener, Transport } from './transport.ts';

/** Statuses with which an upgrade is refused for now; the others will be the same the next time. */
const passing: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

const leaveMs = 1_000;

export function webSocketTransport(url: URL, tls: TlsOptions): Transport {
  return {
    canPause: true,
    dial: (listener) => {
      const webSocket = new WebSocket(url, [jsonSubprotocol], {
        perMessageDeflate: false,
        maxPayload: readingBounds.messageBytes,
        ...(url.protocol === 'wss:' ? tlsSettings(tls, hostOf(url)) : {}),
      });
      return lineOf(webSocket, listener);
    },
  };
}

/** The host of a URL without the brackets of an IPv6 address. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

function lineOf(webSocket: WebSocket, listener: LineListener): Line {
  let failed: Closing | undefined;
  webSocket.on('open', () => listener.opened());
  webSocket.on('unexpected-response', (_, { statusCode = 0 }) => {
    failed = refusedUpgrade(statusCode);
    webSocket.terminate();
  });
  webSocket.on('message', (data: Buffer, isBinary) => {
    const message = isBinary ? undefined : readServerJson(data.toString());
    if (message === undefined) {
      failed ??= { reason: 'no feed: a message is no JSON', code: 'FEED_PROTOCOL' };
      webSocket.terminate();
    } else if (failed === undefined) {
      listener.received(message);
    }
  });
  webSocket.on('ping', () => listener.heard());
  webSocket.on('error', (error) => (failed ??= failureOf(error)));
  webSocket.on('close', (code, reason) =>
    listener.closed(failed ?? closingOf(code, reason.toString())),
  );
  return {
    send: (request) => {
      if (webSocket.readyState === WebSocket.OPEN) webSocket.send(requestJson(request));
    },
    pause: () => webSocket.pause(),
    resume: () => webSocket.resume(),
    hangUp: () => {
      webSocket.resume();
      webSocket.close(1000);
      // A server that is gone does not take leave.
      setTimeout(() => webSocket.terminate(), leaveMs).unref();
    },
  };
}

function refusedUpgrade(status: number): Closing {
  const reason = `the server answers with HTTP status ${status}`;
  if (passing.has(status)) return { reason };
  return { reason, code: status === 401 || status === 403 ? 'FEED_UNAUTHORIZED' : 'FEED_PROTOCOL' };
}

/** The library words its own verdicts on what the server sent; the rest are errors of the socket. */
function failureOf(error: Error): Closing {
  const isOurs = !('code' in error) || String(error.code).startsWith('WS_ERR_');
  return isOurs ? { reason: error.message, code: 'FEED_PROTOCOL' } : refusedConnection(error);
}
