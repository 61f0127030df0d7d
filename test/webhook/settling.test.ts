import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/base/errors.ts';
import type { SettleAsk } from '../../src/store/outbox-messages.ts';
import { Settling, settlementOf } from '../../src/webhook/settling.ts';
import { until } from '../support/until.ts';

/** A store that fails as often as it is told to, and keeps what it was asked. */
function bed(failures: readonly StoreError[] = []) {
  const left = [...failures];
  const asked: SettleAsk[] = [];
  const troubles: (string | undefined)[] = [];
  const written: number[] = [];
  let rounds = 0;
  const settling = new Settling({
    store: {
      settle: (ask) => {
        asked.push(ask);
        const failure = left.shift();
        return failure === undefined ? Promise.resolve() : Promise.reject(failure);
      },
    },
    nowMs: () => 7.5,
    onTrouble: (error) => troubles.push(error?.message),
    onWritten: () => (rounds += 1),
  });
  const settle = (id: number): void =>
    settling.add(settlementOf('crm', { id, lane: 'a' }, 'delivered', null, null), () =>
      written.push(id),
    );
  return { settling, asked, troubles, written, settle, rounds: () => rounds };
}

const idsOf = ({ settlements }: SettleAsk): number[] => settlements.map(({ delivery }) => delivery);
const failed = new StoreError('STORE_COMMIT_FAILED', 'the disk is full');
const gone = new StoreError('STORE_UNAVAILABLE', 'the store has gone');

describe('what became of deliveries', () => {
  it('is gathered, written together and in order, and then said to be', async () => {
    const { settling, asked, written, settle, rounds } = bed();
    for (const id of [1, 2, 3]) settle(id);
    expect(settling.size).toBe(3);
    expect(asked).toEqual([]);
    await until('it is written', () => written.length === 3);
    expect(asked.map(idsOf)).toEqual([[1, 2, 3]]);
    expect(asked[0]?.nowMs).toBe(7);
    expect(written).toEqual([1, 2, 3]);
    expect([settling.size, rounds()]).toEqual([0, 1]);
  });

  it('is written in groups that are not too large, in order', async () => {
    const { asked, written, settle } = bed();
    for (let id = 1; id <= 1_201; id += 1) settle(id);
    await until('it is written', () => written.length === 1_201);
    expect(asked.map(({ settlements }) => settlements.length)).toEqual([500, 500, 201]);
    expect(written).toEqual(Array.from({ length: 1_201 }, (_, n) => n + 1));
  });

  it('is written again until it holds, and not said to be written before', async () => {
    const { asked, written, troubles, settle } = bed([failed, failed]);
    settle(1);
    await until('it failed once', () => troubles.length > 0);
    expect(written).toEqual([]);
    settle(2);
    await until('it holds', () => written.length === 2);
    expect(asked.map(idsOf)).toEqual([[1], [1], [1], [2]]);
    expect(troubles).toEqual([failed.message, failed.message, undefined]);
  });

  it('has the last status of each destination, with or without outcomes', async () => {
    const { settling, asked } = bed();
    const row = { destination: 'crm', reason: null, atMs: 1 };
    settling.status({ ...row, status: 'error' });
    settling.status({ ...row, status: 'active' });
    settling.status({ ...row, destination: 'other', status: 'disabled' });
    await until('it is written', () => asked.length === 1);
    expect(asked[0]?.statuses.map(({ destination, status }) => [destination, status])).toEqual([
      ['crm', 'active'],
      ['other', 'disabled'],
    ]);
  });

  it('is written at once when everything ends', async () => {
    const { settling, asked, settle } = bed();
    settle(1);
    await settling.close();
    expect(asked.map(idsOf)).toEqual([[1]]);
  });

  it('is lost when everything ends and the disk does not take it', async () => {
    const { settling, asked, written, settle } = bed(Array.from({ length: 100 }, () => failed));
    settle(1);
    await until('it was tried', () => asked.length > 0);
    await settling.close();
    expect(written).toEqual([]);
    expect(asked.length).toBeLessThan(100);
  });

  it('is given up with the store', async () => {
    const { asked, written, troubles, settle } = bed([gone]);
    settle(1);
    await until('it was tried', () => troubles.length === 1);
    settle(2);
    await until('the next one is written', () => written.length === 1);
    expect([asked.map(idsOf), written]).toEqual([[[1], [2]], [2]]);
  });
});
