/**
 * SIGHUP: the settings, tokens and certificates that are there now are taken up, and every session stays,
 * but those whose token is gone or has changed. What is wrong is refused as a whole.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashToken } from '../../src/access/tokens.ts';
import { seededDice } from '../../src/source/simulator/dice.ts';
import { newFolder } from '../support/data-folder.ts';
import {
  FeedClient,
  isAnswer,
  isFailure,
  isGoodbye,
  type WebSocketClient,
} from '../support/feed-client.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { auditClient, auditJournal } from './ledger.ts';
import { headOf, newSite, readTruth, startOn, until } from './site.ts';
import { Subscriber } from './subscriber.ts';
import { allTypes } from './truth.ts';

let folder = '';
let server: ServerProcess | undefined;
let leftovers: { cut(): void }[] = [];
beforeEach(async () => {
  folder = await newFolder();
  leftovers = [];
});
afterEach(async () => {
  for (const each of leftovers) each.cut();
  await server?.kill('SIGKILL');
});

const logged = (event: string): number =>
  server?.log.filter((line) => line['event'] === event).length ?? 0;

/** Writes the configuration and asks the server to take it up; resolves when the log tells of it. */
async function reload(toml: string, told: 'config.effective' | 'config.refused'): Promise<void> {
  const before = logged(told);
  writeFileSync(join(folder, 'offhook.toml'), toml);
  server?.child.kill('SIGHUP');
  await until(`the log has ${told}`, () => logged(told) > before, 10_000);
}

interface Wanted {
  readonly feed?: string;
  readonly level?: string;
  readonly access?: string;
  readonly tokens?: string;
}

const config = ({ feed = '', level = 'info', access = '', tokens = '' }: Wanted): string => `
[feed]
port = 0
${feed}
[http]
port = 0
[access]
tokensFile = "${join(folder, 'tokens.json')}"
${access}
[data]
dir = "${join(folder, 'data')}"
[log]
level = "${level}"
[[source]]
type = "ingest"
name = "signals"
${tokens}
`;

const token = (name: string, secret: string, extensions: readonly string[] = []): string => `
[[token]]
name = "${name}"
sha256 = "${hashToken(secret)}"
extensions = ${JSON.stringify(extensions)}
`;

async function start(wanted: Wanted): Promise<void> {
  server = await startServerProcess(folder, config(wanted));
}

async function tcp(): Promise<FeedClient> {
  const client = await FeedClient.tcp({ host: '127.0.0.1', port: server?.feedPort ?? 0 });
  leftovers.push(client);
  return client;
}

async function webSocket(): Promise<WebSocketClient> {
  const client = await FeedClient.webSocket(`ws://127.0.0.1:${server?.httpPort}/feed`);
  leftovers.push(client);
  return client;
}

const subscription =
  '<VerbaApi><Request type="SubscribeOnCallEvent" id="s"><Feed snapshot="true"/></Request></VerbaApi>';
const asks = (id: string): string =>
  `<VerbaApi><Request type="GetOngoingCalls" id="${id}"/></VerbaApi>`;

/** Still there, and served. */
async function answers(client: FeedClient, id: string): Promise<void> {
  client.send(asks(id));
  await client.until(() =>
    client.messages.some((message) => isAnswer(message) && message.head.id === id),
  );
}

describe('a renewed configuration', () => {
  it('keeps every session, and nothing is lost or told twice', { timeout: 60_000 }, async () => {
    const site = await newSite(folder, 30);
    const busy = `
[[source]]
type = "simulator"
name = "centre"
rate = 30
seed = 9
agents = 100
timeScale = 0.02
`;
    server = await startOn(site, busy);
    const clients = Array.from({ length: 60 }, (_, index) => {
      const transport = index % 2 === 0 ? 'tcp' : 'websocket';
      const optedIn = transport === 'websocket' ? 'json' : 'feed';
      const form = index % 3 === 0 ? 'legacy' : optedIn;
      const patterns = index < 6 ? [] : [{ kind: 'prefix', prefix: `10${index % 10}` } as const];
      const wish = {
        patterns,
        types: form === 'legacy' ? (['CallStart', 'CallEnd'] as const) : allTypes,
      };
      const habits = { snapshot: form !== 'legacy', ack: false, resumes: true } as const;
      const manner = {
        name: `${index} (${transport}, ${form})`,
        transport,
        form,
        wish,
        ...habits,
      } as const;
      return new Subscriber(manner, site.door, seededDice(index));
    });
    leftovers.push(...clients.map((client) => ({ cut: () => client.leave('rst') })));
    for (const client of clients) client.join();
    await until('everybody is served', () => clients.every((each) => each.isServed), 20_000);
    for (const level of ['debug', 'info', 'debug']) {
      const { seq } = await headOf(site.door);
      await until('calls go on', async () => (await headOf(site.door)).seq > seq + 50, 20_000);
      await reload(`${site.settings}[log]\nlevel = "${level}"\n${busy}`, 'config.effective');
    }
    for (const { stay } of clients) if (stay !== undefined) stay.isLast = true;
    expect(await server.kill('SIGTERM')).toBe(0);
    await until('all have heard it', () => clients.every((each) => !each.isConnected), 10_000);
    for (const client of clients) client.leave('rst');

    expect(clients.map((each) => each.stays.length)).toEqual(clients.map(() => 1));
    const truth = await readTruth(site);
    // Calls that went on when the server stopped have not ended yet.
    expect(auditJournal(truth).filter((finding) => !finding.includes('never ended'))).toEqual([]);
    const findings = clients.flatMap((each) => auditClient(truth, each.stays));
    expect(findings.filter((finding) => !finding.includes('never ended'))).toEqual([]);
  });

  it('changes what the log tells, both ways', async () => {
    await start({ level: 'info' });
    const [one, two, three] = [await tcp(), await tcp(), await tcp()];
    await answers(one, 'a');
    one.close();
    await until('the log tells of it', () => logged('session.closed') === 1, 8_000);

    writeFileSync(join(folder, 'offhook.toml'), config({ level: 'error' }));
    server?.child.kill('SIGHUP');
    await until('it is taken up', () => logged('config.reloaded') === 1, 8_000);
    two.close();
    await two.closed();
    await answers(three, 'b');
    await reload(config({ level: 'info' }), 'config.effective');
    expect(logged('session.closed')).toBe(1);
    three.close();
    await until('the log tells of it', () => logged('session.closed') === 2, 8_000);
  });

  it('changes limits for who comes, and nobody who is there goes', async () => {
    await start({});
    const [one, two] = [await tcp(), await webSocket()];
    await answers(one, 'a');
    await reload(config({ feed: 'maxSessions = 1' }), 'config.effective');
    const third = await tcp();
    third.send(subscription);
    await third.closed();
    expect(third.messages.filter(isAnswer)).toEqual([]);
    await answers(one, 'b');
    await answers(two, 'b');

    await reload(config({ feed: 'maxSessions = 3' }), 'config.effective');
    await answers(await tcp(), 'c');
    await answers(one, 'd');
  });
});

