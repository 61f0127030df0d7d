import { expect, it } from 'vitest';
import type { Call } from '../../src/call/call.ts';
import { Listener } from '../support/listener.ts';
import { anna, ben, carla, Exchange, type Line, type Person, zoe } from '../support/signals.ts';

const heard = (pbx: Exchange): Listener => new Listener().hear(pbx.said);

/** Somebody dials the room and is let in. */
function enters(pbx: Exchange, person: Person): Line {
  const line = pbx.after(1_000).dials(person, '300');
  pbx.connects(line);
  pbx.joins(line, 'room-bridge', 'monday');
  return line;
}

it('everybody who comes into the room is in the call of the first', () => {
  const pbx = new Exchange();
  const lines = [anna, ben, zoe].map((person) => enters(pbx, person));
  const listener = heard(pbx);

  expect(listener.calls.map(({ state }) => state)).toEqual(['connected', 'ended', 'ended']);
  const room = listener.of(0);
  expect(room.conference).toBe('monday');
  expect(room.legs.map(({ key, role }) => [key, role])).toEqual([
    [lines[0]?.leg, 'caller'],
    [lines[1]?.leg, 'joined'],
    [lines[2]?.leg, 'joined'],
  ]);
  for (const joining of [listener.of(1), listener.of(2)]) {
    expect(joining).toMatchObject({
      outcome: 'merged',
      mergedInto: room.id,
      conference: 'monday',
      dialled: '300',
    });
  }
  expect(room.extensions).toEqual(expect.arrayContaining(['1001', '1002', '+4930123456', '300']));
});

it('the call of the room goes on until the last leaves, even when who came first has left', () => {
  const pbx = new Exchange();
  const [first, second, third] = [anna, ben, zoe].map((person) => enters(pbx, person));
  if (!first || !second || !third) throw new Error('three came');
  const listener = heard(pbx);
  pbx.said.length = 0;
  const leaves = (line: Line): string | undefined => {
    pbx.after(1_000).asksForTheEnd(line);
    pbx.leaves(line, 'room-bridge');
    pbx.ends(line);
    return listener.hear(pbx.said.splice(0)).of(0).state;
  };

  expect(leaves(first)).toBe('connected');
  const late = enters(pbx, carla);
  expect(listener.hear(pbx.said.splice(0)).of(0).state).toBe('connected');
  expect(leaves(third)).toBe('connected');
  expect(leaves(second)).toBe('connected');
  expect(leaves(late)).toBe('ended');
  expect(listener.of(0).outcome).toBe('answered');
  expect(listener.open).toEqual([]);
});

it('the room’s call goes on when somebody comes whose own call is older', () => {
  const pbx = new Exchange();
  const early = pbx.dials(zoe, '300');
  enters(pbx, anna);
  pbx.connects(early);
  pbx.joins(early, 'room-bridge', 'monday');
  const listener = heard(pbx);
  expect(listener.of(0)).toMatchObject({ outcome: 'merged', mergedInto: listener.of(1).id });
  expect(listener.of(1).state).toBe('connected');

  // Asterisk then calls all of them by the key of the oldest; nothing comes of that.
  const told = listener.events.length;
  const facts = { call: early.call };
  pbx.said.length = 0;
  for (const { key: leg } of listener.of(1).legs) pbx.say({ kind: 'leg.identified', leg, facts });
  listener.hear(pbx.said);
  expect(listener.events).toHaveLength(told);
  expect(listener.open).toHaveLength(1);
});

it('of two that meet outside a room the older goes on, by start and then by id', () => {
  for (const apartMs of [0, 1]) {
    const pbx = new Exchange();
    const first = pbx.talk(zoe, anna);
    const second = pbx.after(apartMs - 4_100).talk(ben, carla);
    for (const { to } of [second, first]) pbx.joins(to, 'shared');
    const listener = heard(pbx);
    const [one, other] = [listener.of(0), listener.of(1)];
    const older = apartMs === 0 && other.id < one.id ? other : one;
    expect(listener.open.map(({ id }) => id).sort()).toEqual([one.id, other.id].sort());
    for (const { from } of [second, first]) pbx.joins(from, 'shared');
    expect(heard(pbx).open.map(({ id }) => id)).toEqual([older.id]);
  }
});

it('who calls somebody in does not become the caller, and who is called is', () => {
  const pbx = new Exchange();
  const [, second] = [anna, ben].map((person) => enters(pbx, person));
  if (!second) throw new Error('two came');
  const called = pbx.ringsAt(second, carla);
  const { legs } = heard(pbx).of(0);
  expect(legs.map(({ number, role }) => [number, role])).toEqual([
    ['1001', 'caller'],
    ['1002', 'joined'],
    ['1003', 'called'],
  ]);
  expect(legs.at(-1)?.key).toBe(called.leg);
});

it('a room in which sixty are has all of them, and forgets who left first when more come', () => {
  const pbx = new Exchange();
  const guest = (nth: number): Line => enters(pbx, { number: `5${nth}` });
  const lines = Array.from({ length: 60 }, (_, nth) => guest(nth));
  const room = (): Call => heard(pbx).of(0);
  expect(room().legs.map(({ number }) => number)).toEqual(lines.map((_, nth) => `5${nth}`));

  const leaving = lines.slice(0, 20);
  for (const line of leaving) pbx.ends(line);
  for (let nth = 60; nth < 70; nth += 1) guest(nth);
  const numbers = room().legs.map(({ number }) => number);
  // The first to come called; the second answered. Of the others as many are forgotten as came.
  expect(numbers).toEqual(['50', '51', ...Array.from({ length: 58 }, (_, at) => `5${at + 12}`)]);
  expect(room().extensions).toHaveLength(71);
});

it('one who is alone in the room is not talking to anybody yet', () => {
  const pbx = new Exchange();
  enters(pbx, anna);
  const { call } = heard(pbx);
  expect(call.answeredAtMs).toBeUndefined();
  expect(call.state).toBe('connected');
});

it('two who talk may go into the room together; their call ends when both are in it', () => {
  const pbx = new Exchange();
  enters(pbx, carla);
  const { from, to } = pbx.after(1_000).talk(zoe, anna);
  const listener = heard(pbx);
  pbx.said.length = 0;
  pbx.joins(from, 'room-bridge', 'monday');
  expect(listener.hear(pbx.said.splice(0)).of(1).state).toBe('connected');
  pbx.joins(to, 'room-bridge', 'monday');
  expect(listener.hear(pbx.said.splice(0)).of(1)).toMatchObject({
    outcome: 'merged',
    mergedInto: listener.of(0).id,
  });
  expect(listener.of(0).legs).toHaveLength(3);
});
