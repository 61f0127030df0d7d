/**
 * Destinations of a server as its users run it: killed without warning under load, reloaded and stopped while
 * requests are under way, looked after from the command line. Nothing that was promised to a receiver is lost.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { hashToken } from '../../src/access/tokens.ts';
import type { Received } from '../../src/receiver/received.ts';
import type { Receiver } from '../../src/receiver/receiver.ts';
import { Asterisk } from '../support/asterisk.ts';
import { newFolder } from '../support/data-folder.ts';
import { FeedClient } from '../support/feed-client.ts';
import { startReceiver } from '../support/receivers.ts';
import { scrape } from '../support/scrape.ts';
import { type Action, liveAsterisk, ScriptedPbx } from '../support/scripted-pbx.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { until } from '../support/until.ts';

const main = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');
const fixtures = join(import.meta.dirname, '..', 'fixtures', 'ami');
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

const ingest = '[[source]]\ntype = "ingest"\nname = "dialler"\n';

const sections = (folder: string): string =>
  `[data]\ndir = "${folder}/data"\n[feed]\nport = 0\n[http]\nport = 0\n[record]\nmetadataFiles = false\n`;

/** Tables of destinations, told again soon. */
function destination(id: string, dialect: string, url: string, more: string, own = ''): string {
  return `[[destination]]
id = "${id}"
dialect = "${dialect}"
url = "${url}"
allowAddresses = ["127.0.0.0/8"]
retries = [${Array.from({ length: 20 }, () => '0.03').join(', ')}]
${more}
[destination.${dialect}]
${own}
`;
}

const standardTo = (id: string, url: string, more = ''): string =>
  destination(
    id,
    'standard',
    url,
    more,
    `secrets = ["${secret}"]\nevents = ["call.*", "recording.*"]`,
  );

async function start(folder: string, toml: string): Promise<ServerProcess> {
  const server = await startServerProcess(folder, toml);
  onTestFinished(() => server.kill('SIGKILL').then(() => undefined));
  return server;
}

async function send({ httpPort }: ServerProcess, signals: readonly object[]): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${httpPort}/v1/signals`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(signals),
  });
  expect(answer.status).toBe(200);
}

/** What happens to call `n`, step by step: two live events and three records. */
const steps = [
  { kind: 'leg.offered' },
  { kind: 'leg.connected' },
  { kind: 'recording.started' },
  { kind: 'recording.stopped' },
  { kind: 'leg.ended', cause: { code: 16 } },
] as const;

function signalOf(n: number, step: number): object {
  const facts = step === 0 ? { facts: { call: `c${n}`, number: `${1_000 + n}` } } : {};
  return { ...steps[step], ...facts, id: `${n}-${step}`, atMs: Date.now(), leg: `l${n}` };
}

/** One whole call, at once. */
const callOf = (n: number): object[] => steps.map((_, step) => signalOf(n, step));

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly counters: Readonly<Record<string, number>>;
}

async function shown({ httpPort }: ServerProcess): Promise<readonly Shown[]> {
  const answer = await fetch(`http://127.0.0.1:${httpPort}/v1/destinations`);
  return ((await answer.json()) as { readonly destinations: readonly Shown[] }).destinations;
}

async function countersOf(server: ServerProcess, id: string): Promise<Shown['counters']> {
  return (await shown(server)).find((each) => each.id === id)?.counters ?? {};
}

const nothingWaits = (server: ServerProcess): Promise<void> =>
  until(
    'nothing waits',
    async () => (await shown(server)).every(({ counters }) => counters['waiting'] === 0),
    20_000,
  );

/** What was accepted is accounted for, as the API and as the metrics have it. */
async function expectConservation(server: ServerProcess): Promise<void> {
  for (const { id, counters } of await shown(server)) {
    const { accepted, waiting = 0, delivered = 0, collapsed = 0, expired = 0, dead = 0 } = counters;
    expect(accepted, id).toBe(waiting + delivered + collapsed + expired + dead);
  }
  const all = await scrape(server.httpPort ?? 0);
  expect(all.sum('offhook_webhook_accepted_total')).toBe(all.sum('offhook_webhook_deliveries'));
}

