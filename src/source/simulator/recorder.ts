/**
 * The recorder that the play has on stage: follows which legs are recorded, and lets somebody in the
 * audience start, stop and mute it. A leg that was touched by hand no longer follows the play, else the
 * script would resume what a person paused. Pure.
 */
import type { CallSignal } from '../../call/signal.ts';
import { nextSegmentFile } from '../segment-file.ts';
import type { RecorderCommand, RecorderResult } from '../source.ts';
import { mediaFile } from './media-file.ts';

type Side = 'says' | 'hears';

/** What the recorder has to say after a command; the caller adds who says it and when. */
export type RecorderWord =
  | {
      readonly kind: 'recording.started' | 'recording.split';
      readonly leg: string;
      readonly file: string;
    }
  | { readonly kind: 'recording.stopped'; readonly leg: string }
  | {
      readonly kind: 'recording.paused' | 'recording.resumed';
      readonly leg: string;
      readonly side: Side | 'both';
      readonly cut?: true;
    };

export interface Obeyed {
  readonly result: RecorderResult;
  readonly words: readonly RecorderWord[];
}

interface Running {
  file: string;
  /** Sides of the audio that are not recorded now. */
  readonly muted: Set<Side>;
  isSuspended: boolean;
}

interface RecordableLeg {
  state: 'offered' | 'connected';
  /** Absent while no recording runs. */
  running?: Running;
  byHand: boolean;
}

export class Recorder {
  readonly #legs = new Map<string, RecordableLeg>();

  /** Follows the play; false when this signal is about a recording that the play no longer directs. */
  follow(signal: CallSignal): boolean {
    switch (signal.kind) {
      case 'leg.offered':
        this.#legs.set(signal.leg, { state: 'offered', byHand: false });
        return true;
      case 'leg.ended':
        this.#legs.delete(signal.leg);
        return true;
      case 'leg.connected': {
        const leg = this.#legs.get(signal.leg);
        if (leg !== undefined) leg.state = 'connected';
        return true;
      }
      case 'recording.started':
      case 'recording.stopped':
      case 'recording.paused':
      case 'recording.resumed': {
        const leg = this.#legs.get(signal.leg);
        if (leg === undefined || leg.byHand) return false;
        if (signal.kind === 'recording.started') {
          begin(leg, signal.file ?? mediaFile(signal.leg, signal.atMs));
        } else if (signal.kind === 'recording.stopped') delete leg.running;
        else mute(leg.running, signal.side, signal.kind === 'recording.paused');
        return true;
      }
      default:
        return true;
    }
  }

  /** @param atMs when, milliseconds since 1970: files are named after the day */
  obey(command: RecorderCommand, atMs: number): Obeyed {
    const { leg: key } = command;
    const leg = this.#legs.get(key);
    if (leg === undefined) {
      return refused(`seen leg "${key}", expected a leg of a call that is going on`);
    }
    if (command.kind === 'start') {
      if (leg.state !== 'connected') return refused('the leg is not connected yet');
      if (leg.running !== undefined) return refused('the leg is being recorded already');
      leg.byHand = true;
      const file = command.file ?? mediaFile(key, atMs, command.format);
      begin(leg, file);
      return done({ kind: 'recording.started', leg: key, file });
    }
    if (leg.running === undefined) return refused('the leg is not being recorded');
    return control(command, leg, leg.running);
  }
}

function control(
  command: Exclude<RecorderCommand, { kind: 'start' }>,
  leg: RecordableLeg,
  running: Running,
): Obeyed {
  const { leg: key } = command;
  switch (command.kind) {
    case 'stop':
      leg.byHand = true;
      delete leg.running;
      return done({ kind: 'recording.stopped', leg: key });
    case 'continue':
      if (!running.isSuspended) return refused('the recording is not suspended');
      leg.byHand = true;
      running.isSuspended = false;
      // As on a platform that stops and starts its recorder for it: what begins anew is not muted.
      running.muted.clear();
      return done({ kind: 'recording.resumed', leg: key, side: 'both' });
    case 'suspend':
    case 'split':
    case 'mute':
      if (running.isSuspended) return refused('the recording is suspended');
      leg.byHand = true;
  }
  if (command.kind === 'suspend') {
    running.isSuspended = true;
    return done({ kind: 'recording.paused', leg: key, side: 'both', cut: true });
  }
  if (command.kind === 'split') {
    running.file = command.file ?? nextSegmentFile(running.file);
    return done({ kind: 'recording.split', leg: key, file: running.file });
  }
  if (!mute(running, command.side, command.muted)) return done();
  const kind = command.muted ? 'recording.paused' : 'recording.resumed';
  return done({ kind, leg: key, side: command.side });
}

function begin(leg: RecordableLeg, file: string): void {
  leg.running = { file, muted: new Set(), isSuspended: false };
}

/** True when that changed anything. */
function mute(running: Running | undefined, side: Side | 'both', muted: boolean): boolean {
  let changed = false;
  for (const one of side === 'both' ? (['says', 'hears'] as const) : [side]) {
    if (running === undefined || running.muted.has(one) === muted) continue;
    if (muted) running.muted.add(one);
    else running.muted.delete(one);
    changed = true;
  }
  return changed;
}

function done(...words: readonly RecorderWord[]): Obeyed {
  return { result: { kind: 'done' }, words };
}

function refused(reason: string): Obeyed {
  return { result: { kind: 'refused', reason }, words: [] };
}
