/**
 * A source that is told instead of asking: whoever watches a system that we have no adapter for sends us
 * what it sees. Always up, since there is nobody to connect to; how long ago a sender was heard is known.
 */
import type { Clock } from '../../base/clock.ts';
import type { Source, SourcePort } from '../source.ts';
import { Intake, type IntakePort, type IntakeSettings, type Taken, usualIntake } from './intake.ts';
import { type ObjectIntake, readObjects, type TakenObjects } from './models.ts';
import type { RowProblem } from './row-problem.ts';
import { translate } from './translate.ts';

export interface IngestPort extends IntakePort {
  /** Whether a request with this Authorization header (absent: none) may send signals. */
  authorize(header: string | undefined): boolean;
}

/** What came of one request. */
export type Received =
  | Taken
  | { readonly kind: 'problems'; readonly problems: readonly RowProblem[] }
  /** Not started, stopped, or held back while the disk is behind. */
  | { readonly kind: 'closed' };

/** What came of one request with objects of models. */
export type ReceivedObjects = TakenObjects | Exclude<Received, Taken>;

export class Ingest implements Source {
  readonly type = 'ingest';
  readonly name: string;
  readonly #sourcePort: SourcePort;
  readonly #port: IngestPort;
  readonly #clock: Clock;
  readonly #intake: Intake;
  #isOpen = false;
  #isHeld = false;
  readonly #atWork = new Set<Promise<unknown>>();

  constructor(
    name: string,
    sourcePort: SourcePort,
    port: IngestPort,
    clock: Clock,
    intake: IntakeSettings = usualIntake,
  ) {
    this.name = name;
    this.#sourcePort = sourcePort;
    this.#port = port;
    this.#clock = clock;
    this.#intake = new Intake(port, intake);
  }

  start(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#sourcePort.signal({
      kind: 'source.connected',
      source: this.name,
      atMs: this.#clock.now(),
    });
    this.#sourcePort.state('up');
  }

  /** Takes no more, and waits for what was taken. */
  async stop(): Promise<void> {
    this.#isOpen = false;
    await Promise.allSettled(this.#atWork);
  }

  hold(held: boolean): void {
    this.#isHeld = held;
  }

  authorize(header: string | undefined): boolean {
    return this.#port.authorize(header);
  }

  /** Takes a request's body, all of it or nothing. Rejects when it cannot be made durable. */
  async receive(body: unknown): Promise<Received> {
    if (!this.#isOpen || this.#isHeld) return { kind: 'closed' };
    const translated = translate(body, this.name);
    this.#sourcePort.heard(
      translated.kind === 'problems' ? undefined : translated.signals.at(-1)?.atMs,
    );
    if (translated.kind === 'problems') return translated;
    return this.#during(this.#intake.take(translated.signals));
  }

  /**
   * Takes a request's body of objects of models, all of it or nothing. Rejects when it cannot be made durable.
   * @param newId an id that nothing else has
   */
  async receiveObjects(
    body: unknown,
    intake: ObjectIntake,
    newId: () => string,
  ): Promise<ReceivedObjects> {
    if (!this.#isOpen || this.#isHeld) return { kind: 'closed' };
    const read = readObjects(body, this.name, this.#clock.now(), newId);
    this.#sourcePort.heard();
    return read.kind === 'problems' ? read : this.#during(intake.take(read.objects));
  }

  async #during<T>(work: Promise<T>): Promise<T> {
    this.#atWork.add(work);
    try {
      return await work;
    } finally {
      this.#atWork.delete(work);
    }
  }
}