interface Told {
  readonly id: string;
  readonly type: string;
  readonly sequence: number;
  readonly data: { readonly call: { readonly id: string; readonly platformId: string } };
}

// Parse door: what our own dialect writes.
const eventIn = ({ body }: Received): Told => JSON.parse(body) as Told;

/** Each call in order, and what comes again is the same to the byte. @returns what came, once each */
function inOrder(receiver: Receiver): Told[] {
  const bodies = new Map<string, string>();
  const last = new Map<string, number>();
  for (const request of receiver.requests) {
    const { id, sequence, data } = eventIn(request);
    expect(request.key).toBe(id);
    expect(request.body).toBe(bodies.get(id) ?? request.body);
    if (bodies.has(id)) continue;
    bodies.set(id, request.body);
    expect(sequence, `of ${data.call.platformId}`).toBeGreaterThan(last.get(data.call.id) ?? 0);
    last.set(data.call.id, sequence);
  }
  return [...bodies.values()].map((body) => JSON.parse(body) as Told);
}

/** Types of what was told of call `n`, and taken; live ones aside. */
function recordsOf(n: number, told: readonly Told[]): string[] {
  return told
    .filter(({ data }) => data.call.platformId === `c${n}`)
    .map(({ type }) => type)
    .filter((type) => /ended|^recording/.test(type));
}

const keysOf = ({ requests }: Receiver, isMeant: (request: Received) => boolean): Set<string> =>
  new Set(requests.filter(isMeant).map(({ key }) => key ?? ''));

test('six kills under load lose nothing and disorder nothing', { timeout: 60_000 }, async () => {
  const folder = await newFolder();
  const steady = await startReceiver();
  const wild = await startReceiver({
    faults: ['500:5%', 'reset:3%', 'close:3%', 'late:3%'],
    lateMs: 600,
  });
  const screens = await startReceiver({ faults: ['503:10%'], retryAfter: null });
  const recorder = await startReceiver({ faults: ['garbage:4%', 'hang:2%'] });
  const books = await startReceiver({ faults: ['500:8%', 'slow-body:4%'] });
  const all = [steady, wild, screens, recorder, books];
  const toml = [
    sections(folder),
    ingest,
    standardTo('steady', steady.url),
    standardTo('wild', wild.url, 'timeout = 0.3'),
    destination('screens', 'focalscope', `${screens.url}/s`, 'liveFor = 5'),
    destination(
      ...(['recorder', 'oracle-isr', `${recorder.url}/r`, 'timeout = 0.3'] as const),
      'event = "RECORDING_ENDED_EVENT"\nparams = "ucid=%ISR_UCID%&result=%RESULT%"',
    ),
    destination(
      ...(['books', 'netsapiens', books.url, 'batch = { size = 5, wait = 0.05 }'] as const),
      'model = "cdr"',
    ),
  ].join('\n');

  let batch = 0;
  /** Calls overlap: each batch has another step of five of them. Goes on where it stopped. */
  const feed = async (server: ServerProcess, through: number): Promise<void> => {
    for (; batch < through; batch += 1) {
      const calls = steps.map((_, step) => [batch - step, step] as const);
      await send(
        server,
        calls.filter(([n]) => n >= 0).map(([n, step]) => signalOf(n, step)),
      );
    }
  };
  for (let kill = 1; kill <= 6; kill += 1) {
    const server = await start(folder, toml);
    const before = steady.count;
    // The kill takes the connection that it is on.
    const feeding = feed(server, kill * 30).catch(() => undefined);
    // At another moment each time, and never before something was told.
    await until('something is told', () => steady.count >= before + 10 + kill * 14);
    await server.kill('SIGKILL');
    await feeding;
  }
  const server = await start(folder, toml);
  await feed(server, 200);
  const calls = 200 - steps.length + 1;
  for (const receiver of all) receiver.misbehave([]);
  await nothingWaits(server);
  await expectConservation(server);

  for (const receiver of [steady, wild]) {
    const told = inOrder(receiver);
    for (let n = 0; n < calls; n += 1) {
      expect(recordsOf(n, told), `of call ${n}`).toEqual([
        'recording.started',
        'recording.ended',
        'call.ended',
      ]);
    }
  }
  for (const { id, counters } of await shown(server)) {
    expect(counters, id).toMatchObject({ waiting: 0, dead: 0 });
  }
  expect(
    keysOf(screens, ({ path, fault }) => fault === 'ok' && /Event=hangup/i.test(path)).size,
  ).toBe(calls);
  const tellsOf = new Set(
    recorder.requests.map(({ path }) => new URLSearchParams(path.split('?')[1]).get('ucid')),
  );
  for (let n = 0; n < calls; n += 1) expect(tellsOf, `of call ${n}`).toContain(`c${n}`);
  // A body that never ends is not awaited: its status says that the request was taken.
  const cdrs = books.requests
    .filter(({ fault }) => fault === 'ok' || fault === 'slow-body')
    .flatMap(({ headers, key }) => (headers['offhook-events'] ?? key ?? '').split(','));
  expect(new Set(cdrs).size).toBeGreaterThanOrEqual(calls);
  expect(wild.repeats).toBeGreaterThan(0);
  expect(await server.kill('SIGTERM')).toBe(0);
});

