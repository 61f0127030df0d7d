/**
 * The rules of orders for Asterisk's recorder. Asterisk can only start and stop; so a suspension is a stop, going
 * on is a start at the end of the same file, and a split is a stop and a start. What Asterisk then tells of it
 * comes before or after its answer, and is held until it is clear what it means. Pure: the time is an argument.
 */
import type { CallSignal, RecordingSignal } from '../../call/signal.ts';
import { nextSegmentFile } from '../segment-file.ts';
import type { RecorderCommand, RecorderResult } from '../source.ts';
import type { AmiEffect } from './effect.ts';
import { type AmiAction, field, type Fields } from './message.ts';
import type { Question } from './questions.ts';
import { fileFault, fileQuestion, muteAction, startAction, stopAction } from './recorder.ts';

export interface RecordingOrdersParts {
  readonly source: string;
  /** File extension of recordings that nobody has named, without the dot. */
  readonly format: string;
  readonly ask: (
    action: AmiAction,
    nowMs: number,
    question: Question<readonly AmiEffect[]>,
  ) => AmiEffect;
  /** Asterisk's time of day. */
  readonly dayThere: (nowMs: number) => number;
}

/** Asterisk tells of what it has said to have done within this time, or not at all. */
const toldWithinMs = 10_000;

const late = 'Asterisk did not answer in time.';

type Started = Extract<CallSignal, { kind: 'recording.started' }>;
type Stopped = Extract<CallSignal, { kind: 'recording.stopped' }>;
type Compound = Extract<RecorderCommand, { kind: 'suspend' | 'continue' | 'split' }>;

interface Order {
  readonly command: Compound;
  readonly number: number;
  readonly channel: string;
  /** The file that begins; of a suspension, none. */
  readonly file: string;
  /** What Asterisk has told, held until it has answered. */
  stopped?: Stopped;
  started?: Started;
  /** Of a split: the old file has been closed, the next one is asked for. */
  isStopped?: true;
  /** When Asterisk had said that all of it is done. */
  doneAtMs?: number;
}

type Effects = readonly AmiEffect[];

export class RecordingOrders {
  readonly #parts: RecordingOrdersParts;
  /** By leg. */
  readonly #orders = new Map<string, Order>();
  /** Files of starts that have not been told of, by leg: Asterisk tells that it records, and not where to. */
  readonly #starts = new Map<string, string>();

  constructor(parts: RecordingOrdersParts) {
    this.#parts = parts;
  }

