/**
 * The feed over the page's own WebSocket, in JSON. A page cannot stop reading: the conversation lets the
 * connection go instead. Nothing is decided here.
 */
import type { Closing } from './effect.ts';
import { jsonSubprotocol, readServerJson, requestJson } from './json-codec.ts';
import { closingOf } from './parting.ts';
import type { Line, LineListener, Transport } from './transport.ts';

/** What we need of the WebSocket that browsers have. */
interface PageSocket {
  readonly readyState: number;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: (() => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export type PageSocketClass = new (url: string, protocols: string[]) => PageSocket;

const isOpen = 1;

/** @param Socket the page's WebSocket */
export function pageTransport(url: string, Socket: PageSocketClass): Transport {
  return {
    canPause: false,
    dial: (listener) => lineOf(new Socket(url, [jsonSubprotocol]), listener),
  };
}

function lineOf(socket: PageSocket, listener: LineListener): Line {
  let failed: Closing | undefined;
  socket.onopen = () => listener.opened();
  // A page is told nothing of what went wrong; the end comes all the same.
  socket.onerror = () => undefined;
  socket.onmessage = ({ data }) => {
    if (failed !== undefined) return;
    const message = typeof data === 'string' ? readServerJson(data) : undefined;
    if (message !== undefined) return listener.received(message);
    failed = { reason: 'no feed: a message is no JSON', code: 'FEED_PROTOCOL' };
    socket.close();
  };
  socket.onclose = ({ code, reason }) => listener.closed(failed ?? closingOf(code, reason));
  return {
    send: (request) => {
      if (socket.readyState === isOpen) socket.send(requestJson(request));
    },
    pause: () => undefined,
    resume: () => undefined,
    hangUp: () => socket.close(1000),
  };
}
