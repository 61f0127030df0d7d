/**
 * The worked examples of webhooks in the README, run: its destinations in a real server, its receiver, and a call
 * that makes the very requests that it shows.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startReceiver } from '../support/receivers.ts';
import { startServerProcess } from '../support/server-process.ts';

const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
const section = /^## Webhooks\n([^]*?)^## /m.exec(readme)?.[1] ?? '';
const blocks = (kind: string): string[] =>
  [...section.matchAll(new RegExp(`^\`\`\`${kind}\\n([^]*?)^\`\`\`$`, 'gm'))].map(
    (match) => match[1] ?? '',
  );
const destinations = blocks('toml').join('\n');

const folder = mkdtempSync(join(tmpdir(), 'offhook-readme-webhooks-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const startMs = 1_772_442_000_000;
const anonymous = (text: string): string => text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID');
/** The requests that the README shows of a vendor. */
const shown = (prefix: string): string[] =>
  blocks('text')
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.startsWith(`GET ${prefix}`))
    .map((line) => anonymous(line.slice('GET '.length)));

/** An incoming call that is taken after 13.25 s, recorded for 184.6 s and ended. */
function signals(): object[] {
  const caller = { leg: '1772442000.17', facts: { call: '1772442000.17' } };
  const called = { leg: 'b', facts: { call: '1772442000.17' } };
  const at = (ms: number): { readonly atMs: number } => ({ atMs: startMs + ms });
  const who = { call: '1772442000.17', number: '+493012345678', dialled: '1001' };
  const agent = { call: '1772442000.17', number: '1001', device: '1001', address: '198.51.100.21' };
  return [
    { kind: 'leg.offered', ...at(0), ...caller, facts: who },
    { kind: 'leg.offered', ...at(0), ...called, facts: agent },
    { kind: 'dial.started', ...at(0), ...called, from: caller.leg },
    { kind: 'leg.ringing', ...at(100), ...called },
    { kind: 'leg.connected', ...at(13_250), ...called },
    { kind: 'dial.ended', ...at(13_250), ...called, from: caller.leg, result: 'answered' },
    { kind: 'leg.connected', ...at(13_250), ...caller },
    { kind: 'bridge.joined', ...at(13_250), ...caller, bridge: 'x' },
    { kind: 'bridge.joined', ...at(13_250), ...called, bridge: 'x' },
    { kind: 'recording.started', ...at(13_300), ...caller, file: '/var/1772442000.17.wav' },
    { kind: 'recording.stopped', ...at(13_300 + 184_600), ...caller },
    { kind: 'leg.ended', ...at(198_000), ...called, cause: { code: 16 } },
    { kind: 'leg.ended', ...at(198_000), ...caller, cause: { code: 16 } },
  ];
}

describe('the webhooks of the README', () => {
  it('are sent as it shows them', async () => {
    const receiver = await startReceiver();
    const toml = `[feed]\nport = 0\n[http]\nport = 0\n[data]\ndir = "data"\n[[source]]\ntype = "ingest"\nname = "pbx"\n${destinations.replaceAll('127.0.0.1:7490', `127.0.0.1:${receiver.port}`)}`;
    const server = await startServerProcess(folder, toml);
    try {
      const base = `http://127.0.0.1:${server.httpPort}`;
      // One at a time: nothing of it is to be superfluous before it is told.
      for (const [index, signal] of signals().entries()) {
        const answer = await fetch(`${base}/v1/signals`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify([{ id: `s${index}`, ...signal }]),
        });
        expect([index, answer.status, await answer.text()]).toEqual([
          index,
          200,
          expect.stringContaining('"accepted":1'),
        ]);
        await quiet(base);
      }
      const paths = (): string[] => receiver.requests.map(({ path }) => anonymous(path));
      for (const prefix of ['/Face/', '/calls?']) {
        expect(shown(prefix).length).toBeGreaterThan(1);
        expect(paths().filter((path) => path.startsWith(prefix))).toEqual(shown(prefix));
      }
      const board = receiver.requests.filter(({ path }) => path === '/ns-events');
      expect(board[0]?.headers['x-correlation-id']).toBe('f38d00a5eed9d15603922fe98db23600');
      const objects = board.flatMap(({ body }) => JSON.parse(body) as Record<string, string>[]);
      expect(objects.at(-1)).toMatchObject({
        term_user: '1001',
        term_domain: 'acme',
        remove: 'yes',
      });
      const own = receiver.requests.filter(({ path }) => path === '/hook');
      expect(own.map(({ body }) => (JSON.parse(body) as { type: string }).type)).toContain(
        'recording.ended',
      );
    } finally {
      await server.kill('SIGTERM');
    }
  });
});

/** Until nothing waits for any destination. */
async function quiet(base: string): Promise<void> {
  for (const endMs = Date.now() + 10_000; ;) {
    const answer = await fetch(`${base}/v1/destinations`);
    const { destinations: all } = (await answer.json()) as {
      destinations: { counters: { waiting: number } }[];
    };
    if (all.every(({ counters }) => counters.waiting === 0)) return;
    if (Date.now() > endMs) throw new Error('something waits for ever');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
