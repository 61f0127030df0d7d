/**
 * The calls of the published examples as events, in the order in which they happen.
 */
import type { Call } from '../../src/call/call.ts';
import type { CallEventKind, OfCall } from '../../src/call/event.ts';
import * as scene from '../protocol/scene.ts';
import { eventOf } from './calls.ts';

function joining(kind: CallEventKind, call: Call, ...joined: string[]): OfCall {
  return { ...eventOf(kind, call), joined };
}

export const sightings = {
  started: eventOf('call.started', scene.started),
  ringing: joining('call.updated', scene.ringing, '1001'),
  answered: eventOf('call.answered', scene.answered),
  recorded: eventOf('recording.started', scene.recorded),
  paused: eventOf('recording.paused', scene.paused),
  resumed: eventOf('recording.resumed', scene.resumed),
  transferred: joining('call.updated', scene.transferred, '1002'),
  recordingEnded: eventOf('recording.ended', scene.recordingEnded),
  ended: eventOf('call.ended', scene.ended),
  second: eventOf('call.started', scene.second),
} as const;
