/**
 * The recorder interface under bad input, on the server as its users run it: every request is answered in the
 * vendor's envelope, within bounds, while a healthy neighbour goes on.
 */
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../src/access/scrypt.ts';
import { Raw } from './support/raw.ts';
import { Victim } from './support/victim.ts';

const password = 'ann’s own password';

let victim: Victim;
let token: string;
let base: string;
beforeAll(async () => {
  const user = `[[user]]\nemail = "ann@example.org"\npassword = "${await hashPassword(password)}"\n`;
  const rates = '[access]\nacceptRate = 0\nrequestRate = 0\n';
  const field = '[[customData]]\nid = 4\nname = "Ticket"\n';
  victim = await Victim.start({
    http: 'bodyLimit = 0.01',
    rest: `${rates}[face]\nenabled = true\nrequestRate = 0\n${user}${field}`,
  });
  base = `http://${victim.http.host}:${victim.http.port}/Face`;
  const form = new URLSearchParams({ userEmail: 'ann@example.org', password });
  const login = await (await fetch(`${base}/login`, { method: 'POST', body: form })).text();
  token = /<token>([0-9a-f-]{36})</.exec(login)?.[1] ?? '';
  expect(token, login).not.toBe('');
}, 90_000);
afterAll(() => victim?.stop());

const head = (path: string, more: string): string =>
  `POST /Face/${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n${more}\r\n`;

