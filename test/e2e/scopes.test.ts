/**
 * A token that may see some extensions only, at the HTTP door of a real server: what lies outside its scope
 * does not exist, whether it goes on or has ended; and who asks too often is told to wait.
 */
import { expect, onTestFinished, test } from 'vitest';
import { hashToken } from '../../src/access/tokens.ts';
import { newFolder } from '../support/data-folder.ts';
import { startServerProcess } from '../support/server-process.ts';

const [all, some] = ['ohk_sees-everything', 'ohk_sees-10'];

async function serve(more = ''): Promise<string> {
  const folder = await newFolder();
  const server = await startServerProcess(
    folder,
    `
[data]
dir = "${folder}/data"
[feed]
port = 0
[http]
port = 0
[access]
requireToken = true
${more}
[[token]]
name = "all"
sha256 = "${hashToken(all)}"
[[token]]
name = "some"
sha256 = "${hashToken(some)}"
extensions = ["10*"]
[[source]]
type = "ingest"
name = "dialler"
`,
  );
  onTestFinished(() => server.kill('SIGKILL').then(() => undefined));
  return `http://127.0.0.1:${server.httpPort}`;
}

const atMs = Date.now() - 5_000;

async function send(base: string, signals: readonly object[]): Promise<void> {
  const body = JSON.stringify(signals);
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${base}/v1/signals`, { method: 'POST', headers, body });
  expect(response.status).toBe(200);
}

function offered(leg: string, call: string, number: string, dialled: string): object {
  return { kind: 'leg.offered', id: `o-${leg}`, atMs, leg, facts: { call, number, dialled } };
}

function gone(leg: string): object {
  return { kind: 'leg.ended', id: `e-${leg}`, atMs: atMs + 1_000, leg, cause: { code: 16 } };
}

async function get(base: string, path: string, token: string): Promise<[number, unknown]> {
  const response = await fetch(base + path, { headers: { authorization: `Bearer ${token}` } });
  return [response.status, await response.json()];
}

/** The callers of the list at the path, sorted. */
async function callers(base: string, path: string, token: string): Promise<string[]> {
  const [status, body] = await get(base, path, token);
  expect(status).toBe(200);
  const { calls, cdrs } = body as {
    calls?: { caller: { number: string } }[];
    cdrs?: { caller: string }[];
  };
  const found = calls?.map(({ caller }) => caller.number) ?? cdrs?.map(({ caller }) => caller);
  return (found ?? []).sort();
}

test('calls and records are those of its extensions, whoever of the parties is one', async () => {
  const base = await serve();
  await send(base, [
    offered('a', 'c1', '1001', '77'),
    offered('b', 'c2', '2001', '78'),
    offered('c', 'c3', '2002', '1009'),
  ]);
  expect(await callers(base, '/v1/calls', all)).toEqual(['1001', '2001', '2002']);
  expect(await callers(base, '/v1/calls', some)).toEqual(['1001', '2002']);
  expect(await callers(base, '/v1/calls?extension=2001', some)).toEqual([]);
  const [, listed] = await get(base, '/v1/calls?extension=2001', all);
  const id = (listed as { calls: { id: string }[] }).calls[0]?.id ?? '';
  expect((await get(base, `/v1/calls/${id}`, all))[0]).toBe(200);
  expect((await get(base, `/v1/calls/${id}`, some))[0]).toBe(404);

  await send(base, [gone('a'), gone('b'), gone('c')]);
  expect(await callers(base, '/v1/cdrs', all)).toEqual(['1001', '2001', '2002']);
  expect(await callers(base, '/v1/cdrs', some)).toEqual(['1001', '2002']);
  for (const path of [`/v1/cdrs/${id}`, `/v1/calls/${id}`]) {
    const headers = { accept: 'application/json', authorization: `Bearer ${some}` };
    expect((await fetch(base + path, { headers })).status).toBe(404);
    const known = { ...headers, authorization: `Bearer ${all}` };
    expect((await fetch(base + path, { headers: known })).status).toBe(200);
  }
});

test('an address that asks too often is told to wait', async () => {
  const base = await serve('requestRate = 5');
  const headers = { authorization: `Bearer ${some}` };
  const asked = Array.from({ length: 40 }, () => fetch(`${base}/v1/calls`, { headers }));
  const answers = await Promise.all(asked);
  const refused = answers.filter(({ status }) => status === 429);
  // Ten at once, and five more for every second that it took.
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(10);
  expect(refused.length).toBeGreaterThan(5);
  expect(refused.every((each) => Number(each.headers.get('retry-after')) >= 1)).toBe(true);
  expect((await fetch(`${base}/healthz`)).status).toBe(200);
});
