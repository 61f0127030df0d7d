/**
 * Peers that are in the way without a wrong word: too slow, gone without a farewell, never reading, coming
 * and going by the thousand, sending as fast as they can.
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { frame, opcodes, Raw, RawWebSocket, upgradeRequest } from './support/raw.ts';
import { Victim } from './support/victim.ts';

const queueBytes = 65_536;
/** The neighbour's own sockets: its source, its two subscriptions, and a request under way. */
const neighbours = 4;

let victim: Victim;
beforeAll(async () => {
  victim = await Victim.start({
    feed: `keepAlive = 2\nqueueBytes = ${queueBytes}\ndrainTimeout = 1`,
    // What the gate does about it has a test of its own; here it stands open.
    rest: '[access]\nacceptRate = 0\nmaxPerAddress = 0\nrequestRate = 0\n',
  });
}, 60_000);
afterAll(() => victim?.stop());

const many = <T>(count: number, make: (nth: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, nth) => make(nth)));

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Sessions that were ended so, by what the log says. */
function ended(reason: string, detail: RegExp): number {
  return victim.server.log.filter(
    (entry) =>
      entry['event'] === 'session.closed' &&
      entry['reason'] === reason &&
      detail.test(String(entry['detail'])),
  ).length;
}

/** Resolves when the server holds nobody's sockets but the neighbour's. */
async function alone(withinMs: number): Promise<void> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    const { sockets } = await victim.held();
    if (sockets <= neighbours) return;
    if (performance.now() > endMs) throw new Error(`${sockets} sockets after ${withinMs} ms`);
    await pause(100);
  }
}

it('a byte a second ends after ten seconds; peers that fall silent end sooner', async () => {
  const request = '<VerbaApi><Request type="GetManagementSummary" id="slow"/></VerbaApi>';
  const bytes = frame({ opcode: opcodes.text, payload: request });
  await victim.attacked(async () => {
    const slow = await many(50, () => Raw.connect(victim.feed));
    const slowFramed = await many(50, () => RawWebSocket.open(victim.http));
    const child = fork(join(import.meta.dirname, 'support', 'frozen-child.mjs'), [
      String(victim.feed.port),
      String(victim.http.port),
      '50',
    ]);
    await once(child, 'message');
    child.kill('SIGSTOP');

    const isOver = (): boolean =>
      slow.every((raw) => raw.isOver) && slowFramed.every(({ raw }) => raw.isOver);
    for (let second = 0; second < 14 && !isOver(); second += 1) {
      await Promise.all([
        ...slow.map((raw) => raw.send(request.slice(second, second + 1))),
        ...slowFramed.map(({ raw }) => raw.send(bytes.subarray(second, second + 1))),
      ]);
      await pause(1_000);
    }
    expect(isOver()).toBe(true);
    for (const raw of slow) {
      expect(raw.text).toContain('A message stayed half received for 10 s.');
      expect(raw.text.match(/<Response code="2">/g)).toHaveLength(1);
    }
    // Within half a frame nobody can answer a ping, so that these are found by their silence already.
    for (const each of slowFramed) expect(each.closeCode).toBe(4004);
    await alone(5_000);
    child.kill('SIGKILL');
    expect(ended('protocol-error', /half received/)).toBe(50);
    expect(ended('idle', /Nothing was heard/)).toBe(150);
  });
}, 60_000);

it('three hundred that never read cost the bound of their queues, and are let go of', async () => {
  const count = 300;
  const before = victim.residentMiB;
  const foundBefore = ended('idle', /Nothing was heard/);
  let most = 0;
  const timer = setInterval(() => (most = Math.max(most, victim.residentMiB)), 50);
  await victim.attacked(async () => {
    // Each a group of its own, so that nothing is shared.
    const subscribe = (nth: number): string =>
      `<VerbaApi><Request type="SubscribeOnCallEvent"><Extension number="1001"/><Extension number="x${nth}"/></Request></VerbaApi>`;
    const raws = await many(count, async (nth) => {
      const isFramed = nth % 3 === 0;
      const raw = isFramed
        ? (await RawWebSocket.open(victim.http)).raw
        : await Raw.connect(victim.feed);
      raw.socket.pause();
      const payload = subscribe(nth);
      await raw.send(isFramed ? frame({ opcode: opcodes.text, payload }) : payload);
      return raw;
    });
    // Longer documents fill what the kernel takes sooner.
    victim.neighbour.rename('N'.repeat(4_000));
    const endMs = performance.now() + 40_000;
    // Over WebSocket they are found by their silence, if not before.
    const found = (): number => ended('slow-consumer', /./) + ended('idle', /Nothing was heard/);
    while (found() - foundBefore < count && performance.now() < endMs) await pause(50);
    victim.neighbour.rename('Neighbour');
    expect(found() - foundBefore).toBe(count);
    expect(ended('slow-consumer', /./)).toBeGreaterThanOrEqual((count * 2) / 3);
    // Whoever does not even read the farewell is cut off.
    await alone(8_000);
    for (const raw of raws) raw.cut();
  });
  clearInterval(timer);
  expect(most - before).toBeLessThan((count * 3 * queueBytes) / 1_048_576 + 100);
}, 80_000);

