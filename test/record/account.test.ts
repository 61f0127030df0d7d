import { describe, expect, it } from 'vitest';
import { belonging, type Account } from '../../src/record/account.ts';
import { offeredCall } from '../support/calls.ts';

const account = (id: number, over: Partial<Account> = {}): Account => ({
  ...{ id, name: `account ${id}`, route: 10 * id, extensions: [], sources: [] },
  ...over,
});
const call = (source: string, ...extensions: string[]) => ({
  ...offeredCall(1),
  source,
  extensions,
});

describe('the account of a recording', () => {
  it('is the first one whose sources and extensions fit its call', () => {
    const of = belonging([
      account(1, { extensions: ['10*'], sources: ['berlin'] }),
      account(2, { extensions: ['10*', '2000-2999'] }),
      account(3, { sources: ['bonn'] }),
    ]);
    expect(of(call('berlin', '+4930', '1001'))).toEqual({ account: 1, route: 10 });
    expect(of(call('bonn', '1001'))).toEqual({ account: 2, route: 20 });
    expect(of(call('berlin', '2500'))).toEqual({ account: 2, route: 20 });
    expect(of(call('bonn', '3000'))).toEqual({ account: 3, route: 30 });
  });

  it('is 0, which nobody is limited to, where none fits', () => {
    const of = belonging([account(1, { sources: ['berlin'] })]);
    expect(of(call('bonn', '1001'))).toEqual({ account: 0, route: 0 });
  });

  it('is 1 where there are no accounts', () => {
    expect(belonging([])(call('bonn'))).toEqual({ account: 1, route: 1 });
  });
});
