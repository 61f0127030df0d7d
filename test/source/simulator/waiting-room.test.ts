import { expect, it } from 'vitest';
import { queues } from '../../../src/source/simulator/cast.ts';
import { WaitingRoom } from '../../../src/source/simulator/waiting-room.ts';

it('tells a caller how many of the same queue are before them, without those who have left', () => {
  const [sales, support] = queues;
  if (sales === undefined || support === undefined) throw new Error('two queues are needed');
  const room = new WaitingRoom();
  expect(room.positionAt(sales, 0)).toBe(1);
  room.enter(sales, 500);
  room.enter(sales, 200);
  room.enter(support, 900);
  expect(room.positionAt(sales, 199)).toBe(3);
  expect(room.positionAt(sales, 200)).toBe(2);
  expect(room.positionAt(sales, 600)).toBe(1);
  expect(room.positionAt(support, 600)).toBe(2);
});