  /** @param number the answer comes as a `result` effect with the same */
  command(command: RecorderCommand, number: number, channel: string, nowMs: number): Effects {
    const { leg } = command;
    if (command.kind === 'mute') {
      return this.#simply(muteAction(channel, command.side, command.muted), number, nowMs);
    }
    if (this.#orders.has(leg)) {
      const reason = 'Another order for this recording is under way; try again when it is done.';
      return [resultOf(number, { kind: 'refused', reason })];
    }
    if (command.kind === 'stop') {
      if (command.suspended !== true) return this.#simply(stopAction(channel), number, nowMs);
      // Asterisk has stopped already, and would refuse to do so again.
      const stopped = this.#signal({ kind: 'recording.stopped', leg }, nowMs);
      return [stopped, resultOf(number, { kind: 'done' })];
    }
    const format = 'format' in command ? command.format : undefined;
    const usual = `${leg}.${format ?? this.#parts.format}`;
    const named = 'file' in command ? command.file : undefined;
    const file = named ?? (command.kind === 'split' ? nextSegmentFile(usual) : usual);
    const fault = command.kind === 'suspend' ? undefined : fileFault(file);
    if (fault !== undefined) return [resultOf(number, { kind: 'refused', reason: fault })];
    if (command.kind === 'start') {
      this.#starts.set(leg, file);
      return this.#simply(startAction(channel, file), number, nowMs, leg);
    }
    const order: Order = { command, number, channel, file };
    this.#orders.set(leg, order);
    const action =
      command.kind === 'continue' ? startAction(channel, file, 'append') : stopAction(channel);
    return [this.#ask(order, action, nowMs)];
  }

  /** What is to be told, now that Asterisk tells this of a recording. */
  heard(signal: RecordingSignal, channel: string, nowMs: number): Effects {
    const order = this.#orders.get(signal.leg);
    if (order !== undefined && this.#holds(order, signal)) {
      return order.doneAtMs === undefined ? [] : this.#settle(order, nowMs);
    }
    if (signal.kind !== 'recording.started') return [{ kind: 'signal', signal }];
    const file = this.#starts.get(signal.leg);
    this.#starts.delete(signal.leg);
    const told: RecordingSignal = file === undefined ? signal : { ...signal, file };
    return [{ kind: 'signal', signal: told }, this.#askForFile(signal.leg, channel, nowMs)];
  }

  /** The leg is about to end, and with it all that is under way. */
  ended(leg: string, nowMs: number): Effects {
    this.#starts.delete(leg);
    const order = this.#orders.get(leg);
    if (order === undefined) return [];
    this.#orders.delete(leg);
    const told = this.#conclusion(order, nowMs);
    if (order.doneAtMs !== undefined) return told;
    const reason = 'The channel was hung up.';
    return [...told, resultOf(order.number, { kind: 'refused', reason })];
  }

  /** Nothing more will be heard: what is known of orders under way. Their results are not among it. */
  lost(nowMs: number): Effects {
    const orders = [...this.#orders.values()];
    this.#orders.clear();
    return orders.flatMap((order) => {
      const { leg } = order.command;
      const { source, dayThere } = this.#parts;
      if (order.isStopped === true && order.stopped === undefined) {
        order.stopped = { kind: 'recording.stopped', source, leg, atMs: dayThere(nowMs) };
      }
      return this.#conclusion(order, nowMs);
    });
  }

  expire(nowMs: number): Effects {
    return [...this.#orders.values()].flatMap((order) => {
      const isOver = order.doneAtMs !== undefined && nowMs - order.doneAtMs > toldWithinMs;
      return isOver ? this.#drop(order, this.#conclusion(order, nowMs)) : [];
    });
  }

  /** Events of one channel come in order: what starts before the stop is not what the order starts. */
  #holds(order: Order, signal: RecordingSignal): boolean {
    const { kind } = order.command;
    if (signal.kind === 'recording.stopped') {
      if (kind === 'continue' || order.stopped !== undefined) return false;
      order.stopped = signal;
      return true;
    }
    if (signal.kind !== 'recording.started' || order.started !== undefined) return false;
    if (kind === 'suspend' || (kind === 'split' && order.stopped === undefined)) return false;
    order.started = signal;
    return true;
  }

  #ask(order: Order, action: AmiAction, nowMs: number): AmiEffect {
    const { leg } = order.command;
    // The leg may have ended, and its answer come late.
    const current = (then: () => Effects): Effects =>
      this.#orders.get(leg) === order ? then() : [];
    return this.#parts.ask(action, nowMs, {
      done: (fields, ok, atMs) =>
        current(() => (ok ? this.#confirmed(order, atMs) : this.#refused(order, fields, atMs))),
      expired: (atMs) => current(() => this.#expired(order, atMs)),
    });
  }

  #confirmed(order: Order, nowMs: number): Effects {
    const { command, channel, file, number } = order;
    if (command.kind === 'split' && order.isStopped !== true) {
      order.isStopped = true;
      return [this.#ask(order, startAction(channel, file), nowMs)];
    }
    order.doneAtMs = nowMs;
    const mute = command.kind === 'split' ? this.#muteAgain(command, channel, nowMs) : [];
    return [...mute, ...this.#settle(order, nowMs), resultOf(number, { kind: 'done' })];
  }

  #refused(order: Order, fields: Fields, nowMs: number): Effects {
    const result = resultOf(order.number, { kind: 'refused', reason: reasonOf(fields) });
    // What Asterisk has told all the same was somebody else's doing, but for the stop of a split.
    return [...this.#drop(order, this.#asTold(order, nowMs)), result];
  }

  #expired(order: Order, nowMs: number): Effects {
    const { command, number, stopped, started } = order;
    const isDone = command.kind === 'suspend' ? stopped !== undefined : started !== undefined;
    if (isDone && (command.kind !== 'split' || order.isStopped === true)) {
      // It has not said so, and has told of it.
      return [
        ...this.#drop(order, this.#conclusion(order, nowMs)),
        resultOf(number, { kind: 'done' }),
      ];
    }
    const result = resultOf(number, { kind: 'unavailable', reason: late });
    return [...this.#drop(order, this.#asTold(order, nowMs)), result];
  }

  /** Tells what has been done once Asterisk has told all of it. */
  #settle(order: Order, nowMs: number): Effects {
    const { command, stopped, started } = order;
    const needsStop = command.kind !== 'continue';
    const needsStart = command.kind !== 'suspend';
    if ((needsStop && stopped === undefined) || (needsStart && started === undefined)) return [];
    return this.#drop(order, this.#conclusion(order, nowMs));
  }

  #drop(order: Order, effects: Effects): Effects {
    this.#orders.delete(order.command.leg);
    return effects;
  }

