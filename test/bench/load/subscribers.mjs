/**
 * Subscribers of the bench, for every server the same: many sockets that read into one buffer and count
 * bytes; those that look find the call in each document and tell when it came. No client library, so that
 * the load costs the same whoever is measured.
 */
import { connect } from 'node:net';
import { extension } from './publishers.mjs';

const idMark = Buffer.from('<native_call_id>');
const endMark = Buffer.from('type="CallEnd"');
const firstBytes = 64 * 1024;

const subscribe = (who, feed = '') =>
  `<VerbaApi><Request type="SubscribeOnCallEvent" id="1">${who === undefined ? '' : `<Extension number="${who}"/>`}${feed}</Request></VerbaApi>`;
const upgrade = (path, protocol) =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: b2ZmaG9vayBiZW5jaCAxNg==\r\n${protocol}\r\n`;

/** One text message from a client; the mask of zeros is a mask, and saves the masking. */
export function textFrame(text) {
  const length = Buffer.byteLength(text);
  const head = length < 126 ? [0x81, 0x80 | length] : [0x81, 0xfe, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), Buffer.from(text)]);
}
const pong = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);

/**
 * How each server is spoken to: which port, what is said first, what is said once `next` has come, and
 * the end of the answer after which events may come. `framed` where WebSocket frames come in.
 */
export const wires = {
  'offhook tcp': {
    port: ({ tcp }) => tcp,
    open: (who, feed) => subscribe(who, feed),
    answered: '</VerbaApi>',
  },
  'offhook ws': {
    port: ({ ws }) => ws,
    open: () => upgrade('/feed', 'Sec-WebSocket-Protocol: offhook.xml\r\n'),
    next: '\r\n\r\n',
    say: (who, feed) => textFrame(subscribe(who, feed)),
    answered: '</VerbaApi>',
    framed: true,
  },
  redis: {
    port: ({ port }) => port,
    open: (who = 'all') => `*2\r\n$9\r\nSUBSCRIBE\r\n$${who.length}\r\n${who}\r\n`,
    answered: ':1\r\n',
  },
  nats: {
    port: ({ port }) => port,
    open: (who = 'all') => `CONNECT {"verbose":false,"pedantic":false}\r\nSUB ${who} 1\r\nPING\r\n`,
    answered: 'PONG\r\n',
  },
  'naive ws': {
    port: ({ port }) => port,
    open: (who = '') => upgrade(`/${who}`, ''),
    answered: '\r\n\r\n',
    framed: true,
  },
};

/** Walks over the frames a server sends, only to answer its pings: who does not is closed. */
class FrameWalk {
  #skip = 0;
  #rest;

  /** @returns true when a ping came */
  push(bytes) {
    let pinged = false;
    let at = this.#skip;
    let chunk = bytes;
    if (this.#rest !== undefined) {
      chunk = Buffer.concat([this.#rest, bytes]);
      this.#rest = undefined;
    }
    while (at < chunk.length) {
      const short = chunk[at + 1] & 0x7f;
      const head = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
      if (at + head > chunk.length || at + 1 >= chunk.length) {
        this.#rest = Buffer.from(chunk.subarray(at));
        this.#skip = 0;
        return pinged;
      }
      if ((chunk[at] & 0x0f) === 0x9) pinged = true;
      const length =
        short === 126
          ? chunk.readUInt16BE(at + 2)
          : short === 127
            ? Number(chunk.readBigUInt64BE(at + 2))
            : short;
      at += head + length;
    }
    this.#skip = at - chunk.length;
    return pinged;
  }
}

export class Subscriber {
  /** What came since the subscription was answered. */
  bytes = 0;
  documents = 0;
  isClosed = false;
  #socket;
  #look;
  #rest;
  #walk;

  /** @param look called with (key, isEnd, atMs) for each call document; absent: only bytes are counted */
  constructor(look) {
    this.#look = look;
  }

  /** Resolves when the subscription has been answered. */
  open(wire, ports, who, scratch) {
    const { port, open, next, say, answered, framed } = wires[wire];
    return new Promise((resolve, reject) => {
      let opening = '';
      let toSay = next;
      let isOpen = false;
      const heard = (count, buffer) => {
        if (isOpen) {
          this.#take(buffer.subarray(0, count));
          return true;
        }
        opening += buffer.toString('latin1', 0, count);
        if (toSay !== undefined && opening.includes(toSay)) {
          opening = opening.slice(opening.indexOf(toSay) + toSay.length);
          toSay = undefined;
          this.#socket.write(say(who));
        }
        const end = toSay === undefined ? opening.indexOf(answered) : -1;
        if (end === -1) return opening.length < firstBytes;
        isOpen = true;
        if (framed) this.#walk = new FrameWalk();
        const rest = opening.slice(end + answered.length).replace(/^\n/, '');
        opening = '';
        resolve(this);
        if (rest !== '') this.#take(Buffer.from(rest, 'latin1'));
        return true;
      };
      const onread = { buffer: scratch, callback: heard };
      this.#socket = connect({ port: port(ports), host: '127.0.0.1', onread });
      this.#socket.setNoDelay(true);
      this.#socket.on('error', reject);
      this.#socket.once('close', () => {
        this.isClosed = true;
        reject(new Error(`${wire} closed a connection before it had answered.`));
      });
      this.#socket.once('connect', () => this.#socket.write(open(who)));
    });
  }

  #take(chunk) {
    this.bytes += chunk.length;
    if (this.#look !== undefined) this.#find(chunk);
    if (this.#walk?.push(chunk)) this.#socket.write(pong);
  }

  /** Documents have one mark each, with the type before it; what is between documents does not matter. */
  #find(chunk) {
    const atMs = performance.now();
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (;;) {
      const mark = bytes.indexOf(idMark, start);
      if (mark === -1) break;
      const from = mark + idMark.length;
      const to = bytes.indexOf(0x3c, from);
      if (to === -1) break;
      const isEnd = bytes.subarray(start, mark).indexOf(endMark) !== -1;
      this.documents += 1;
      this.#look(bytes.toString('latin1', from, to), isEnd, atMs);
      start = to;
    }
    this.#rest = start === bytes.length ? undefined : Buffer.from(bytes.subarray(start));
  }

  /** Reads no more, with the socket open. */
  stop() {
    this.#socket.pause();
  }

  close() {
    this.#socket?.destroy();
  }
}

/** Opens `count` subscribers, some hundred at a time; the first `looking` of them look. */
export async function openMany({ wire, ports, count, looking, own, first = 0 }, look) {
  const scratch = Buffer.allocUnsafeSlow(256 * 1024);
  const all = [];
  for (let at = 0; at < count; at += 200) {
    const batch = [];
    for (let i = at; i < Math.min(count, at + 200); i += 1) {
      const subscriber = new Subscriber(i < looking ? look : undefined);
      const who = own ? extension(first + i) : undefined;
      batch.push(subscriber.open(wire, ports, who, scratch));
    }
    all.push(...(await Promise.all(batch)));
  }
  return all;
}
