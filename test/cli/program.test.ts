// The program as people start it: a process of its own, with what it prints and how it ends.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Authority, inDays, type Pair } from '../support/certificates.ts';
import { FakeFeed } from '../support/fake-feed.ts';

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

interface Ended {
  readonly code: number | string | null | undefined;
  readonly out: string;
  readonly err: string;
}

function offhook(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'], ...env }, cwd: folder, timeout: 15_000 };
    execFile(process.execPath, [program, ...args], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : error.code, out, err });
    });
  });
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-cli-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('help', () => {
  it.each([
    'serve',
    'simulate',
    'tail',
    'calls',
    'cdr',
    'check',
    'replay',
    'receiver',
    'tokens make',
    'tokens add',
    'tokens list',
    'tokens remove',
    'users add',
    'users list',
    'users passwd',
    'users remove',
    'users hash',
    'destinations list',
    'destinations add',
    'destinations update',
    'destinations test',
    'deliveries list',
    'deliveries replay',
    'deliveries why',
  ])('of %s has an example and the exit codes', async (command) => {
    const { code, out } = await offhook([...command.split(' '), '--help']);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`Examples?:\n  offhook ${command}`));
    expect(out).toMatch(/Exit codes:\n {2}0 .*\n {2}1 .*\n {2}2 .*/);
  });

  it('names every command, and the version is that of the package', async () => {
    const { out } = await offhook(['--help']);
    for (const name of [
      'serve',
      'simulate',
      'tail',
      'calls',
      'cdr',
      'check',
      'replay',
      'tokens',
      'users',
    ]) {
      expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
    }
    expect(await offhook(['--version'])).toMatchObject({ code: 0, out: '0.1.0\n' });
  });

  it.each([
    [['tial'], "unknown command 'tial'"],
    [['tail', '--extention', '1'], 'Did you mean --extension?'],
    [['tail', '--count', 'x'], 'Expected a whole number from 1'],
    [['cdr'], "missing required argument 'id'"],
    [['replay', 'x', '--speed', 'fast'], 'or max'],
    [[], 'Usage: offhook'],
  ])('is offered for %j, which is wrong usage', async (args, words) => {
    const { code, out, err } = await offhook(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(words);
  });
});

