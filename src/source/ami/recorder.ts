/**
 * Driving Asterisk's recorder: our commands as MixMonitor actions. Pure.
 * Source: Asterisk manager actions MixMonitor, StopMixMonitor, MixMonitorMute.
 */
import type { RecorderCommand } from '../source.ts';
import type { AmiAction } from './message.ts';

/** Asterisk's read direction is what the channel's party says, write is what it hears. */
const directions = { says: 'read', hears: 'write', both: 'both' } as const;

/**
 * @param format file extension of a recording whose file is not named, without the dot
 * @returns the action, or why it cannot be asked for
 */
export function recorderAction(
  command: RecorderCommand,
  channel: string,
  format: string,
): AmiAction | string {
  switch (command.kind) {
    case 'start': {
      const file = command.file ?? `${command.leg}.${format}`;
      // What follows a comma would be options, and then a shell command that Asterisk runs.
      if (file.includes(',')) return `A file name must not hold a comma: ${JSON.stringify(file)}.`;
      return [
        ['Action', 'MixMonitor'],
        ['Channel', channel],
        ['File', file],
      ];
    }
    case 'stop':
      return [
        ['Action', 'StopMixMonitor'],
        ['Channel', channel],
      ];
    case 'suspend':
    case 'continue':
    case 'split':
      return 'not built yet';
    case 'mute':
      return [
        ['Action', 'MixMonitorMute'],
        ['Channel', channel],
        ['Direction', directions[command.side]],
        ['State', command.muted ? '1' : '0'],
      ];
  }
}
