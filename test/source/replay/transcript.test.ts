import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blocksOf, isTranscript } from '../../../src/source/replay/transcript.ts';
import { readRecording } from '../ami/recorded.ts';

const timed = (text: string): [number, string][] =>
  blocksOf(Buffer.from(text)).map(({ atMs, bytes }) => [atMs, bytes.toString()]);

const hold = (seconds: string): string => `Event: Hold\r\nTimestamp: ${seconds}\r\n\r\n`;

describe('a transcript', () => {
  it('is cut at the empty lines, each block with its time after the first that has one', () => {
    const banner = 'Asterisk Call Manager/11.0.0\r\nResponse: Success\r\n\r\n';
    const unstamped = 'Response: Success\r\nPing: Pong\r\n\r\n';
    const text = banner + hold('100.5') + unstamped + hold('101.75') + hold('101.750000');
    expect(timed(text)).toEqual([
      [0, banner],
      [0, hold('100.5')],
      [0, unstamped],
      [1_250, hold('101.75')],
      [1_250, hold('101.750000')],
    ]);
  });

  it('may end its lines with LF alone, and in the middle of a block', () => {
    expect(timed('Event: A\n\nEvent: B\r\n\r\nEvent: C\n')).toEqual([
      [0, 'Event: A\n\n'],
      [0, 'Event: B\r\n\r\n'],
      [0, 'Event: C\n'],
    ]);
  });

  it('goes on when the clock was set back while it was recorded', () => {
    const text = hold('100') + hold('102') + hold('50') + hold('103');
    expect(timed(text).map(([atMs]) => atMs)).toEqual([0, 2_000, 2_000, 3_000]);
  });

  it('does not take a value for a stamp', () => {
    const text = 'Event: A\r\nValue: Timestamp: 7\r\nTimestamp: soon\r\n\r\n';
    expect(timed(hold('100') + text).map(([atMs]) => atMs)).toEqual([0, 0]);
  });

  it('is what it was when its blocks are put together again', () => {
    const recording = readRecording('ami-sip-hold-unhold');
    expect(Buffer.concat(blocksOf(recording).map(({ bytes }) => bytes))).toEqual(recording);
    const pieces = fc.constantFrom(
      '\r\n',
      '\n',
      '\r',
      'Event: A',
      'Timestamp: 1.5',
      'Timestamp: 0',
    );
    fc.assert(
      fc.property(fc.array(pieces), (parts) => {
        const bytes = Buffer.from(parts.join(''));
        expect(Buffer.concat(blocksOf(bytes).map((block) => block.bytes))).toEqual(bytes);
      }),
    );
  });

  it('is told from other files by its greeting', () => {
    expect(isTranscript(readRecording('ami-local-busy'))).toBe(true);
    expect(isTranscript(Buffer.from('Event: Hold\r\n\r\n'))).toBe(false);
    expect(isTranscript(Buffer.from(''))).toBe(false);
  });
});
