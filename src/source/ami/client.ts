/**
 * The socket to Asterisk's manager interface: bytes in and out, one timer, nothing decided here.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '../../base/clock.ts';
import { SourceError } from '../../base/errors.ts';
import type { RecorderCommand, RecorderResult, SourcePort } from '../source.ts';
import type { Connection } from '../supervisor.ts';
import { AmiDecoder, encodeAction } from './codec.ts';
import type { AmiEffect } from './effect.ts';
import { AmiSession, type AmiSessionSettings } from './session.ts';
import { stampOf } from './translate.ts';

export interface AmiClientSettings extends AmiSessionSettings {
  readonly host: string;
  readonly port: number;
  readonly tls?: {
    /** PEM of the authority that signed the server's certificate; the system's own when absent. */
    readonly ca?: string;
    readonly rejectUnauthorized: boolean;
  };
}

/** Dialling takes at most this long. */
const connectTimeoutMs = 10_000;
const tickMs = 1_000;

class AmiConnection implements Connection {
  readonly ended: Promise<SourceError>;
  readonly #port: SourcePort;
  readonly #clock: Clock;
  readonly #steady: Clock;
  readonly #session: AmiSession;
  readonly #decoder = new AmiDecoder();
  readonly #socket: Socket;
  readonly #answers = new Map<number, (result: RecorderResult) => void>();
  readonly #timer: NodeJS.Timeout;
  #commands = 0;
  #isHeld = false;
  #end: (error: SourceError) => void = () => undefined;

  constructor(settings: AmiClientSettings, port: SourcePort, clock: Clock, steady: Clock) {
    this.#port = port;
    this.#clock = clock;
    this.#steady = steady;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#session = new AmiSession(settings, steady.now());
    this.#socket = dial(settings);
    this.#socket.setNoDelay(true);
    this.#socket.setTimeout(connectTimeoutMs);
    // After the socket has been read: what came while this process was held up is no silence.
    this.#timer = setInterval(() => setImmediate(() => this.#tick()), tickMs);
    this.#listen(`${settings.host}:${settings.port}`);
  }

  close(): void {
    this.#finish(new SourceError('AMI_UNREACHABLE', 'The connection was closed on purpose.', true));
  }

  hold(held: boolean): void {
    if (held === this.#isHeld) return;
    this.#isHeld = held;
    if (held) {
      this.#socket.pause();
      return;
    }
    this.#session.listenAgain(this.#steady.now());
    this.#socket.resume();
  }

  record(command: RecorderCommand): Promise<RecorderResult> {
    this.#commands += 1;
    const number = this.#commands;
    return new Promise((resolve) => {
      this.#answers.set(number, resolve);
      this.#carryOut(this.#session.command(command, number, this.#steady.now()));
    });
  }

  #listen(where: string): void {
    const socket = this.#socket;
    socket.once('connect', () => socket.setTimeout(0));
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('timeout', () => this.#finish(unreachable(where, 'no connection within 10 s')));
    socket.on('error', (error) => this.#finish(unreachable(where, error.message, error)));
    socket.on('close', () => this.#finish(unreachable(where, 'Asterisk closed the connection')));
  }

  #tick(): void {
    // While nothing is read, nothing that is missing can be told from what waits to be read.
    const isOver = this.#isHeld || this.#socket.destroyed;
    if (!isOver) this.#carryOut(this.#session.tick(this.#steady.now()));
  }

  #receive(chunk: Buffer): void {
    this.#port.heard();
    try {
      for (const message of this.#decoder.push(chunk)) {
        const effects = this.#session.receive(message, this.#steady.now(), this.#clock.now());
        this.#carryOut(effects);
        // Without `timestampevents` the PBX says nothing that could be compared with our time.
        const tells = message.kind === 'event' && effects.some(({ kind }) => kind === 'signal');
        const stampMs = tells ? stampOf(message.fields) : undefined;
        if (stampMs !== undefined) this.#port.heard(stampMs);
        if (this.#socket.destroyed) return;
      }
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      this.#finish(error);
    }
  }

  #carryOut(effects: readonly AmiEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'send':
          if (this.#socket.writable) this.#socket.write(encodeAction(effect.action));
          break;
        case 'signal':
          this.#port.signal(effect.signal);
          break;
        case 'state':
          this.#port.state(effect.state, effect.reason);
          break;
        case 'result':
          this.#answers.get(effect.command)?.(effect.result);
          this.#answers.delete(effect.command);
          break;
        case 'close':
          this.#finish(effect.error);
          break;
      }
    }
  }

  #finish(error: SourceError): void {
    clearInterval(this.#timer);
    this.#socket.destroy();
    this.#carryOut(this.#session.lost(this.#steady.now()));
    for (const answer of this.#answers.values()) {
      answer({ kind: 'unavailable', reason: error.message });
    }
    this.#answers.clear();
    this.#end(error);
  }
}

function dial(settings: AmiClientSettings): Socket {
  const { host, port, tls } = settings;
  if (tls === undefined) return connectTcp({ host, port });
  const { ca, rejectUnauthorized } = tls;
  return connectTls({ host, port, rejectUnauthorized, ...(ca !== undefined && { ca }) });
}

function unreachable(where: string, what: string, cause?: Error): SourceError {
  return new SourceError('AMI_UNREACHABLE', `Asterisk at ${where}: ${what}.`, true, { cause });
}

/**
 * Opens a connection to Asterisk. It never throws; how it goes is told through `port` and `ended`.
 * @param clock the time of day, for what is told
 * @param steady a clock that nobody sets, for pings and silence
 */
export function connectAmi(
  settings: AmiClientSettings,
  port: SourcePort,
  clock: Clock,
  steady: Clock,
): Connection {
  return new AmiConnection(settings, port, clock, steady);
}