describe('renewed tokens', () => {
  const access = 'requireToken = true';

  async function enters(client: FeedClient, secret: string): Promise<void> {
    client.send(`<VerbaApi><Request type="Authenticate" token="${secret}"/></VerbaApi>`);
    client.send(subscription);
    await client.until(() => client.messages.filter(isAnswer).length === 2);
  }

  it('end the sessions of those that are gone or changed, and of nobody else', async () => {
    const kept = token('kept', 'k-secret');
    const narrowed = [token('narrowed', 'n-secret'), token('narrowed', 'n-secret', ['10*'])];
    await start({ access, tokens: kept + token('gone', 'g-secret') + narrowed[0] });
    const stays = await tcp();
    await enters(stays, 'k-secret');
    const [goneTcp, goneWeb] = [await tcp(), await webSocket()];
    for (const client of [goneTcp, goneWeb]) await enters(client, 'g-secret');
    const [changedTcp, changedWeb] = [await tcp(), await webSocket()];
    for (const client of [changedTcp, changedWeb]) await enters(client, 'n-secret');

    const renewed = { access, tokens: kept + narrowed[1] + token('fresh', 'f-secret') };
    await reload(config(renewed), 'config.effective');

    expect((await goneWeb.closed()).code).toBe(4003);
    await goneTcp.closed();
    expect((await changedWeb.closed()).code).toBe(1001);
    await changedTcp.closed();
    const reasons = [goneTcp, goneWeb, changedTcp, changedWeb].map((client) =>
      client.messages.filter(isGoodbye).map(({ reason }) => reason),
    );
    expect(reasons).toEqual([['unauthorized'], ['unauthorized'], ['going-away'], ['going-away']]);
    await answers(stays, 'still');

    await enters(await tcp(), 'f-secret');
    await enters(await tcp(), 'n-secret');
    const refused = await tcp();
    refused.send('<VerbaApi><Request type="Authenticate" token="g-secret"/></VerbaApi>');
    await refused.closed();
    expect(refused.messages.filter(isFailure)).toMatchObject([{ failure: 'Not Authorized' }]);
  });

  it('that are asked for from now on end the sessions of those who have none', async () => {
    await start({ tokens: token('one', 'o-secret') });
    const nobody = await tcp();
    nobody.send(subscription);
    await nobody.until(() => nobody.messages.some(isAnswer));
    const known = await tcp();
    await enters(known, 'o-secret');
    await reload(config({ access, tokens: token('one', 'o-secret') }), 'config.effective');
    await nobody.closed();
    expect(nobody.messages.filter(isGoodbye)).toMatchObject([{ reason: 'unauthorized' }]);
    await answers(known, 'still');
  });
});

describe('a configuration that is wrong', () => {
  it.each([
    ['with an unknown key', 'maxSesions = 1', /maxSesions/],
    ['with a value out of range', 'maxSessions = 0', /maxSessions/],
    ['that is no TOML', 'maxSessions = [', /offhook\.toml/],
  ])('%s changes nothing at all, and the log says what is wrong', async (_, feed, problem) => {
    const access = 'requireToken = true';
    await start({ access, tokens: token('one', 'o-secret') });
    const client = await tcp();
    client.send('<VerbaApi><Request type="Authenticate" token="o-secret"/></VerbaApi>');
    client.send(subscription);
    await client.until(() => client.messages.filter(isAnswer).length === 2);

    // What is right in it is not taken up either: another level, no token.
    await reload(config({ feed, level: 'error', access: '', tokens: '' }), 'config.refused');
    const line = server?.log.find(({ event }) => event === 'config.refused');
    expect(JSON.stringify(line)).toMatch(problem);
    await answers(client, 'still');
    const stranger = await tcp();
    stranger.send(subscription);
    await stranger.closed();
    expect(stranger.messages.filter(isFailure)).toMatchObject([{ failure: 'Not Authorized' }]);
    // The log still tells of what it told before.
    await until('the log tells of it', () => logged('session.closed') === 1, 8_000);

    await reload(config({ access, tokens: token('one', 'o-secret') }), 'config.effective');
    await answers(client, 'mended');
  });
});
