/**
 * Takes each signal once: batches in the order in which they came, signals whose id was seen before left
 * out, and no word to the sender before everything is durable, its duplicates included.
 */
import type { Applied, IgnoredReason } from '../../call/event.ts';
import type { CallSignal } from '../../call/signal.ts';
import { RecentIds } from './recent-ids.ts';

/** What the intake needs of the rest of the house. */
export interface IntakePort {
  /**
   * Applies the signals in order, at once, and resolves with one answer for each when their events are
   * durable, their ids stored in the same transaction. Rejects when that cannot be.
   */
  accept(signals: readonly CallSignal[]): Promise<readonly Applied[]>;
  /** Which of these ids of the source's signals were taken before, in this run or an earlier one. */
  seenSignalIds(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Told how many signals of a batch were left out because they had been sent before. */
  leftOut?(count: number): void;
}

export interface IntakeSettings {
  /** Signals that may wait for the disk before senders are told to come again; > 0. */
  readonly maxWaiting: number;
  /** How long a sender waits for the disk before being told to come again, milliseconds. */
  readonly patienceMs: number;
  /** Ids that are remembered without asking the store; > 0. */
  readonly recentIds: number;
}

export const usualIntake: IntakeSettings = {
  maxWaiting: 20_000,
  patienceMs: 10_000,
  recentIds: 100_000,
};

export type Taken =
  | {
      readonly kind: 'taken';
      readonly accepted: number;
      readonly duplicates: number;
      /** Signals that changed nothing, by their place in the batch. */
      readonly ignored: readonly { readonly index: number; readonly reason: IgnoredReason }[];
    }
  /** Too much is waiting already; nothing of this batch was taken. */
  | { readonly kind: 'busy' }
  /** The disk takes its time: whether the batch will be durable is not known yet. */
  | { readonly kind: 'undecided' };

/** What the work comes to, or undefined when that takes longer; the work goes on all the same. */
export async function patiently<T>(work: Promise<T>, patienceMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patienceMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

interface Fresh {
  readonly index: number;
  readonly signal: CallSignal;
}

export class Intake {
  readonly #port: IntakePort;
  readonly #settings: IntakeSettings;
  readonly #recent: RecentIds;
  /** Ids on their way to the disk, each with the acceptance that decides about it. */
  readonly #underway = new Map<string, Promise<unknown>>();
  #waiting = 0;
  /** Settles when the batch before has been handed on; batches are not mixed. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(port: IntakePort, settings: IntakeSettings = usualIntake) {
    this.#port = port;
    this.#settings = settings;
    this.#recent = new RecentIds(settings.recentIds);
  }

  /** Rejects when the house cannot make the batch durable; sending it again is safe where it has ids. */
  async take(signals: readonly CallSignal[]): Promise<Taken> {
    const { maxWaiting, patienceMs } = this.#settings;
    if (this.#waiting > 0 && this.#waiting + signals.length > maxWaiting) return { kind: 'busy' };
    this.#waiting += signals.length;
    const work = this.#takeInTurn(signals).finally(() => (this.#waiting -= signals.length));
    return (await patiently(work, patienceMs)) ?? { kind: 'undecided' };
  }

  async #takeInTurn(signals: readonly CallSignal[]): Promise<Taken> {
    const handedOn = this.#turn.then(() => this.#handOn(signals));
    this.#turn = handedOn.catch(() => undefined);
    const { fresh, acceptance, others } = await handedOn;
    const [applied] = await Promise.all([acceptance, ...others]);
    if (applied.length !== fresh.length) {
      throw new Error(`seen ${applied.length} answers, expected one for each of ${fresh.length}`);
    }
    const ignored = [];
    let duplicates = signals.length - fresh.length;
    for (const [nth, { index }] of fresh.entries()) {
      const answer = applied[nth];
      if (answer?.kind !== 'ignored') continue;
      if (answer.reason === 'duplicate') duplicates += 1;
      else ignored.push({ index, reason: answer.reason });
    }
    const accepted = signals.length - duplicates - ignored.length;
    return { kind: 'taken', accepted, duplicates, ignored };
  }

  /** Leaves out what was seen before and hands on the rest, in one turn with the answer about the ids. */
  async #handOn(signals: readonly CallSignal[]): Promise<{
    readonly fresh: readonly Fresh[];
    readonly acceptance: Promise<readonly Applied[]>;
    /** Acceptances of other batches that hold signals of this one. */
    readonly others: ReadonlySet<Promise<unknown>>;
  }> {
    const ids = new Set(signals.flatMap(({ id }) => (id === undefined ? [] : [id])));
    const unknown = [...ids].filter((id) => !this.#recent.has(id) && !this.#underway.has(id));
    const seen: ReadonlySet<string> =
      unknown.length === 0 ? new Set() : await this.#port.seenSignalIds(unknown);

    const others = new Set<Promise<unknown>>();
    const mine = new Set<string>();
    const fresh: Fresh[] = [];
    for (const [index, signal] of signals.entries()) {
      const { id } = signal;
      if (id !== undefined) {
        const underway = this.#underway.get(id);
        if (underway !== undefined) others.add(underway);
        if (underway !== undefined || this.#recent.has(id) || seen.has(id) || mine.has(id))
          continue;
        mine.add(id);
      }
      fresh.push({ index, signal });
    }
    for (const id of seen) this.#recent.add(id);
    if (fresh.length < signals.length) this.#port.leftOut?.(signals.length - fresh.length);
    const acceptance =
      fresh.length === 0
        ? Promise.resolve([])
        : this.#port.accept(fresh.map(({ signal }) => signal));
    this.#follow(acceptance, mine);
    return { fresh, acceptance, others };
  }

  #follow(acceptance: Promise<unknown>, ids: ReadonlySet<string>): void {
    for (const id of ids) this.#underway.set(id, acceptance);
    const settle = (durable: boolean): void => {
      for (const id of ids) {
        this.#underway.delete(id);
        if (durable) this.#recent.add(id);
      }
    };
    acceptance.then(
      () => settle(true),
      () => settle(false),
    );
  }
}
