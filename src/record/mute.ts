/**
 * Muting as the vendor's clients know it, caller and called party, against recordings as they are: of one
 * leg, with what its party says and what it hears. Pure.
 */
import type { Call, Recording } from '../call/call.ts';
import { mutedSides } from '../call/recordings.ts';

export interface PartiesMuted {
  readonly callerMuted: boolean;
  readonly calleeMuted: boolean;
}

export interface MuteCommand {
  readonly kind: 'mute';
  readonly leg: string;
  readonly side: 'says' | 'hears' | 'both';
  readonly muted: boolean;
}

function openRecordings(call: Call): readonly Recording[] {
  return call.recordings.filter((recording) => recording.endedAtMs === undefined);
}

/** A side counts as muted when no recording of the call takes it. Nothing recorded is nothing muted. */
export function partiesMuted(call: Call): PartiesMuted {
  const open = openRecordings(call);
  const all = (ofCaller: boolean): boolean =>
    open.length > 0 &&
    open.every((recording) => mutedSides(recording).has(sideOf(call, recording, ofCaller)));
  return { callerMuted: all(true), calleeMuted: all(false) };
}

/** What to tell the recorder so that it is as wanted; empty when the call is not being recorded. */
export function muteCommands(call: Call, wanted: PartiesMuted): readonly MuteCommand[] {
  return openRecordings(call).flatMap((recording): MuteCommand[] => {
    const of = { kind: 'mute' as const, leg: recording.leg };
    const { callerMuted, calleeMuted } = wanted;
    if (callerMuted === calleeMuted) return [{ ...of, side: 'both', muted: callerMuted }];
    return [
      { ...of, side: sideOf(call, recording, true), muted: callerMuted },
      { ...of, side: sideOf(call, recording, false), muted: calleeMuted },
    ];
  });
}

/** Seen from the recorded leg: a party is what it says, everybody else what it hears. */
function sideOf(call: Call, recording: Recording, ofCaller: boolean): 'says' | 'hears' {
  const leg = call.legs.find((each) => each.key === recording.leg);
  const isCallers = leg?.role === 'caller';
  return isCallers === ofCaller ? 'says' : 'hears';
}
