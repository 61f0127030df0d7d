/**
 * Receivers that mean ill, or are broken, by the hundred: subscribers of the feed and a healthy destination notice
 * nothing. And callers whose names are meant to break requests: each arrives as it is.
 */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Received } from '../../src/receiver/received.ts';
import type { Receiver } from '../../src/receiver/receiver.ts';
import { newFolder } from '../support/data-folder.ts';
import { startReceiver } from '../support/receivers.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { until } from '../support/until.ts';
import {
  expectUnharmed,
  memoryOf,
  Neighbour,
  neighbourSource,
  sendSignals,
} from './source-neighbour.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

function destination(id: string, dialect: string, url: string, own: string): string {
  return `[[destination]]
id = "${id}"
dialect = "${dialect}"
url = "${url}"
timeout = 1
allowAddresses = ["127.0.0.0/8"]
[destination.${dialect}]
${own}
`;
}

const standardTo = (id: string, url: string): string =>
  destination(id, 'standard', url, `secrets = ["${secret}"]\nevents = ["call.*"]`);

async function start(folder: string, destinations: string): Promise<ServerProcess> {
  const sections = `[feed]\nport = 0\n[http]\nport = 0\n[data]\ndir = "${join(folder, 'data')}"\n`;
  const toml = `${sections}[record]\nmetadataFiles = false\n${neighbourSource}${destinations}`;
  const server = await startServerProcess(folder, toml);
  onTestFinished(() => server.kill('SIGKILL').then(() => undefined));
  return server;
}

/** A port at which nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const legOf = (n: number): object => ({ leg: `a${n}`, atMs: Date.now() });

/** One call, offered, answered and over. */
const callOf = (n: number): object[] => [
  { ...legOf(n), kind: 'leg.offered', id: `${n}o`, facts: { call: `a${n}`, number: `66${n}` } },
  { ...legOf(n), kind: 'leg.connected', id: `${n}c` },
  { ...legOf(n), kind: 'leg.ended', id: `${n}e`, cause: { code: 16 } },
];

interface Told {
  readonly type: string;
  readonly sequence: number;
  readonly data: { readonly call: { readonly id: string; readonly platformId: string } };
}

// Parse door: what our own dialect writes.
const eventIn = ({ body }: Received): Told => JSON.parse(body) as Told;

/** Calls of the attack whose end it was told. */
function endsAt({ requests }: Receiver): number {
  return requests.filter(
    (each) =>
      each.body.includes('"call.ended"') && eventIn(each).data.call.platformId.startsWith('a'),
  ).length;
}

test(
  'two hundred bad receivers harm neither subscribers nor a good one',
  { timeout: 90_000 },
  async () => {
    const folder = await newFolder();
    const good = await startReceiver();
    const server = await start(folder, standardTo('good', good.url));
    const neighbour = await Neighbour.of(server);
    const calm = await neighbour.calm();
    const before = memoryOf(server).most;

    const dead = await deadPort();
    const bad = await Promise.all(
      ['hang', 'hang', 'slow-body', 'garbage', 'huge-body', 'reset', 'redirect'].map((fault) =>
        startReceiver({ faults: [fault] }),
      ),
    );
    const urls = [`http://127.0.0.1:${dead}`, ...bad.map(({ url }) => url)];
    const tables = Array.from({ length: 200 }, (_, n) =>
      standardTo(`bad${n}`, `${urls[n % urls.length]}/${n}`),
    );
    const sections = `[feed]\nport = 0\n[http]\nport = 0\n[data]\ndir = "${join(folder, 'data')}"\n`;
    writeFileSync(
      join(folder, 'offhook.toml'),
      `${sections}[record]\nmetadataFiles = false\n${neighbourSource}${standardTo('good', good.url)}${tables.join('')}`,
    );
    server.child.kill('SIGHUP');
    await until('they are there', () =>
      server.log.some(({ event }) => event === 'config.reloaded'),
    );

    const calls = 25;
    const attack = (async () => {
      for (let n = 0; n < calls; n += 1) {
        expect((await sendSignals(server, callOf(n))).status).toBe(200);
      }
      await until('the good one is told', () => endsAt(good) >= calls, 30_000);
    })();
    const attacked = await neighbour.during(attack, 25);
    expectUnharmed(calm, attacked);

    for (const receiver of bad) expect(receiver.count, receiver.url).toBeGreaterThan(0);
    const last = new Map<string, number>();
    for (const request of good.requests) {
      const { sequence, data } = eventIn(request);
      expect(sequence).toBeGreaterThan(last.get(data.call.id) ?? 0);
      last.set(data.call.id, sequence);
    }
    expect(good.repeats).toBe(0);
    expect(memoryOf(server).most - before).toBeLessThan(200);
    neighbour.leave();
    const stoppedMs = performance.now();
    expect(await server.kill('SIGTERM')).toBe(0);
    expect(performance.now() - stoppedMs).toBeLessThan(8_000);
  },
);

