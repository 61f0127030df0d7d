// The settings of the FACE interface: users, accounts, custom data, policies and screen capture.
import { describe, expect, it } from 'vitest';
import { effectiveSettings, effectiveText } from '../../src/config/effective.ts';
import { clearTextWarnings } from '../../src/config/exposure.ts';
import { faceParameters } from '../../src/config/face-settings.ts';
import type { Problem } from '../../src/config/problem.ts';
import { InvalidConfigError } from '../../src/config/problem.ts';
import { readConfig } from '../../src/config/read.ts';
import type { Surroundings } from '../../src/config/read.ts';
import type { Config, UserSettings } from '../../src/config/settings.ts';
import { readUserBook } from '../../src/config/user-book.ts';
import { bareMachine } from '../support/surroundings.ts';

const hash = `scrypt$32768$8$1$${'A'.repeat(22)}$${'B'.repeat(42)}A`;
const read = (text: string, changes: Partial<Surroundings> = {}): Config =>
  readConfig(text, 'it', { ...bareMachine, ...changes });

function problemsOf(text: string, changes?: Partial<Surroundings>): readonly Problem[] {
  try {
    read(text, changes);
    return [];
  } catch (error) {
    if (error instanceof InvalidConfigError) return error.problems;
    throw error;
  }
}

const user = (email: string, more = ''): string =>
  `[[user]]\nemail = "${email}"\npassword = "${hash}"\n${more}\n`;
const account = (id: number, more = ''): string =>
  `[[account]]\nid = ${id}\nname = "Sales"\n${more}\n`;

describe('a user', () => {
  it('may do everything and sees every account, unless it says otherwise', () => {
    const own = 'account = 2\ncontrol = false\nvideo = false';
    const zone = 'passwordExpires = "2027-01-31"\ntimeZone = "Europe/Berlin"';
    const text = `${user('a@example.com')}${user('B@example.com', `${own}\n${zone}`)}${account(2)}`;
    expect(read(text).users).toEqual([
      { email: 'a@example.com', password: hash, control: true, video: true, timeZone: 'UTC' },
      {
        ...{ email: 'B@example.com', password: hash, account: 2, control: false, video: false },
        ...{ passwordExpires: '2027-01-31', timeZone: 'Europe/Berlin' },
      },
    ]);
  });

  it.each([
    ['email = "nobody"', 'user[0].email', 'an e-mail address of 254 characters at most'],
    ['email = "a@b@c"', 'user[0].email', 'an e-mail address of 254 characters at most'],
    ['email = "a\\u0000@c"', 'user[0].email', 'an e-mail address of 254 characters at most'],
    ['timeZone = "Mars/Olympus"', 'user[0].timeZone', 'a time zone, such as "UTC" or'],
    ['timeZone = "+01:00"', 'user[0].timeZone', 'a time zone, such as "UTC" or'],
    ['passwordExpires = "2027-02-31"', 'user[0].passwordExpires', 'a date in quotes, such as'],
    ['passwordExpires = 2027-02-01', 'user[0].passwordExpires', 'a date in quotes, such as'],
    ['account = 0', 'user[0].account', 'a whole number from 1 to'],
    ['account = 1.5', 'user[0].account', 'a whole number from 1 to'],
  ])('is refused with %s', (line, path, expected) => {
    const [name] = line.split(' ');
    const lines = ['email = "a@example.com"', `password = "${hash}"`].filter(
      (each) => !each.startsWith(`${String(name)} `),
    );
    const problems = problemsOf(`[[user]]\n${[...lines, line].join('\n')}`);
    expect(problems).toMatchObject([{ path }]);
    expect(problems[0]?.expected).toContain(expected);
  });

  it.each([
    'hunter2',
    hash.replace('32768', '8'),
    hash.replace('32768', '32769'),
    hash.replace('32768', '1048576'),
    hash.replace('$8$1$', '$99$9$'),
    hash.slice(0, -4),
    `${hash}\n`,
  ])('is refused with the password %j, which is not shown', (password) => {
    const text = `[[user]]\nemail = "a@example.com"\npassword = ${JSON.stringify(password)}`;
    const problems = problemsOf(text);
    expect(problems).toMatchObject([
      { path: 'user[0].password', seen: 'a value that is not shown' },
    ]);
    expect(problems[0]?.expected).toContain('`offhook users hash`');
  });

  it('may have its hash elsewhere', () => {
    const text = '[[user]]\nemail = "a@example.com"\npassword = { env = "HASH" }';
    expect(read(text, { env: { HASH: hash } }).users[0]?.password).toBe(hash);
    expect(problemsOf(text)).toMatchObject([{ path: 'user[0].password' }]);
  });

  it('has an address of its own, whatever its case, in both places', () => {
    const filed: UserSettings = {
      ...{ email: 'Carl@example.com', password: hash, control: true, video: true },
      timeZone: 'UTC',
    };
    const readUsers = (): UserSettings[] => [filed];
    const text = user('ann@example.com') + user('ANN@Example.com') + user('carl@EXAMPLE.com');
    expect(problemsOf(text, { readUsers }).map(({ path, seen }) => [path, seen])).toEqual([
      ['user[1].email', '"ANN@Example.com", which user[0] has too'],
      ['user[2].email', '"carl@EXAMPLE.com", which a user of face.usersFile has too'],
    ]);
    expect(read('', { readUsers }).filedUsers).toEqual([filed]);
  });

  it('belongs to an account that there is', () => {
    const filed: UserSettings = {
      ...{ email: 'carl@example.com', password: hash, control: true, video: true },
      ...{ timeZone: 'UTC', account: 8 },
    };
    const text = `${user('ann@example.com', 'account = 7')}${account(1)}`;
    const expected = 'the id of an [[account]], or nothing to see the recordings of all';
    expect(problemsOf(text, { readUsers: () => [filed] })).toEqual([
      { path: 'user[0].account', seen: '7, which no [[account]] has', expected },
      {
        path: 'face.usersFile',
        seen: 'account 8 of "carl@example.com", which no [[account]] has',
        expected,
      },
    ]);
    expect(problemsOf(user('ann@example.com', 'account = 7'))).toEqual([]);
  });

  it('of a file that cannot be read is told with the reason', () => {
    const readUsers = (path: string): never => {
      throw new Error(`it is no file: ${path}`);
    };
    expect(problemsOf('[face]\nusersFile = "u.json"', { readUsers })).toEqual([
      {
        path: 'face.usersFile',
        seen: '"/etc/offhook/u.json", which cannot be used: it is no file: /etc/offhook/u.json',
        expected: 'a file as `offhook users add` writes it',
      },
    ]);
  });
});

