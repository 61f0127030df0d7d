// The commands for users as people run them: real processes, a real terminal, a real users file.
import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { verifyPassword } from '../../src/access/scrypt.ts';
import { readUserFile } from '../../src/access/user-file.ts';
import { parsePasswordHash } from '../../src/base/password-hash.ts';
import { newFolder } from '../support/data-folder.ts';

const program = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

interface Ended {
  readonly code: number | string | null | undefined;
  readonly out: string;
  readonly err: string;
}

let folder: string;
let config: string;
beforeEach(async () => {
  folder = await newFolder();
  config = join(folder, 'offhook.toml');
  writeFileSync(config, '[face]\nenabled = true\n');
});

function users(args: readonly string[], input = ''): Promise<Ended> {
  const options = { env: { PATH: process.env['PATH'] }, cwd: folder, timeout: 30_000 };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [program, 'users', ...args],
      options,
      (error, out, err) => resolve({ code: error === null ? 0 : error.code, out, err }),
    );
    // A command that wants no input may have ended before it is given.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

const file = (): string => join(folder, 'offhook-users.json');
const fileText = (): string => readFileSync(file(), 'utf8');

async function opens(password: string, email: string): Promise<boolean> {
  const user = readUserFile(file()).find((each) => each.email === email);
  const hash = parsePasswordHash(user?.password ?? '');
  return hash !== undefined && (await verifyPassword(password, hash));
}

const add = (email: string, ...more: string[]): Promise<Ended> =>
  users(['add', email, '--password-stdin', ...more], 'correct horse\n');

