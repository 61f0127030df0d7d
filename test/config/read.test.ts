import { describe, expect, it } from 'vitest';
import { InvalidConfigError } from '../../src/config/problem.ts';
import type { Problem } from '../../src/config/problem.ts';
import { configOf, readConfig } from '../../src/config/read.ts';
import type { Surroundings } from '../../src/config/read.ts';
import { bareMachine as surroundings } from '../support/surroundings.ts';

function read(text: string, changes: Partial<Surroundings> = {}) {
  return readConfig(text, 'offhook.toml', { ...surroundings, ...changes });
}

function problemsOf(text: string, changes: Partial<Surroundings> = {}): readonly Problem[] {
  try {
    read(text, changes);
  } catch (error) {
    if (error instanceof InvalidConfigError) return error.problems;
    throw error;
  }
  return [];
}

const ami = `
  [[source]]
  type = "ami"
  name = "pbx"
  host = "pbx.example"
  username = "offhook"
`;

describe('an empty configuration', () => {
  it('gives every default, durations in milliseconds and sizes in bytes', () => {
    expect(read('')).toEqual({
      feed: {
        host: '127.0.0.1',
        port: 7400,
        keepAliveMs: 10_000,
        queueBytes: 1_048_576,
        drainTimeoutMs: 15_000,
        idleTimeoutMs: 300_000,
        maxSessions: 20_000,
        closeAfterResponse: false,
        tls: false,
      },
      http: {
        enabled: true,
        host: '127.0.0.1',
        port: 7480,
        bodyLimitBytes: 1_048_576,
        maxConnections: 1000,
        tls: false,
      },
      access: {
        requireToken: false,
        tokensFile: '/etc/offhook/offhook-tokens.json',
        allow: [],
        maxPerAddress: 2000,
        maxPerToken: 0,
        acceptRate: 500,
        authTimeoutMs: 10_000,
        authBytes: 4096,
        requestRate: 100,
        documentRate: 100,
      },
      tls: {},
      data: { dir: '/etc/offhook/offhook-data' },
      journal: { maxAgeMs: 7 * 86_400_000, maxSizeBytes: 1024 * 1_048_576 },
      record: {
        maxAgeMs: 365 * 86_400_000,
        mediaRoots: ['/var/spool/asterisk/monitor'],
        metadataFiles: true,
        mediaMaxAgeMs: 0,
        mediaMaxSpaceBytes: 0,
      },
      webhooks: { concurrency: 256, perHost: 32, keepForMs: 604_800_000 },
      destinations: [],
      face: {
        enabled: false,
        version: '',
        strictStatus: false,
        tokenLifetimeMs: 86_400_000,
        lockAfter: 5,
        lockForMs: 900_000,
        usersFile: '/etc/offhook/offhook-users.json',
        requestRate: 50,
      },
      screenCapture: { timeoutMs: 5_000, allow: [] },
      site: { location: 'box', recorderServiceId: 1, times: 'utc' },
      log: { level: 'info', parties: false },
      stop: { deadlineMs: 10_000 },
      tokens: [],
      filedTokens: [],
      users: [],
      filedUsers: [],
      accounts: [],
      customData: [],
      policies: [
        { event: 'AudioRecordingStarted', actions: ['startScreenCapture'] },
        { event: 'AudioRecordingEnded', actions: ['stopScreenCapture'] },
      ],
      sources: [],
    });
  });
});

