// The users file as commands and the server find it; what it shares with the tokens file is tested there.
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { OwnedFileError } from '../../src/access/owned-file.ts';
import { changeUserFile, type FiledUser, readUserFile } from '../../src/access/user-file.ts';
import { newFolder } from '../support/data-folder.ts';

const password = `scrypt$32768$8$1$${'A'.repeat(22)}$${'B'.repeat(42)}A`;
const created = '2026-01-31T12:00:00Z';
const user = (email: string, more: Partial<FiledUser> = {}): FiledUser => ({
  ...{ email, password, control: true, video: true, timeZone: 'UTC', created },
  ...more,
});
const add =
  (one: FiledUser) =>
  (users: readonly FiledUser[]): readonly FiledUser[] => [...users, one];

let path: string;
beforeEach(async () => {
  path = join(await newFolder(), 'users.json');
});

function write(users: readonly unknown[], version = 1): void {
  writeFileSync(path, JSON.stringify({ version, users }), { mode: 0o600 });
}

describe('the users file', () => {
  it('keeps users, for the eyes of its owner', async () => {
    expect(readUserFile(path)).toEqual([]);
    const full = { account: 2, passwordExpires: '2027-01-31', timeZone: 'Europe/Berlin' };
    await changeUserFile(path, add(user('ann@example.com', full)));
    await changeUserFile(path, add(user('bob@example.com')));
    expect(readUserFile(path)).toEqual([user('ann@example.com', full), user('bob@example.com')]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('loses nobody when many are added at once', async () => {
    const emails = Array.from({ length: 10 }, (_, n) => `user${n}@example.com`);
    await Promise.all(emails.map((email) => changeUserFile(path, add(user(email)))));
    expect(
      readUserFile(path)
        .map(({ email }) => email)
        .sort(),
    ).toEqual(emails);
  });

  it.each<[string, Partial<Record<keyof FiledUser | 'admin', unknown>>]>([
    ['users[0].email: expected an e-mail address of 254 characters at most', { email: 'ann' }],
    ['users[0].password: expected a hash as `offhook users hash`', { password: 'hunter2' }],
    ['users[0].account: expected 1 or more', { account: 0 }],
    ['users[0].passwordExpires: expected a date', { passwordExpires: '2027-13-01' }],
    ['users[0].timeZone: expected a time zone', { timeZone: 'Mars' }],
    ['users[0]: unknown key "admin"', { admin: true }],
  ])('is refused: %s', async (words, more) => {
    write([{ ...user('ann@example.com'), ...more }]);
    const before = readFileSync(path, 'utf8');
    expect(() => readUserFile(path)).toThrow(OwnedFileError);
    expect(() => readUserFile(path)).toThrow(words);
    expect(() => readUserFile(path)).not.toThrow('hunter2');
    await expect(changeUserFile(path, (users) => users)).rejects.toThrow(words);
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('is refused with somebody twice, of another version, or for others to write', () => {
    write([user('ann@example.com'), user('ANN@example.com')]);
    expect(() => readUserFile(path)).toThrow('users[1].email: "ANN@example.com" is there twice');
    write([], 2);
    expect(() => readUserFile(path)).toThrow('version: expected 1');
    write([]);
    chmodSync(path, 0o666);
    expect(() => readUserFile(path)).toThrow('chmod 600');
  });

  it('is not changed into what it could not be read as', async () => {
    await changeUserFile(path, add(user('ann@example.com')));
    const before = readFileSync(path, 'utf8');
    await expect(changeUserFile(path, add(user('Ann@example.com')))).rejects.toThrow('twice');
    expect(readFileSync(path, 'utf8')).toBe(before);
  });
});