describe('check', () => {
  const written = (text: string): void => writeFileSync(join(folder, 'offhook.toml'), text);

  it('prints every problem with path, value and expectation', async () => {
    written('[feed]\nport = 70000\nkeepalive = 3\n');
    const { code, out, err } = await offhook(['check']);
    expect(code).toBe(1);
    expect(out.split('\n')).toEqual([
      '✘ feed.port',
      '    seen:     70000',
      '    expected: a whole number from 0 to 65535',
      '✘ feed.keepalive',
      '    seen:     an unknown setting',
      '    expected: keepAlive',
      '',
    ]);
    expect(err).toBe('offhook: offhook.toml has 2 problems.\n');
  });

  it('prints the settings in force, and no secret', async () => {
    written('[[source]]\ntype="ami"\nname="pbx"\nhost="h"\nusername="u"\nsecret={env="PBX"}\n');
    const env = { PBX: 'hunter2', OFFHOOK_FEED_PORT: '7500' };
    const { code, out, err } = await offhook(['check', '--config', 'offhook.toml'], env);
    expect(code).toBe(0);
    expect(out).toContain('port = 7500\n');
    expect(out).toContain('# secret is set\n');
    expect(out + err).not.toContain('hunter2');
    expect(err).toContain('offhook.toml is good, with one source.');
  });

  it('looks at destinations too', async () => {
    const destination = '[[destination]]\nid = "crm"\ndialect = "focalscope"\n';
    written(`${destination}url = "https://crm.example/calls?key=hunter2"\n`);
    const good = await offhook(['check']);
    expect(good.err).toContain('is good, with 0 sources and one destination.');
    expect(good.out).toContain('# destination "crm": focalscope\n');
    expect(good.out).not.toContain('hunter2');
    written(`${destination}[destination.focalscope.params]\nEvent = "{{Nothing}}"\n`);
    const bad = await offhook(['check']);
    expect(bad.code).toBe(1);
    expect(bad.out).toContain('✘ destination[0].url\n');
    written(
      `${destination}url = "http://x.example"\n[destination.focalscope.params]\nEvent = "{{Nothing}}"\n`,
    );
    expect((await offhook(['check'])).out).toMatch(
      /^✘ destination\[0\]\.focalscope\.params\.Event\n.*Nothing.*\n.*DialApiEventName/,
    );
  });

  it('answers programs in JSON', async () => {
    written('[feed]\nport = 70000\n');
    const bad = await offhook(['check', '--json']);
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.out)).toMatchObject({
      ok: false,
      code: 'CONFIG_INVALID',
      problems: [{ path: 'feed.port', seen: '70000' }],
    });
    written('');
    const good = await offhook(['check', '--json']);
    expect(good.code).toBe(0);
    expect(JSON.parse(good.out)).toMatchObject({
      ok: true,
      settings: { sections: { feed: { port: 7400 } } },
    });
  });

  it('looks into certificates, and warns before they expire', async () => {
    const authority = new Authority(folder);
    const old = authority.sign('old', { from: inDays(-9), to: inDays(-1) });
    const soon = authority.sign('soon', { to: inDays(5.5) });
    const toml = ({ certificate, key }: Pair): string =>
      `[feed]\ntls = true\n[tls]\ncertificate = "${certificate}"\nkey = "${key}"\n`;
    written(toml(old));
    const bad = await offhook(['check']);
    expect(bad.code).toBe(1);
    expect(bad.out).toMatch(
      /^✘ tls.certificate\n {4}seen: .*old\.pem.* expired on .*\n {4}expected: /,
    );
    expect(bad.err).toBe('offhook: offhook.toml has one problem.\n');
    expect(JSON.parse((await offhook(['check', '--json'])).out)).toMatchObject({
      code: 'CERTIFICATE_UNUSABLE',
      problems: [{ path: 'tls.certificate' }],
    });
    written(toml(soon));
    const { code, err } = await offhook(['check']);
    expect(code).toBe(0);
    expect(err).toMatch(/! The certificate in tls.certificate expires in 5 days, on 20/);
  });

  it('warns where tokens would cross a network in clear', async () => {
    const token = `[[token]]\nname = "wall"\nsha256 = "${'ab'.repeat(32)}"\n`;
    const access = '[access]\nrequireToken = true\n';
    written(`[feed]\nhost = "0.0.0.0"\n${access}${token}`);
    const { code, err } = await offhook(['check']);
    expect(code).toBe(0);
    expect(err).toMatch(
      /! Tokens cross the network in clear to feed\.host = "0\.0\.0\.0": set feed\.tls/,
    );
    const { out } = await offhook(['check', '--json']);
    expect(JSON.parse(out)).toMatchObject({ warnings: [expect.stringContaining('feed.host')] });
  });

  it('says which file is missing and what else to do, without a stack', async () => {
    const { code, out, err } = await offhook(['check', '--config', 'none.toml']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toBe(
      'offhook: none.toml cannot be read: there is no such file.\n' +
        'Name the file with --config, or try `offhook simulate`, which needs none.\n',
    );
  });

  it('shows the stack where OFFHOOK_DEBUG asks for it', async () => {
    const { err } = await offhook(['check', '--config', 'none.toml'], { OFFHOOK_DEBUG: '1' });
    expect(err).toMatch(/\n {4}at /);
  });
});