test(
  'a reload moves, adds and removes destinations, and loses nothing',
  { timeout: 60_000 },
  async () => {
    const folder = await newFolder();
    const [old, moved, added, staying] = [
      await startReceiver({ faults: ['503'], retryAfter: null }),
      await startReceiver(),
      await startReceiver(),
      await startReceiver(),
    ];
    const leaving = await startReceiver({ faults: ['503'], retryAfter: null });
    const base = sections(folder) + ingest + standardTo('staying', staying.url);
    const before = standardTo('moving', old.url) + standardTo('leaving', leaving.url);
    const server = await start(folder, base + before);
    const renew = async (toml: string, times: number): Promise<void> => {
      writeFileSync(join(folder, 'offhook.toml'), toml);
      server.child.kill('SIGHUP');
      await until(
        'it is reloaded',
        () => server.log.filter(({ event }) => event === 'config.reloaded').length === times,
      );
    };
    for (let n = 0; n < 4; n += 1) await send(server, callOf(n));
    await until('both were tried', () => old.count > 0 && leaving.count > 0);

    await renew(base + standardTo('moving', moved.url) + standardTo('added', added.url), 1);
    for (let n = 4; n < 8; n += 1) await send(server, callOf(n));
    await nothingWaits(server);
    expect((await shown(server)).map(({ id }) => id).sort()).toEqual([
      'added',
      'moving',
      'staying',
    ]);
    leaving.misbehave([]);
    const gone = leaving.count;

    await renew(base + standardTo('moving', moved.url) + standardTo('leaving', leaving.url), 2);
    for (let n = 8; n < 10; n += 1) await send(server, callOf(n));
    await nothingWaits(server);
    await expectConservation(server);
    const records = ['recording.started', 'recording.ended', 'call.ended'];
    for (const [receiver, expected] of [
      [moved, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
      [staying, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
      [added, [4, 5, 6, 7]],
      // What waited for it was kept; of what happened while it was not there nothing is owed.
      [leaving, [0, 1, 2, 3, 8, 9]],
    ] as const) {
      const told = inOrder(receiver);
      for (const n of expected) expect(recordsOf(n, told)).toEqual(records);
      expect(new Set(told.map(({ data }) => data.call.id)).size).toBe(expected.length);
    }
    expect(leaving.count).toBeGreaterThan(gone);
    expect(server.log.filter(({ event }) => event === 'server.started')).toHaveLength(1);
  },
);

test(
  'it stops in time while requests hang, and tells the rest after its next start',
  { timeout: 60_000 },
  async () => {
    const folder = await newFolder();
    const receiver = await startReceiver({ faults: ['hang'] });
    const toml = sections(folder) + ingest + standardTo('hung', receiver.url, 'timeout = 60');
    const server = await start(folder, toml);
    for (let n = 0; n < 6; n += 1) await send(server, callOf(n));
    await until('its places are taken', () => receiver.count === 4);
    const stoppedMs = performance.now();
    expect(await server.kill('SIGTERM')).toBe(0);
    expect(performance.now() - stoppedMs).toBeLessThan(8_000);
    expect(server.log.filter(({ event }) => event === 'server.stop-cut')).toEqual([]);

    receiver.misbehave([]);
    const next = await start(folder, toml);
    await nothingWaits(next);
    const told = inOrder(receiver);
    for (let n = 0; n < 6; n += 1) {
      expect(recordsOf(n, told)).toEqual(['recording.started', 'recording.ended', 'call.ended']);
    }
    await expectConservation(next);
  },
);

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly words: string;
}

/** Runs a command of ours to its end. */
function offhook({ httpPort }: ServerProcess, token: string, ...args: string[]): Promise<Ran> {
  const env = {
    ...process.env,
    OFFHOOK_HTTP: `http://127.0.0.1:${httpPort}`,
    OFFHOOK_TOKEN: token,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { env }, (error, out, words) => {
      const code = typeof error?.code === 'number' ? error.code : 0;
      resolve({ code, out, words });
    });
  });
}

