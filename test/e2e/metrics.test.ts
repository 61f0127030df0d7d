/**
 * The metrics of a real server after known traffic: signals over HTTP, sessions on both transports, some
 * that come back. What came in and what went out must balance.
 */
import { expect, onTestFinished, test } from 'vitest';
import { hashToken } from '../../src/access/tokens.ts';
import { newFolder } from '../support/data-folder.ts';
import { type AnswerMessage, FeedClient } from '../support/feed-client.ts';
import { type Scrape, scrape } from '../support/scrape.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';

async function serve(more = ''): Promise<{ server: ServerProcess; http: number }> {
  const folder = await newFolder();
  const toml = `
[data]
dir = "${folder}/data"
[feed]
port = 0
keepAlive = 1
[http]
port = 0
${more}
[[source]]
type = "ingest"
name = "dialler"
`;
  const server = await startServerProcess(folder, toml);
  onTestFinished(() => server.kill('SIGKILL').then(() => undefined));
  return { server, http: server.httpPort ?? 0 };
}

async function send(http: number, signals: readonly object[], token?: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${http}/v1/signals`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(signals),
  });
  expect(response.status).toBe(200);
}

/** A call that is offered, answered and ended: three signals. */
function callOf(n: number): object[] {
  const atMs = Date.now() - 2_000;
  const leg = `leg-${n}`;
  return [
    {
      kind: 'leg.offered',
      id: `o${n}`,
      atMs,
      leg,
      facts: { call: `c${n}`, number: `${1000 + n}` },
    },
    { kind: 'leg.connected', id: `a${n}`, atMs, leg },
    { kind: 'leg.ended', id: `e${n}`, atMs, leg, cause: { code: 16 } },
  ];
}

const isAnswer = (message: { kind: string }): message is AnswerMessage => message.kind === 'answer';

async function subscribed(client: FeedClient, inside: string): Promise<AnswerMessage> {
  const type = 'SubscribeOnCallEvent';
  client.send(`<VerbaApi><Request type="${type}" id="s">${inside}</Request></VerbaApi>`);
  return client.find(isAnswer);
}

/** What came in is applied or ignored; what passed is delivered, filtered or declared lost. */
function expectBalance(all: Scrape): void {
  expect(all.sum('offhook_signals_taken_total')).toBe(
    all.sum('offhook_signals_applied_total') + all.sum('offhook_signals_ignored_total'),
  );
  expect(all.sum('offhook_feed_events_passed_total')).toBe(
    all.sum('offhook_feed_events_delivered_total') +
      all.sum('offhook_feed_events_filtered_total') +
      all.sum('offhook_feed_events_lost_total'),
  );
  expect(all.sum('offhook_events_total')).toBe(all.value('offhook_journal_head'));
}

/** Scrapes until it holds. */
async function scrapeUntil(http: number, holds: (all: Scrape) => boolean): Promise<Scrape> {
  const endMs = Date.now() + 10_000;
  for (;;) {
    const all = await scrape(http);
    expectBalance(all);
    if (holds(all)) return all;
    if (Date.now() > endMs) throw new Error('what was expected was not scraped in time');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('a scrape tells what came in, what is, and what became of every event', async () => {
  const { server, http } = await serve();
  const address = { host: '127.0.0.1', port: server.feedPort };
  const everything = await FeedClient.tcp(address);
  await subscribed(everything, '');
  const one = await FeedClient.tcp(address);
  const { feed } = await subscribed(one, '<Extension number="1001"/><Feed/>');
  const idle = await FeedClient.webSocket(`ws://127.0.0.1:${http}/feed`);

  // Two calls, one of them still going on, and one of its signals twice.
  await send(http, [...callOf(1), ...callOf(2).slice(0, 2)]);
  await send(http, callOf(2).slice(0, 1));
  await send(http, [{ kind: 'leg.connected', atMs: Date.now(), leg: 'nobody' }]);
  await everything.until(() => everything.calls.length === 3);
  await one.until(() => one.calls.length === 2);

  const all = await scrape(http);
  expectBalance(all);
  // And the signal by which the source said that it is there.
  expect(all.value('offhook_signals_taken_total', 'source="dialler"')).toBe(5 + 1 + 1 + 1);
  expect(all.value('offhook_signals_applied_total', 'outcome="told"')).toBe(5);
  expect(all.value('offhook_signals_applied_total', 'outcome="noted"')).toBe(1);
  expect(all.value('offhook_signals_ignored_total', 'reason="duplicate"')).toBe(1);
  expect(all.value('offhook_signals_ignored_total', 'reason="unknown-leg"')).toBe(1);
  expect(all.value('offhook_calls', 'state="connected"')).toBe(1);
  expect(all.sum('offhook_calls')).toBe(1);
  expect(all.value('offhook_events_total', 'kind="call.started"')).toBe(2);
  expect(all.value('offhook_events_total', 'kind="call.updated"')).toBe(2);
  expect(all.value('offhook_events_total', 'kind="call.ended"')).toBe(1);
  expect(all.value('offhook_journal_pending_events')).toBe(0);
  expect(all.value('offhook_commit_events', '_sum')).toBe(5);
  expect(all.value('offhook_store_trouble')).toBe(0);
  expect(all.value('offhook_source_state', 'source="dialler",type="ingest",state="up"')).toBe(1);
  expect(all.sum('offhook_source_state')).toBe(1);
  expect(all.value('offhook_source_lag_seconds', 'source="dialler"')).toBeLessThan(30);
  expect(all.value('offhook_source_in_gap', 'source="dialler"')).toBe(0);

  const sessions = (transport: string, isSubscribed: string): number | undefined =>
    all.value(
      'offhook_sessions',
      `transport="${transport}",encoding="xml",subscribed="${isSubscribed}"`,
    );
  expect([sessions('tcp', 'yes'), sessions('websocket', 'no')]).toEqual([2, 1]);
  // Each of five events passed two sessions; three and two of them were wanted.
  expect(all.value('offhook_feed_events_passed_total')).toBe(10);
  expect(all.value('offhook_feed_events_delivered_total')).toBe(5);
  expect(all.value('offhook_feed_events_filtered_total')).toBe(5);
  expect(all.value('offhook_http_requests_total', 'route="/v1/signals",status="2xx"')).toBe(3);

  // They go, and one comes back twice: with its position, and with one of another journal.
  for (const client of [everything, one, idle]) client.cut();
  await scrapeUntil(http, (now) => now.sum('offhook_sessions_closed_total') === 3);
  const back = await FeedClient.tcp(address);
  const resume = (position: string): Promise<AnswerMessage> =>
    subscribed(back, `<Feed events="CallUpdate" after="${position}"/>`);
  expect((await resume(feed?.position ?? '')).feed?.recovered).toBe(true);
  expect((await resume('anotherone-3')).feed?.recovered).toBe(false);
  await back.until(() => back.messages.some(({ kind }) => kind === 'keepalive'));

  const after = await scrapeUntil(http, (now) => now.sum('offhook_resumes_total') === 2);
  expect(after.value('offhook_resumes_total', 'result="recovered"')).toBe(1);
  expect(after.value('offhook_resumes_total', 'result="unknown"')).toBe(1);
  // Of five events it wanted the two updates.
  expect(after.value('offhook_feed_events_delivered_total')).toBe(5 + 2);
  expect(after.value('offhook_feed_events_filtered_total')).toBe(5 + 3);
  expect(after.sum('offhook_feed_events_lost_total')).toBe(0);
  expect(after.value('offhook_keepalive_lateness_seconds', '_count')).toBeGreaterThan(0);
  back.cut();
  await scrapeUntil(http, (now) => now.sum('offhook_sessions_closed_total') === 4);

  const endings = server.log.filter(({ event }) => event === 'session.closed');
  const numbers = endings.map(({ passed, delivered, filtered, lost }) =>
    [passed, delivered, filtered, lost].join(' '),
  );
  expect(numbers.sort()).toEqual(['0 0 0 0', '5 2 3 0', '5 2 3 0', '5 3 2 0']);
});

test('who may not read calls may not read the metrics', async () => {
  const token = 'a-token-of-the-scraper';
  const { http } = await serve(`
[access]
requireToken = true
[[token]]
name = "scraper"
sha256 = "${hashToken(token)}"
`);
  await expect(scrape(http)).rejects.toThrow('answered with 401');
  await expect(scrape(http, `${token}x`)).rejects.toThrow('answered with 401');
  const all = await scrape(http, token);
  expect(all.value('offhook_http_requests_total', 'route="/metrics",status="4xx"')).toBe(2);
});
