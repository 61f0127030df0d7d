// Logging in, with the work of checking a password left out: what is answered, who is locked, which tokens hold.
import { beforeEach, describe, expect, it } from 'vitest';
import type { ApiTokenKeeper } from '../../src/access/api-tokens.ts';
import {
  checksAtOnce,
  Logins,
  type LoginLimits,
  type LoginResult,
  mostTokensPerUser,
  mostWaiting,
} from '../../src/access/logins.ts';
import { hashToken } from '../../src/access/tokens.ts';
import { Users, type UserGrant } from '../../src/access/users.ts';
import type { PasswordHash } from '../../src/base/password-hash.ts';
import type { ApiTokenRow } from '../../src/store/recording-messages.ts';

/** Whose password is `right-A` when its letter is A. */
const hash = (letter: string): string => `scrypt$32768$8$1$${'A'.repeat(22)}$${letter.repeat(42)}A`;
const user = (email: string, more: Partial<UserGrant> = {}): UserGrant => ({
  ...{ email, password: hash('B'), control: true, video: true, timeZone: 'UTC' },
  ...more,
});
const limits: LoginLimits = {
  ...{ tokenLifetimeMs: 86_400_000, lockAfter: 3, lockForMs: 900_000, requestRate: 2 },
};

class MemoryKeeper implements ApiTokenKeeper {
  readonly rows = new Map<string, ApiTokenRow>();
  trouble: Error | undefined;

  put(row: ApiTokenRow): Promise<void> {
    if (this.trouble !== undefined) return Promise.reject(this.trouble);
    this.rows.set(row.hash, row);
    return Promise.resolve();
  }

  drop(hashes: readonly string[]): Promise<void> {
    for (const each of hashes) this.rows.delete(each);
    return Promise.resolve();
  }

  all(): Promise<readonly ApiTokenRow[]> {
    return Promise.resolve([...this.rows.values()]);
  }
}

let keeper: MemoryKeeper;
let nowMs: number;
let steadyMs: number;
let checked: PasswordHash[];
let troubles: unknown[];
let locked: string[];
beforeEach(() => {
  keeper = new MemoryKeeper();
  nowMs = Date.UTC(2026, 10, 21);
  steadyMs = 0;
  checked = [];
  troubles = [];
  locked = [];
});

/** The right password is `right-` and the letter that the user's hash is made of. */
const letterOf = (known: PasswordHash): string =>
  Buffer.from(known.hash).toString('base64url').slice(0, 1);

function loginsFor(
  users: readonly UserGrant[],
  { wait, limits: own = limits }: { wait?: Promise<void>; limits?: LoginLimits } = {},
): Logins {
  return new Logins({
    users: new Users(users),
    limits: own,
    keeper,
    clock: { now: () => nowMs },
    steady: { now: () => steadyMs },
    onTrouble: (error) => troubles.push(error),
    onLocked: (email) => locked.push(email),
    verify: async (password, known) => {
      checked.push(known);
      await wait;
      if (password === 'burn') throw new Error('no memory');
      return password === `right-${letterOf(known)}`;
    },
  });
}

function tokenOf(result: LoginResult): string {
  if (result.kind !== 'token') throw new Error(`no token: ${result.kind}`);
  return result.token;
}

const at = '192.0.2.7';

