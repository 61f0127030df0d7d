/**
 * Senders who mean ill, or are broken: each is told what is wrong with what it sent, nothing of it is taken, what was
 * good is taken once when it is sent again, and the others notice nothing.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import {
  Counter,
  expectUnharmed,
  headOf,
  memoryOf,
  Neighbour,
  neighbourSource,
  sendSignals,
  until,
} from './source-neighbour.ts';

let folder = '';
let server: ServerProcess;
let neighbour: Neighbour;
let counter: Counter;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-ingest-'));
  const sections = `[feed]\nport = 0\n[http]\nport = 0\n[data]\ndir = "${join(folder, 'data')}"\n`;
  server = await startServerProcess(
    folder,
    `${sections}[record]\nmetadataFiles = false\n${neighbourSource}`,
  );
  counter = await Counter.of(server);
  neighbour = await Neighbour.of(server);
});

afterAll(async () => {
  neighbour.leave();
  counter.leave();
  expect(await server.kill('SIGTERM')).toBe(0);
  rmSync(folder, { recursive: true, force: true });
});

const atMs = Date.UTC(2026, 0, 5, 9);

function offered(leg: string, more: object = {}): Record<string, unknown> {
  return {
    kind: 'leg.offered',
    id: leg,
    atMs,
    leg,
    facts: { call: leg, number: `66${leg}` },
    ...more,
  };
}

/** The text of a signal with something put in that JSON.stringify would not write. */
const withText = (leg: string, key: string, text: string): string =>
  JSON.stringify(offered(leg, { [key]: '?' })).replace(`"${key}":"?"`, `"${key}":${text}`);

describe('a batch with one bad row', () => {
  it('is answered row by row, and its good rows are taken once when it is sent again', async () => {
    const rows = Array.from({ length: 10 }, (_, n) => offered(`row${n}`));
    const bad = rows.with(6, offered('row6', { leg: 7 }));
    const before = counter.count('CallStart');

    const answer = await sendSignals(server, bad);

    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      code: 'SIGNALS_INVALID',
      problems: [{ index: 6, path: '/leg', seen: '7', expected: 'a text' }],
    });
    expect((answer.body['problems'] as unknown[]).length).toBe(1);

    const mended = await sendSignals(server, rows);
    expect(mended).toMatchObject({ status: 200, body: { accepted: 10, duplicates: 0 } });
    const again = await sendSignals(server, [...rows, ...rows]);
    expect(again).toMatchObject({ status: 200, body: { accepted: 0, duplicates: 20 } });
    await until(() => counter.count('CallStart') >= before + 10);
    expect(counter.count('CallStart')).toBe(before + 10);
  });

  it('names every bad row, and no more than eight things wrong with each', async () => {
    const rows = Array.from({ length: 1_000 }, (_, n) => ({ kind: 'leg.offered', [`odd${n}`]: n }));
    const { status, body } = await sendSignals(server, rows);
    expect(status).toBe(422);
    const problems = body['problems'] as { index: number }[];
    expect(new Set(problems.map(({ index }) => index)).size).toBe(1_000);
    expect(problems.length).toBeLessThanOrEqual(8_000);
  });
});

it('takes a signal once, however often its id is in a batch and in how many batches at once', async () => {
  const batch = [offered('twice'), offered('twice'), offered('thrice'), offered('twice')];
  const answers = await Promise.all(Array.from({ length: 20 }, () => sendSignals(server, batch)));
  const sum = (key: string): number =>
    answers.reduce((all, { body }) => all + Number(body[key]), 0);
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect({ accepted: sum('accepted'), duplicates: sum('duplicates') }).toEqual({
    accepted: 2,
    duplicates: 78,
  });
});

const path = (at: string): object => ({ problems: [expect.objectContaining({ path: at })] });

