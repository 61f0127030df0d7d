import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { translate } from '../../../src/source/ingest/translate.ts';

const atMs = Date.UTC(2026, 0, 5, 8);
const ringing = { kind: 'leg.ringing', leg: 'L', atMs };
const asSignal = { kind: 'leg.ringing', leg: 'L', atMs, source: 'pbx' };

/** The problems of one row, without its place. */
function problemsOf(row: unknown): unknown {
  const translated = translate(row, 'pbx');
  if (translated.kind !== 'problems') throw new Error('it was taken');
  return translated.problems.map(({ index, ...rest }) => {
    expect(index).toBe(0);
    return rest;
  });
}

describe('a body', () => {
  it('is one signal, a list, or an object with a list', () => {
    const expected = { kind: 'signals', signals: [asSignal] };
    expect(translate(ringing, 'pbx')).toEqual(expected);
    expect(translate([ringing], 'pbx')).toEqual(expected);
    expect(translate({ signals: [ringing] }, 'pbx')).toEqual(expected);
    expect(translate([], 'pbx')).toEqual({ kind: 'signals', signals: [] });
  });

  it('is refused with a word on the batch when that is wrong', () => {
    expect(translate({ signals: [ringing], more: 1 }, 'pbx')).toEqual({
      kind: 'problems',
      problems: [{ path: '/more', seen: '1', expected: 'no field beside "signals"' }],
    });
    expect(translate({ signals: { 0: ringing } }, 'pbx')).toMatchObject({
      problems: [{ path: '/signals', expected: 'a list of signals' }],
    });
    expect(translate(new Array(1000).fill(ringing), 'pbx').kind).toBe('signals');
    expect(translate(new Array(1001).fill(ringing), 'pbx')).toEqual({
      kind: 'problems',
      problems: [{ path: '', seen: '1001 signals', expected: 'at most 1000 signals in one batch' }],
    });
  });

  it('is refused as a whole, with every bad row in it', () => {
    const batch = [ringing, { ...ringing, leg: 5 }, 'x', ringing, { ...ringing, kind: 'leg.sung' }];
    const translated = translate(batch, 'pbx');
    expect(
      translated.kind === 'problems' && translated.problems.map((p) => [p.index, p.path]),
    ).toEqual([
      [1, '/leg'],
      [2, ''],
      [4, '/kind'],
    ]);
  });
});

