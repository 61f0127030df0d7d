/**
 * HTTP that is slow on purpose (Debian's slowhttptest) or none at all: answered 4xx, and nothing else, while
 * a healthy client and the feed on the same server go on.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Raw } from './support/raw.ts';
import { Victim } from './support/victim.ts';

let victim: Victim;
beforeAll(async () => {
  victim = await Victim.start({
    http: 'bodyLimit = 0.01',
    rest: '[access]\nacceptRate = 0\nrequestRate = 0\n[[source]]\ntype = "ingest"\nname = "signals"\n',
  });
}, 60_000);
afterAll(() => victim?.stop());

const host = 'Host: x\r\n';
const get = `GET /v1/calls HTTP/1.1\r\n${host}`;
const post = `POST /v1/signals HTTP/1.1\r\n${host}Content-Type: application/json\r\n`;

/** Everything that is answered to the bytes, up to the end of the connection or a short silence. */
async function answersTo(bytes: string): Promise<{ statuses: number[]; text: string }> {
  const raw = await Raw.connect(victim.http);
  await raw.send(Buffer.from(bytes, 'latin1'));
  await raw.until(() => raw.text.includes('\r\n\r\n'));
  // Whatever else comes, comes at once; a connection that stays open has nothing more to say.
  const asked = Raw.connect(victim.http);
  await (await asked).send(`${get}Connection: close\r\n\r\n`);
  await (await asked).over();
  const { text } = raw;
  raw.cut();
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  return { statuses, text };
}