describe('an account', () => {
  it('says what belongs to it', () => {
    const source = '[[source]]\ntype = "simulator"\nname = "sim"\n';
    const more = 'route = 3\nextensions = ["10*"]\nsources = ["sim"]';
    expect(read(source + account(1, more) + account(2)).accounts).toEqual([
      { id: 1, name: 'Sales', route: 3, extensions: ['10*'], sources: ['sim'] },
      { id: 2, name: 'Sales', route: 1, extensions: [], sources: [] },
    ]);
  });

  it('has a number of its own, and names sources that there are', () => {
    expect(problemsOf(account(1) + account(1, 'sources = ["pbx"]'))).toEqual([
      {
        path: 'account[1].id',
        seen: '1, which account[0] has too',
        expected: 'a number that no other account has',
      },
      {
        path: 'account[1].sources[0]',
        seen: '"pbx", which no [[source]] has',
        expected: 'the name of a source',
      },
    ]);
    expect(problemsOf(account(1, 'sources = ["The PBX"]'))[0]).toMatchObject({
      path: 'account[0].sources[0]',
      expected: '1 to 32 of a-z, 0-9 and "-"',
    });
  });
});

describe('a custom data field', () => {
  const field = (id: number, name: string): string =>
    `[[customData]]\nid = ${id}\nname = "${name}"\n`;

  it('can be searched by, unless it says otherwise', () => {
    const text = `${field(7, 'CustomDataField1')}${field(8, 'a.b-c_d')}searchable = false`;
    expect(read(text).customData).toEqual([
      { id: 7, name: 'CustomDataField1', searchable: true },
      { id: 8, name: 'a.b-c_d', searchable: false },
    ]);
  });

  it.each(['', 'a b', 'ü', '__proto__', 'x'.repeat(65), ...faceParameters])(
    'is not named %j',
    (name) => {
      expect(problemsOf(field(1, name))).toMatchObject([{ path: 'customData[0].name' }]);
    },
  );

  it('has a number and a name of its own', () => {
    const text = field(1, 'a') + field(1, 'b') + field(2, 'a') + field(3, 'A');
    expect(problemsOf(text).map(({ path }) => path)).toEqual([
      'customData[1].id',
      'customData[2].name',
    ]);
  });
});

