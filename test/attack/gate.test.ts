/**
 * Who has no token: guessing by the thousand, saying nothing, saying too much, and coming too often. Those
 * who have one do not notice.
 */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { frame, opcodes, Raw, RawWebSocket, upgradeRequest } from './support/raw.ts';
import { Victim } from './support/victim.ts';

const token = 'ohk_the-neighbour-has-this-one';
const authTimeoutS = 2;

let victim: Victim;
beforeAll(async () => {
  const sha256 = createHash('sha256').update(token).digest('hex');
  victim = await Victim.start(
    {
      rest: `[access]
requireToken = true
authTimeout = ${authTimeoutS}
authBytes = 4096
acceptRate = 500
maxPerAddress = 200
requestRate = 100
[[token]]
name = "neighbour"
sha256 = "${sha256}"
`,
    },
    token,
  );
}, 60_000);
afterAll(() => victim?.stop());

const authenticate = (text: string): string =>
  `<VerbaApi><Request type="Authenticate" id="1" token="${text}"/></VerbaApi>`;
/** An address of its own for each hundred, as an attacker with a network has. */
const addressOf = (nth: number): string => `127.0.1.${1 + (Math.floor(nth / 100) % 200)}`;

/** Some at a time, each once. */
async function all(
  count: number,
  most: number,
  deed: (nth: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let nth = next++; nth < count; nth = next++) await deed(nth);
  };
  await Promise.all(Array.from({ length: most }, work));
}

it('three thousand wrong tokens are refused, each in words', async () => {
  await victim.attacked(async () => {
    await all(3_000, 24, async (nth) => {
      const wrong = nth % 10 === 0 ? 'a'.repeat(3_000) : `${token.slice(0, -1)}${nth}`;
      if (nth % 3 === 0) {
        const webSocket = await RawWebSocket.open(victim.http, addressOf(nth));
        await webSocket.send({ opcode: opcodes.text, payload: authenticate(wrong) });
        expect(await webSocket.closed()).toBe(4003);
        expect(webSocket.texts.join('')).toContain('Not Authorized');
        webSocket.raw.cut();
      } else if (nth % 3 === 1) {
        const raw = await Raw.connect(victim.feed, addressOf(nth));
        await raw.send(authenticate(wrong));
        await raw.over();
        expect(raw.text).toContain('description="Not Authorized"');
      } else {
        const raw = await Raw.connect(victim.http, addressOf(nth));
        const header = `Authorization: Bearer ${wrong}\r\nConnection: close\r\n`;
        await raw.send(`GET /v1/calls HTTP/1.1\r\nHost: x\r\n${header}\r\n`);
        await raw.over();
        expect(raw.text).toMatch(/^HTTP\/1\.1 (401|429) /);
      }
    });
  });
}, 60_000);

it('who says nothing, or half a word, is sent away after the time for a token', async () => {
  await victim.attacked(async () => {
    const startMs = performance.now();
    const silent = await Promise.all(
      Array.from({ length: 100 }, () => Raw.connect(victim.feed, '127.0.2.1')),
    );
    const framed = await Promise.all(
      Array.from({ length: 50 }, () => RawWebSocket.open(victim.http, '127.0.2.2')),
    );
    for (const [nth, raw] of silent.entries()) if (nth % 2 === 0) await raw.send('<VerbaApi><Req');
    for (const raw of silent) await raw.over(10_000);
    for (const raw of silent) expect(raw.text).toContain(`No token came within ${authTimeoutS} s.`);
    for (const each of framed) expect(await each.closed()).toBe(4003);
    for (const { raw } of framed) raw.cut();
    expect(performance.now() - startMs).toBeGreaterThan(authTimeoutS * 1_000 - 200);
  });
}, 40_000);

it('who says too much without a token is sent away at once', async () => {
  const raw = await Raw.connect(victim.feed, '127.0.2.3');
  const endless = async (): Promise<void> => {
    while (!raw.isOver) await raw.send(Buffer.alloc(4_096, ' '));
  };
  await endless();
  expect(raw.text).toContain('description="Not Authorized"');
});

it('who comes too often, or too many times over, is not let in; others are', async () => {
  await victim.attacked(async () => {
    let refused = 0;
    await all(6_000, 50, async (nth) => {
      const address = {
        host: '127.0.0.1',
        port: nth % 2 === 0 ? victim.feed.port : victim.http.port,
      };
      const raw = await Raw.connect(address, '127.0.3.1').catch(() => undefined);
      if (raw === undefined) {
        refused += 1;
        return;
      }
      await raw.send(nth % 2 === 0 ? authenticate('no') : upgradeRequest(victim.http));
      await Promise.race([raw.over(), raw.until(() => raw.text !== '')]).catch(() => undefined);
      if (raw.text === '') refused += 1;
      raw.cut();
    });
    // A burst of 2,000 and what the seconds since bring are let in.
    expect(refused).toBeGreaterThan(100);
  });
  const raw = await Raw.connect(victim.feed, '127.0.3.2');
  await raw.send(authenticate(token));
  await raw.until(() => raw.text.includes('code="0"'));
  raw.cut();
}, 60_000);

it('many at once of one address are held to the bound', async () => {
  const raws = await Promise.all(
    Array.from({ length: 260 }, () => Raw.connect(victim.feed, '127.0.4.1')),
  );
  await Promise.all(raws.map((raw) => raw.send(frame({ opcode: opcodes.text }).subarray(0, 0))));
  const deadlineMs = performance.now() + 5_000;
  while (raws.filter((raw) => raw.isOver).length < 60 && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(raws.filter((raw) => raw.isOver)).toHaveLength(60);
  for (const raw of raws) raw.cut();
});
