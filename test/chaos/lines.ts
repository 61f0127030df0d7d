/**
 * One connection to the feed, reduced to what the chaos clients need: documents in, text out, and the ways
 * to stop reading and to leave. A TCP client reads lines, as the protocol allows.
 */
import { connect } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { WebSocket } from 'ws';

export interface Line {
  send(text: string): void;
  /** Stops and goes on taking bytes out of the socket. */
  pause(): void;
  resume(): void;
  /** In the order of the transport, or by a reset. */
  leave(how: 'fin' | 'rst'): void;
}

export interface LinePort {
  opened(): void;
  document(text: string): void;
  /** Once, whether it was ever open or not. */
  closed(): void;
}

export function dialTcp(port: number, to: LinePort): Line {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  const decoder = new StringDecoder('utf8');
  let rest = '';
  socket.on('connect', () => to.opened());
  socket.on('data', (chunk) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) to.document(line);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => to.closed());
  return {
    send: (text) => void socket.write(text),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    leave: (how) => {
      // What is unread would hold back the end.
      socket.resume();
      if (how === 'fin') socket.end();
      else socket.resetAndDestroy();
    },
  };
}

export function dialWebSocket(port: number, subprotocol: string, to: LinePort): Line {
  const options = { perMessageDeflate: false, closeTimeout: 2_000 };
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}/feed`, [subprotocol], options);
  webSocket.on('open', () => to.opened());
  webSocket.on('message', (data: Buffer) => to.document(data.toString().trimEnd()));
  webSocket.on('error', () => undefined);
  webSocket.on('close', () => to.closed());
  const whenOpen = (act: () => void): void => {
    if (webSocket.readyState === WebSocket.OPEN) act();
  };
  return {
    send: (text) => whenOpen(() => webSocket.send(text)),
    pause: () => whenOpen(() => webSocket.pause()),
    resume: () => webSocket.resume(),
    leave: (how) => {
      webSocket.resume();
      if (how === 'fin') webSocket.close();
      else webSocket.terminate();
    },
  };
}