describe('a source', () => {
  it('takes the settings of its type, with their defaults', () => {
    expect(
      read(`${ami} secret = "s3cret"\n pingInterval = 0x0A\n reconnectMin = 0.25`),
    ).toMatchObject({
      sources: [
        {
          type: 'ami',
          name: 'pbx',
          enabled: true,
          giveUpAfterMs: 300_000,
          host: 'pbx.example',
          port: 5038,
          username: 'offhook',
          secret: 's3cret',
          login: 'md5',
          tls: false,
          tlsRejectUnauthorized: true,
          pingIntervalMs: 10_000,
          reconnectMinMs: 250,
          reconnectMaxMs: 30_000,
          recordingFormat: 'wav',
        },
      ],
    });
  });

  it('does not accept the settings of another type', () => {
    expect(problemsOf('[[source]]\ntype = "simulator"\nname = "s"\nusername = "u"')).toEqual([
      {
        path: 'source[0].username',
        seen: 'an unknown setting',
        expected: 'one of type, name, enabled, giveUpAfter, rate, seed, agents, timeScale',
      },
    ]);
  });

  it('must be of a type that exists', () => {
    expect(problemsOf('[[source]]\ntype = "amy"\nname = "x"')).toEqual([
      {
        path: 'source[0].type',
        seen: '"amy"',
        expected: 'one of "ami", "simulator", "replay", "ingest"',
      },
    ]);
  });

  it('must not share its name', () => {
    const source = '[[source]]\ntype = "simulator"\nname = "twin"\n';
    expect(problemsOf(source + source)).toEqual([
      {
        path: 'source[1].name',
        seen: '"twin", which source[0] has too',
        expected: 'a name that no other source has',
      },
    ]);
  });

  it('starts the paths of its files at the folder of the configuration', () => {
    const text = '[[source]]\ntype = "replay"\nname = "r"\nfile = "calls/monday.txt"';
    expect(read(text).sources).toMatchObject([{ file: '/etc/offhook/calls/monday.txt', speed: 1 }]);
  });
});