  /** What has become of the recording, taking for the order's what fits it. */
  #conclusion(order: Order, nowMs: number): Effects {
    const { command, stopped, started, channel, file } = order;
    const { leg } = command;
    const isDone = order.doneAtMs !== undefined;
    switch (command.kind) {
      case 'suspend':
        if (stopped === undefined && !isDone) return [];
        return [
          this.#signal({ kind: 'recording.paused', leg, side: 'both', cut: true }, nowMs, stopped),
        ];
      case 'continue':
        if (started === undefined && !isDone) return [];
        return [
          this.#signal({ kind: 'recording.resumed', leg, side: 'both' }, nowMs, started),
          this.#askForFile(leg, channel, nowMs),
        ];
      case 'split':
        if (started === undefined && !isDone) return this.#asTold(order, nowMs);
        return [
          this.#signal({ kind: 'recording.split', leg, file }, nowMs, started),
          this.#askForFile(leg, channel, nowMs),
        ];
    }
  }

  /** What Asterisk has told, as if nothing had been ordered. */
  #asTold(order: Order, nowMs: number): Effects {
    const { stopped, started, command, channel } = order;
    return [
      ...(stopped === undefined ? [] : [{ kind: 'signal' as const, signal: stopped }]),
      ...(started === undefined
        ? []
        : [
            { kind: 'signal' as const, signal: started },
            this.#askForFile(command.leg, channel, nowMs),
          ]),
    ];
  }

  /** A file that begins is not muted, whatever the one before was. */
  #muteAgain(
    { leg, muted }: Extract<Compound, { kind: 'split' }>,
    channel: string,
    nowMs: number,
  ): Effects {
    if (muted === undefined) return [];
    // The registry takes a mute over into the next segment; where it cannot be had, that is told.
    const failed = (atMs: number): Effects => [
      this.#signal({ kind: 'recording.resumed', leg, side: muted }, atMs),
    ];
    return [
      this.#parts.ask(muteAction(channel, muted, true), nowMs, {
        done: (_, ok, atMs) => (ok ? [] : failed(atMs)),
        expired: failed,
      }),
    ];
  }

  #simply(action: AmiAction, number: number, nowMs: number, starting = ''): Effects {
    const result = (value: RecorderResult): Effects => {
      if (value.kind !== 'done') this.#starts.delete(starting);
      return [resultOf(number, value)];
    };
    return [
      this.#parts.ask(action, nowMs, {
        done: (fields, ok) =>
          result(ok ? { kind: 'done' } : { kind: 'refused', reason: reasonOf(fields) }),
        expired: () => result({ kind: 'unavailable', reason: late }),
      }),
    ];
  }

  #askForFile(leg: string, channel: string, nowMs: number): AmiEffect {
    const at = { source: this.#parts.source, atMs: this.#parts.dayThere(nowMs) };
    return this.#parts.ask(fileQuestion(channel), nowMs, {
      done: (fields, ok) => {
        const file = field(fields, 'Value');
        if (!ok || file === undefined) return [];
        return [{ kind: 'signal', signal: { kind: 'recording.named', ...at, leg, file } }];
      },
      expired: () => [],
    });
  }

  /** @param of what Asterisk told of it, where it did; it knows when, and of whom */
  #signal(said: Said, nowMs: number, of?: Started | Stopped): AmiEffect {
    const { source, dayThere } = this.#parts;
    const at = of ?? { source, atMs: dayThere(nowMs) };
    return { kind: 'signal', signal: { ...at, ...said } };
  }
}

/** A signal before it is known who says it and when. */
type Said = RecordingSignal extends infer S
  ? S extends RecordingSignal
    ? Omit<S, 'source' | 'atMs'>
    : never
  : never;

function resultOf(command: number, result: RecorderResult): AmiEffect {
  return { kind: 'result', command, result };
}

function reasonOf(fields: Fields): string {
  return field(fields, 'Message') ?? 'Asterisk gave no reason.';
}
