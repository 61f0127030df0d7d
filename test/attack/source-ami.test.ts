/**
 * A PBX that sends what no PBX sends: the source is declared lost with a reason, backs off and comes back; memory
 * stays bounded, and the calls of another source go on as if nothing were.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { Witness } from '../support/witness.ts';
import {
  Counter,
  expectUnharmed,
  memoryOf,
  Neighbour,
  neighbourSource,
  until,
  untilReady,
} from './source-neighbour.ts';
import { type Attack, HostilePbx, many } from './source-peer.ts';

let folder = '';
let pbx: HostilePbx;
let server: ServerProcess;
let witness: Witness;
let neighbour: Neighbour;

const toml = (): string => `
[feed]
port = 0
[http]
port = 0
[data]
dir = "${join(folder, 'data')}"
[record]
metadataFiles = false
[[source]]
type = "ami"
name = "pbx"
host = "127.0.0.1"
port = ${pbx.port}
username = "offhook"
secret = "secret"
pingInterval = 1
reconnectMin = 0.2
reconnectMax = 0.8
${neighbourSource}`;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-attack-'));
  pbx = await HostilePbx.listen();
});

afterEach(async () => {
  neighbour.leave();
  witness.leave();
  expect(await server.kill('SIGTERM')).toBe(0);
  await pbx.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  server = await startServerProcess(folder, toml());
  witness = new Witness();
  await witness.attend(server.feedPort);
  neighbour = await Neighbour.of(server);
}

const isUp = { sources: [{ state: 'up' }, { state: 'up' }] };
const untilUp = (): Promise<unknown> =>
  untilReady(server, ({ sources }) => sources.every(({ state }) => state === 'up'));

/** Why the source was lost, each time. */
const losses = (): string[] =>
  server.log
    .filter((line) => line['event'] === 'source.changed' && line['state'] === 'down')
    .map((line) => String(line['reason']));

const kilobyte = 'x'.repeat(1_024);
const megabyte = Buffer.alloc(1_048_576, 'x');
/** Bytes of all kinds that are not random, with a line feed now and then. */
const binary = Buffer.from(
  Array.from({ length: 65_536 }, (_, n) => (n * 7 + (n >> 8) * 13) & 0xff),
);

const attacks: [string, Attack, RegExp][] = [
  ['greets with bytes', { when: 'at once', pour: many(binary, 64) }, /Asterisk Call Manager/],
  [
    'greets as something else',
    { when: 'at once', pour: ['SSH-2.0-OpenSSH_9.2\r\n'] },
    /greets with "SSH-2\.0-OpenSSH_9\.2"/,
  ],
  ['greets with 100 MB in one line', { when: 'at once', pour: many(megabyte, 100) }, /A line of/],
  ['sends 100 MB in one line', { when: 'when up', pour: many(megabyte, 100) }, /A line of/],
  [
    'sends 100 MB in one block',
    { when: 'when up', pour: many(`Name: ${kilobyte}\r\n`.repeat(64), 1_600) },
    /A block of more than/,
  ],
  [
    'sends a field a million times',
    {
      when: 'when up',
      pour: many(Array.from({ length: 2_000 }, (_, n) => `F${n}: x\r\n`).join(''), 500),
    },
    /A block of more than 1024 fields/,
  ],
  ['sends bytes', { when: 'when up', pour: many(binary, 64) }, /A (line|block) of/],
  [
    'stops in the middle of a block',
    { when: 'when up', pour: ['Event: Newchannel\r\nChannel: PJSIP/10'], thenSilent: true },
    /Nothing was heard from Asterisk for [23] s/,
  ],
];

describe('a PBX that', () => {
  it.each(attacks)(
    '%s is lost, and found again',
    { timeout: 60_000 },
    async (_, attack, reason) => {
      await start();
      await untilUp();
      const calm = await neighbour.calm();
      const { most } = memoryOf(server);
      const heard = losses().length;

      const attacked = neighbour.during(
        (async () => {
          const over = pbx.attackNext(attack);
          pbx.drop();
          await over;
          await until(() => losses().length > heard + 1);
          await untilUp();
        })(),
      );

      expectUnharmed(calm, await attacked);
      expect(losses().slice(heard)).toEqual([
        expect.stringContaining('closed the connection'),
        expect.stringMatching(reason),
      ]);
      expect(pbx.poured).toBeLessThan(16 * 1_048_576);
      expect(memoryOf(server).most - most).toBeLessThan(48);
      expect(await untilReady(server, () => true)).toMatchObject(isUp);
      // Lost and back, in this order and as often; and nobody hammered at the door.
      const sight = witness.messages.flatMap((each) => (each.kind === 'source' ? [each.type] : []));
      expect(sight.slice(-2)).toEqual(['SourceGap', 'SourceUp']);
      for (const [nth, atMs] of pbx.cameAtMs.entries()) {
        if (nth > 0) expect(atMs - (pbx.cameAtMs[nth - 1] ?? 0)).toBeGreaterThan(95);
      }
    },
  );

  it('answers what nobody asked is not minded', { timeout: 60_000 }, async () => {
    await start();
    await untilUp();
    const calm = await neighbour.calm();
    const answers = Array.from(
      { length: 1_000 },
      (_, n) => `Response: Success\r\nActionID: offhook-${n}\r\nMessage: never asked\r\n\r\n`,
    ).join('');

    const over = pbx.attackNext({ when: 'when up', pour: many(answers, 50) });
    pbx.drop();
    expectUnharmed(calm, await neighbour.during(over));

    await untilUp();
    expect(losses()).toHaveLength(1);
    expect(losses()[0]).toContain('closed the connection');
  });

  it('floods us with events is heard in full', { timeout: 120_000 }, async () => {
    await start();
    await untilUp();
    const calm = await neighbour.calm();
    const calls = 5_000;
    witness.leave();
    const counter = await Counter.of(server);
    const over = pbx.attackNext({ when: 'when up', pour: flood(calls) });
    pbx.drop();
    const attacked = neighbour.during(
      over.then(() => until(() => counter.count('CallEnd') >= calls, 60_000)),
    );

    expectUnharmed(calm, await attacked);
    counter.leave();
    expect(counter.count('CallEnd')).toBe(counter.count('CallStart'));
    expect(counter.count('CallStart')).toBeGreaterThan(calls);
    expect(counter.seqs).toEqual(counter.seqs.map((_, n) => (counter.seqs[0] ?? 0) + n));
    expect(losses()).toHaveLength(1);
  });
});

/** Calls that ring once and are over, ten in each piece. */
function* flood(calls: number): Generator<string> {
  for (let first = 0; first < calls; first += 10) {
    let piece = '';
    for (let n = first; n < first + 10; n += 1) {
      const channel = `Channel: PJSIP/10${n}-0000000a\r\nUniqueid: f.${n}\r\nLinkedid: f.${n}\r\n`;
      const who = `CallerIDNum: 10${n}\r\nExten: 600\r\n`;
      piece += `Event: Newchannel\r\n${channel}${who}ChannelState: 4\r\n\r\n`;
      piece += `Event: Newstate\r\n${channel}${who}ChannelState: 5\r\n\r\n`;
      piece += `Event: Hangup\r\n${channel}${who}ChannelState: 5\r\nCause: 16\r\n\r\n`;
    }
    yield piece;
  }
}
