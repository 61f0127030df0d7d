/**
 * The recorder that the play has on stage: follows which legs are recorded, and lets somebody in the
 * audience start, stop and mute it. A leg that was touched by hand no longer follows the play, else the
 * script would resume what a person paused. Pure.
 */
import type { CallSignal } from '../../call/signal.ts';
import type { RecorderCommand, RecorderResult } from '../source.ts';

type Side = 'says' | 'hears';

/** What the recorder has to say after a command; the caller adds who says it and when. */
export type RecorderWord =
  | { readonly kind: 'recording.started'; readonly leg: string; readonly file?: string }
  | { readonly kind: 'recording.stopped'; readonly leg: string }
  | {
      readonly kind: 'recording.paused' | 'recording.resumed';
      readonly leg: string;
      readonly side: Side | 'both';
    };

export interface Obeyed {
  readonly result: RecorderResult;
  readonly words: readonly RecorderWord[];
}

interface RecordableLeg {
  state: 'offered' | 'connected';
  /** Sides of the audio that are not recorded now; absent while no recording runs. */
  muted?: Set<Side>;
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
        if (signal.kind === 'recording.started') leg.muted = new Set();
        else if (signal.kind === 'recording.stopped') delete leg.muted;
        else mute(leg, signal.side, signal.kind === 'recording.paused');
        return true;
      }
      default:
        return true;
    }
  }

  obey(command: RecorderCommand): Obeyed {
    const leg = this.#legs.get(command.leg);
    if (leg === undefined) {
      return refused(`seen leg "${command.leg}", expected a leg of a call that is going on`);
    }
    switch (command.kind) {
      case 'start': {
        if (leg.state !== 'connected') return refused('the leg is not connected yet');
        if (leg.muted !== undefined) return refused('the leg is being recorded already');
        leg.byHand = true;
        leg.muted = new Set();
        const started = { kind: 'recording.started', leg: command.leg } as const;
        return done(command.file === undefined ? started : { ...started, file: command.file });
      }
      case 'stop':
        if (leg.muted === undefined) return refused('the leg is not being recorded');
        leg.byHand = true;
        delete leg.muted;
        return done({ kind: 'recording.stopped', leg: command.leg });
      case 'suspend':
      case 'continue':
      case 'split':
        return refused('not built yet');
      case 'mute': {
        if (leg.muted === undefined) return refused('the leg is not being recorded');
        leg.byHand = true;
        if (!mute(leg, command.side, command.muted)) return done();
        const kind = command.muted ? 'recording.paused' : 'recording.resumed';
        return done({ kind, leg: command.leg, side: command.side });
      }
    }
  }
}

/** True when that changed anything. */
function mute(leg: RecordableLeg, side: Side | 'both', muted: boolean): boolean {
  let changed = false;
  for (const one of side === 'both' ? (['says', 'hears'] as const) : [side]) {
    if (leg.muted === undefined || leg.muted.has(one) === muted) continue;
    if (muted) leg.muted.add(one);
    else leg.muted.delete(one);
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
