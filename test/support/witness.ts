/**
 * A subscriber that writes down everything it is told, in order, and comes back with its position: what
 * it holds is what the server has promised.
 */
import { connect, type Socket } from 'node:net';
import { ProtocolError } from '../../src/base/errors.ts';
import { Framer } from '../../src/subscriber/framer.ts';
import { notificationTypes } from '../../src/subscriber/message.ts';
import { readServerDocument, type ServerMessage } from '../../src/subscriber/reading.ts';

export class Witness {
  readonly messages: ServerMessage[] = [];
  /** Ids of calls by what was told of them, in order. */
  readonly starts: string[] = [];
  readonly ends: string[] = [];
  /** Numbers of the events, in order; without a filter they have no gap. */
  readonly seqs: number[] = [];
  readonly goodbyes: string[] = [];
  lost = 0;
  #position: string | undefined;
  #socket: Socket | undefined;
  #waiting: { readonly test: () => boolean; readonly resolve: () => void }[] = [];

  /** @param position where it was before, if it was */
  constructor(position?: string) {
    this.#position = position;
  }

  get position(): string | undefined {
    return this.#position;
  }

  /** Connects and subscribes to everything; with the last position after the first time. */
  attend(port: number): Promise<void> {
    const framer = new Framer();
    const socket = connect({ port, host: '127.0.0.1' });
    this.#socket = socket;
    const after = this.#position === undefined ? 'snapshot="true"' : `after="${this.#position}"`;
    const feed = `<Feed events="${notificationTypes.join(' ')}" ${after}/>`;
    return new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('closed before the answer')));
      socket.on('connect', () =>
        socket.write(
          `<VerbaApi><Request type="SubscribeOnCallEvent" id="w">${feed}</Request></VerbaApi>`,
        ),
      );
      socket.on('data', (chunk) => {
        for (const framed of framer.push(chunk)) {
          if (framed.kind === 'error') throw framed.error;
          const message = readServerDocument(framed.document);
          if (message instanceof ProtocolError) throw message;
          this.#note(message);
          if (message.kind === 'answer') resolve();
        }
        this.#wake();
      });
    });
  }

  #note(message: ServerMessage): void {
    this.messages.push(message);
    switch (message.kind) {
      case 'answer':
        if (message.feed?.recovered === false) this.lost += 1;
        this.#position ??= message.feed?.position;
        break;
      case 'call': {
        if (message.snapshot) break;
        this.#advance(message.position);
        const id = message.cdr.fields.get('id') ?? '';
        if (message.type === 'CallStart') this.starts.push(id);
        if (message.type === 'CallEnd') this.ends.push(id);
        break;
      }
      case 'source':
        this.#advance(message.position);
        break;
      case 'goodbye':
        this.goodbyes.push(`${message.reason} ${message.position ?? ''}`);
        break;
      default:
    }
  }

  #advance(position: string | undefined): void {
    this.#position = position;
    this.seqs.push(Number(position?.split('-')[1]));
  }

  /** Resolves when `test` holds; rejects after the deadline. */
  until(test: () => boolean, deadlineMs = 15_000): Promise<void> {
    if (test()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error('what was waited for did not come')),
        deadlineMs,
      );
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.push({ test, resolve: done });
    });
  }

  #wake(): void {
    this.#waiting = this.#waiting.filter(({ test, resolve }) => {
      if (!test()) return true;
      resolve();
      return false;
    });
  }

  leave(): void {
    this.#socket?.destroy();
  }
}
