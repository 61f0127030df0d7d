/**
 * The feed over TCP or TLS, in XML, from Node. Nothing is decided here.
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { ProtocolError } from '../base/errors.ts';
import { Framer } from '../subscriber/framer.ts';
import { readingBounds, readServerDocument } from '../subscriber/reading.ts';
import { requestXml } from '../subscriber/request-codec.ts';
import type { Closing } from './effect.ts';
import { refusedConnection } from './refused-connection.ts';
import type { Line, LineListener, Transport } from './transport.ts';

/** Who is trusted and who we are; PEM texts or their bytes. */
export interface TlsOptions {
  /** Certificates of the authorities to trust instead of the usual ones. */
  readonly ca?: string | Uint8Array | undefined;
  /** Our own certificate, where the server asks for one. */
  readonly cert?: string | Uint8Array | undefined;
  readonly key?: string | Uint8Array | undefined;
  /** The name that the server's certificate must have; the host of the URL. */
  readonly servername?: string | undefined;
}

/** A half-open connection of a server that has no keep-alives is found by the kernel. */
const probeAfterMs = 60_000;

/** @param tls absent for plain TCP */
export function tcpTransport(host: string, port: number, tls: TlsOptions | undefined): Transport {
  return {
    canPause: true,
    dial: (listener) => {
      const socket =
        tls === undefined
          ? connect({ host, port, noDelay: true })
          : connectTls({ host, port, ...tlsSettings(tls, host) });
      socket.once(tls === undefined ? 'connect' : 'secureConnect', () => listener.opened());
      return lineOf(socket, listener);
    },
  };
}

/** Options for Node's TLS, without those that were not given: it takes undefined for a value. */
export function tlsSettings(tls: TlsOptions, host: string): ConnectionOptions {
  const { ca, cert, key, servername } = tls;
  return {
    ...(ca === undefined ? {} : { ca: bytesOf(ca) }),
    ...(cert === undefined ? {} : { cert: bytesOf(cert) }),
    ...(key === undefined ? {} : { key: bytesOf(key) }),
    ...(servername === undefined ? nameOf(host) : { servername }),
  };
}

function bytesOf(pem: string | Uint8Array): string | Buffer {
  return typeof pem === 'string' ? pem : Buffer.from(pem);
}

/** TLS knows names only; an address must not be sent as one (RFC 6066 §3). */
function nameOf(host: string): { servername?: string } {
  const isAddress = host.includes(':') || /^[\d.]+$/.test(host);
  return isAddress ? {} : { servername: host };
}

function lineOf(socket: Socket, listener: LineListener): Line {
  const framer = new Framer(readingBounds);
  socket.setNoDelay(true).setKeepAlive(true, probeAfterMs);
  socket.on('data', (chunk: Buffer) => {
    listener.heard();
    for (const framed of framer.push(chunk)) {
      const message = framed.kind === 'error' ? framed.error : readServerDocument(framed.document);
      if (message instanceof ProtocolError) {
        socket.removeAllListeners('data').destroy();
        listener.closed({ reason: `no feed: ${message.message}`, code: 'FEED_PROTOCOL' });
        return;
      }
      listener.received(message);
    }
  });
  let closing: Closing = { reason: 'the server closed it' };
  socket.on('error', (error) => (closing = refusedConnection(error)));
  socket.on('close', () => listener.closed(closing));
  return {
    send: (request) => void socket.write(requestXml(request)),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    hangUp: () => socket.destroySoon(),
  };
}