describe('problems', () => {
  it('are reported all at once', () => {
    const text = `
      [feed]
      port = 70000
      keepAlive = 2.5
      host = ""
      [http]
      enabled = "yes"
      [site]
      times = "berlin"
      [record]
      mediaRoots = ["/a", 3]
      ${ami} secret = 12345
      name2 = "x"
    `;
    expect(problemsOf(text).map(({ path, seen }) => [path, seen])).toEqual([
      ['feed.host', '""'],
      ['feed.port', '70000'],
      ['feed.keepAlive', '2.5'],
      ['http.enabled', '"yes"'],
      ['record.mediaRoots[1]', '3'],
      ['site.times', '"berlin"'],
      ['source[0].secret', 'a value that is not shown'],
      ['source[0].name2', 'an unknown setting'],
    ]);
  });

  it('say what was expected, with range and unit', () => {
    const text = '[journal]\nmaxAge = "a week"\n[feed]\nport = -1\n[access]\nrequireToken = 1';
    expect(problemsOf(text)).toEqual([
      { path: 'feed.port', seen: '-1', expected: 'a whole number from 0 to 65535' },
      { path: 'access.requireToken', seen: '1', expected: 'true or false' },
      { path: 'journal.maxAge', seen: '"a week"', expected: 'a number from 0.01 to 3650 (days)' },
    ]);
  });

  it('name what is missing', () => {
    expect(problemsOf('[[source]]\ntype = "ami"\nname = "p"').map((one) => one.path)).toEqual([
      'source[0].host',
      'source[0].username',
      'source[0].secret',
    ]);
  });

  it.each([
    ['[feed]\nkeep_alive = 3', 'feed.keep_alive', 'keepAlive'],
    ['[feed]\nprot = 3', 'feed.prot', 'port'],
    ['[fed]\nport = 3', 'fed', 'feed'],
    ['[feed]\nrequireToken = true', 'feed.requireToken', 'access.requireToken'],
    ['[[sources]]\nname = "x"', 'sources', 'source'],
    [`${ami} secert = "hunter2"\nsecret = "x"`, 'source[0].secert', 'secret'],
  ])('suggest the nearest name: %j', (text, path, expected) => {
    expect(problemsOf(text)).toEqual([{ path, seen: 'an unknown setting', expected }]);
  });

  it('list the known names where none is near', () => {
    expect(problemsOf('[stop]\nwhen = 3')[0]?.expected).toBe('one of deadline');
  });

  it.each([
    ['feed = 3', 'feed', '3', 'a table under [feed]'],
    ['source = [1]', 'source[0]', '1', 'a table under [[source]]'],
    ['[token]\nname = "x"', 'token', 'a table', 'tables under [[token]], not too many'],
    ['[data]\ndir = 2020-01-01', 'data.dir', 'a date', 'a path'],
  ])('say where a table belongs: %j', (text, path, seen, expected) => {
    expect(problemsOf(text)).toEqual([{ path, seen, expected }]);
  });

  it('give line and column of a syntax error, and never the line itself', () => {
    const problems = problemsOf('[feed]\nport = 7400\nsecret = "hunter2" x\n');
    expect(problems).toEqual([
      { path: 'line 3, column 20', seen: expect.any(String), expected: 'TOML' },
    ]);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  it('stand in the message, each with path, value and expectation', () => {
    expect(() => read('[feed]\nport = 70000\nfoo = 1')).toThrow(
      'offhook.toml has 2 problems:\n' +
        '  feed.port: saw 70000, expected a whole number from 0 to 65535\n' +
        '  feed.foo: saw an unknown setting, expected one of host, port,',
    );
  });

  it.each([
    '__proto__ = 1',
    '[constructor]\nx = 1',
    '[feed.__proto__]\nport = 1',
    '[feed]\ntoString = 1',
  ])('are what names from the language itself are: %j', (text) => {
    expect(problemsOf(text)).not.toEqual([]);
  });

  it('are found where two settings contradict each other', () => {
    const text = `
      [feed]
      port = 9000
      [http]
      port = 9000
      [access]
      requireToken = true
      ${ami} secret = "x"
      reconnectMin = 60
      tlsCa = "ca.pem"
    `;
    expect(problemsOf(text)).toEqual([
      { path: 'http.port', seen: '9000', expected: 'a port other than that of the feed' },
      {
        path: 'access.requireToken',
        seen: 'true without any token',
        expected: 'false, or at least one token (`offhook tokens add`, or a [[token]])',
      },
      {
        path: 'source[0].reconnectMax',
        seen: '30',
        expected: 'a number not below reconnectMin, which is 60 (seconds)',
      },
      {
        path: 'source[0].tlsCa',
        seen: 'a path without tls',
        expected: 'nothing, or tls = true beside it',
      },
    ]);
  });

  it('are not two listeners on any free port', () => {
    expect(read('[feed]\nport = 0\n[http]\nport = 0').http.port).toBe(0);
  });
});

describe('the environment', () => {
  it('wins over the file and is checked like it', () => {
    const env = {
      OFFHOOK_FEED_PORT: '7500',
      OFFHOOK_ACCESS_REQUIRE_TOKEN: 'false',
      OFFHOOK_ACCESS_ALLOW: '10.0.0.0/8, ::1',
      OFFHOOK_RECORD_MEDIA_ROOTS: '/a, /b',
      OFFHOOK_STOP_DEADLINE: '2.5',
      OFFHOOK_HTTP_HOST: '',
    };
    const config = read('[feed]\nport = 7401\n[access]\nrequireToken = true', { env });
    expect(config.feed.port).toBe(7500);
    expect(config.access).toMatchObject({ requireToken: false, allow: ['10.0.0.0/8', '::1'] });
    expect(config.record.mediaRoots).toEqual(['/a', '/b']);
    expect(config.stop.deadlineMs).toBe(2500);
    expect(config.http.host).toBe('127.0.0.1');
  });

  it('is named in a problem it causes', () => {
    expect(problemsOf('', { env: { OFFHOOK_HTTP_PORT: 'abc' } })).toEqual([
      {
        path: 'http.port',
        seen: '"abc" from OFFHOOK_HTTP_PORT',
        expected: 'a whole number from 0 to 65535',
      },
    ]);
  });

  it('is a problem where a variable looks like a slip of ours', () => {
    expect(problemsOf('', { env: { OFFHOOK_FEED_PROT: '1' } })).toEqual([
      { path: 'OFFHOOK_FEED_PROT', seen: 'an unknown variable', expected: 'OFFHOOK_FEED_PORT' },
    ]);
  });

  it('is a problem where a variable names a setting in the wrong section', () => {
    const variable = 'OFFHOOK_FEED_REQUIRE_TOKEN';
    expect(problemsOf('', { env: { [variable]: 'true' } })).toEqual([
      { path: variable, seen: 'an unknown variable', expected: 'OFFHOOK_ACCESS_REQUIRE_TOKEN' },
    ]);
  });

  it('may hold variables of others under our prefix', () => {
    const env = { OFFHOOK_SERVICE_HOST: '10.0.0.1', OFFHOOK_PORT: 'tcp://10.0.0.1:7400' };
    expect(problemsOf('', { env })).toEqual([]);
  });

  it('gives way to what was chosen on the command line', () => {
    const env = { OFFHOOK_FEED_PORT: 'abc', OFFHOOK_FEED_HOST: '127.0.0.2' };
    const config = configOf({}, 'it', { ...surroundings, env }, { feed: { port: 1234 } });
    expect(config.feed).toMatchObject({ port: 1234, host: '127.0.0.2' });
  });
});

describe('a value chosen on the command line', () => {
  it('is not blamed on the environment when it is wrong', () => {
    const env = { OFFHOOK_FEED_PORT: '7500' };
    const chosen = { feed: { port: -1 } };
    expect(() => configOf({}, 'it', { ...surroundings, env }, chosen)).toThrow(
      'feed.port: saw -1, expected',
    );
  });
});

describe('a secret', () => {
  it('may stand in the environment', () => {
    const config = read(`${ami} secret = { env = "PBX" }`, { env: { PBX: 'hunter2' } });
    expect(config.sources).toMatchObject([{ secret: 'hunter2' }]);
  });

  it('may stand in a file beside the configuration, without its last line break', () => {
    const files: Record<string, string> = { '/etc/offhook/pbx.secret': 'hunter2\n' };
    const config = read(`${ami} secret = { file = "pbx.secret" }`, {
      readSecret: (path) => files[path] ?? '',
    });
    expect(config.sources).toMatchObject([{ secret: 'hunter2' }]);
  });

  it.each([
    ['{ env = "PBX" }', 'PBX, which is not set'],
    ['{ env = "EMPTY" }', 'EMPTY, which is empty'],
    ['{ file = "x" }', 'a file that cannot be read (no such file /etc/offhook/x)'],
    ['{ evn = "PBX" }', 'a table that is no reference'],
    ['{ env = "A", file = "b" }', 'a table that is no reference'],
    ['""', 'a value that is not shown'],
  ])('that leads nowhere is one problem: %s', (value, seen) => {
    expect(problemsOf(`${ami} secret = ${value}`, { env: { EMPTY: '' } })).toEqual([
      {
        path: 'source[0].secret',
        seen,
        expected: 'a text, { env = "NAME" } or { file = "PATH" }',
      },
    ]);
  });

  it('that is a hash must look like one, and is not shown when it does not', () => {
    const problems = problemsOf('[[token]]\nname = "wall"\nsha256 = "hunter2"');
    expect(problems).toMatchObject([
      { path: 'token[0].sha256', seen: 'a value that is not shown' },
    ]);
  });
});

describe('sources of type ingest', () => {
  it('may be one, since signals come in at one path', () => {
    const ingest = (name: string): string => `[[source]]\ntype = "ingest"\nname = "${name}"\n`;
    expect(problemsOf(ingest('a'))).toEqual([]);
    expect(problemsOf(ingest('a') + ingest('b'))).toEqual([
      { path: 'source[1].type', seen: '"ingest"', expected: 'one source of type "ingest" at most' },
    ]);
  });
});
