/** Times written and read, in zones of all kinds. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isoText, momentText, readTime, secondsText } from '../../src/face/times.ts';

const atMs = Date.parse('2021-01-18T06:37:27.210Z');

it('moments have one to three digits of a second', () => {
  expect(momentText(atMs, 'UTC')).toBe('2021-01-18 06:37:27.21');
  expect(momentText(atMs - 10, 'UTC')).toBe('2021-01-18 06:37:27.2');
  expect(momentText(atMs - 210, 'UTC')).toBe('2021-01-18 06:37:27.0');
  expect(momentText(atMs - 207, 'UTC')).toBe('2021-01-18 06:37:27.003');
  expect(momentText(atMs - 180, 'UTC')).toBe('2021-01-18 06:37:27.03');
});

it('rows of lists have whole seconds', () => {
  expect(secondsText(atMs + 700, 'UTC')).toBe('2021-01-18 06:37:27');
  expect(secondsText(atMs, 'Europe/Berlin')).toBe('2021-01-18 07:37:27');
  expect(secondsText(atMs, 'America/St_Johns')).toBe('2021-01-18 03:07:27');
  expect(secondsText(Date.parse('2021-01-17T23:00:00Z'), 'Europe/Berlin')).toBe(
    '2021-01-18 00:00:00',
  );
});

it('ISO times carry the offset', () => {
  expect(isoText(atMs, 'UTC')).toBe('2021-01-18T06:37:27.210Z');
  expect(isoText(atMs, 'Europe/Berlin')).toBe('2021-01-18T07:37:27.210+01:00');
  expect(isoText(atMs, 'America/St_Johns')).toBe('2021-01-18T03:07:27.210-03:30');
});

it('a clock that is no clock costs nothing', () => {
  for (const bad of [NaN, -1, Infinity, 1e20]) {
    expect(momentText(bad, 'Europe/Berlin')).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,3}$/);
  }
});

it('what is written is read as the same moment, but for the hour that a clock shows twice', () => {
  const moments = fc.integer({ min: 0, max: Date.parse('2100-01-01') });
  const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu');
  fc.assert(
    fc.property(moments, zones, (ms, zone) => {
      const read = readTime(momentText(ms, zone), zone);
      const again = read && momentText(read.from, zone);
      expect(again).toBe(momentText(ms, zone));
      expect(Math.abs((read?.from ?? NaN) - ms)).toBeLessThanOrEqual(3_600_000);
      expect(readTime(isoText(ms, zone), 'UTC')).toEqual({ from: ms, through: ms });
    }),
  );
});