describe('a request', () => {
  it.each<[string, number, string]>([
    [
      'with a length and chunks',
      400,
      `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'with chunks and a length',
      400,
      `${post}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`,
    ],
    ['with two lengths', 400, `${post}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde`],
    ['with two lengths in one', 400, `${post}Content-Length: 4, 5\r\n\r\nabcde`],
    ['with a length below nothing', 400, `${post}Content-Length: -1\r\n\r\n`],
    ['with a length that is a sum', 400, `${post}Content-Length: 1+1\r\n\r\nab`],
    ['with a length in hexadecimal', 400, `${post}Content-Length: 0x2\r\n\r\nab`],
    ['with a length of twenty digits', 400, `${post}Content-Length: 99999999999999999999\r\n\r\n`],
    [
      'with chunks that are not last',
      400,
      `${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    ],
    ['with chunks twice', 400, `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    [
      'with chunks after a vertical tab',
      400,
      `${post}Transfer-Encoding:\u000bchunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'with white space before the colon',
      400,
      `${post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['with a folded header', 400, `${post}X-A: b\r\n c\r\nContent-Length : 0\r\n\r\n`],
    ['with a carriage return in a header', 400, `${get}X-A: b\rTransfer-Encoding: chunked\r\n\r\n`],
    [
      'with a chunk length that is none',
      400,
      `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n`,
    ],
    [
      'with a chunk length below nothing',
      400,
      `${post}Transfer-Encoding: chunked\r\n\r\n-1\r\nab\r\n0\r\n\r\n`,
    ],
    [
      'with a chunk longer than it says',
      400,
      `${post}Transfer-Encoding: chunked\r\n\r\n1\r\nabcdef\r\n0\r\n\r\n`,
    ],
    [
      'with a chunk length beyond all',
      400,
      `${post}Transfer-Encoding: chunked\r\n\r\n${'f'.repeat(20)}\r\na\r\n`,
    ],
    ['without a host', 400, 'GET /v1/calls HTTP/1.1\r\n\r\n'],
    ['with NUL in its path', 400, `GET /v1/\0calls HTTP/1.1\r\n${host}\r\n`],
    ['with NUL in a header', 400, `${get}X-A: b\0c\r\n\r\n`],
    ['with a header without a name', 400, `${get}: b\r\n\r\n`],
    ['with a header without a colon', 400, `${get}hello\r\n\r\n`],
    ['of a method that is none', 400, `BREW / HTTP/1.1\r\n${host}\r\n`],
    ['of a method in small letters', 400, `get / HTTP/1.1\r\n${host}\r\n`],
    ['of HTTP/3.0', 400, `GET / HTTP/3.0\r\n${host}\r\n`],
    ['that is TLS', 400, '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'],
    ['that is the feed protocol', 400, '<VerbaApi><Request type="Keepalive"/></VerbaApi>'],
    ['with a header of 20,000 bytes', 431, `${get}X-A: ${'a'.repeat(20_000)}\r\n\r\n`],
    ['with a path of 20,000 bytes', 431, `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${host}\r\n`],
    ['with 10,000 headers', 431, `${get}${'X-A: b\r\n'.repeat(10_000)}\r\n`],
    [
      'with a million bytes of a header that never ends',
      431,
      `${get}X-A: ${'a'.repeat(1_000_000)}`,
    ],
    ['with a path that leads out', 404, `GET /../../../etc/passwd HTTP/1.1\r\n${host}\r\n`],
    ['with a path that is no UTF-8', 400, `GET /v1/calls%ff HTTP/1.1\r\n${host}\r\n`],
    ['with a broken escape', 400, `GET /v1/calls/%zz HTTP/1.1\r\n${host}\r\n`],
    ['for the id of a thing of JavaScript', 404, `GET /v1/calls/__proto__ HTTP/1.1\r\n${host}\r\n`],
    [
      'with a query of things of JavaScript',
      400,
      `GET /v1/cdrs?__proto__[a]=b&limit=x HTTP/1.1\r\n${host}\r\n`,
    ],
    ['to trace', 405, `TRACE /v1/calls HTTP/1.1\r\n${host}\r\n`],
    ['that expects what nobody knows', 417, `${get}Expect: tea\r\n\r\n`],
  ])('%s is answered %i', async (_, status, bytes) => {
    const { statuses } = await answersTo(bytes);
    expect(statuses).toEqual([status]);
  });

  it('hidden in the body of another is not served', async () => {
    const hidden = `${get}X-Hidden: yes\r\n\r\n`;
    const { statuses } = await answersTo(
      `${post}Content-Length: ${hidden.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
    );
    expect(statuses).toEqual([400]);
  });

  it('whose body is larger than what is read is refused by its announcement', async () => {
    const { statuses } = await answersTo(`${post}Content-Length: 1000000000\r\n\r\n`);
    expect(statuses.every((status) => status >= 400 && status < 500)).toBe(true);
  });
});

it('seventeen requests ahead of their answers are refused in words', async () => {
  const raw = await Raw.connect(victim.http);
  await raw.send(`${get}\r\n`.repeat(17));
  await raw.until(() => raw.text.includes('HTTP/1.1 429 Too Many Requests'));
  expect(raw.text).toContain('seen more than 16 requests ahead of their answers');
  await raw.over();
});

it('one request after the other may be as many as one likes', async () => {
  const raw = await Raw.connect(victim.http);
  for (let n = 1; n <= 50; n += 1) {
    await raw.send(`GET /healthz HTTP/1.1\r\n${host}\r\n`);
    await raw.until(() => raw.text.split('HTTP/1.1 200 ').length === n + 1);
  }
  raw.cut();
});

it('half a request is answered 408 after ten seconds, however it trickles', async () => {
  await victim.attacked(async () => {
    const raws = await Promise.all(Array.from({ length: 100 }, () => Raw.connect(victim.http)));
    const endMs = performance.now() + 15_000;
    for (let at = 0; performance.now() < endMs && !raws.every((raw) => raw.isOver); at += 1) {
      await Promise.all(raws.map((raw) => raw.send(get.slice(at, at + 1) || 'a')));
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    for (const raw of raws) expect(raw.text).toMatch(/^HTTP\/1\.1 408 /);
  });
}, 40_000);

describe('slowhttptest', () => {
  const colours = /\u001b\[[0-9;]*[A-Za-z]/g;
  const seconds = 4;
  const connections = 400;

  beforeAll(() => {
    const found = spawnSync('slowhttptest', ['-h']);
    if (found.error !== undefined) {
      throw new Error('slowhttptest is not installed; on Debian: apt-get install slowhttptest');
    }
  });

  it.each<[string, readonly string[]]>([
    ['headers', ['-H', '-i', '1']],
    ['a body', ['-B', '-i', '1', '-s', '8192', '-f', 'application/json']],
    ['reading', ['-X', '-n', '1', '-z', '1', '-w', '1', '-y', '16', '-k', '3']],
  ])(
    'with slow %s holds up nobody',
    async (_, mode) => {
      await victim.attacked(async () => {
        const path = mode[0] === '-B' ? '/v1/signals' : '/v1/calls';
        const url = `http://127.0.0.1:${victim.http.port}${path}`;
        const all = ['-c', String(connections), '-r', '400', '-l', String(seconds), '-p', '3'];
        const child = spawn('slowhttptest', [...mode, ...all, '-u', url, '-v', '1'], {
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        let said = '';
        child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
        await once(child, 'close');
        // Its own probe, second by second.
        const words = said.replace(colours, '');
        expect(words).toMatch(/service available:\s+YES/);
        expect(words).not.toMatch(/service available:\s+NO/);
      });
    },
    40_000,
  );
});
