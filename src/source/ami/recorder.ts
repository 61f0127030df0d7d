/**
 * Asterisk's recorder in its own words: manager actions for what is to be done to the recording of a channel. Pure.
 * Source: Asterisk manager actions MixMonitor, StopMixMonitor, MixMonitorMute.
 */
import type { AudioSide } from '../../call/signal.ts';
import type { AmiAction } from './message.ts';

/** Asterisk's read direction is what the channel's party says, write is what it hears. */
const directions = { says: 'read', hears: 'write', both: 'both' } as const;

/** Asterisk reads lines of about a thousand bytes. */
const longestFile = 800;

/** @returns why Asterisk cannot be told of a file of that name; undefined where it can */
export function fileFault(file: string): string | undefined {
  const seen = JSON.stringify(file.slice(0, 100));
  if (file === '' || Buffer.byteLength(file) > longestFile) {
    return `A file name has 1 to ${longestFile} bytes: ${seen}.`;
  }
  // What follows a comma would be options, and then a shell command that Asterisk runs.
  if (file.includes(',')) return `A file name must not hold a comma: ${seen}.`;
  if (/\p{Cc}/u.test(file)) return `A file name must not hold control characters: ${seen}.`;
  if (/["\\]/.test(file)) return `A file name must not hold quotes or backslashes: ${seen}.`;
  // Within brackets a comma does not end the name, and our options would become part of it.
  if (!isClosed(file, '(', ')') || !isClosed(file, '[', ']')) {
    return `A file name must close the brackets that it opens: ${seen}.`;
  }
  return undefined;
}

function isClosed(file: string, opens: string, closes: string): boolean {
  let depth = 0;
  for (const sign of file) {
    if (sign === opens) depth += 1;
    else if (sign === closes && depth > 0) depth -= 1;
  }
  return depth === 0;
}

/** @param manner `append`: at the end of a file that is there already; otherwise that is overwritten */
export function startAction(
  channel: string,
  file: string,
  manner: 'new' | 'append' = 'new',
): AmiAction {
  return [
    ['Action', 'MixMonitor'],
    ['Channel', channel],
    ['File', file],
    ...(manner === 'append' ? ([['Options', 'a']] as const) : []),
  ];
}

export function stopAction(channel: string): AmiAction {
  return [
    ['Action', 'StopMixMonitor'],
    ['Channel', channel],
  ];
}

export function muteAction(channel: string, side: AudioSide, muted: boolean): AmiAction {
  return [
    ['Action', 'MixMonitorMute'],
    ['Channel', channel],
    ['Direction', directions[side]],
    ['State', muted ? '1' : '0'],
  ];
}

/** MixMonitorStart does not tell the file; the channel knows it. */
export function fileQuestion(channel: string): AmiAction {
  return [
    ['Action', 'Getvar'],
    ['Channel', channel],
    ['Variable', 'MIXMONITOR_FILENAME'],
  ];
}
