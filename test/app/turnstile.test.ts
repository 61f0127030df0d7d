import { expect, it } from 'vitest';
import { Turnstile } from '../../src/app/turnstile.ts';

it('lets those of one key pass one after the other, and others beside them', async () => {
  const turns = new Turnstile(10, 10);
  const passed: string[] = [];
  const pass = async (key: string, name: string): Promise<() => void> => {
    const turn = turns.enter(key);
    await turn?.begins;
    passed.push(name);
    return () => turn?.leave();
  };
  const first = await pass('a', 'first');
  const second = pass('a', 'second');
  const third = pass('a', 'third');
  const other = await pass('b', 'other');
  expect(passed).toEqual(['first', 'other']);
  other();
  first();
  (await second)();
  await third;
  expect(passed).toEqual(['first', 'other', 'second', 'third']);
});

it('takes so many of one key and so many in all, and again when some have left', () => {
  const turns = new Turnstile(3, 2);
  const a = turns.enter('a');
  expect(turns.enter('a')).toBeDefined();
  expect(turns.enter('a')).toBeUndefined();
  const b = turns.enter('b');
  expect(turns.enter('c')).toBeUndefined();
  b?.leave();
  expect(turns.enter('c')).toBeDefined();
  expect(turns.enter('b')).toBeUndefined();
  a?.leave();
  expect(turns.enter('a')).toBeDefined();
});
