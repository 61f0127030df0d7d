import { describe, expect, it } from 'vitest';
import { Users, type UserGrant } from '../../src/access/users.ts';

const hash = (letter: string): string => `scrypt$32768$8$1$${'A'.repeat(22)}$${letter.repeat(42)}A`;
const ann: UserGrant = {
  ...{ email: 'Ann@Example.com', password: hash('A'), account: 2, control: true, video: false },
  ...{ passwordExpires: '2027-01-31', timeZone: 'Europe/Berlin' },
};

describe('users', () => {
  it('are found by their address, whatever its case', () => {
    const users = new Users([ann]);
    const known = users.find('aNN@example.COM');
    expect(known?.user).toEqual({
      ...{ email: 'Ann@Example.com', account: 2, control: true, video: false },
      timeZone: 'Europe/Berlin',
    });
    expect(known?.passwordExpiresMs).toBe(Date.UTC(2027, 0, 31));
    expect(known?.hash.n).toBe(32_768);
    expect(users.size).toBe(1);
    for (const other of ['', 'ann', 'ann@example.com ', ' ann@example.com', 'x'.repeat(100_000)]) {
      expect(users.find(other)).toBeUndefined();
    }
  });

  it('without an account have none, not an undefined one', () => {
    const { account: _account, passwordExpires: _expires, ...rest } = ann;
    const known = new Users([rest]).find(ann.email);
    expect(Object.keys(known?.user ?? {})).not.toContain('account');
    expect(Object.keys(known ?? {})).not.toContain('passwordExpiresMs');
  });

  it('are others once they have another password, and the same once they may do other things', () => {
    const key = new Users([ann]).find(ann.email)?.key ?? '';
    expect(new Users([{ ...ann, account: 7, control: false }]).withKey(key)).toMatchObject({
      account: 7,
    });
    expect(new Users([{ ...ann, password: hash('B') }]).withKey(key)).toBeUndefined();
    expect(new Users([]).withKey(key)).toBeUndefined();
    expect(key).not.toContain(ann.password);
  });

  it('with a hash or a day that cannot be read do not get in', () => {
    expect(new Users([{ ...ann, password: 'hunter2' }]).find(ann.email)).toBeUndefined();
    const known = new Users([{ ...ann, passwordExpires: 'never' }]).find(ann.email);
    expect(known?.passwordExpiresMs).toBe(0);
  });
});
