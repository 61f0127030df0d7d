/**
 * Logins by the thousand with wrong passwords, checked by scrypt as it is: all are answered, little is under
 * way and little waits, a user from elsewhere gets in meanwhile, and the event loop serves others as before.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ApiTokenKeeper } from '../../src/access/api-tokens.ts';
import { checksAtOnce, Logins, type LoginResult, mostWaiting } from '../../src/access/logins.ts';
import { hashPassword, verifyPassword } from '../../src/access/scrypt.ts';
import { Users } from '../../src/access/users.ts';

const nothingKept: ApiTokenKeeper = {
  put: () => Promise.resolve(),
  drop: () => Promise.resolve(),
  all: () => Promise.resolve([]),
};
const floodOf = 1_000;

class Checks {
  now = 0;
  most = 0;
  begun = 0;

  readonly #by: typeof verifyPassword;

  constructor(by: typeof verifyPassword = verifyPassword) {
    this.#by = by;
  }

  readonly verify: typeof verifyPassword = async (password, known) => {
    this.begun += 1;
    this.now += 1;
    this.most = Math.max(this.most, this.now);
    try {
      return await this.#by(password, known);
    } finally {
      this.now -= 1;
    }
  };
}

async function loginsOf(checks: Checks, locked: string[] = []): Promise<Logins> {
  const rights = { control: true, video: true, timeZone: 'UTC' };
  const [ann, bob] = await Promise.all([hashPassword('ann’s own'), hashPassword('bob’s own')]);
  return new Logins({
    users: new Users([
      { email: 'ann@example.com', password: ann, ...rights },
      { email: 'bob@example.com', password: bob, ...rights },
    ]),
    limits: { tokenLifetimeMs: 86_400_000, lockAfter: 5, lockForMs: 900_000, requestRate: 0 },
    keeper: nothingKept,
    clock: { now: () => Date.now() },
    steady: { now: () => performance.now() },
    onTrouble: (error) => {
      throw error;
    },
    onLocked: (email) => locked.push(email),
    verify: checks.verify,
  });
}

const flood = (logins: Logins, email: (n: number) => string): Promise<LoginResult[]> =>
  Promise.all(
    Array.from({ length: floodOf }, (_, n) =>
      logins.login(email(n), `wrong ${n}`, undefined, '203.0.113.9'),
    ),
  );

describe('a thousand logins at once', { timeout: 120_000 }, () => {
  it('are all answered, a few at a time, while others are served as if there were none', async () => {
    const checks = new Checks();
    const logins = await loginsOf(checks);
    const server = createServer((_request, response) => response.end('still here')).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    // Parse door: a server on TCP has an address of this kind.
    const { port } = server.address() as AddressInfo;
    const ask = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text();
    await ask();

    let isOver = false;
    const answered = flood(logins, (n) => `user${n}@example.com`).finally(() => (isOver = true));
    expect(logins.standing.waiting).toBe(mostWaiting);
    // Asked one after another: each must be read, answered and read again by this same event loop.
    let served = 0;
    while (!isOver) {
      expect(await ask()).toBe('still here');
      if (!isOver) served += 1;
    }
    const kinds = (await answered).map(({ kind }) => kind);
    server.close();
    server.closeAllConnections();

    expect(kinds.filter((kind) => kind === 'refused').length).toBe(checksAtOnce + mostWaiting);
    expect(kinds.filter((kind) => kind === 'busy').length).toBe(
      floodOf - checksAtOnce - mostWaiting,
    );
    expect(checks.begun).toBe(checksAtOnce + mostWaiting);
    expect(checks.most).toBe(checksAtOnce);
    // More are served than passwords checked; on the event loop, none would be served before all are.
    expect(served).toBeGreaterThan(checksAtOnce + mostWaiting);
    expect(logins.standing).toMatchObject({ waiting: 0, tokens: 0, failing: 0 });
  });

  it('against one user lock that user, and keep nobody else out', async () => {
    const checks = new Checks();
    const locked: string[] = [];
    const logins = await loginsOf(checks, locked);
    const attack = flood(logins, () => 'ann@example.com');
    const others = await Promise.all([
      logins.login('bob@example.com', 'bob’s own', 60, '192.0.2.1'),
      logins.login('bob@example.com', 'bob’s own', 60, '192.0.2.2'),
    ]);
    expect(others.map(({ kind }) => kind)).toEqual(['token', 'token']);
    // Bob did not have to wait until the attack was over.
    expect(logins.standing.waiting).toBeGreaterThan(mostWaiting / 2);
    expect(new Set((await attack).map(({ kind }) => kind))).toEqual(new Set(['refused', 'busy']));
    expect(locked).toEqual(['ann@example.com']);
    expect(await logins.login('ann@example.com', 'ann’s own', 60, '192.0.2.1')).toEqual({
      kind: 'refused',
    });
    expect(logins.standing).toMatchObject({ waiting: 0, failing: 1, tokens: 2 });
  });

  it('and a hundred times as many are no more that wait', async () => {
    const checks = new Checks(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return false;
    });
    const logins = await loginsOf(checks);
    const waves = Array.from({ length: 100 }, (_, wave) => {
      const answered = flood(logins, (n) => `user${wave}-${n}@example.com`);
      expect(logins.standing.waiting).toBe(mostWaiting);
      return answered;
    });
    await Promise.all(waves);
    expect(checks.begun).toBe(checksAtOnce + mostWaiting);
    expect(logins.standing).toMatchObject({ waiting: 0, tokens: 0, failing: 0 });
  });
});