describe('a login', () => {
  it('gives a token that says who one is, for a day', async () => {
    const logins = loginsFor([user('Ann@example.com', { account: 2 })]);
    const result = await logins.login('ann@EXAMPLE.com', 'right-B', undefined, at);
    expect(result).toEqual({
      kind: 'token',
      token: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      expiresSeconds: 86_400,
    });
    const token = tokenOf(result);
    expect(logins.userOf(token)).toEqual({
      ...{ email: 'Ann@example.com', account: 2, control: true, video: true, timeZone: 'UTC' },
    });
    nowMs += 86_400_000 - 1;
    expect(logins.userOf(token)?.email).toBe('Ann@example.com');
    nowMs += 1;
    expect(logins.userOf(token)).toBeUndefined();
    expect(logins.standing.tokens).toBe(0);
    expect(keeper.rows.size).toBe(0);
  });

  it.each([
    [1, 1],
    [3600, 3600],
    [90.9, 90],
    [86_400, 86_400],
    [86_401, 86_400],
    [Infinity, 86_400],
    [0, 86_400],
    [-5, 86_400],
    [NaN, 86_400],
    [undefined, 86_400],
  ])('that asks for %j seconds holds for %i', async (asked, given) => {
    const logins = loginsFor([user('ann@example.com')]);
    const result = await logins.login('ann@example.com', 'right-B', asked, at);
    expect(result).toMatchObject({ kind: 'token', expiresSeconds: given });
    nowMs += given * 1_000 - 1;
    expect(logins.userOf(tokenOf(result))).toBeDefined();
    nowMs += 1;
    expect(logins.userOf(tokenOf(result))).toBeUndefined();
  });

  it('answers everything that does not fit with the same words, after the same work', async () => {
    const logins = loginsFor([user('ann@example.com'), user('bob@example.com')]);
    for (let n = 0; n < 3; n += 1) await logins.login('bob@example.com', 'x', undefined, at);
    expect(locked).toEqual(['bob@example.com']);
    checked = [];
    const answers = [
      await logins.login('ann@example.com', 'wrong', undefined, at),
      await logins.login('nobody@example.com', 'right-A', undefined, at),
      await logins.login('bob@example.com', 'right-B', undefined, at),
      await logins.login('', '', undefined, at),
      await logins.login('ann@example.com', `right-B${'x'.repeat(2_000)}`, undefined, at),
    ];
    expect(answers).toEqual(answers.map(() => ({ kind: 'refused' })));
    expect(checked.map(({ n, r, p }) => [n, r, p])).toEqual(answers.map(() => [32_768, 8, 1]));
  });

  it('says that a password is too old to those only who know it', async () => {
    const logins = loginsFor([user('ann@example.com', { passwordExpires: '2026-11-22' })]);
    const tokens = await logins.login('ann@example.com', 'right-B', undefined, at);
    nowMs = Date.UTC(2026, 10, 22);
    const expired = await logins.login('ann@example.com', 'right-B', undefined, at);
    expect(expired).toEqual({ kind: 'password-expired' });
    const wrong = await logins.login('ann@example.com', 'wrong', undefined, at);
    expect(wrong).toEqual({ kind: 'refused' });
    expect(logins.userOf(tokenOf(tokens))).toBeUndefined();
    expect(keeper.rows.size).toBe(0);
  });

  it('is refused once a password was tried too often, and after a while is not', async () => {
    const logins = loginsFor([user('ann@example.com')]);
    const login = (password: string): Promise<LoginResult> =>
      logins.login('ann@example.com', password, undefined, at);
    for (const password of ['a', 'b', 'c']) await login(password);
    expect(await login('right-B')).toEqual({ kind: 'refused' });
    steadyMs += 899_999;
    // The machine's clock says nothing about it.
    nowMs += 86_400_000;
    expect(await login('right-B')).toEqual({ kind: 'refused' });
    steadyMs += 1;
    expect(await login('right-B')).toMatchObject({ kind: 'token' });
  });

  it('that is right has earlier failures forgiven', async () => {
    const logins = loginsFor([user('ann@example.com')]);
    const passwords = ['a', 'b', 'right-B', 'c', 'd', 'right-B'];
    const kinds: string[] = [];
    for (const each of passwords) {
      kinds.push((await logins.login('ann@example.com', each, undefined, at)).kind);
    }
    expect(kinds).toEqual(['refused', 'refused', 'token', 'refused', 'refused', 'token']);
    expect(logins.counts).toEqual({ token: 2, refused: 4, 'password-expired': 0, busy: 0 });
  });

  it('counts so many tries and no more, however many come at once', async () => {
    let go = (): void => undefined;
    const wait = new Promise<void>((resolve) => (go = resolve));
    const logins = loginsFor([user('ann@example.com')], { wait });
    const passwords = ['1', '2', '3', 'right-B', '4'];
    const all = passwords.map((each) => logins.login('ann@example.com', each, undefined, at));
    go();
    expect(await Promise.all(all)).toEqual(all.map(() => ({ kind: 'refused' })));
    expect(checked.length).toBe(5);
  });

  it('remembers failures of users alone, not of whatever is typed', async () => {
    const logins = loginsFor([user('ann@example.com')]);
    for (let n = 0; n < 100; n += 1) await logins.login(`x${n}@example.com`, 'x', undefined, at);
    expect(logins.standing.failing).toBe(0);
    await logins.login('ann@example.com', 'x', undefined, at);
    expect(logins.standing.failing).toBe(1);
  });

  it('is told to come back while too many wait, and does not count', async () => {
    let go = (): void => undefined;
    const wait = new Promise<void>((resolve) => (go = resolve));
    const logins = loginsFor([user('ann@example.com'), user('bob@example.com')], { wait });
    const flood = Array.from({ length: 500 }, () =>
      logins.login('ann@example.com', 'x', undefined, at),
    );
    // Somebody else comes from elsewhere, and finds a place.
    const other = logins.login('bob@example.com', 'right-B', undefined, '198.51.100.1');
    expect(logins.standing.waiting).toBe(mostWaiting);
    go();
    const kinds = (await Promise.all(flood)).map(({ kind }) => kind);
    const refused = kinds.filter((kind) => kind === 'refused').length;
    expect(refused).toBe(checksAtOnce + mostWaiting - 1);
    expect(kinds.filter((kind) => kind === 'busy').length).toBe(500 - refused);
    expect(await other).toMatchObject({ kind: 'token' });
  });

  it('takes an IPv6 network for one', async () => {
    let go = (): void => undefined;
    const wait = new Promise<void>((resolve) => (go = resolve));
    const logins = loginsFor([user('ann@example.com'), user('bob@example.com')], { wait });
    const flood = Array.from({ length: 200 }, (_, n) =>
      logins.login('ann@example.com', 'x', undefined, `2001:db8:1:2::${n.toString(16)}`),
    );
    const other = logins.login('bob@example.com', 'right-B', undefined, '2001:db8:1:3::1');
    go();
    expect(await other).toMatchObject({ kind: 'token' });
    await Promise.all(flood);
  });

  it('is told to come back where this machine cannot do the work', async () => {
    const logins = loginsFor([user('ann@example.com')]);
    const result = await logins.login('ann@example.com', 'burn', undefined, at);
    expect(result).toEqual({ kind: 'busy' });
    expect(troubles).toEqual([new Error('no memory')]);
    expect(logins.standing.failing).toBe(0);
  });

  it('does not let in who was taken out while it waited', async () => {
    let go = (): void => undefined;
    const wait = new Promise<void>((resolve) => (go = resolve));
    const logins = loginsFor([user('ann@example.com')], { wait });
    const login = logins.login('ann@example.com', 'right-B', undefined, at);
    logins.renew(new Users([]), limits);
    go();
    expect(await login).toEqual({ kind: 'refused' });
  });
});

