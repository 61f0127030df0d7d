/**
 * Who is held back while events wait for the disk: the one who has more than its share, or all of them.
 */
import { expect, it } from 'vitest';
import { Backlog } from '../../src/app/backlog.ts';

function backlog(): { waiting: Backlog; told: string[] } {
  const told: string[] = [];
  const hold = (held: boolean, source = 'all'): void => {
    told.push(`${held ? 'hold' : 'go on'} ${source}`);
  };
  return { waiting: new Backlog(hold), told };
}

it('holds the source that floods, alone and once, and lets it go on when little is left', () => {
  const { waiting, told } = backlog();
  waiting.added('quiet', 10);
  waiting.judge('quiet');
  waiting.added('flood', 600);
  waiting.judge('flood');
  expect(told).toEqual([]);
  waiting.added('flood', 1);
  waiting.judge('flood');
  waiting.judge('flood');
  expect(told).toEqual(['hold flood']);
  expect(waiting.isHeld).toBe(false);
  waiting.durable('flood', 401);
  waiting.settle();
  expect(told).toEqual(['hold flood']);
  waiting.durable('flood', 1);
  waiting.settle();
  expect(told).toEqual(['hold flood', 'go on flood']);
});

it('holds all when too much waits in all, and lets them go on when it is a tenth', () => {
  const { waiting, told } = backlog();
  // Who sends over HTTP is never held alone: nobody judges it.
  waiting.added('sender', 50_000);
  waiting.judge('other');
  expect(waiting.isHeld).toBe(false);
  waiting.added('sender', 1);
  waiting.judge('other');
  waiting.judge('other');
  expect([waiting.isHeld, told]).toEqual([true, ['hold all']]);
  waiting.durable('sender', 45_001);
  waiting.settle();
  expect(waiting.isHeld).toBe(true);
  waiting.durable('sender', 1);
  waiting.settle();
  expect([waiting.isHeld, told]).toEqual([false, ['hold all', 'go on all']]);
});
