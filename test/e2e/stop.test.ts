/**
 * An orderly stop, a second server on the same folder, and a restart: nothing lost, everybody told.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FeedClient } from '../support/feed-client.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { Witness } from '../support/witness.ts';

let folder = '';
let server: ServerProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-stop-'));
});
afterEach(async () => {
  await server?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const toml = (sources: string): string => `
[feed]
port = 0
[http]
port = 0
[data]
dir = "${join(folder, 'data')}"
${sources}
`;
const ingest = '[[source]]\ntype = "ingest"\nname = "signals"\n';
const busy =
  '[[source]]\ntype = "simulator"\nname = "centre"\nrate = 200\nagents = 300\ntimeScale = 0.02\n';

async function send(signals: unknown): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`http://127.0.0.1:${server?.httpPort}/v1/signals`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(signals),
  });
  return { status: answer.status, body: await answer.json() };
}

const offered = (id: string, leg: string): unknown => ({
  kind: 'leg.offered',
  id,
  atMs: 1_795_176_522_000,
  leg,
  facts: { call: leg, number: '1001', dialled: '1002' },
});

test('says goodbye to those who opted in, with a position from which nothing is missing', async () => {
  server = await startServerProcess(folder, toml(busy));
  const witness = new Witness();
  await witness.attend(server.feedPort);
  const legacy = await FeedClient.tcp({ host: '127.0.0.1', port: server.feedPort });
  legacy.send('<VerbaApi><Request type="SubscribeOnCallEvent"/></VerbaApi>');
  const webSocket = await FeedClient.webSocket(`ws://127.0.0.1:${server.httpPort}/feed`);
  webSocket.send('<VerbaApi><Request type="SubscribeOnCallEvent"><Feed/></Request></VerbaApi>');
  await witness.until(() => witness.seqs.length > 300);
  await webSocket.until(() => webSocket.messages.length > 1);

  expect(await server.kill('SIGTERM')).toBe(0);
  await witness.until(() => witness.goodbyes.length > 0);
  expect(witness.goodbyes).toEqual([`going-away ${witness.position}`]);
  expect((await webSocket.closed()).code).toBe(1001);
  await legacy.closed();
  expect(legacy.documents.some((each) => each.includes('Goodbye'))).toBe(false);

  // What came after the goodbye's position is exactly what the next run adds.
  server = await startServerProcess(folder, toml(''));
  await witness.attend(server.feedPort);
  await witness.until(() => witness.ends.length === witness.starts.length);
  expect(witness.lost).toBe(0);
  expect(witness.seqs).toEqual(witness.seqs.map((_, i) => (witness.seqs[0] ?? 0) + i));
  expect([...witness.ends].sort()).toEqual([...witness.starts].sort());
});

test('is not started twice on one folder', async () => {
  server = await startServerProcess(folder, toml(ingest));
  const second = startServerProcess(folder, toml(ingest));
  await expect(second).rejects.toThrow(/in use|another server/i);
  expect((await send([offered('1', 'a')])).status).toBe(200);
});

test('takes a signal once, also when it is sent again after a kill', async () => {
  server = await startServerProcess(folder, toml(ingest));
  expect(await send([offered('1', 'a')])).toMatchObject({
    status: 200,
    body: { accepted: 1, duplicates: 0 },
  });
  await server.kill('SIGKILL');
  server = await startServerProcess(folder, toml(ingest));
  const client = await FeedClient.tcp({ host: '127.0.0.1', port: server.feedPort });
  client.send('<VerbaApi><Request type="GetOngoingCalls" id="o"/></VerbaApi>');
  await client.next();
  expect(client.documents[0]).toContain('caller="1001"');
  expect(await send([offered('1', 'a'), offered('2', 'b')])).toMatchObject({
    body: { accepted: 1, duplicates: 1 },
  });
});

test('shows the calls that go on over HTTP at the position at which that is true', async () => {
  server = await startServerProcess(folder, toml(ingest));
  await send([offered('1', 'a')]);
  const answer = await fetch(`http://127.0.0.1:${server.httpPort}/v1/calls?extension=1002`);
  const body = (await answer.json()) as { position: string; calls: { id: string }[] };
  expect(body.calls).toHaveLength(1);
  const client = await FeedClient.tcp({ host: '127.0.0.1', port: server.feedPort });
  client.send(
    `<VerbaApi><Request type="SubscribeOnCallEvent"><Feed after="${body.position}"/></Request></VerbaApi>`,
  );
  await client.next();
  await send([
    { kind: 'leg.ended', id: '9', atMs: 1_795_176_525_000, leg: 'a', cause: { code: 16 } },
  ]);
  await client.until(() => client.calls.length > 0);
  expect(client.calls.map((each) => [each.type, each.cdr.fields.get('id')])).toEqual([
    ['CallEnd', body.calls[0]?.id],
  ]);
});
