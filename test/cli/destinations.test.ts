// The commands for destinations and deliveries as people run them, against a real server.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { anybody, type Grant } from '../../src/access/grant.ts';
import { ended } from '../support/calls.ts';
import { newFolder } from '../support/data-folder.ts';
import { type Office, openOffice, planted, standardSecret } from '../support/office.ts';
import { serveOffice } from '../support/office-server.ts';

const program = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

interface Ended {
  readonly code: number | string | null | undefined;
  readonly out: string;
  readonly err: string;
}

let office: Office;
let folder: string;
let base: string;
let grant: Grant;
beforeEach(async () => {
  folder = await newFolder();
  office = await openOffice();
  grant = anybody;
  const server = await serveOffice(
    office,
    () => grant,
    () => undefined,
  );
  base = server.base;
  onTestFinished(server.close);
  writeFileSync(
    join(folder, 'crm.toml'),
    `[[destination]]\nid = "crm"\ndialect = "standard"\nurl = "https://r.example/?token=T0KEN-of-the-url"\n` +
      `[destination.standard]\nsecrets = ["${standardSecret(1)}"]\n`,
  );
});

function offhook(...args: readonly string[]): Promise<Ended> {
  const options = {
    env: { PATH: process.env['PATH'], OFFHOOK_HTTP: base },
    cwd: folder,
    timeout: 30_000,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : error.code, out, err });
    });
  });
}

it('a destination is made from a file, listed, changed and removed', async () => {
  expect((await offhook('destinations', 'list')).out).toBe('There is no destination.\n');
  const made = await offhook('destinations', 'add', '--file', 'crm.toml');
  expect(made).toMatchObject({ code: 0, out: 'The destination crm is made.\n' });
  const listed = await offhook('destinations', 'list');
  expect(listed.out).toMatch(
    /^Destination +Status +.*\ncrm +pending +standard .* api +https:\/\/r\.example\/\?token=\*\*\*\n$/,
  );
  const again = await offhook('destinations', 'add', '--file', 'crm.toml');
  expect(again).toMatchObject({ code: 1, out: '' });
  expect(again.err).toContain('`offhook destinations update` changes it.');
  const bad = await offhook('destinations', 'update', 'crm', '--file', 'crm.toml', '--url', 'x');
  expect(bad).toMatchObject({ code: 1, out: '' });
  expect(bad.err).toContain('url: saw "x", expected an http or https URL');
  const shown = await offhook('destinations', 'show', 'crm');
  for (const secret of planted) expect(listed.out + shown.out + bad.err).not.toContain(secret);
  expect((await offhook('destinations', 'remove', 'crm')).out).toContain('is removed');
  expect(office.roster.all).toEqual([]);
});

it('deliveries are listed, explained and told once more', async () => {
  await offhook('destinations', 'add', '--file', 'crm.toml');
  const [id = 0] = await office.happens(ended(1));
  await office.settle(id, 'dead');
  const listed = await offhook('deliveries', 'list', '--state', 'dead');
  expect(listed.out).toMatch(
    new RegExp(`^Delivery +State .*\n${id} +dead +crm +call.ended .*it said no\n$`),
  );
  const why = await offhook('deliveries', 'why', 'crm', ended(1).call.id);
  expect(why.out).toMatch(/^dead\ncall\.ended \(delivery \d+\) was given up/);
  expect((await offhook('deliveries', 'replay', String(id))).out).toBe(
    '1 delivery is told once more.\n',
  );
  expect(await offhook('deliveries', 'replay')).toMatchObject({ code: 2, out: '' });
});

it('a token that may not manage is told which may', async () => {
  grant = { ...anybody, name: 'wall', manage: false };
  const { code, err } = await offhook('destinations', 'list');
  expect(code).toBe(1);
  expect(err).toContain('offhook tokens add --manage');
});