/** What a caller may be called, as an ingest source takes it. */
const names = [
  '&admin=1',
  '%0a%0d%00',
  '%%ANI%',
  '{{CallID}}',
  '?x=y#top',
  'a+b c',
  '"\'<>`\\',
  '🧨 émoji',
  '\u2028\u2029\ufeff',
  '../../etc/passwd',
  '☎'.repeat(250),
];

test('no name of a caller breaks a request', { timeout: 60_000 }, async () => {
  const folder = await newFolder();
  const [own, screens, recorder, subscription, mail] = [
    await startReceiver(),
    await startReceiver(),
    await startReceiver(),
    await startReceiver(),
    await startReceiver(),
  ];
  const server = await start(
    folder,
    [
      standardTo('own', own.url),
      destination(
        ...(['screens', 'focalscope', `${screens.url}/s`] as const),
        'params = { event = "{{DialApiEventName}}", id = "{{CallUUID}}", from = "{{CallerID}}", last = "end" }',
      ),
      destination(
        ...(['recorder', 'oracle-isr', `${recorder.url}/r`] as const),
        'event = "RECORDING_ENDED_EVENT"\nparams = "ucid=%ISR_UCID%&ani=%ANI%&last=end"',
      ),
      destination('subscription', 'netsapiens', subscription.url, 'model = "cdr"'),
      destination('mail', 'netsapiens', mail.url, 'model = "voicemail"'),
    ].join(''),
  );
  const numbers = names.map((name) => name.slice(0, 100));
  for (const [n, name] of names.entries()) {
    const facts = { call: name.slice(0, 100), number: numbers[n], name, dialled: numbers[n] };
    const leg = { leg: `l${n}`, atMs: Date.now() };
    const signals = [
      { ...leg, kind: 'leg.offered', facts },
      { ...leg, kind: 'leg.connected' },
      { ...leg, kind: 'recording.started', file: `/media/${name.slice(0, 100)}` },
      { ...leg, kind: 'recording.stopped' },
      { ...leg, kind: 'leg.ended', cause: { code: 16, text: name } },
    ];
    expect(await sendSignals(server, signals)).toMatchObject({ status: 200 });
  }
  const hasEnded = ({ body }: Received): boolean => body.includes('"call.ended"');
  await until('all are told', () => {
    const hangups = screens.requests.filter(({ path }) => /event=hangup/i.test(path));
    const { length } = names;
    return (
      own.requests.filter(hasEnded).length >= length &&
      hangups.length >= length &&
      recorder.count >= length &&
      subscription.count >= length
    );
  });

  interface Named {
    readonly data: { readonly call: { readonly caller: { readonly name?: string } } };
  }
  const heard = own.requests
    .filter(hasEnded)
    .map(({ body }) => (JSON.parse(body) as Named).data.call.caller.name);
  expect(new Set(heard)).toEqual(new Set(names));
  for (const { path } of [...screens.requests, ...recorder.requests]) {
    expect(path).toMatch(/^\/[sr]\?[\x21-\x7e]+$/);
    const query = new URLSearchParams(path.split('?').slice(1).join('?'));
    // Nobody has added a parameter, or cut one off.
    expect([...query.keys()].join(' ')).toMatch(/^(event id from|ucid ani) last$/);
    expect(query.get('last')).toBe('end');
  }
  const anis = recorder.requests.map(({ path }) =>
    new URLSearchParams(path.split('?').slice(1).join('?')).get('ani'),
  );
  expect(new Set(anis)).toEqual(new Set(numbers));
  for (const { body } of subscription.requests) expect(JSON.parse(body)).toHaveLength(1);

  // What no telephone shows is refused where it comes in, and as part of an object it does no harm.
  for (const text of ['a\r\nb', 'a\u0000b', 'a\ud800b']) {
    const facts = { call: 'refused', number: text };
    const signal = { kind: 'leg.offered', atMs: Date.now(), leg: 'refused', facts };
    expect((await sendSignals(server, [signal])).status).toBe(422);
    const answer = await fetch(`http://127.0.0.1:${server.httpPort}/v1/models`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        objects: [{ model: 'voicemail', object: { user: text, note: text } }],
      }),
    });
    expect(answer.status, await answer.text()).toBe(202);
  }
  await until('the objects came', () => mail.count >= 3);
  expect(mail.requests.map(({ body }) => (JSON.parse(body) as [{ note: string }])[0].note)).toEqual(
    ['a\r\nb', 'a\u0000b', 'a\ufffdb'],
  );
  expect(server.log.filter(({ event }) => event === 'webhook.fault')).toEqual([]);
  const answer = await fetch(`http://127.0.0.1:${server.httpPort}/v1/destinations`);
  const { destinations } = (await answer.json()) as {
    readonly destinations: readonly { readonly id: string; readonly counters: object }[];
  };
  for (const { id, counters } of destinations) {
    expect(counters, id).toMatchObject({ dead: 0, failures: 0 });
  }
});