const wrongs: [string, string | object, number, object][] = [
  ['nothing', '', 400, { code: 'JSON_MALFORMED' }],
  ['no JSON', '{"kind":', 400, { code: 'JSON_MALFORMED' }],
  ['NaN', withText('nan', 'atMs', 'NaN'), 400, { code: 'JSON_MALFORMED' }],
  ['a time without end', withText('inf', 'atMs', '1e999'), 422, path('/atMs')],
  ['half a millisecond', withText('half', 'atMs', '1767603600000.5'), 422, path('/atMs')],
  ['a time in seconds', offered('s', { atMs: 1_767_603_600 }), 422, path('/atMs')],
  ['a time in microseconds', offered('us', { atMs: 1_767_603_600_000_000 }), 422, path('/atMs')],
  ['a time before all telephones', offered('b', { atMs: -1e15 }), 422, path('/atMs')],
  ['a text for a time', offered('t', { atMs: '1767603600000' }), 422, path('/atMs')],
  ['a time of day that is none', offered('d', { atMs: undefined, at: 'NaN' }), 422, path('/at')],
  [
    'the year 9999',
    offered('y', { atMs: undefined, at: '9999-12-31T23:59:59Z' }),
    422,
    path('/at'),
  ],
  ['no time', offered('n', { atMs: undefined }), 422, path('/atMs')],
  ['a number', '7', 422, path('')],
  ['null', 'null', 422, path('')],
  ['null for a list', '{"signals":null}', 422, path('/signals')],
  ['rows that are none', '[null]', 422, { problems: [expect.objectContaining({ index: 0 })] }],
  ['an unknown kind', offered('k', { kind: 'leg.vanished' }), 422, path('/kind')],
  ['a kind of JavaScript', offered('c', { kind: 'constructor' }), 422, path('/kind')],
  ['a kind that is __proto__', offered('p', { kind: '__proto__' }), 422, path('/kind')],
  ['facts that are a list', offered('f', { facts: [] }), 422, path('/facts')],
  [
    'a field called __proto__',
    withText('proto', 'x', '1').replace('"x"', '"__proto__"'),
    422,
    path('/__proto__'),
  ],
  [
    'facts with a constructor',
    offered('fc', { facts: { constructor: { prototype: 1 } } }),
    422,
    path('/facts/constructor'),
  ],
  ['a leg of 100,000 characters', offered('x'.repeat(100_000)), 422, {}],
  [
    'a line break in a number',
    offered('lf', { facts: { number: '1\n2' } }),
    422,
    path('/facts/number'),
  ],
  ['half a surrogate pair', withText('hs', 'leg', '"\\ud800"'), 422, path('/leg')],
  ['1,001 signals', Array.from({ length: 1_001 }, (_, n) => offered(`m${n}`)), 422, path('')],
  ['a hundred thousand brackets', '['.repeat(100_000), 400, { code: 'JSON_MALFORMED' }],
];

describe('a sender of', () => {
  it.each(wrongs)('%s is told so', async (_, sent, status, body) => {
    const before = await headOf(server);
    const answer = await sendSignals(server, sent);
    expect(answer).toMatchObject({ status, body });
    expect(JSON.stringify(answer.body).length).toBeLessThan(20_000);
    expect(await headOf(server)).toBe(before);
  });

  it('a leg that is called as things of JavaScript are is heard like any other', async () => {
    const before = counter.count('CallStart');
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const signal = offered(name, { facts: { call: name, number: name } });
      expect(await sendSignals(server, signal)).toMatchObject({
        status: 200,
        body: { accepted: 1 },
      });
    }
    await until(() => counter.count('CallStart') === before + 4);
  });

  it('100 MB is turned away, and the neighbour feels nothing', { timeout: 60_000 }, async () => {
    const calm = await neighbour.calm();
    const { most } = memoryOf(server);

    const answers: string[] = [];
    const attack = (async () => {
      for (const head of ['content-length: 104857600\r\n', 'transfer-encoding: chunked\r\n']) {
        // Who goes on pouring may lose the answer to the reset that follows it (RFC 9112 §9.6).
        let answer = await pour(head);
        for (let again = 0; again < 4 && answer === ''; again += 1) answer = await pour(head);
        answers.push(answer);
      }
    })();
    expectUnharmed(calm, await neighbour.during(attack));

    expect(answers).toHaveLength(2);
    for (const answer of answers) {
      expect(answer).toMatch(/^HTTP\/1\.1 413 /);
      expect(answer).toContain('BODY_TOO_LARGE');
    }
    expect(memoryOf(server).most - most).toBeLessThan(64);
  });

  it(
    'rows that are wrong by the thousand costs the neighbour nothing',
    { timeout: 60_000 },
    async () => {
      const calm = await neighbour.calm();
      const rows = Array.from({ length: 1_000 }, (_, n) => ({
        kind: 'leg.offered',
        [`odd${n}`]: [[]],
      }));
      const text = JSON.stringify(rows);
      const attack = (async () => {
        for (let n = 0; n < 20; n += 1) expect((await sendSignals(server, text)).status).toBe(422);
      })();
      expectUnharmed(calm, await neighbour.during(attack));
    },
  );
});

/** Pours up to 100 MB in small pieces as a body; resolves with what is answered before the end. */
async function pour(head: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: server.httpPort ?? 0 });
  await once(socket, 'connect');
  let answer = '';
  const gone = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => (answer += String(chunk)));
  socket.write(
    `POST /v1/signals HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${head}\r\n`,
  );
  const chunked = head.includes('chunked');
  const piece = Buffer.from(chunked ? `10000\r\n${' '.repeat(65_536)}\r\n` : ' '.repeat(65_536));
  for (let n = 0; n < 1_600 && !socket.destroyed && answer === ''; n += 1) {
    if (!socket.write(piece)) {
      await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), gone]);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => answer.includes('BODY_TOO_LARGE') || socket.destroyed);
  socket.destroy();
  return answer;
}