describe('a signal', () => {
  it('belongs to the source that the server names, whatever it says itself', () => {
    expect(translate({ ...ringing, source: 'other' }, 'pbx')).toEqual({
      kind: 'signals',
      signals: [asSignal],
    });
  });

  it.each([
    ['2026-01-05T08:00:00Z', atMs],
    ['2026-01-05T09:00:00.250+01:00', atMs + 250],
    ['2026-01-05T02:30:00-05:30', atMs],
  ])('may say its time as %s', (at, expected) => {
    const { atMs: _, ...timeless } = ringing;
    const translated = translate({ ...timeless, at }, 'pbx');
    expect(translated.kind === 'signals' && translated.signals[0]?.atMs).toBe(expected);
  });

  it.each([
    [{}, '/atMs', 'at: nothing, atMs: nothing', 'one of at and atMs, and only one'],
    [
      { at: '2026-01-05T08:00:00Z', atMs },
      '/atMs',
      `at: "2026-01-05T08:00:00Z", atMs: ${atMs}`,
      'one of at and atMs, and only one',
    ],
    [{ atMs: atMs / 1000 }, '/atMs', String(atMs / 1000), 'at least 946684800000'],
    [{ atMs: atMs * 1000 }, '/atMs', String(atMs * 1000), 'at most 4102444800000'],
    [{ atMs: atMs + 0.5 }, '/atMs', String(atMs + 0.5), 'a whole number'],
    [{ atMs: String(atMs) }, '/atMs', `"${atMs}"`, 'a whole number'],
    [
      { at: '1999-12-31T00:00:00Z' },
      '/at',
      '"1999-12-31T00:00:00Z"',
      'a time between the years 2000 and 2100',
    ],
    [
      { at: '2026-01-05T08:00:00' },
      '/at',
      '"2026-01-05T08:00:00"',
      'a time such as 2026-01-05T09:00:00.000+01:00',
    ],
    [
      { at: '2026-02-30T08:00:00Z' },
      '/at',
      '"2026-02-30T08:00:00Z"',
      'a time such as 2026-01-05T09:00:00.000+01:00',
    ],
    [{ at: atMs }, '/at', String(atMs), 'a text'],
  ])('with the time %j is refused', (time, path, seen, expected) => {
    const { atMs: _, ...timeless } = ringing;
    expect(problemsOf({ ...timeless, ...time })).toEqual([{ path, seen, expected }]);
  });

  it.each([
    [{ leg: undefined }, '/leg', 'nothing', 'a text'],
    [{ leg: null }, '/leg', 'null', 'a text'],
    [{ leg: '' }, '/leg', '""', 'at least 1 characters'],
    [{ leg: 'k'.repeat(129) }, '/leg', `"${'k'.repeat(79)}…`, 'at most 128 characters'],
    [{ facts: { number: 1001 } }, '/facts/number', '1001', 'a text'],
    [
      { facts: { name: 'n'.repeat(257) } },
      '/facts/name',
      `"${'n'.repeat(79)}…`,
      'at most 256 characters',
    ],
    [
      { facts: { name: 'a\u0000b' } },
      '/facts/name',
      '"a\\u0000b"',
      'a text without control characters or broken Unicode',
    ],
    [
      { facts: { name: '\ud83d' } },
      '/facts/name',
      '"\\ud83d"',
      'a text without control characters or broken Unicode',
    ],
    [{ facts: [] }, '/facts', '[]', 'an object'],
    [
      { facts: { loop: { pair: 'p', half: 'far off' } } },
      '/facts/loop/half',
      '"far off"',
      'one of near, far',
    ],
    [
      { 'a/b~c': 1 },
      '/a~1b~0c',
      '1',
      'no such field; the schema of leg.ringing has the fields that are',
    ],
  ])('with %j is refused', (change, path, seen, expected) => {
    expect(problemsOf({ ...ringing, ...change })).toEqual([{ path, seen, expected }]);
  });

  it('cannot bring a prototype with it', () => {
    const row: unknown = JSON.parse(
      `{"kind":"leg.ringing","leg":"L","atMs":${atMs},"__proto__":{"x":1}}`,
    );
    expect(translate(row, 'pbx').kind).toBe('problems');
    const facts: unknown = JSON.parse(
      `{"kind":"leg.ringing","leg":"L","atMs":${atMs},"facts":{"__proto__":{}}}`,
    );
    expect(translate(facts, 'pbx').kind).toBe('problems');
    expect(problemsOf({ ...ringing, kind: 'constructor' })).toMatchObject([{ path: '/kind' }]);
  });

  it('names all that is wrong with it, but no more than a person can read', () => {
    const problems = problemsOf({
      kind: 'dial.ended',
      leg: 7,
      result: 'maybe',
      facts: { colour: 'red' },
    });
    expect(problems).toMatchObject([
      { path: '/atMs' },
      { path: '/leg' },
      { path: '/facts/colour' },
      {
        path: '/result',
        expected: 'one of answered, no-answer, busy, cancelled, rejected, congestion, failed',
      },
    ]);
    const strange = Object.fromEntries(Array.from({ length: 5000 }, (_, nth) => [`f${nth}`, nth]));
    expect(problemsOf({ ...ringing, ...strange })).toHaveLength(8);
  });

  it('of any shape at all is either taken or refused with a reason', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom('', 'kind', 'facts', 'legs', 'signals'),
        (value, field) => {
          const body = field === '' ? value : { ...ringing, [field]: value };
          const translated = translate(body, 'pbx');
          if (translated.kind === 'signals') return;
          expect(translated.problems.length).toBeGreaterThan(0);
          for (const problem of translated.problems) {
            expect(problem.expected).not.toBe('');
            expect(problem.seen.length).toBeLessThan(200);
          }
        },
      ),
    );
  });
});