test(
  'destinations and deliveries are looked after from the command line',
  { timeout: 60_000 },
  async () => {
    const folder = await newFolder();
    const receiver = await startReceiver({ faults: ['400:1'] });
    const [manager, viewer] = ['ohk_may-manage', 'ohk_may-look'];
    const server = await start(
      folder,
      `${sections(folder)}[access]\nrequireToken = true
[[token]]\nname = "manager"\nsha256 = "${hashToken(manager)}"\nmanage = true
[[token]]\nname = "viewer"\nsha256 = "${hashToken(viewer)}"
${ingest}${standardTo('crm', receiver.url, 'concurrency = 1')}`,
    );
    const run = (...args: string[]): Promise<Ran> => offhook(server, manager, ...args);

    const forbidden = await offhook(server, viewer, 'destinations', 'list');
    expect(forbidden).toMatchObject({ code: 1, out: '' });
    expect(forbidden.words).toContain('offhook tokens add --manage');

    expect(await run('destinations', 'test', 'crm')).toMatchObject({ code: 0 });
    await until('the test event came', () => receiver.count === 1);
    expect((await run('destinations', 'pause', 'crm')).code).toBe(0);
    await send(server, callOf(1));
    const paused = await run('destinations', 'list');
    expect(paused).toMatchObject({ code: 0 });
    expect(paused.out).toMatch(/crm.*standard/);
    expect(receiver.count).toBe(1);
    expect((await run('destinations', 'resume', 'crm')).code).toBe(0);
    // Of the call the start and what else was live is superseded by its end.
    await until('its records came', () => receiver.count >= 4);

    await until('the dead one is listed', async () => {
      const { out } = await run('deliveries', 'list', '--state', 'dead');
      return /call\.started/.test(out);
    });
    const replayed = await run('deliveries', 'replay', '--destination', 'crm', '--state', 'dead');
    expect(replayed).toMatchObject({ code: 0 });
    await until('the dead one came again', () => receiver.repeats === 1);
    const call = eventIn(receiver.requests[1] ?? expect.fail('nothing came')).data.call.id;
    const why = await run('deliveries', 'why', 'crm', call);
    expect(why).toMatchObject({ code: 0 });
    expect(why.out).toMatch(/delivered/);
  },
);

const oracle = (receiver: Receiver, event: string, more = ''): string =>
  destination(
    ...([
      event.toLowerCase().replaceAll('_', '-'),
      'oracle-isr',
      `${receiver.url}/isr`,
      '',
    ] as const),
    `event = "${event}"\nparams = "event=${event}&result=%RESULT%&ani=%ANI%&dnis=%DNIS%&start=%START_TIME%${more}"`,
  );

const parametersOf = ({ path }: Received): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(path.split('?')[1]));