describe('users add', () => {
  it('keeps the hash of the password, for the eyes of its owner', async () => {
    const rights = ['--account', '2', '--no-control', '--no-video'];
    const until = ['--expires', '2027-01-31', '--time-zone', 'Europe/Berlin'];
    const { code, out, err } = await add('Ann@example.com', ...rights, ...until);
    expect({ code, out }).toEqual({
      code: 0,
      out: 'Ann@example.com sees the recordings of account 2, may not drive recorders, and may not see video.\n',
    });
    expect(err).toContain(`The hash of the password is in ${file()}.`);
    expect(err).toContain('SIGHUP: `systemctl reload offhook`');
    expect(err).not.toContain('[face]');
    expect(JSON.parse(fileText())).toEqual({
      version: 1,
      users: [
        {
          ...{ email: 'Ann@example.com', account: 2, control: false, video: false },
          ...{ passwordExpires: '2027-01-31', timeZone: 'Europe/Berlin' },
          password: expect.stringMatching(/^scrypt\$32768\$8\$1\$/),
          created: expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ$/),
        },
      ],
    });
    expect(await opens('correct horse', 'Ann@example.com')).toBe(true);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  it('draws a password and shows it once', async () => {
    const { out } = await users(['add', 'ann@example.com', '--generate']);
    expect(out).toMatch(/^The password of ann@example\.com; it is not shown again:\n {2}\S{24}\n/);
    const [, password = ''] = /^ {2}(\S{24})$/m.exec(out) ?? [];
    expect(await opens(password, 'ann@example.com')).toBe(true);
    expect(out).toContain('sees the recordings of every account, may drive recorders, and may see');
  });

  it('answers programs in JSON, and follows the configuration to the file', async () => {
    writeFileSync(config, '[face]\nusersFile = "mine.json"\n');
    const args = ['add', 'ann@example.com', '--generate', '--json', '--config', config];
    const { out, err } = await users(args);
    expect(err).toBe('');
    expect(JSON.parse(out)).toEqual({
      ...{ email: 'ann@example.com', control: true, video: true, timeZone: 'UTC' },
      password: expect.stringMatching(/^\S{24}$/),
      usersFile: join(folder, 'mine.json'),
    });
    expect(existsSync(file())).toBe(false);
    const { out: quiet } = await add('ben@example.com', '--json');
    expect(quiet).not.toContain('horse');
    expect(JSON.parse(quiet)).not.toHaveProperty('password');
  });

  it('says so where the server serves nothing to log in to', async () => {
    writeFileSync(config, '');
    const { err } = await add('ann@example.com');
    expect(err).toContain('set enabled = true under [face]');
  });

  it('refuses an address that is taken, whatever its case, before it asks for a password', async () => {
    writeFileSync(config, '[[user]]\nemail = "Ben@example.com"\npassword = { env = "NONE" }\n');
    expect(await add('ann@example.com')).toMatchObject({ code: 0 });
    const before = fileText();
    const again = await users(['add', 'ANN@example.com', '--password-stdin']);
    expect(again).toMatchObject({ code: 1, out: '' });
    expect(again.err).toContain(`A user "ANN@example.com" is in ${file()} already.`);
    expect(again.err).toContain('`offhook users passwd`');
    const other = await users(['add', 'ben@EXAMPLE.com', '--password-stdin']);
    expect(other.err).toContain('A user "ben@EXAMPLE.com" is in offhook.toml already.');
    expect(fileText()).toBe(before);
  });

  it('refuses an account that the configuration does not have', async () => {
    writeFileSync(config, '[[account]]\nid = 1\nname = "A"\n[[account]]\nid = 7\nname = "B"\n');
    const { code, err } = await add('ann@example.com', '--account', '2');
    expect(code).toBe(1);
    expect(err).toContain('offhook.toml has no [[account]] with the id 2.\nChoose one of 1, 7');
    expect(await add('ann@example.com', '--account', '7')).toMatchObject({ code: 0 });
  });

  it.each([
    [['ann'], 'Expected an e-mail address of 254 characters at most.'],
    [['ann@example.com', '--account', '0'], 'Expected a whole number from 1 to 2147483647.'],
    [['ann@example.com', '--expires', '2027-02-31'], 'Expected a date, such as "2027-01-31".'],
    [['ann@example.com', '--time-zone', 'Mars'], 'Expected a time zone, such as "UTC"'],
    [['ann@example.com', '--generate'], '--password-stdin and --generate do not go together.'],
    [[], "missing required argument 'email'"],
  ])('refuses %j', async (args, words) => {
    const { code, out, err } = await users(['add', ...args, '--password-stdin'], 'long enough');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(words);
    expect(existsSync(file())).toBe(false);
  });

  it.each([
    ['nothing', '', 'The password has 0 characters, expected 8 to 1024.'],
    ['few characters', 'short\n', 'The password has 5 characters, expected 8 to 1024.'],
    [
      'too many characters',
      'x'.repeat(1_025),
      'The password has 1025 characters, expected 8 to 1024.',
    ],
    ['no end', 'x'.repeat(10_000), 'Standard input has more than 8192 bytes.'],
    ['two lines', 'two lines\nof text\n', 'The password has a control character'],
  ])('refuses a password with %s', async (_what, input, words) => {
    const { code, err } = await users(['add', 'ann@example.com', '--password-stdin'], input);
    expect(code).toBe(2);
    expect(err).toContain(words);
    expect(existsSync(file())).toBe(false);
  });

  it('needs to be told where the password comes from, where there is no terminal', async () => {
    const { code, err } = await users(['add', 'ann@example.com']);
    expect(code).toBe(2);
    expect(err).toContain('There is no terminal to ask for the password.');
    expect(err).toContain('--password-stdin');
  });

  it('says what is wrong with the file and leaves it alone', async () => {
    writeFileSync(file(), '{"version":7}', { mode: 0o600 });
    const { code, err } = await add('ann@example.com');
    expect(code).toBe(1);
    expect(err).toContain(`offhook: ${file()} cannot be used: version: expected 1`);
    expect(fileText()).toBe('{"version":7}');
  });
});

/** The command on a terminal of its own, with the lines typed as they are asked for. */
function typed(
  args: string,
  lines: readonly string[],
): Promise<{ code: number | null; shown: string }> {
  const command = `"${process.execPath}" "${program}" users ${args}`;
  const child = spawn('script', ['-qefc', command, '/dev/null'], { cwd: folder });
  const left = [...lines];
  let shown = '';
  let answered = 0;
  const look = (chunk: Buffer): void => {
    shown += chunk.toString();
    const questions = shown.match(/Password: |Once more: /g)?.length ?? 0;
    for (; answered < questions; answered += 1) child.stdin.write(left.shift() ?? '');
  };
  child.stdout.on('data', look);
  child.stderr.on('data', look);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, shown })));
}

describe('on a terminal', () => {
  it('the password is asked for twice, and not shown', async () => {
    const { code, shown } = await typed('add ann@example.com', ['secret péss\r', 'secret péss\r']);
    expect(code, shown).toBe(0);
    expect(shown).toContain('Password: \r\nOnce more: \r\n');
    expect(shown).not.toMatch(/secret|péss/);
    expect(await opens('secret péss', 'ann@example.com')).toBe(true);
  });

  it('it may be mended while it is typed', async () => {
    const { code } = await typed('add ann@example.com', [
      'wrong\u0015secret psx\u007f\u007fass\r',
      'secret pass\r',
    ]);
    expect(code).toBe(0);
    expect(await opens('secret pass', 'ann@example.com')).toBe(true);
  });

  it('nothing is kept of one that was not typed twice the same, or given up', async () => {
    const other = await typed('add ann@example.com', ['secret pass\r', 'secret past\r']);
    expect(other.code).toBe(1);
    expect(other.shown).toContain('The two are not the same.');
    const none = await typed('add ann@example.com', ['secret\u0003']);
    expect(none.code).toBe(1);
    expect(none.shown).toContain('No password was given.');
    expect(existsSync(file())).toBe(false);
  });
});

