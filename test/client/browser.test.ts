/**
 * The client in a real browser: the built modules as they are, a page of another server, a real feed that is
 * stopped and started under it.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { moduleGraph } from '../support/module-graph.ts';
import { lastSeq, type ServerProcess, startServerProcess } from '../support/server-process.ts';

const modules = moduleGraph('client/browser.js');

describe('what a page loads', () => {
  test('is reached by relative paths alone', () => {
    expect(modules.size).toBeGreaterThan(10);
    expect(
      [...modules.values()].flatMap(({ path, bare }) => bare.map((name) => [path, name])),
    ).toEqual([]);
  });

  test('uses nothing that only Node has', () => {
    const code = [...modules.values()].map(({ path, text }) => {
      // Comments may speak of anything.
      const bare = text.replace(/\/\*[^]*?\*\/|\/\/.*$/gm, '');
      return [path, bare.match(/\b(Buffer|process|require|__dirname|setImmediate)\b/g)];
    });
    expect(code.filter(([, words]) => words !== null)).toEqual([]);
  });

  test('stays small', () => {
    const bytes = [...modules.values()].reduce((sum, { text }) => sum + text.length, 0);
    expect(bytes).toBeLessThan(100_000);
  });
});

const executablePath = '/usr/bin/chromium';
const args =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
const token = 'ohk_a-token-of-the-page';

/** The page that CLIENT.md shows. */
const guide = readFileSync(join(import.meta.dirname, '..', '..', 'CLIENT.md'), 'utf8');
const example = /^```html\n([^]*?)^```$/m.exec(guide)?.[1] ?? '';

/** What the page writes down; it is the consumer. */
interface Notes {
  readonly seqs: number[];
  readonly starts: string[];
  readonly ends: string[];
  readonly connected: boolean[];
  readonly lost: string[];
  readonly position: string | undefined;
  readonly ongoing: number | undefined;
  readonly failure: string | undefined;
}

const html = (feedUrl: string, shown: string): string => `<!doctype html><meta charset="utf-8">
<script type="module">
  import { connectFeed, FeedError } from '/offhook/client/browser.js';
  const notes = { seqs: [], starts: [], ends: [], connected: [], lost: [] };
  window.notes = notes;
  const feed = connectFeed({ url: '${feedUrl}', token: '${shown}', snapshot: true, backoff: { firstMs: 20, maxMs: 200 } });
  feed.ongoing().then((calls) => (notes.ongoing = calls.length), () => undefined);
  try {
    for await (const event of feed) {
      notes.position = feed.position;
      if (event.kind === 'connected') notes.connected.push(event.recovered);
      else if (event.kind === 'lost') notes.lost.push(event.reason);
      else if (!event.snapshot) notes.seqs.push(Number(event.position.split('-')[1]));
      if (event.type === 'CallStart') notes.starts.push(event.call.id);
      if (event.type === 'CallEnd') notes.ends.push(event.call.id);
    }
  } catch (error) {
    notes.failure = error instanceof FeedError ? error.code : String(error);
  }
</script>`;

describe('a page', () => {
  let folder: string;
  let browser: Browser;
  let pages: Server;
  let server: ServerProcess;
  let shownToken = token;
  let httpPort = 0;

  const toml = (seed: number): string => `
[feed]
port = 0
[http]
port = ${httpPort}
[data]
dir = "${join(folder, 'data')}"
[access]
requireToken = true
[[token]]
name = "page"
sha256 = "${createHash('sha256').update(token).digest('hex')}"
${
  seed === 0
    ? ''
    : `[[source]]
type = "simulator"
name = "centre"
rate = 100
seed = ${seed}
agents = 200
timeScale = 0.02`
}
`;

  beforeAll(async () => {
    if (!existsSync(executablePath)) {
      throw new Error('This test needs a browser; on Debian: apt-get install chromium.');
    }
    folder = mkdtempSync(join(tmpdir(), 'offhook-page-'));
    pages = createServer((request, response) => {
      const path = request.url ?? '/';
      const feedUrl = `ws://127.0.0.1:${httpPort}`;
      const texts = new Map([
        ['/', html(feedUrl, shownToken)],
        [
          '/example',
          example
            .replace('wss://feed.example', feedUrl)
            .replace(/token: '.*?'/, `token: '${token}'`),
        ],
      ]);
      const text = texts.get(path) ?? modules.get(path.replace('/offhook/', ''))?.text;
      const type = texts.has(path) ? 'text/html; charset=utf-8' : 'text/javascript';
      response.writeHead(text === undefined ? 404 : 200, { 'content-type': type });
      response.end(text);
    });
    pages.listen(0, '127.0.0.1');
    await once(pages, 'listening');
    browser = await chromium.launch({ executablePath, args: args.split(' '), timeout: 60_000 });
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await server?.kill('SIGKILL');
    pages?.close();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  async function open(shown: string, path = '/'): Promise<Page> {
    shownToken = shown;
    const address = pages.address();
    const page = await browser.newPage();
    page.setDefaultTimeout(40_000);
    await page.goto(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}${path}`);
    return page;
  }
  const notesOf = (page: Page): Promise<Notes> => page.evaluate('window.notes');
  const until = (page: Page, holds: string): Promise<unknown> =>
    page.waitForFunction(
      `(() => { const n = window.notes; return n !== undefined && ${holds}; })()`,
    );

  test('sees events, and after a restart what it has missed', { timeout: 180_000 }, async () => {
    server = await startServerProcess(folder, toml(1));
    httpPort = server.httpPort ?? 0;
    const page = await open(token);
    await until(page, 'n.seqs.length > 100 && n.ongoing !== undefined');
    await server.kill('SIGKILL');
    server = await startServerProcess(folder, toml(2));
    await until(page, 'n.connected.length > 1');
    const between = (await notesOf(page)).seqs.length;
    await until(page, `n.seqs.length > ${between} + 100`);
    await server.kill('SIGTERM');
    // A run without the source gives its calls up: in the end every call that started has ended.
    server = await startServerProcess(folder, toml(0));
    await until(page, `n.seqs.at(-1) === ${await lastSeq(server, token)}`);

    const notes = await notesOf(page);
    expect(notes.failure).toBeUndefined();
    expect(new Set(notes.connected)).toEqual(new Set([true]));
    expect(notes.lost).toContain('the server is going away');
    expect(notes.seqs).toEqual(notes.seqs.map((_, i) => (notes.seqs[0] ?? 0) + i));
    expect([...notes.ends].sort()).toEqual([...notes.starts].sort());
    expect(notes.position).toMatch(/^[0-9a-z]+-\d+$/);
    expect(notes.ongoing).toBeGreaterThan(0);
    await page.close();
  });

  test('as CLIENT.md has it shows the calls that go on', { timeout: 90_000 }, async () => {
    await server.kill('SIGTERM');
    server = await startServerProcess(folder, toml(3));
    const page = await open(token, '/example');
    await page.waitForFunction("document.querySelectorAll('#calls li').length > 3");
    expect(await page.locator('#calls li').first().textContent()).toMatch(/\S+ → \S+/);
    await page.close();
  });

  test('is told that its token is not known', { timeout: 90_000 }, async () => {
    const page = await open('ohk_another');
    await until(page, 'n.failure !== undefined');
    expect(await notesOf(page)).toMatchObject({ failure: 'FEED_UNAUTHORIZED', connected: [] });
    await page.close();
  });
});