describe('a policy', () => {
  it('takes the place of the usual ones', () => {
    const text = '[[policy]]\nevent = "CallFlagged"\nactions = ["webhook", "log"]';
    expect(read(text).policies).toEqual([{ event: 'CallFlagged', actions: ['webhook', 'log'] }]);
  });

  it.each([
    ['actions = ["fly"]', 'policy[0].actions[0]', 'one of "startScreenCapture"'],
    ['actions = "log"', 'policy[0].actions', 'a list of "startScreenCapture"'],
    ['actions = ["log", "log"]', 'policy[0].actions', 'each once at most'],
    ['', 'policy[0].actions', 'a list of "startScreenCapture"'],
  ])('is refused with %j', (line, path, expected) => {
    const problems = problemsOf(`[[policy]]\nevent = "E"\n${line}`);
    expect(problems).toMatchObject([{ path }]);
    expect(problems[0]?.expected).toContain(expected);
  });

  it('is the only one of its event', () => {
    const one = '[[policy]]\nevent = "E"\nactions = []\n';
    expect(problemsOf(one + one)).toMatchObject([
      { path: 'policy[1].event', seen: '"E", which policy[0] has too' },
    ]);
  });
});

describe('screen capture', () => {
  it('has addresses with what is to be filled in, and a secret', () => {
    const text = `[screenCapture]
      startUrl = "https://capture.example/start/{{agentId}}?session={{isrId}}&at={{screenIp}}"
      stopUrl = "http://10.0.0.7:8080/stop"
      token = { env = "CAPTURE" }
      allow = ["10.0.0.7"]`;
    expect(read(text, { env: { CAPTURE: 'hunter2' } }).screenCapture).toEqual({
      startUrl: 'https://capture.example/start/{{agentId}}?session={{isrId}}&at={{screenIp}}',
      stopUrl: 'http://10.0.0.7:8080/stop',
      timeoutMs: 5_000,
      token: 'hunter2',
      allow: ['10.0.0.7'],
    });
    expect(problemsOf(text)).toMatchObject([{ path: 'screenCapture.token' }]);
    const env = { OFFHOOK_SCREENCAPTURE_TOKEN: 'hunter3' };
    expect(read('', { env }).screenCapture.token).toBe('hunter3');
  });

  it.each([
    'ftp://capture.example/',
    'capture.example',
    'http://{{screenIp}}/start',
    'http://capture.{{agentId}}.example/start',
    'http://me:pass@capture.example/start',
    'http://capture.example/{{screen}}',
    'http://capture.example/a b',
    'http://',
    'http://[::1/start',
    'http://a\\\\b/',
  ])('is not asked for at %j', (url) => {
    const problems = problemsOf(`[screenCapture]\nstartUrl = "${url}"`);
    expect(problems).toMatchObject([{ path: 'screenCapture.startUrl' }]);
    expect(problems[0]?.expected).toContain('an http or https URL without user and password');
  });
});

