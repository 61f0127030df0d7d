import { describe, expect, it } from 'vitest';
import { patientClock } from '../../src/app/patient-clock.ts';

const hourMs = 3_600_000;

/** A machine whose clock the test sets. */
function machine() {
  const time = { day: 1_800_000_000_000, steady: 50_000 };
  const clock = patientClock({ now: () => time.day }, { now: () => time.steady }, hourMs);
  /** Time passes, and the clock is looked at every minute. */
  const pass = (ms: number): number => {
    for (const endMs = time.steady + ms; time.steady < endMs;) {
      const step = Math.min(60_000, endMs - time.steady);
      time.steady += step;
      time.day += step;
      clock.now();
    }
    return clock.now();
  };
  return { time, clock, pass };
}

describe('a patient clock', () => {
  it('is the time of day while nobody sets it', () => {
    const { time, clock, pass } = machine();
    expect(clock.now()).toBe(time.day);
    expect(pass(10 * hourMs)).toBe(time.day);
  });

  it('does not believe a jump ahead, until it has stood for an hour', () => {
    const { time, pass } = machine();
    pass(hourMs);
    time.day += hourMs;
    expect(pass(0)).toBe(time.day - hourMs);
    expect(pass(hourMs - 60_000)).toBe(time.day - hourMs);
    expect(pass(60_000)).toBe(time.day);
  });

  it('was right not to, when the clock is set back', () => {
    const { time, pass } = machine();
    pass(hourMs);
    time.day += hourMs;
    pass(hourMs / 2);
    time.day -= hourMs;
    expect(pass(60_000)).toBe(time.day);
    expect(pass(10 * hourMs)).toBe(time.day);
  });

  it('believes a jump back at once', () => {
    const { time, pass } = machine();
    pass(hourMs);
    time.day -= hourMs;
    expect(pass(0)).toBe(time.day);
  });

  it('follows a clock that is kept right by milliseconds', () => {
    const { time, pass } = machine();
    for (let minute = 0; minute < 120; minute += 1) {
      time.day += 5;
      expect(pass(60_000)).toBe(time.day);
    }
  });
});
