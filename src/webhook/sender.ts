/**
 * Sends one request and says what came of it, whatever the receiver does: never longer than its time, never
 * more of an answer than a person would read, never anywhere but where the request says.
 */
import type { Dispatcher } from 'undici';
import { type AgentOptions, Agents } from './agent.ts';
import type { OutgoingRequest } from './dialect/dialect.ts';
import { failed, requestFailure } from './failure.ts';
import { secretsOf, shownAnswer, plainUrl, withoutSecrets } from './printable.ts';
import { retryAfterMs } from './retry-after.ts';
import type { Outcome, Sender, SendLimits } from './sending.ts';
import { wireOf } from './wire.ts';

/** Bytes of an answer's body that are read. */
export const mostAnswerBytes = 4_096;
/** How long an answer's body is awaited after its head, milliseconds. */
export const bodyMs = 1_000;

export interface SenderOptions extends AgentOptions {
  /** Our time, milliseconds since 1970; absent: the clock. */
  readonly nowMs?: () => number;
}

export function createSender({ nowMs = Date.now, ...options }: SenderOptions = {}): Sender {
  const agents = new Agents(options);
  return {
    send: (request, limits) =>
      new Promise((resolve) => {
        const wire = wireOf(request);
        if (wire.kind === 'fault') return resolve(failed('request', wire.fault));
        const exchange = new Exchange(request, limits, nowMs, resolve);
        try {
          const { origin, path } = wire;
          const { method, headers, body } = request;
          agents
            .for(limits.allowAddresses)
            .dispatch({ origin, path, method, headers, body: body ?? null }, exchange);
        } catch (error) {
          exchange.fail(error instanceof Error ? error : new Error(String(error)));
        }
      }),
    close: () => agents.close(),
  };
}

/** One request on its way, and its answer as far as it has come. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: OutgoingRequest;
  readonly #limits: SendLimits;
  readonly #nowMs: () => number;
  readonly #resolve: (outcome: Outcome) => void;
  #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | undefined;
  /** Known from the end of the head on; from there on the outcome is an answer. */
  #head: { readonly status: number; readonly retryAfterMs?: number } | undefined;
  /** Where a redirect leads, which is not followed. */
  #location: string | undefined;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #isOver = false;

  constructor(
    request: OutgoingRequest,
    limits: SendLimits,
    nowMs: () => number,
    resolve: (outcome: Outcome) => void,
  ) {
    this.#request = request;
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#resolve = resolve;
    this.#timer = setTimeout(() => this.#late(), limits.timeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Its time was over while it waited for a connection: not a byte of it is sent.
    if (this.#isOver) return controller.abort(new Error('too late'));
    this.#controller = controller;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    // "Go on", "wait": the answer is still to come.
    if (this.#isOver || status < 200) return;
    const wait = retryAfterMs(firstOf(headers['retry-after']), this.#nowMs());
    this.#head = { status, ...(wait === undefined ? {} : { retryAfterMs: wait }) };
    if (status >= 300 && status < 400) this.#location = firstOf(headers['location']);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#cut(), bodyMs);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return;
    const room = mostAnswerBytes - this.#bytes;
    // A copy: what is read next goes into the same memory.
    if (room > 0) this.#chunks.push(Buffer.from(chunk.subarray(0, room)));
    this.#bytes += chunk.length;
    if (this.#bytes > mostAnswerBytes) this.#cut();
  }

  onResponseEnd(): void {
    this.#answered('');
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(error);
  }

  fail(error: Error): void {
    if (this.#head !== undefined) return this.#answered('connection cut');
    const { error: kind, detail } = requestFailure(error, this.#where());
    this.#end(failed(kind, withoutSecrets(detail)));
  }

  /** The deadline has passed and no head has come. */
  #late(): void {
    const { timeoutMs } = this.#limits;
    const what = this.#controller === undefined ? 'No connection to' : 'No answer from';
    this.#end(failed('timeout', `${what} ${this.#where()} within ${timeoutMs / 1_000} s.`));
    this.#drop();
  }

  /** Enough of the body has been read, or awaited. */
  #cut(): void {
    this.#answered('rest not awaited');
    this.#drop();
  }

  /** The connection goes, so that nobody reads on in the background. */
  #drop(): void {
    this.#controller?.abort(new Error('enough'));
  }

  #answered(remark: string): void {
    if (this.#isOver || this.#head === undefined) return;
    const to = this.#location === undefined ? '' : `redirects to ${plainUrl(this.#location)}`;
    const body =
      this.#bytes === 0 ? '' : shownAnswer(Buffer.concat(this.#chunks), secretsOf(this.#request));
    const answer = [to, body, remark === '' ? '' : `[${remark}]`]
      .filter((part) => part !== '')
      .join(' ');
    this.#end({ kind: 'answered', answer, ...this.#head });
  }

  #end(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#resolve(outcome);
  }

  #where(): string {
    return plainUrl(this.#request.url);
  }
}

function firstOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}
