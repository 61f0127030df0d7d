/**
 * Feed clients of the bench: many sockets, little work for each. All of them count what comes; those
 * that are asked to look find the call in each document and tell when it came.
 */
import { connect } from 'node:net';

const idMark = Buffer.from('<native_call_id>');
const endMark = Buffer.from('type="CallEnd"');
const lineFeed = 0x0a;

export class Subscriber {
  bytes = 0;
  documents = 0;
  #socket;
  #look;
  #rest = Buffer.alloc(0);

  /** @param look called with (key, isEnd, atMs) for each call document; absent: only bytes are counted */
  constructor(look) {
    this.#look = look;
  }

  /** Resolves when the subscription has been answered. */
  open(port, request, scratch) {
    return new Promise((resolve, reject) => {
      let answered = false;
      const heard = (count, buffer) => {
        this.bytes += count;
        if (!answered) {
          answered = true;
          this.bytes = 0;
          resolve(this);
          return true;
        }
        if (this.#look !== undefined) this.#find(buffer.subarray(0, count));
        return true;
      };
      this.#socket = connect({
        port,
        host: '127.0.0.1',
        onread: { buffer: scratch, callback: heard },
      });
      this.#socket.setNoDelay(true);
      this.#socket.once('error', reject);
      this.#socket.once('connect', () => this.#socket.write(request));
    });
  }

  #find(chunk) {
    const atMs = performance.now();
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(lineFeed, start);
      if (end === -1) break;
      const mark = bytes.indexOf(idMark, start);
      if (mark !== -1 && mark < end) {
        const from = mark + idMark.length;
        const key = bytes.toString('latin1', from, bytes.indexOf(0x3c, from));
        const isEnd = bytes.subarray(start, start + 120).indexOf(endMark) !== -1;
        this.documents += 1;
        this.#look(key, isEnd, atMs);
      }
      start = end + 1;
    }
    this.#rest = Buffer.from(bytes.subarray(start));
  }

  close() {
    this.#socket.destroy();
  }
}

export const subscribeTo = (extension) =>
  `<VerbaApi><Request type="SubscribeOnCallEvent" id="1">${
    extension === undefined ? '' : `<Extension number="${extension}"/>`
  }</Request></VerbaApi>`;

/** Opens `count` subscribers, some hundred at a time. */
export async function openMany(count, make, port) {
  const scratch = Buffer.alloc(256 * 1024);
  const all = [];
  for (let at = 0; at < count; at += 250) {
    const batch = [];
    for (let i = at; i < Math.min(count, at + 250); i += 1) {
      const { subscriber, request } = make(i);
      batch.push(subscriber.open(port, request, scratch));
    }
    all.push(...(await Promise.all(batch)));
  }
  return all;
}