describe('the interface itself', () => {
  it('needs HTTP', () => {
    expect(problemsOf('[http]\nenabled = false\n[face]\nenabled = true')).toMatchObject([
      { path: 'face.enabled', expected: 'false, or http.enabled = true' },
    ]);
  });

  it('is warned of where passwords cross the network in clear', () => {
    const open = '[http]\nhost = "0.0.0.0"\n[access]\nallow = ["10.0.0.0/8"]\n';
    expect(clearTextWarnings(read(open))).toEqual([]);
    expect(clearTextWarnings(read(`${open}[face]\nenabled = true`))).toEqual([
      expect.stringContaining('Tokens and passwords cross the network in clear to http.host'),
    ]);
  });

  it('is warned of where the secret of screen captures does', () => {
    const warnings = (url: string): readonly string[] =>
      clearTextWarnings(read(`[screenCapture]\ntoken = "hunter2"\nstopUrl = "${url}"`));
    for (const url of [
      'http://10.0.0.7:8080/stop',
      'HTTP://capture.example',
      'http://[2001:db8::1]/',
    ]) {
      expect(warnings(url)).toEqual([
        expect.stringContaining('screenCapture.token crosses the network in clear'),
      ]);
    }
    for (const url of ['https://capture.example/', 'http://127.0.0.1:1/x', 'http://[::1]:80/']) {
      expect(warnings(url)).toEqual([]);
    }
    const open = '[screenCapture]\nstartUrl = "http://10.0.0.7/"';
    expect(clearTextWarnings(read(open))).toEqual([]);
  });

  it('says of itself what can stand in any answer', () => {
    expect(read('[face]\nversion = "6.2.0M0P0 build 7"').face.version).toBe('6.2.0M0P0 build 7');
    expect(problemsOf('[face]\nversion = "a\\u0000b"')).toMatchObject([{ path: 'face.version' }]);
  });

  it('keeps a login for a day at most', () => {
    for (const seconds of [59, 86_401, 90.5]) {
      const [problem] = problemsOf(`[face]\ntokenLifetime = ${seconds}`);
      expect(problem?.expected).toBe('a whole number from 60 to 86400 (seconds)');
    }
  });
});

describe('what is in force', () => {
  const text = `[face]
    enabled = true
    [screenCapture]
    token = "hunter2"
    ${user('ann@example.com', 'account = 1')}${account(1)}
    [[customData]]
    id = 7
    name = "Field1"
    [[policy]]
    event = "E"
    actions = ["log"]`;
  const filed: UserSettings = {
    ...{ email: 'bob@example.com', password: hash.replace('B', 'C'), control: false, video: true },
    ...{ timeZone: 'UTC', account: 1 },
  };
  const surroundings = { ...bareMachine, readUsers: () => [filed] };
  const config = readConfig(text, 'it', surroundings);

  it('is told without secrets, by the names of the file', () => {
    expect(effectiveSettings(config)).toMatchObject({
      sections: { screenCapture: { token: 'set', timeout: 5 }, face: { lockFor: 900 } },
      users: { 'ann@example.com': { password: 'set', account: 1, control: true } },
      filedUsers: { 'bob@example.com': { password: 'set', account: 1, control: false } },
      accounts: { 1: { name: 'Sales', route: 1 } },
      customData: { Field1: { id: 7, searchable: true } },
      policies: { E: { actions: ['log'] } },
    });
    const shown = JSON.stringify(effectiveSettings(config)) + effectiveText(config);
    expect(shown).not.toContain('hunter2');
    expect(shown).not.toContain('scrypt');
  });

  it('reads as a configuration that means the same', () => {
    const shown = effectiveText(config);
    expect(shown).toContain(
      '# user "bob@example.com" of the users file: account = 1, control = false, video = true',
    );
    const again = shown
      .replaceAll('# token is set', 'token = "hunter2"')
      .replaceAll('# password is set', `password = "${hash}"`);
    expect(readConfig(again, 'it', surroundings)).toEqual(config);
  });
});

describe('what a configuration says of users', () => {
  const places = { env: {}, folder: '/etc/offhook' };

  it('is known whatever else in it is wrong', () => {
    const broken = `[feed]\nport = "x"\n[face]\nenabled = true\nusersFile = "u.json"
      [[user]]
      email = "ann@example.com"
      password = { env = "NOWHERE" }
      account = 3
      control = false
      passwordExpires = "2027-01-31"
      [[user]]
      account = 4
      ${account(3)}`;
    expect(readUserBook(broken, 'it', places)).toEqual({
      usersFile: '/etc/offhook/u.json',
      users: [
        {
          ...{ email: 'ann@example.com', account: 3, control: false, video: true },
          ...{ passwordExpires: '2027-01-31', timeZone: 'UTC' },
        },
      ],
      accounts: [3],
      enabled: true,
    });
  });

  it('says where the file is not', () => {
    expect(() => readUserBook('[face]\nusersFile = 7', 'it', places)).toThrow('face.usersFile');
  });
});
