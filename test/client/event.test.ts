import { afterEach, describe, expect, it } from 'vitest';
import { isoTime } from '../../src/client/event.ts';

describe('a time of a record', () => {
  const zone = process.env['TZ'];
  afterEach(() => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });

  it('is read as UTC', () => {
    expect(isoTime('2026-07-02 10:00:00.120', 'utc')).toBe('2026-07-02T10:00:00.120Z');
  });

  it('is read in our zone where the server is in it', () => {
    process.env['TZ'] = 'Europe/Berlin';
    expect(isoTime('2026-07-02 10:00:00.120', 'local')).toBe('2026-07-02T08:00:00.120Z');
    expect(isoTime('2026-01-02 10:00:00.120', 'local')).toBe('2026-01-02T09:00:00.120Z');
  });

  it('that is ISO 8601 already, or none at all, is left as it is', () => {
    expect(isoTime('2026-07-02T10:00:00.120Z', 'local')).toBe('2026-07-02T10:00:00.120Z');
    expect(isoTime('soon', 'local')).toBe('soon');
    expect(isoTime('', 'utc')).toBeUndefined();
    expect(isoTime(undefined, 'utc')).toBeUndefined();
  });
});
