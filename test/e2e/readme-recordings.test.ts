/**
 * The recordings of the README, run: its demo server and every command of the section, in the order of the section.
 * They print what it shows; and what the vendor's page shows of the same commands.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Receiver } from '../../src/receiver/receiver.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';

const root = join(import.meta.dirname, '..', '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const section = /^## Recordings\n([^]*?)^## /m.exec(readme)?.[1] ?? '';
const blocks = (kind: string): string[] =>
  [...section.matchAll(new RegExp(`^\`\`\`${kind}\\n([^]*?)^\`\`\`$`, 'gm'))].map(
    (match) => match[1] ?? '',
  );
const commands = blocks('sh').flatMap((block) => block.trim().split('\n'));
const folder = mkdtempSync(join(tmpdir(), 'offhook-readme-recordings-'));

let receiver: Receiver;
let server: ServerProcess;
let token = '';

beforeAll(async () => {
  receiver = await Receiver.start({ faults: [] });
  cpSync(join(root, 'examples', 'face', 'recordings.ndjson'), join(folder, 'recordings.ndjson'));
  const toml = readFileSync(join(root, 'examples', 'face', 'offhook.toml'), 'utf8');
  server = await startServerProcess(
    folder,
    toml
      .replace('port = 7401', 'port = 0')
      .replace('port = 8443', 'port = 0')
      .replaceAll('127.0.0.1:7490', `127.0.0.1:${receiver.port}`),
  );
});

afterAll(async () => {
  expect(await server.kill('SIGTERM')).toBe(0);
  await receiver.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What a command of the README prints, against the servers of this test. */
function printed(command: string): Promise<string> {
  const here = command
    .replaceAll('127.0.0.1:8443', `127.0.0.1:${server.httpPort}`)
    .replace('npx offhook', `"${process.execPath}" "${join(root, 'dist/cli/main.js')}"`)
    .replace('$token"', `${token}"`);
  return new Promise((resolve) => {
    const options = { cwd: root, timeout: 30_000 };
    // What it prints is told, however it ends: that something is amiss is an answer too.
    execFile('bash', ['-c', here], options, (_error, stdout, stderr) => resolve(stdout + stderr));
  });
}

const ucid = 'fbd5715afe5aca679d1c9230dce37e73@1.2.3.5';
const [matches = '', segmentMatches = ''] = blocks('xml');
/** As the vendor's page has them; where it names another encoding than we send, ours. */
const vendors = {
  notified: '<response>\n<Code>0</Code>\n<message>success</message>\n</response>\n',
  captured: '<response>\n<Code>0</Code>\n<message>ACK</message>\n</response>\n',
};
const declared = (xml: string): string => `<?xml version="1.0" encoding="UTF-8"?>\n${xml}`;

/** What each command must print, or do, by a part of it. */
const trials: Readonly<Record<string, (command: string) => Promise<void> | void>> = {
  'offhook serve --config examples/face/offhook.toml': async () => {
    const checked = await printed('npx offhook check --config examples/face/offhook.toml');
    expect(checked).toContain('8443');
    expect(checked).not.toContain('scrypt$');
  },
  'offhook receiver': () => expect(receiver.requests).toEqual([]),
  'recordings import': async (command) => expect(await printed(command)).toMatch(/\b2\b/),
  'curl -s -d userEmail': async (command) => {
    expect(await printed(command)).toMatch(
      /^<\?xml.*\?>\n<result>\n<code>0<\/code>\n<message>ACK<\/message>\n<token>[0-9a-f-]{36}<\/token>\n<expiration>\d+seconds<\/expiration>\n<\/result>\n$/,
    );
  },
  'token=$(': async (command) => {
    token = (await printed(`${command}; echo $token`)).trim();
    expect(token).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  },
  'Face/audioRecording/details?token': async (command) =>
    expect(await printed(command)).toContain(matches),
  'Face/audioRecording/segment/details': async (command) =>
    expect(await printed(command)).toContain(segmentMatches),
  'details?isrUcid': async (command) => {
    const [json = ''] = /\{.*\}/.exec(await printed(command)) ?? [];
    const { result } = JSON.parse(json) as { readonly result: object };
    expect(result).toMatchObject({ code: 0, recording: { recordingId: 15, duration: 10_000 } });
  },
  'Face/eventNotify': async (command) =>
    expect(await printed(command)).toContain(declared(vendors.notified)),
  'Face/StartScreenCapture': async (command) =>
    expect(await printed(command)).toContain(declared(vendors.captured)),
  'Face/StopScreenCapture': async (command) =>
    expect(await printed(command)).toContain(declared(vendors.captured)),
  'Face/version': async (command) =>
    expect(await printed(command)).toContain(
      declared('<result>\n<version>5.2.0M0P0 build 1</version>\n</result>\n'),
    ),
  'offhook recordings verify': async (command) =>
    // No media came along.
    expect(await printed(command)).toMatch(
      /15 +21 +is not there .*5555-1-28520@1\.2\.3\.4\.seg0\.rpdd/,
    ),
};

describe('the recordings of the README', () => {
  for (const command of commands) {
    it(`run: ${command.slice(0, 90)}`, { timeout: 60_000 }, async () => {
      const [trial, ...others] = Object.keys(trials).filter((part) => command.includes(part));
      const exact = command.startsWith('token=') ? 'token=$(' : trial;
      expect(exact, 'a command that no trial covers').toBeDefined();
      if (exact === trial) expect(others).toEqual([]);
      await trials[exact ?? '']?.(command);
    });
  }

  it('have no trial for a command that is not shown any more', () => {
    const stale = Object.keys(trials).filter((part) => !commands.some((one) => one.includes(part)));
    expect(stale).toEqual([]);
  });

  it('had screens captured, of who was called and of who was named', async () => {
    const asked = (): string[] => receiver.requests.map(({ path, body }) => `${path} ${body}`);
    await expect.poll(() => asked().length, { timeout: 10_000 }).toBe(4);
    const [first, second, ...named] = asked();
    expect([first, second].sort()).toEqual([
      expect.stringMatching(new RegExp(`^/start .*${ucid}.*agentX`)),
      expect.stringMatching(new RegExp(`^/start .*${ucid}.*agentY`)),
    ]);
    expect(named).toEqual([
      expect.stringMatching(/^\/start .*6789/),
      expect.stringMatching(/^\/stop .*6789/),
    ]);
  });
});
