/**
 * Keeps one source alive: connects, tells when sight of it is lost and when it is back, waits between
 * attempts, and gives its calls up when it stays away too long. It knows nothing of what is spoken.
 */
import { backoffMs, type BackoffPlan } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import type { SourceError } from '../base/errors.ts';
import type { RecorderCommand, RecorderResult, Source, SourcePort, SourceState } from './source.ts';

/** One attempt at talking to the system, from dialling to its end. */
export interface Connection {
  /** Resolves, never rejects, with why it ended. */
  readonly ended: Promise<SourceError>;
  /** Ends it from our side. */
  close(): void;
  /** Stops reading, and goes on. */
  hold?(held: boolean): void;
  record?(command: RecorderCommand): Promise<RecorderResult>;
}

export interface SupervisorSettings {
  readonly name: string;
  readonly type: string;
  readonly backoff: BackoffPlan;
  /** Calls are given up when the source has been away for this long, milliseconds. */
  readonly giveUpAfterMs: number;
}

export interface SupervisorPorts {
  readonly connect: (port: SourcePort) => Connection;
  readonly port: SourcePort;
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
}

export class Supervisor implements Source {
  readonly name: string;
  readonly type: string;
  readonly #settings: SupervisorSettings;
  readonly #ports: SupervisorPorts;
  #connection: Connection | undefined;
  #retry: NodeJS.Timeout | undefined;
  #giveUp: NodeJS.Timeout | undefined;
  #state: SourceState = 'connecting';
  #heardAtMs: number | undefined;
  #attempt = 0;
  #stopped = false;
  #isHeld = false;

  constructor(settings: SupervisorSettings, ports: SupervisorPorts) {
    this.name = settings.name;
    this.type = settings.type;
    this.#settings = settings;
    this.#ports = ports;
  }

  start(): void {
    this.#awaitReturn();
    this.#connect();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#giveUp);
    const connection = this.#connection;
    connection?.close();
    return connection === undefined ? Promise.resolve() : connection.ended.then(() => undefined);
  }

  hold(held: boolean): void {
    this.#isHeld = held;
    this.#connection?.hold?.(held);
  }

  record(command: RecorderCommand): Promise<RecorderResult> {
    const answer = this.#connection?.record?.(command);
    const reason = `The source "${this.name}" cannot drive a recorder now.`;
    return answer ?? Promise.resolve({ kind: 'unavailable', reason });
  }

  #connect(): void {
    this.#tell('connecting');
    const connection = this.#ports.connect({
      signal: (signal) => {
        if (!this.#stopped) this.#ports.port.signal(signal);
      },
      state: (state, reason) => {
        if (!this.#stopped) this.#changed(state, reason);
      },
      heard: (atMs) => {
        this.#heardAtMs = this.#ports.clock.now();
        this.#ports.port.heard(atMs);
      },
    });
    this.#connection = connection;
    if (this.#isHeld) connection.hold?.(true);
    void connection.ended.then((error) => {
      this.#connection = undefined;
      if (!this.#stopped) this.#lost(error);
    });
  }

  #changed(state: SourceState, reason?: string): void {
    this.#tell(state, reason);
    if (state !== 'up') return;
    this.#attempt = 0;
    clearTimeout(this.#giveUp);
    this.#giveUp = undefined;
  }

  #lost(error: SourceError): void {
    const { port, clock, random } = this.#ports;
    const atMs = this.#heardAtMs ?? clock.now();
    this.#tell('down', error.message);
    port.signal({ kind: 'source.lost', source: this.name, atMs, reason: error.message });
    this.#awaitReturn();
    this.#attempt += 1;
    // Where trying again cannot help by itself, the longest wait still finds out when it was mended.
    const waitMs = error.retryable
      ? backoffMs(this.#settings.backoff, this.#attempt, random())
      : this.#settings.backoff.maxMs;
    this.#retry = setTimeout(() => this.#connect(), waitMs);
  }

  #awaitReturn(): void {
    this.#giveUp ??= setTimeout(() => {
      const atMs = this.#ports.clock.now();
      this.#ports.port.signal({ kind: 'source.expired', source: this.name, atMs });
    }, this.#settings.giveUpAfterMs);
  }

  #tell(state: SourceState, reason?: string): void {
    if (state === this.#state && reason === undefined) return;
    this.#state = state;
    this.#ports.port.state(state, reason);
  }
}