it('twenty thousand that come and go leave nothing behind', async () => {
  const summary = '<VerbaApi><Request type="GetManagementSummary"/></VerbaApi>';
  const leaving: readonly ((nth: number) => Promise<void>)[] = [
    async (nth) => {
      const raw = await Raw.connect(victim.feed, addressOf(nth));
      raw.socket.destroy();
    },
    async (nth) => (await Raw.connect(victim.feed, addressOf(nth))).cut(),
    async (nth) => {
      const raw = await Raw.connect(victim.feed, addressOf(nth));
      await raw.send(summary.slice(0, 20));
      raw.cut();
    },
    async (nth) => {
      // Gone before its answer.
      const raw = await Raw.connect(victim.feed, addressOf(nth));
      await raw.send(summary);
      raw.cut();
    },
    async (nth) => {
      const raw = await Raw.connect(victim.http, addressOf(nth));
      await raw.send(upgradeRequest(victim.http).slice(0, nth % 150));
      raw.cut();
    },
    async (nth) => {
      const raw = await Raw.connect(victim.http, addressOf(nth));
      await raw.send(upgradeRequest(victim.http));
      raw.cut();
    },
    async (nth) => {
      const raw = await Raw.connect(victim.http, addressOf(nth));
      await raw.send('GET /v1/calls HTTP/1.1\r\nHost: x\r\n\r\n');
      raw.cut();
    },
  ];
  const count = 20_000;
  await victim.attacked(async () => {
    let next = 0;
    await many(32, async () => {
      for (let nth = next++; nth < count; nth = next++) await leaving[nth % leaving.length]?.(nth);
    });
    expect(next).toBeGreaterThanOrEqual(count);
    await alone(8_000);
  });
}, 90_000);

/** Of many, so that ports that wait for their end do not run out. */
const addressOf = (nth: number): string => `127.0.0.${10 + (nth % 100)}`;

describe('some that send as fast as they can', () => {
  const overTcp = (): Promise<Raw> => Raw.connect(victim.feed);
  const overWebSocket = async (): Promise<Raw> => (await RawWebSocket.open(victim.http)).raw;
  const overHttp = (): Promise<Raw> => Raw.connect(victim.http);
  const times = (count: number, bytes: Uint8Array): Buffer =>
    Buffer.concat(Array.from({ length: count }, () => bytes));
  const { text, ping, pong } = opcodes;
  const large = `<a>${'<b c="d">&amp;e</b>'.repeat(250)}<c>${' '.repeat(4_000)}</c></a>`;
  const asking = 'GET /v1/calls HTTP/1.1\r\nHost: x\r\n\r\n';

  it.each<[string, number, () => Promise<Raw>, Uint8Array]>([
    ['white space', 20, overTcp, Buffer.alloc(65_536, ' ')],
    ['the smallest documents', 20, overTcp, Buffer.from('<a/>'.repeat(16_384))],
    ['large documents', 20, overTcp, Buffer.from(large.repeat(10))],
    [
      'the smallest messages',
      20,
      overWebSocket,
      times(6_000, frame({ opcode: text, payload: '<a/>' })),
    ],
    ['pings', 20, overWebSocket, times(10_000, frame({ opcode: ping }))],
    ['pongs', 20, overWebSocket, times(10_000, frame({ opcode: pong }))],
    ['requests ahead of their answers', 6, overHttp, Buffer.from(asking.repeat(1_800))],
  ])(
    '%s, %i of them, reading or not, hold up nobody',
    async (_, count, open, bytes) => {
      await victim.attacked(async () => {
        const raws = await many(count, open);
        for (const [nth, { socket }] of raws.entries()) if (nth % 2 === 0) socket.pause();
        const endMs = performance.now() + 2_500;
        await Promise.all(
          raws.map(async (raw) => {
            while (performance.now() < endMs && !raw.isOver) {
              await Promise.race([raw.send(bytes), pause(endMs - performance.now())]);
            }
            raw.cut();
          }),
        );
      });
    },
    30_000,
  );
});
