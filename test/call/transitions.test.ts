import { describe, expect, it } from 'vitest';
import { type LegMove, type LegState, nextState, transitions } from '../../src/call/transitions.ts';
import { Listener } from '../support/listener.ts';
import { anna, Exchange, type Line, zoe } from '../support/signals.ts';

/** The whole machine, written out: a dash is what cannot happen. */
const table = `
            ring       connect    hold   resume     end
  offered   ringing    connected  -      -          ended
  ringing   -          connected  -      -          ended
  connected -          -          held   -          ended
  held      -          -          -      connected  ended
  ended     -          -          -      -          -
`;

const [head = [], ...rows] = table
  .trim()
  .split('\n')
  .map((row) => row.trim().split(/\s+/));
const pairs = rows.flatMap(([from = '', ...cells]) =>
  cells.map((to, column) => ({ from, move: head[column] ?? '', to: to === '-' ? undefined : to })),
);

const states: readonly LegState[] = ['offered', 'ringing', 'connected', 'held', 'ended'];
const moves: readonly LegMove[] = ['ring', 'connect', 'hold', 'resume', 'end'];

const say: Readonly<Record<LegMove, (pbx: Exchange, line: Line) => void>> = {
  ring: (pbx, line) => pbx.rings(line),
  connect: (pbx, line) => pbx.connects(line),
  hold: (pbx, line) => pbx.holds(line),
  resume: (pbx, line) => pbx.resumes(line),
  end: (pbx, line) => pbx.ends(line),
};

/** How a leg that is offered gets into each state. */
const ways: Readonly<Record<LegState, readonly LegMove[]>> = {
  offered: [],
  ringing: ['ring'],
  connected: ['ring', 'connect'],
  held: ['connect', 'hold'],
  ended: ['end'],
};

it('the table is complete', () => {
  expect(Object.keys(transitions)).toEqual(states);
  expect(pairs.map(({ from, move }) => `${from} ${move}`).sort()).toEqual(
    states.flatMap((state) => moves.map((move) => `${state} ${move}`)).sort(),
  );
});

describe.each(pairs)('a leg that is $from and is told to $move', ({ from, move, to }) => {
  const state = states.find((each) => each === from) ?? 'offered';
  const how = moves.find((each) => each === move) ?? 'end';

  it(to === undefined ? 'cannot' : `is ${to}`, () => {
    expect(nextState(state, how)).toBe(to);
  });

  it(to === undefined ? 'changes nothing in its call' : `is ${to} in its call`, () => {
    const pbx = new Exchange();
    const caller = pbx.dials(zoe, '1001');
    const line = pbx.calls(caller, anna);
    for (const each of ways[state]) say[each](pbx, line);
    const listener = new Listener().hear(pbx.said.splice(0));
    const before = JSON.stringify(listener.call);
    const told = listener.events.length;

    pbx.after(1_000);
    say[how](pbx, line);
    listener.hear(pbx.said);

    const leg = listener.call.legs.find(({ key }) => key === line.leg);
    expect(leg?.state).toBe(to ?? from);
    if (to !== undefined) return;
    const reason = from === 'ended' ? 'after-end' : 'not-in-this-state';
    expect(listener.outcome).toEqual({ kind: 'ignored', reason });
    expect(listener.events).toHaveLength(told);
    expect(JSON.stringify(listener.call)).toBe(before);
  });
});
