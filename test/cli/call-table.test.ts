import { describe, expect, it } from 'vitest';
import { callTable, readCalls } from '../../src/cli/call-table.ts';
import type { ShownCall } from '../../src/cli/call-table.ts';
import { noPaint } from '../../src/cli/terminal.ts';

const startedAtMs = Date.UTC(2026, 0, 2, 10, 0, 0);
const talking: ShownCall = {
  id: 'id-1',
  source: 'pbx',
  state: 'connected',
  caller: { number: '+49301', name: 'Ann' },
  called: { number: '1001' },
  startedAtMs,
  answeredAtMs: startedAtMs + 5000,
  queue: [{ queue: 'support', leftAtMs: startedAtMs + 5000 }],
  recordings: [{ pauses: [] }],
};
const ringing: ShownCall = {
  id: 'id-2',
  source: 'pbx',
  state: 'ringing',
  caller: {},
  called: { number: '1002', name: 'Bob \u001b[2J' },
  startedAtMs: startedAtMs + 60_000,
  queue: [],
  recordings: [],
};

describe('the table of calls', () => {
  it('shows who talks to whom, since when, and what goes on', () => {
    const calls = [talking, ringing];
    expect(callTable(calls, startedAtMs + 65_000, noPaint)).toEqual([
      'State        Caller      Called         Since  Talking  Queue    Rec.  Call',
      '✔ connected  +49301 Ann  1001           1:05   1:00     support  ●     id-1',
      '▶ ringing    unknown     1002 Bob \ufffd[2J  0:05   –        –        –     id-2',
    ]);
  });

  it('tells a paused recording from a running one', () => {
    const paused = { ...talking, recordings: [{ pauses: [{}] }] };
    const over = { ...talking, recordings: [{ endedAtMs: startedAtMs, pauses: [] }] };
    const [, first, second] = callTable([paused, over], startedAtMs, noPaint);
    expect(first).toContain(' ◌ ');
    expect(second).not.toMatch(/[●◌]/);
  });

  it('never shows a time below zero where the clocks differ', () => {
    const [, line] = callTable([ringing], startedAtMs, noPaint);
    expect(line).toContain('  0:00   ');
  });
});

describe('an answer', () => {
  it('may say more of a call than is shown', () => {
    const call = { ...talking, legs: [{ key: 'x' }] };
    expect(readCalls({ position: 'p', calls: [call] })).toEqual([talking]);
  });

  it.each([undefined, null, 'x', {}, { calls: 3 }, { calls: [{ id: 'x' }] }])(
    'that is none is known: %j',
    (body) => {
      expect(readCalls(body)).toBeUndefined();
    },
  );
});
