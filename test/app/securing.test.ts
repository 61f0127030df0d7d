/**
 * Certificates of a server that runs, with real files and short times between looks: when a new one is taken
 * up, when not, and what the log has of it.
 */
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsOptions } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { readers } from '../../src/cli/readers.ts';
import { needingRestart } from '../../src/app/reload.ts';
import { Securing } from '../../src/app/securing.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/settings.ts';
import { Authority, inDays, newKey, type Pair } from '../support/certificates.ts';
import { newFolder } from '../support/data-folder.ts';
import { eventually, KeptLog, type LogLine } from '../support/house.ts';

/** A server's files and settings in a folder of the test's own. */
class Site {
  readonly authority: Authority;
  readonly log = new KeptLog();
  readonly taken: TlsOptions[] = [];
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.authority = new Authority(folder);
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Puts the pair where the settings name it. */
  put({ certificate, key }: Pair): this {
    copyFileSync(certificate, this.path('live.pem'));
    copyFileSync(key, this.path('live.key'));
    return this;
  }

  config(tls = '', feed = 'tls = true'): Config {
    const files = 'certificate = "live.pem"\nkey = "live.key"';
    const path = this.path('offhook.toml');
    writeFileSync(path, `[feed]\n${feed}\n[http]\nenabled = false\n[tls]\n${files}\n${tls}\n`);
    return loadConfig(path, readers);
  }

  load(config: Config): Securing {
    const securing = Securing.load(config, this.log, { lookMs: 20 });
    if (securing === undefined) throw new Error('nothing to secure');
    securing.watch((tls) => this.taken.push(tls));
    onTestFinished(() => securing.stop());
    return securing;
  }

  lines(event: string): readonly LogLine[] {
    return this.log.lines.filter((each) => each.event === event);
  }
}

const newSite = async (): Promise<Site> => new Site(await newFolder());

it('takes up a certificate that was renewed, with its key, by itself', async () => {
  const site = await newSite();
  const [first, second] = [site.authority.sign('first'), site.authority.sign('second')];
  site.put(first);
  const securing = site.load(site.config());
  expect(site.lines('certificate.loaded')).toHaveLength(1);
  site.put(second);
  await eventually(() => site.taken.length > 0);
  expect(site.taken).toEqual([securing.options]);
  expect(securing.options.key).not.toBe(undefined);
  const [line] = site.lines('certificate.renewed');
  expect(line).toMatchObject({ level: 'info', fields: { daysLeft: 89 } });
  expect(line?.fields['fingerprint']).not.toBe(
    site.lines('certificate.loaded')[0]?.fields['fingerprint'],
  );
});

it('refuses a broken one, tells so once, and takes up the next', async () => {
  const site = await newSite();
  site.put(site.authority.sign('first'));
  const securing = site.load(site.config());
  const before = securing.options;
  writeFileSync(site.path('live.key'), 'not a key');
  await eventually(() => site.lines('certificate.refused').length > 0);
  expect(site.lines('certificate.refused')[0]).toMatchObject({
    level: 'error',
    fields: { err: { code: 'CERTIFICATE_UNUSABLE' }, daysLeft: 89 },
  });
  copyFileSync(newKey(site.path('.'), 'stray'), site.path('live.key'));
  await eventually(() => site.lines('certificate.refused').length > 1);
  expect(String(site.lines('certificate.refused')[1]?.fields['err'])).toContain('not the key of');
  // Looked at again and again, and told once for each fault.
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(site.lines('certificate.refused')).toHaveLength(2);
  expect(securing.options).toBe(before);
  site.put(site.authority.sign('second'));
  await eventually(() => site.taken.length > 0);
  expect(site.lines('certificate.renewed')).toHaveLength(1);
});

it('reads certificate and key only when neither moves any more', async () => {
  const site = await newSite();
  site.put(site.authority.sign('first'));
  site.load(site.config());
  // As long as something is written at every look, nothing is read and nothing refused.
  const endMs = Date.now() + 300;
  for (let n = 0; Date.now() < endMs; n += 1) {
    writeFileSync(site.path('live.key'), `half a key, ${'x'.repeat(n % 50)}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const refused = site.lines('certificate.refused').length;
  site.put(site.authority.sign('second'));
  await eventually(() => site.taken.length > 0);
  expect(refused).toBe(0);
});

it('warns every day when the end is near, and says when it is over', async () => {
  const site = await newSite();
  site.put(site.authority.sign('short', { to: inDays(13.5) }));
  site.load(site.config());
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(site.lines('certificate.expiring')).toMatchObject([
    { level: 'warn', fields: { daysLeft: 13 } },
  ]);
  // One with longer to go, and again one with less.
  site.put(site.authority.sign('long'));
  await eventually(() => site.taken.length === 1);
  site.put(site.authority.sign('over', { to: inDays(4 / 86_400) }));
  await eventually(() => site.lines('certificate.expiring').length === 2);
  await eventually(() => site.lines('certificate.expired').length > 0);
  expect(site.lines('certificate.expired')[0]).toMatchObject({
    level: 'error',
    fields: { daysLeft: -1 },
  });
});

it('is not needed where nobody uses TLS, and does not start with what cannot be used', async () => {
  const site = await newSite();
  site.put(site.authority.sign('old', { from: inDays(-3), to: inDays(-1) }));
  const config = site.config();
  expect(() => Securing.load(config, site.log)).toThrow(/expired on/);
  const plain = { ...config, feed: { ...config.feed, tls: false } };
  expect(Securing.load(plain, site.log)).toBe(undefined);
});

it('takes up at once what another configuration names, but asks or does not ask as it began', async () => {
  const site = await newSite();
  site.put(site.authority.sign('first'));
  const other = new Authority(site.path('.'), 'other');
  const began = site.config();
  const securing = site.load(began);
  const asking = site.config(`clientCa = "${other.certificate}"`);
  securing.renew(asking);
  expect(securing.options.requestCert).toBe(false);
  expect(needingRestart(began, asking)).toEqual(['tls.clientCa']);
  expect(needingRestart(asking, began)).toEqual(['tls.clientCa']);

  const strict = site.load(asking);
  const by = site.config(`clientCa = "${site.authority.certificate}"`);
  expect(needingRestart(asking, by)).toEqual([]);
  strict.renew(by);
  expect(strict.options.ca).toBe(site.authority.pem);
  expect(site.taken.at(-1)).toBe(strict.options);
  strict.renew(began);
  expect(strict.options).toMatchObject({ ca: site.authority.pem, requestCert: true });
  // Without files there is nothing to take up: TLS stays until the restart that the log asks for.
  rmSync(site.path('live.key'));
  strict.renew({ ...by, tls: {} });
  expect(site.lines('certificate.refused')).toEqual([]);
});
