/**
 * The main thread's end of one worker: requests out, answers matched to their promises, and one word
 * when the thread is lost. Knows nothing of what is asked.
 */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { StoreError } from '../base/errors.ts';
import type { Exchanges, Reply, WorkerOptions } from './messages.ts';

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: StoreError) => void;
}

export class Conversation<E extends Exchanges<E>> {
  /** Name of the numbering. */
  readonly epoch: string;
  /** Number of the newest event when the connection was opened. */
  readonly head: number;
  readonly #worker: Worker;
  readonly #options: WorkerOptions;
  readonly #waiting = new Map<number, Waiting>();
  readonly #onLost: (error: StoreError) => void;
  #nextId = 1;
  #lost: StoreError | undefined;

  private constructor(
    worker: Worker,
    options: WorkerOptions,
    opened: { readonly epoch: string; readonly head: number },
    onLost: (error: StoreError) => void,
  ) {
    this.epoch = opened.epoch;
    this.head = opened.head;
    this.#worker = worker;
    this.#options = options;
    this.#onLost = onLost;
    const ended = (cause?: unknown): void => this.#lose(lostError(options, cause));
    // By name: without a name the worker's own listeners would go too, and it would no longer hold the
    // process open while an answer is awaited.
    for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
    worker.on('message', (reply: Reply) => this.#hear(reply));
    worker.once('error', ended);
    worker.once('exit', () => ended());
  }

  #lose(error: StoreError): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#onLost(error);
  }

  /**
   * Starts a worker and waits until it has opened its connection.
   * @param onLost called once when the thread has ended, in order or not
   * @throws {StoreError} what the worker says when it cannot open it
   */
  static async start<E extends Exchanges<E>>(
    options: WorkerOptions,
    onLost: (error: StoreError) => void,
  ): Promise<Conversation<E>> {
    const worker = new Worker(workerPath(), { workerData: options, name: `store-${options.mode}` });
    const reply = await new Promise<Reply>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', (cause) => reject(lostError(options, cause)));
      worker.once('exit', () => reject(lostError(options)));
    });
    if (reply.kind === 'opened') return new Conversation<E>(worker, options, reply, onLost);
    await worker.terminate();
    if (reply.kind === 'refused') throw new StoreError(reply.code, reply.message);
    throw new TypeError(`a store worker began with "${reply.kind}"`);
  }

  /**
   * Sends a request; requests are carried out one by one, in the order they are sent.
   * @throws {StoreError} STORE_COMMIT_FAILED when the database refused to write, STORE_UNAVAILABLE when
   *   it refused to read or the thread is lost
   */
  ask<K extends keyof E>(kind: K, ask: E[K]['ask']): Promise<E[K]['answer']> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      // The worker answers a request of kind K with the answer of K.
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, kind, ask });
    });
  }

  /** Resolves when the thread has ended after a `close` request. */
  async ended(): Promise<void> {
    await this.#worker.terminate();
  }

  #hear(reply: Reply): void {
    if (reply.kind !== 'done' && reply.kind !== 'failed') return;
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.kind === 'done') waiting?.resolve(reply.answer);
    else waiting?.reject(this.#refusal(reply.message));
    // A disk may have room again, but a damaged file does not mend itself: nothing can be kept any more.
    if (reply.kind === 'failed' && this.#options.mode === 'write' && damage.test(reply.message)) {
      this.#lose(damaged(this.#options, reply.message));
    }
  }

  #refusal(message: string): StoreError {
    const { mode, folder } = this.#options;
    return mode === 'write'
      ? new StoreError(
          'STORE_COMMIT_FAILED',
          `writing to the store in ${folder} failed: ${message}`,
        )
      : new StoreError('STORE_UNAVAILABLE', `reading the store in ${folder} failed: ${message}`);
  }
}

const damage = /SQLITE_(CORRUPT|NOTADB)/;

function damaged({ folder }: WorkerOptions, message: string): StoreError {
  return new StoreError(
    'STORE_UNAVAILABLE',
    `the database in ${folder} is damaged: ${message}; ` +
      'restore it from a backup, or move it away to begin with an empty one',
  );
}

/**
 * The built worker, by the package's own import name: sources that are run as TypeScript find it too.
 */
function workerPath(): string {
  try {
    return createRequire(import.meta.url).resolve('#store-worker');
  } catch (cause) {
    throw new StoreError(
      'STORE_UNAVAILABLE',
      'the store worker dist/store/worker.js is not there; run "npm run build" first',
      { cause },
    );
  }
}

function lostError({ mode, folder }: WorkerOptions, cause?: unknown): StoreError {
  const reason = cause instanceof Error ? cause.message : 'it ended';
  return new StoreError(
    'STORE_UNAVAILABLE',
    `the ${mode} thread of the store in ${folder} is lost: ${reason}; what was told is kept, start the server again`,
    { cause },
  );
}