describe('a token', () => {
  const anyToken = '9a37ac05-3cd6-4e81-b224-97cfbb85f912';

  it('is kept as a hash', async () => {
    const logins = loginsFor([user('ann@example.com')]);
    const token = tokenOf(await logins.login('ann@example.com', 'right-B', 60, at));
    expect([...keeper.rows.values()]).toEqual([
      {
        hash: hashToken(token),
        user: expect.stringMatching(/^ann@example\.com [0-9a-f]{16}$/),
        expiresMs: nowMs + 60_000,
      },
    ]);
    expect(JSON.stringify([...keeper.rows])).not.toContain(token);
  });

  it.each(['', anyToken, anyToken.toUpperCase(), 'x'.repeat(1_000_000), '__proto__'])(
    'that nobody was given stands for nobody',
    async (token) => {
      const logins = loginsFor([user('ann@example.com')]);
      await logins.login('ann@example.com', 'right-B', undefined, at);
      expect(logins.userOf(token)).toBeUndefined();
      expect(logins.waitMs(token)).toBe(0);
    },
  );

  it('holds over a restart, unless it has expired meanwhile', async () => {
    const before = loginsFor([user('ann@example.com')]);
    const short = tokenOf(await before.login('ann@example.com', 'right-B', 60, at));
    const long = tokenOf(await before.login('ann@example.com', 'right-B', 3_600, at));
    nowMs += 60_000;
    const after = loginsFor([user('ann@example.com', { account: 5 })]);
    await after.load();
    expect(after.userOf(short)).toBeUndefined();
    expect(after.userOf(long)).toMatchObject({ account: 5 });
    expect([...keeper.rows.keys()]).toEqual([hashToken(long)]);
  });

  it('does not hold after a restart for who is gone or has another password', async () => {
    const before = loginsFor([user('ann@example.com'), user('bob@example.com')]);
    const ann = tokenOf(await before.login('ann@example.com', 'right-B', undefined, at));
    const bob = tokenOf(await before.login('bob@example.com', 'right-B', undefined, at));
    const after = loginsFor([user('bob@example.com', { password: hash('C') })]);
    await after.load();
    expect([after.userOf(ann), after.userOf(bob)]).toEqual([undefined, undefined]);
    expect(keeper.rows.size).toBe(0);
  });

  it('stands for the user as configured now, and is gone for good with the user', async () => {
    const logins = loginsFor([user('ann@example.com', { account: 1 })]);
    const token = tokenOf(await logins.login('ann@example.com', 'right-B', undefined, at));
    const changed = { account: 9, control: false, video: false };
    logins.renew(new Users([user('ANN@example.com', changed)]), limits);
    expect(logins.userOf(token)).toMatchObject({ email: 'ANN@example.com', ...changed });
    logins.renew(new Users([]), limits);
    expect(logins.userOf(token)).toBeUndefined();
    logins.renew(new Users([user('ann@example.com')]), limits);
    expect(logins.userOf(token)).toBeUndefined();
    expect(keeper.rows.size).toBe(0);
  });

  it('is dropped, the oldest first, when a user has too many, and nobody else’s is', async () => {
    const logins = loginsFor([user('ann@example.com'), user('bob@example.com')]);
    const login = async (email: string): Promise<string> =>
      tokenOf(await logins.login(email, 'right-B', undefined, at));
    const bob = await login('bob@example.com');
    const first = await login('ann@example.com');
    const second = await login('ann@example.com');
    for (let n = 2; n < mostTokensPerUser + 1; n += 1) await login('ann@example.com');
    expect(logins.userOf(first)).toBeUndefined();
    expect(logins.userOf(second)).toBeDefined();
    expect(logins.userOf(bob)).toBeDefined();
    expect(logins.standing.tokens).toBe(mostTokensPerUser + 1);
    expect(keeper.rows.size).toBe(mostTokensPerUser + 1);
  });

  it('that has expired is dropped though nobody presents it', async () => {
    const logins = loginsFor([user('ann@example.com')]);
    for (let n = 0; n < 10; n += 1) await logins.login('ann@example.com', 'right-B', 60, at);
    expect(keeper.rows.size).toBe(10);
    expect(logins.standing).toMatchObject({ tokens: 10, tokensHeld: 10 });
    nowMs += 59_999;
    expect(logins.standing).toMatchObject({ tokens: 10, tokensHeld: 10 });
    nowMs += 1;
    expect(logins.standing).toMatchObject({ tokens: 10, tokensHeld: 0 });
    await logins.login('ann@example.com', 'right-B', 60, at);
    expect([keeper.rows.size, logins.standing.tokens]).toEqual([1, 1]);
  });

  it('holds though it could not be kept, which is told', async () => {
    const logins = loginsFor([user('ann@example.com')]);
    keeper.trouble = new Error('disk full');
    const token = tokenOf(await logins.login('ann@example.com', 'right-B', undefined, at));
    expect(logins.userOf(token)).toBeDefined();
    await Promise.resolve();
    expect(troubles).toEqual([new Error('disk full')]);
  });

  it('may be used so often, by itself', async () => {
    const logins = loginsFor([user('ann@example.com')]);
    const one = tokenOf(await logins.login('ann@example.com', 'right-B', undefined, at));
    const other = tokenOf(await logins.login('ann@example.com', 'right-B', undefined, at));
    expect(Array.from({ length: 5 }, () => logins.waitMs(one))).toEqual([0, 0, 0, 0, 500]);
    expect(logins.waitMs(other)).toBe(0);
    steadyMs += 500;
    expect([logins.waitMs(one), logins.waitMs(one)]).toEqual([0, 500]);
    logins.renew(new Users([user('ann@example.com')]), { ...limits, requestRate: 0 });
    expect([logins.waitMs(one), logins.waitMs(one)]).toEqual([0, 0]);
  });
});