/** Sends up to so many bytes, as long as they are taken. @returns what was answered, and how much was sent */
async function flooded(path: string, more: string, chunk: Buffer, times: number) {
  const raw = await Raw.connect(victim.http);
  await raw.send(head(path, more));
  let sent = 0;
  while (sent < times && !raw.isOver) {
    await raw.send(chunk);
    sent += 1;
    // The answer and the end of the connection come between two of them.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await raw.over();
  return { text: raw.text, bytes: sent * chunk.length };
}

describe('a body of 100 MB', () => {
  const times = 100;
  const block = Buffer.alloc(1_000_000, 'a');
  const chunk = Buffer.concat([
    Buffer.from(`${block.length.toString(16)}\r\n`),
    block,
    Buffer.from('\r\n'),
  ]);

  it.each([
    ['details', () => `audioRecording/details?token=${token}`],
    ['login', () => 'login'],
    ['eventNotify', () => 'eventNotify'],
    ['no command', () => 'nothing'],
  ])('to %s is answered at once, and the connection ends', async (_, path) => {
    const before = victim.residentMiB;
    let peak = before;
    await victim.attacked(async () => {
      const look = setInterval(() => (peak = Math.max(peak, victim.residentMiB)), 20);
      try {
        const announced = await flooded(
          path(),
          `Content-Length: ${times * block.length}\r\n`,
          block,
          times,
        );
        const chunked = await flooded(path(), 'Transfer-Encoding: chunked\r\n', chunk, times);
        for (const { text, bytes } of [announced, chunked]) {
          // What was sent after the answer may have cost the client its reading of it.
          if (text !== '') {
            expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
            expect(text).toContain('seen a larger body, expected at most 65536 bytes');
          }
          // As much as the buffers of the kernel take, and not what was announced.
          expect(bytes).toBeLessThan(20_000_000);
        }
      } finally {
        clearInterval(look);
      }
    });
    expect(peak - before).toBeLessThan(64);
  });

  it('whose sender reads before it sends gets the answer', async () => {
    const raw = await Raw.connect(victim.http);
    await raw.send(head(`audioRecording/details?token=${token}`, 'Content-Length: 100000000\r\n'));
    await raw.over();
    expect(raw.text).toMatch(/connection: close/i);
    expect(raw.text).toMatch(/<code>-1<\/code>\s*<message>seen a larger body/);
  });
});

describe('thousands of requests', () => {
  /** Asks so often, some at a time; every answer must be in the envelope, under 200. */
  async function asked(count: number, path: (n: number) => string) {
    const codes = new Map<string, number>();
    const agent = new Agent({ connections: 8 });
    let next = 0;
    const one = async (): Promise<void> => {
      while (next < count) {
        const n = next++;
        const response = await request(`${base}/${path(n)}`, { dispatcher: agent });
        const text = await response.body.text();
        const code = /<[cC]ode>(-?\d+)</.exec(text)?.[1] ?? `no code: ${text.slice(0, 200)}`;
        codes.set(
          `${response.statusCode} ${code}`,
          (codes.get(`${response.statusCode} ${code}`) ?? 0) + 1,
        );
      }
    };
    await Promise.all(Array.from({ length: 8 }, one));
    await agent.close();
    return Object.fromEntries(codes);
  }

  it('with 1,000 parameters each', async () => {
    const query = Array.from({ length: 1_000 }, (_, n) => `a${n}=${n}`).join('&');
    await victim.attacked(async () => {
      const codes = await asked(1_000, () => `audioRecording/details?token=${token}&${query}`);
      expect(codes).toEqual({ '200 -1': 1_000 });
    });
  });

  it('with what wants to break out of SQL, paths, XML and headers', async () => {
    const evil = [
      ...["' OR '1'='1", "'; DROP TABLE recordings; --", '../../../../etc/passwd', '\0', '%', '_'],
      ...['<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', ']]>', '\r\nSet-Cookie: a=b'],
      ...['${jndi:ldap://x}', '{{7*7}}', '\u202e', '😀'.repeat(300), 'x'.repeat(4_000)],
    ];
    const names = [
      'ani',
      'aor',
      'isrUcid',
      'filename',
      'Ticket',
      'thirdpartyId',
      'recordingId',
      'start',
    ];
    const path = (n: number): string => {
      const [name, value] = [names[n % names.length], evil[n % evil.length]];
      const commands = ['details', 'stop', 'delete', 'download', 'segment/details'];
      const command = commands[n % commands.length];
      const text = encodeURIComponent(value ?? '');
      return `audioRecording/${command}?token=${token}&${name}=${text}`;
    };
    await victim.attacked(async () => {
      const codes = await asked(1_000, path);
      expect(Object.keys(codes).sort()).toEqual(['200 -1', '200 19', '200 26']);
    });
    // The books are still there.
    expect(await asked(1, () => `audioRecording/details?token=${token}`)).toEqual({ '200 19': 1 });
  });

  it('with broken percent-encoding, in paths and in parameters', async () => {
    const broken = ['%', '%z', '%zz', '%c3', '%ed%a0%80', '%00%', '%%%'];
    await victim.attacked(async () => {
      const inPath = (n: number): string => `audioRecording/${broken[n % 7]}?token=${token}`;
      const paths = await asked(700, inPath);
      expect(Object.values(paths).reduce((sum, count) => sum + count)).toBe(700);
      expect(Object.keys(paths).filter((each) => !/^200 (-1|5)$/.test(each))).toEqual([]);
      const inValue = (n: number): string =>
        `audioRecording/details?token=${token}&ani=${broken[n % 7]}`;
      expect(await asked(700, inValue)).toEqual({ '200 -1': 700 });
    });
  });

  it('without a token, or with a wrong one', async () => {
    await victim.attacked(async () => {
      expect(await asked(1_000, () => 'audioRecording/delete?ani=1')).toEqual({ '200 27': 1_000 });
      const guess = (n: number): string => `audioRecording/details?token=${n}`;
      expect(await asked(1_000, guess)).toEqual({ '200 -1': 1_000 });
    });
  });

  it('and none of what was logged has the token in it', () => {
    const { log, words } = victim.server;
    expect(log.length).toBeGreaterThan(0);
    expect(JSON.stringify(log)).not.toContain(token);
    expect(JSON.stringify(log)).not.toContain(password);
    expect(words.join('\n')).not.toContain(token);
    // Nothing that a client sends is a mistake of ours.
    expect(log.filter(({ event }) => event === 'request.failed')).toEqual([]);
  });
});
