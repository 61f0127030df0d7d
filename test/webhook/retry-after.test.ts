import { describe, expect, it } from 'vitest';
import { longestWaitMs, retryAfterMs } from '../../src/webhook/retry-after.ts';

const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);

describe('retry-after', () => {
  it.each([
    ['0', 0],
    ['7', 7_000],
    [' 120 ', 120_000],
    ['86401', longestWaitMs],
    ['999999999999999', longestWaitMs],
    ['Fri, 02 Jan 2026 03:05:05 GMT', 60_000],
    ['Friday, 02-Jan-26 03:05:05 GMT', 60_000],
    ['Fri Jan  2 03:05:05 2026', 60_000],
    ['Fri, 02 Jan 2026 03:04:04 GMT', 0],
    ['Fri, 02 Jan 2026 03:04:05 GMT', 0],
    ['Sat, 02 Jan 2027 03:04:05 GMT', longestWaitMs],
  ])('%j is a wait of %i ms', (header, waitMs) => {
    expect(retryAfterMs(header, nowMs)).toBe(waitMs);
  });

  it.each([
    undefined,
    '',
    '-1',
    '1.5',
    '1e3',
    'soon',
    '0x10',
    '2026-01-02T03:05:05Z',
    '12 parsecs',
    `${'9'.repeat(16)}`,
    'Fri, 99 Jan 2026 03:05:05 GMT',
  ])('%j is none', (header) => {
    expect(retryAfterMs(header, nowMs)).toBeUndefined();
  });
});