describe('serve', () => {
  it('does not start with a configuration that has problems', async () => {
    writeFileSync(join(folder, 'bad.toml'), '[feed]\nport = 70000\n');
    const { code, out, err } = await offhook(['serve', '--config', 'bad.toml']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('bad.toml has a problem:\n  feed.port: saw 70000');
  });
});

describe('replay', () => {
  const transcript = new URL('../fixtures/ami/ami-sip-busy-486.txt', import.meta.url);

  it('tells the calls of a transcript and ends', async () => {
    const { code, out, err } = await offhook(['replay', fileURLToPath(transcript)]);
    expect(code).toBe(0);
    expect(out).toMatch(/^\d\d:\d\d:\d\d {2}▶ ringing .*\n(.*\n)*.* ■ busy .*\n$/);
    expect(err).toMatch(/: 1 call, \d+ events\n$/);
  });

  it('says what is no transcript', async () => {
    writeFileSync(join(folder, 'x.txt'), 'hello\n');
    const { code, out, err } = await offhook(['replay', 'x.txt']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('offhook: x.txt is no AMI transcript');
    expect(err).not.toMatch(/OFFHOOK_DEBUG|\n {4}at /);
  });
});

describe('without a server', () => {
  it.each([
    [['tail', '--server', '127.0.0.1:1'], 'No feed at 127.0.0.1:1 (connection refused).'],
    [['calls', '--http', '127.0.0.1:1'], 'No server answers at http://127.0.0.1:1 ('],
    [['cdr', 'x', '--http', '127.0.0.1:1'], 'No server answers at http://127.0.0.1:1 ('],
  ])('%j says so and what to do', async (args, words) => {
    const { code, out, err } = await offhook(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(`offhook: ${words}`);
    expect(err).toContain('offhook simulate');
    expect(err.trimEnd().split('\n')).toHaveLength(2);
  });
});

describe('tail', () => {
  let feed: FakeFeed;
  beforeEach(async () => {
    feed = await FakeFeed.listen();
  });
  afterEach(async () => {
    await feed.close();
  });

  const at = (): string => `127.0.0.1:${feed.address.port}`;

  it('prints a line per event, and ends after as many as were asked for', async () => {
    const ended = offhook(['tail', '--extension', '1001', '--server', at(), '--count', '2']);
    const server = await feed.connection();
    await server.subscribe({ position: 'p1' });
    server.tell('CallStart', 'c1', 'p2');
    server.tell('CallEnd', 'c1', 'p3');
    server.tell('CallStart', 'c2', 'p4');
    const { code, out, err } = await ended;
    expect(code).toBe(0);
    expect(out.replaceAll(/^\d\d:\d\d:\d\d/gm, 'hh:mm:ss').split('\n')).toEqual([
      'hh:mm:ss  ▶ ringing      0012 Ann → 1001',
      'hh:mm:ss  ■ ended        0012 Ann → 1001  after 0:42  c1',
      '',
    ]);
    expect(err).toContain(`calls of 1001 at ${at()}`);
  });

  it('prints JSON lines for programs, the fate of the connection among them', async () => {
    const args = ['tail', '--json', '--snapshot', '--events', 'callstart', '--count', '1'];
    const ended = offhook(args, { OFFHOOK_SERVER: at() });
    const server = await feed.connection();
    const request = await server.subscribe({ position: 'p1', calls: 1 });
    expect(request).toMatchObject({
      extensions: [],
      feed: { events: ['CallStart'], snapshot: true, ack: true },
    });
    server.tell('CallStart', 'c1', 'p1', true);
    const { out, err } = await ended;
    expect(err).toBe('');
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toEqual([
      { kind: 'connected', again: false, recovered: true, calls: 1 },
      {
        kind: 'call',
        type: 'CallStart',
        position: 'p1',
        snapshot: true,
        cdr: {
          state: 'ongoing',
          id: 'c1',
          source_caller_id: '0012',
          source_name: 'Ann',
          destination_caller_id: '1001',
          start_time: '2026-01-02 10:00:00.000',
        },
        call: {
          id: 'c1',
          caller: { number: '0012', name: 'Ann' },
          called: { number: '1001' },
          start: '2026-01-02T10:00:00.000Z',
          state: 'ringing',
          revision: 1,
          source: 'pbx',
          parties: [],
          transfers: [],
          queue: [],
          recordings: [],
        },
      },
    ]);
  });

  it('says what happened to the connection beside the events', async () => {
    const ended = offhook(['tail', '--server', at(), '--count', '1']);
    const server = await feed.connection();
    await server.subscribe({ position: 'p1' });
    server.cut();
    const second = await feed.connection();
    await second.subscribe({ position: 'q1', calls: 1, recovered: false });
    second.tell('CallStart', 'c1', 'q1', true);
    const { code, err } = await ended;
    expect(code).toBe(0);
    expect(err).toContain('-- connection lost (');
    expect(err).toContain('!! events were missed');
  });

  it('ends quietly when whoever reads it has left', async () => {
    const child = spawn(process.execPath, [program, 'tail', '--server', at()]);
    const server = await feed.connection();
    await server.subscribe({ position: 'p1' });
    server.tell('CallStart', 'c1', 'p2');
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const exit = once(child, 'exit');
    const more = setInterval(() => server.tell('CallStart', 'c2', 'p3'), 10);
    try {
      expect(await exit).toEqual([0, null]);
    } finally {
      clearInterval(more);
    }
  });
});

describe('asking a server', () => {
  let web: Server;
  let answer: { status: number; type: string; body: string };
  let asked: { url?: string | undefined; accept?: string | undefined; token?: string | undefined };
  beforeEach(async () => {
    web = createServer((request, response) => {
      const { accept, authorization } = request.headers;
      asked = { url: request.url, accept, token: authorization };
      response.writeHead(answer.status, { 'content-type': answer.type });
      response.end(answer.body);
    });
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
  });
  afterEach(() => {
    web.close();
  });

  function http(): string {
    const address = web.address();
    return `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
  }

  function json(status: number, body: unknown): void {
    answer = { status, type: 'application/json', body: JSON.stringify(body) };
  }

  const call = {
    id: 'c1',
    source: 'pbx',
    state: 'ringing',
    caller: { number: '0012' },
    called: { number: '1001' },
    startedAtMs: 1_700_000_000_000,
    extensions: ['0012', '1001'],
    queue: [],
    recordings: [],
  };

  it('for calls prints a table', async () => {
    json(200, { position: 'p1', calls: [call, { ...call, id: 'c2' }] });
    const { code, out } = await offhook(['calls', '--http', http(), '--token', 'sesame']);
    expect(code).toBe(0);
    expect(out).toMatch(/^State +Caller +Called .*\n▶ ringing +0012 +1001 .* c1\n.* c2\n$/);
    expect(asked).toMatchObject({ url: '/v1/calls', token: 'Bearer sesame' });
  });

  it('for the calls of extensions lets the server choose', async () => {
    json(200, { position: 'p1', calls: [] });
    const args = ['calls', '--extension', '7', '--extension', '+49', '--http', http()];
    const { code, out } = await offhook(args);
    expect({ code, out }).toEqual({ code: 0, out: 'No such call is going on.\n' });
    expect(asked.url).toBe('/v1/calls?extension=7&extension=%2B49');
  });

  it('for calls as JSON prints everything the server said', async () => {
    json(200, { position: 'p1', calls: [call] });
    const { out } = await offhook(['calls', '--json', '--http', http()]);
    expect(JSON.parse(out)).toEqual({ position: 'p1', calls: [call] });
  });

  it('for a record prints the bytes of the server', async () => {
    answer = {
      status: 200,
      type: 'application/xml',
      body: '<?xml version="1.0"?><verbacdr state="1"><id>c/1</id></verbacdr>\n',
    };
    const { code, out } = await offhook(['cdr', 'c/1'], { OFFHOOK_HTTP: http() });
    expect({ code, out }).toEqual({ code: 0, out: answer.body });
    expect(asked).toMatchObject({ url: '/v1/cdrs/c%2F1', accept: 'application/xml' });
  });

  it('for a record as JSON asks for it so', async () => {
    json(200, call);
    const { out } = await offhook(['cdr', 'c1', '--json', '--http', http()]);
    expect(JSON.parse(out)).toEqual(call);
    expect(asked.accept).toBe('application/json');
  });

  it('for a record that is not there is a negative answer', async () => {
    json(404, { code: 'CALL_UNKNOWN', status: 404, detail: 'no such call' });
    const { code, out, err } = await offhook(['cdr', 'nope', '--http', http()]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('offhook: No call has the id "nope".\n');
  });

  it.each([
    [404, '<html>not here</html>', 2, 'is no offhook server (HTTP status 404)'],
    [200, 'hello', 2, 'is no offhook server (HTTP status 200)'],
    [401, '', 1, 'does not allow this'],
    [503, '{"title":"x","detail":"not ready yet"}', 1, 'The server says: not ready yet'],
  ])('that answers %i %s is told as it is', async (status, body, expected, words) => {
    answer = { status, type: 'text/html', body };
    for (const args of [['calls'], ['cdr', 'c1']]) {
      const { code, err } = await offhook([...args, '--http', http()]);
      expect(code).toBe(expected);
      expect(err).toContain(words);
    }
  });
});

describe('tokens make', () => {
  it('prints a token and the hash that the configuration accepts', async () => {
    const made = await offhook(['tokens', 'make', '--name', 'wall']);
    const lines = made.out.split('\n').slice(3).join('\n');
    writeFileSync(join(folder, 'offhook.toml'), `${lines}\n[access]\nrequireToken = true\n`);
    expect(await offhook(['check'])).toMatchObject({ code: 0 });
    expect(made.out).toMatch(/^ {2}ohk_[\w-]{43}$/m);
  });
});
