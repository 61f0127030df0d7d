/**
 * Which notification tells of which event, by the words of the published protocol: written again, so that
 * what the server makes of an event is held against something that is not the server's.
 */
import type { EventKind } from '../../src/call/event.ts';
import type { NotificationType } from '../../src/subscriber/message.ts';

export const typeOf: Readonly<Record<EventKind, NotificationType>> = {
  'call.started': 'CallStart',
  'call.answered': 'CallAnswer',
  'call.updated': 'CallUpdate',
  'call.ended': 'CallEnd',
  'recording.started': 'RecordingStart',
  'recording.paused': 'RecordingPause',
  'recording.resumed': 'RecordingResume',
  'recording.ended': 'RecordingEnd',
  'source.gap': 'SourceGap',
  'source.up': 'SourceUp',
};