test(
  'an Asterisk that records is told of as an Oracle recorder would',
  { timeout: 60_000 },
  async () => {
    const folder = await newFolder();
    const receiver = await startReceiver();
    const destinations = [
      oracle(receiver, 'RECORDING_STARTED_EVENT'),
      oracle(receiver, 'RECORDING_PAUSED_EVENT'),
      oracle(receiver, 'RECORDING_RESUMED_EVENT', '&pause=%PAUSE_LENGTH%'),
      oracle(receiver, 'RECORDING_ENDED_EVENT', '&pause=%PAUSE_LENGTH%&end=%END_TIME%'),
    ];
    const file = join(fixtures, 'ami-sip-mixmonitor-pause.txt');
    const source = `[[source]]\ntype = "replay"\nname = "pbx1"\nfile = "${file}"\nspeed = 50\n`;
    const server = await start(folder, sections(folder) + source + destinations.join(''));
    await until('all four came', () => receiver.count === 4);
    const told = new Map(receiver.requests.map((each) => [parametersOf(each)['event'], each]));
    const common = {
      result: 'SUCCESS',
      ani: '1001',
      dnis: '91002',
      start: '2026-11-20 12:11:03.286',
    };
    const of = (event: string): Record<string, string> =>
      parametersOf(told.get(event) ?? expect.fail(`no ${event}`));
    expect(of('RECORDING_STARTED_EVENT')).toMatchObject(common);
    expect(of('RECORDING_PAUSED_EVENT')).toMatchObject(common);
    expect(of('RECORDING_RESUMED_EVENT')).toMatchObject({ ...common, pause: '1202' });
    expect(of('RECORDING_ENDED_EVENT')).toMatchObject({ ...common, pause: '1202' });
    expect(of('RECORDING_ENDED_EVENT')['end']).toMatch(/^2026-11-20 12:11:09\.\d{3}$/);
    await nothingWaits(server);
  },
);

test('a pause that the recorder refuses is told of as a failure', { timeout: 60_000 }, async () => {
  const folder = await newFolder();
  const receiver = await startReceiver();
  const live = liveAsterisk();
  const pbx = await ScriptedPbx.listen({
    ...live,
    answer: (action: Action) =>
      action.get('action') === 'MixMonitorMute'
        ? `Response: Error\r\nActionID: ${action.get('actionid')}\r\nMessage: Cannot set mute flag\r\n\r\n`
        : live.answer?.(action),
  });
  onTestFinished(() => pbx.close());
  const source = `[[source]]\ntype = "ami"\nname = "pbx"\nhost = "127.0.0.1"\nport = ${pbx.port}\nusername = "u"\nsecret = "s"\n`;
  const server = await start(
    folder,
    sections(folder) + source + oracle(receiver, 'RECORDING_PAUSED_EVENT'),
  );
  await until('the PBX is up', () =>
    server.log.some(({ event, state }) => event === 'source.changed' && state === 'up'),
  );
  const words = new Asterisk();
  const from = words.channel('PJSIP/1001-00000001', { number: '1001', exten: '1002' });
  const { name: Channel, uniqueid: Uniqueid, linkedid: Linkedid } = from;
  words.event('MixMonitorStart', { Channel, Uniqueid, Linkedid });
  const to = words.channel('PJSIP/1002-00000002', { number: '1002', of: from });
  words.ring(from, to);
  words.answer(from, to);
  pbx.say(words.text.slice(words.text.indexOf('Event:')));
  const base = `http://127.0.0.1:${server.httpPort}`;
  interface Listed {
    readonly calls: readonly { readonly id: string; readonly state: string }[];
  }
  let call: Listed['calls'][number] | undefined;
  await until('the call is there', async () => {
    const { calls } = (await (await fetch(`${base}/v1/calls`)).json()) as Listed;
    call = calls.find(({ state }) => state === 'connected');
    return call !== undefined;
  });
  const client = await FeedClient.tcp({ host: '127.0.0.1', port: server.feedPort });
  client.send(
    `<VerbaApi><Request type="MuteChannel" id="m"><Call id="${call?.id}"/><State callerMuted="true" calleeMuted="true"/></Request></VerbaApi>`,
  );
  await until('it is told of', () => receiver.count === 1);
  client.cut();
  const [request] = receiver.requests;
  expect(parametersOf(request ?? expect.fail('nothing came'))).toMatchObject({
    event: 'RECORDING_PAUSED_EVENT',
    result: 'FAILURE',
    ani: '1001',
    dnis: '1002',
  });
  expect(await countersOf(server, 'recording-paused-event')).toMatchObject({ accepted: 1 });
});
