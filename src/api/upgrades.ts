/**
 * Requests that offer to go on in another protocol. To a WebSocket they come out here, for whoever serves them; any
 * other offer is declined by answering the request as if it had not been made (RFC 9110 §7.8). Common clients
 * offer HTTP/2 so with every first request.
 */
import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Server as TlsServer } from 'node:tls';

export type UpgradeListener = (request: IncomingMessage, stream: Duplex, head: Buffer) => void;

/** What only the declined offer needs. */
const ofTheOffer = new Set(['upgrade', 'http2-settings']);

export class Upgrades extends EventEmitter<{ upgrade: Parameters<UpgradeListener> }> {
  /** @param isWaiting whether a request that came before on the same stream still has no answer */
  constructor(server: Server, isWaiting: (stream: Duplex) => boolean) {
    super();
    server.on('upgrade', (request, stream, head) => {
      if (isToWebSocket(request) && this.listenerCount('upgrade') > 0) {
        this.emit('upgrade', request, stream, head);
      } else if (isWaiting(stream)) {
        // Its answer would come before theirs.
        stream.destroy();
      } else {
        decline(server, request, stream, head);
      }
    });
  }
}

function isToWebSocket({ headers }: IncomingMessage): boolean {
  const offered = (headers.upgrade ?? '').split(',').map((each) => each.trim().toLowerCase());
  return offered.includes('websocket');
}

/** Gives the stream back to the server with the request without its offer, to be read once more. */
function decline(server: Server, request: IncomingMessage, stream: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    const lower = name.toLowerCase();
    if (ofTheOffer.has(lower)) continue;
    lines.push(`${name}: ${lower === 'connection' ? connectionWithout(value) : value}`);
  }
  // Node has read header fields as Latin-1.
  const text = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  stream.unshift(Buffer.concat([text, head]));
  server.emit(server instanceof TlsServer ? 'secureConnection' : 'connection', stream);
}

function connectionWithout(value: string): string {
  const options = value.split(',').map((each) => each.trim());
  return options.filter((each) => !ofTheOffer.has(each.toLowerCase())).join(', ');
}