describe('users list', () => {
  it('shows the users of both places and never a hash', async () => {
    const hash = `scrypt$32768$8$1$${'A'.repeat(22)}$${'B'.repeat(42)}A`;
    const written = `[[user]]\nemail = "ben@example.com"\npassword = "${hash}"\naccount = 3\ncontrol = false\n`;
    writeFileSync(config, written);
    await add('ann@example.com', '--expires', '2027-01-31');
    const people = await users(['list']);
    expect(people.out).toMatch(
      new RegExp(
        '^E-mail +Account +Control +Video +Password until +Time zone +Kept in\n' +
          'ben@example.com +3 +no +yes +for ever +UTC +configuration\n' +
          'ann@example.com +every +yes +yes +2027-01-31 +UTC +users file\n$',
      ),
    );
    const programs = await users(['list', '--json']);
    expect(JSON.parse(programs.out)).toEqual([
      {
        ...{ email: 'ben@example.com', account: 3, control: false, video: true, timeZone: 'UTC' },
        in: 'configuration',
      },
      {
        ...{ email: 'ann@example.com', control: true, video: true, timeZone: 'UTC' },
        ...{ passwordExpires: '2027-01-31', created: expect.stringMatching(/^20/) },
        in: 'users file',
      },
    ]);
    expect(people.out + programs.out).not.toContain('scrypt');
  });

  it('says how to make one where there is none', async () => {
    const { code, out, err } = await users(['list']);
    expect({ code, out }).toEqual({ code: 0, out: 'There is no user.\n' });
    expect(err).toContain('offhook users add');
  });
});

describe('users passwd', () => {
  it('gives another password, which expires when it says so', async () => {
    await add('ann@example.com', '--account', '4', '--expires', '2020-01-31');
    const set = (...more: string[]): Promise<Ended> =>
      users(['passwd', 'ANN@example.com', '--password-stdin', ...more], 'battery staple');
    expect(await set()).toMatchObject({
      code: 0,
      out: 'ANN@example.com has a new password; it does not expire.\n',
    });
    expect(readUserFile(file())).toMatchObject([{ email: 'ann@example.com', account: 4 }]);
    expect(readUserFile(file())[0]).not.toHaveProperty('passwordExpires');
    expect(await opens('battery staple', 'ann@example.com')).toBe(true);
    expect(await opens('correct horse', 'ann@example.com')).toBe(false);
    expect((await set('--expires', '2028-01-31')).out).toContain('it holds until 2028-01-31');
    expect(readUserFile(file())[0]?.passwordExpires).toBe('2028-01-31');
  });

  it('refuses a user who is not there, or in the configuration', async () => {
    writeFileSync(config, '[[user]]\nemail = "ben@example.com"\npassword = { env = "NONE" }\n');
    const unknown = await users(['passwd', 'ann@example.com', '--generate']);
    expect(unknown).toMatchObject({ code: 1, out: '' });
    expect(unknown.err).toContain(`${file()} has no user "ann@example.com".`);
    const written = await users(['passwd', 'ben@example.com', '--generate']);
    expect(written).toMatchObject({ code: 1, out: '' });
    expect(written.err).toContain('Put what `offhook users hash` prints into its [[user]] there.');
    expect(existsSync(file())).toBe(false);
  });
});

describe('users remove', () => {
  it('takes one out and says how a server takes that up', async () => {
    await add('ann@example.com');
    await add('ben@example.com');
    const { code, out, err } = await users(['remove', 'Ann@example.com']);
    expect({ code, out }).toEqual({
      code: 0,
      out: `Ann@example.com is no longer in ${file()}.\n`,
    });
    expect(err).toContain('SIGHUP');
    expect(readUserFile(file()).map(({ email }) => email)).toEqual(['ben@example.com']);
    const again = await users(['remove', 'ann@example.com']);
    expect(again).toMatchObject({ code: 1, out: '' });
    expect(again.err).toContain('`offhook users list`');
  });
});

describe('users hash', () => {
  it('prints a line that the configuration takes', async () => {
    const { code, out } = await users(['hash', '--password-stdin'], 'correct horse');
    expect(code).toBe(0);
    const [, line = ''] = /^ {2}(password = "scrypt\$.*")$/m.exec(out) ?? [];
    writeFileSync(config, `[[user]]\nemail = "ann@example.com"\n${line}\n`);
    const checked = await new Promise<Ended>((resolve) => {
      execFile(process.execPath, [program, 'check'], { cwd: folder }, (error, said, err) => {
        resolve({ code: error === null ? 0 : error.code, out: said, err });
      });
    });
    expect(checked.code, checked.out).toBe(0);
    expect(checked.out).toContain('[[user]]\nemail = "ann@example.com"\n# password is set\n');
    const { out: json } = await users(['hash', '--generate', '--json']);
    const made = JSON.parse(json) as { readonly password: string; readonly hash: string };
    const hash = parsePasswordHash(made.hash);
    expect(hash !== undefined && (await verifyPassword(made.password, hash))).toBe(true);
  });
});
