import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import {
  CertificateError,
  type CertificateProblem,
  Certificates,
  type CertificateSettings,
  stampOf,
} from '../../src/access/certificates.ts';
import { systemClock } from '../../src/base/clock.ts';
import { Authority, inDays, newKey } from '../support/certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'offhook-certificates-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const authority = new Authority(folder);
const other = new Authority(folder, 'other');
const good = authority.sign('good');
const [ago, ahead] = [inDays(-2), inDays(2)];
const expired = authority.sign('expired', { from: inDays(-30), to: ago });
const early = authority.sign('early', { from: ahead, to: inDays(30) });

function file(name: string, ...parts: readonly (string | Buffer)[]): string {
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat(parts.map((each) => Buffer.from(each))));
  return path;
}
const pem = (path: string): string => readFileSync(path, 'utf8');

function problemsOf(settings: CertificateSettings): readonly CertificateProblem[] {
  try {
    Certificates.load(settings, systemClock);
  } catch (error) {
    if (error instanceof CertificateError) return error.problems;
    throw error;
  }
  return [];
}

/** Every problem as one line, without the folder. */
const sentences = (settings: CertificateSettings): readonly string[] =>
  problemsOf(settings).map(({ path, seen, expected }) =>
    `${path}: saw ${seen}, expected ${expected}`.replaceAll(`${folder}/`, ''),
  );

describe('a certificate and its key', () => {
  it('secure a server, from TLS 1.2 on, that asks clients for nothing', () => {
    const { options } = Certificates.load(good, systemClock);
    expect(() => createSecureContext(options)).not.toThrow();
    expect(options).toMatchObject({
      cert: pem(good.certificate),
      key: pem(good.key),
      requestCert: false,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
    });
    expect(options).not.toHaveProperty('ca');
  });

  it('let only those in who have a certificate, where there are authorities for clients', () => {
    const clientCa = file('both.pem', other.pem, authority.pem);
    expect(Certificates.load({ ...good, clientCa }, systemClock).options).toMatchObject({
      ca: other.pem + authority.pem,
      requestCert: true,
      rejectUnauthorized: true,
    });
  });

  it('may stand in one file, and with parameters before the key', () => {
    const parameters = execFileSync('openssl', ['ecparam', '-name', 'prime256v1'], {
      encoding: 'utf8',
    });
    const both = file('one.pem', parameters, pem(good.key), pem(good.certificate));
    expect(problemsOf({ certificate: both, key: both })).toEqual([]);
  });

  it('say how long they are good, by the first that expires', () => {
    const soon = authority.sign('soon', { to: inDays(9.5) });
    const both = file('chain.pem', pem(good.certificate), pem(soon.certificate));
    expect(Certificates.load(good, systemClock).daysLeft).toBe(89);
    const chain = Certificates.load({ certificate: both, key: good.key }, systemClock);
    expect(chain.daysLeft).toBe(9);
    expect(Math.abs(chain.expiresAtMs - (Date.now() + 9.5 * 86_400_000))).toBeLessThan(60_000);
    let nowMs = Date.now();
    const aged = Certificates.load(good, { now: () => nowMs });
    nowMs += 91 * 86_400_000;
    expect(aged.daysLeft).toBe(-2);
  });

  it('are recognised by their fingerprint, as openssl shows it', () => {
    const words = ['x509', '-in', good.certificate, '-noout', '-fingerprint', '-sha256'];
    const shown = execFileSync('openssl', words, { encoding: 'utf8' }).trim().split('=')[1];
    expect(Certificates.load(good, systemClock).fingerprint).toBe(shown);
  });
});

describe('what is wrong is said', () => {
  const day = (text: string): string =>
    `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}T`;
  const name = (path: string): string => path.replace(`${folder}/`, '');

  it('when it has expired, or is not valid yet', () => {
    const today = 'expected a certificate that is valid today';
    expect(sentences(expired)).toEqual([
      expect.stringMatching(
        `^tls.certificate: saw "${name(expired.certificate)}", in which "CN=expired" expired on ` +
          `${day(ago)}.*Z, ${today}$`,
      ),
    ]);
    expect(sentences(early)[0]).toContain(`"CN=early" is not valid before ${day(ahead)}`);
    const certificate = file('old-link.pem', pem(good.certificate), pem(expired.certificate));
    expect(sentences({ certificate, key: good.key })[0]).toContain('"CN=expired" expired on');
  });

  it('when the key is another’s', () => {
    const key = newKey(folder, 'stray');
    expect(sentences({ ...good, key })).toEqual([
      'tls.key: saw "stray.key", which is not the key of that certificate, ' +
        'expected the key of the certificate in tls.certificate',
    ]);
  });

  it('when the certificates stand in the wrong order', () => {
    const certificate = file('wrong-order.pem', authority.pem, pem(good.certificate));
    expect(sentences({ certificate, key: good.key })).toEqual([
      `tls.key: saw "${name(good.key)}", which is the key of the second certificate there; ` +
        'it must stand first, expected the key of the certificate in tls.certificate',
    ]);
  });

  it.each<[string, () => string, string]>([
    ['a key', () => good.key, 'a PEM block "PRIVATE KEY" and no PEM certificate'],
    ['nothing', () => file('empty.pem'), 'nothing and no PEM certificate'],
    ['other text', () => file('text.pem', 'hello\n'), 'other text and no PEM certificate'],
    [
      'DER',
      () => {
        const words = ['x509', '-in', good.certificate, '-outform', 'DER'];
        return file('der.pem', execFileSync('openssl', words));
      },
      'which holds DER and no PEM certificate',
    ],
    [
      'half a certificate',
      () => file('half.pem', pem(good.certificate).slice(0, 300)),
      'a PEM block "CERTIFICATE" and no PEM certificate',
    ],
    [
      'a damaged one',
      () => file('damaged.pem', pem(good.certificate).replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA')),
      'whose first certificate is damaged',
    ],
  ])('when the certificate’s file holds %s', (_, path, words) => {
    const [said, ...more] = sentences({ certificate: path(), key: good.key });
    expect(said).toContain(words);
    expect(more).toEqual([]);
  });

  it.each<[string, () => string, string]>([
    [
      'a certificate',
      () => good.certificate,
      'which holds a PEM block "CERTIFICATE" and no PEM key',
    ],
    [
      'an encrypted key',
      () => {
        const words = ['pkcs8', '-topk8', '-in', good.key, '-passout', 'pass:x'];
        return file('secret.key', execFileSync('openssl', words));
      },
      'which is encrypted, expected a PEM key without a passphrase',
    ],
    [
      'a damaged key',
      () => file('damaged.key', pem(good.key).replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA')),
      'which holds a damaged key',
    ],
  ])('when the key’s file holds %s', (_, path, words) => {
    const [said, ...more] = sentences({ ...good, key: path() });
    expect(said).toContain(words);
    expect(more).toEqual([]);
  });

  it('when a file is not there, no file, or far too large', () => {
    const huge = file('huge.pem', Buffer.alloc(1024 * 1024 + 1, 0x0a));
    const said = sentences({ certificate: join(folder, 'gone.pem'), key: folder, clientCa: huge });
    expect(said).toEqual([
      'tls.certificate: saw "gone.pem", which cannot be read (there is no such file), expected the path of a PEM file',
      `tls.key: saw "${folder}", which cannot be read (it is no file), expected the path of a PEM file`,
      'tls.clientCa: saw "huge.pem", which cannot be read (it is larger than 1048576 bytes), expected the path of a PEM file',
    ]);
  });

  it('when authorities are none, or none of them is valid any more', () => {
    expect(sentences({ ...good, clientCa: good.key })[0]).toContain(
      'a PEM block "PRIVATE KEY" and no PEM certificate, expected the certificates of authorities as PEM',
    );
    const stale = file('stale.pem', pem(expired.certificate), pem(early.certificate));
    expect(sentences({ ...good, clientCa: stale })[0]).toMatch(
      /^tls\.clientCa: .*expired on .*expected an authority that is valid today$/,
    );
    const mixed = file('mixed.pem', pem(expired.certificate), authority.pem);
    expect(problemsOf({ ...good, clientCa: mixed })).toEqual([]);
  });

  it('when TLS itself refuses the key', () => {
    const [key, certificate] = [join(folder, 'weak.key'), join(folder, 'weak.pem')];
    execFileSync('openssl', ['genrsa', '-out', key, '512'], { stdio: 'ignore' });
    const words = ['req', '-x509', '-new', '-key', key, '-out', certificate, '-subj', '/CN=weak'];
    execFileSync('openssl', words, { stdio: 'ignore' });
    expect(sentences({ certificate, key })[0]).toMatch(/which TLS refuses \(.*too small/i);
  });

  it('all at once, with a code and never with the key', () => {
    const settings = { ...expired, key: newKey(folder, 'another'), clientCa: good.key };
    expect(problemsOf(settings).map(({ path }) => path)).toEqual([
      'tls.certificate',
      'tls.key',
      'tls.clientCa',
    ]);
    const secret = pem(good.key).split('\n')[1] ?? '';
    try {
      Certificates.load(settings, systemClock);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'CERTIFICATE_UNUSABLE', name: 'CertificateError' });
      expect(String(error)).not.toContain(secret);
    }
  });
});

describe('reloading', () => {
  const put = (from: { certificate: string; key: string }): CertificateSettings => {
    copyFileSync(from.certificate, join(folder, 'live.pem'));
    copyFileSync(from.key, join(folder, 'live.key'));
    return { certificate: join(folder, 'live.pem'), key: join(folder, 'live.key') };
  };

  it('takes up what has changed, and says when nothing has', () => {
    const settings = put(good);
    const certificates = Certificates.load(settings, systemClock);
    utimesSync(settings.certificate ?? '', 0, 0);
    expect(certificates.reload(settings)).toEqual({ kind: 'same' });
    const next = authority.sign('next');
    put(next);
    expect(certificates.reload(settings)).toEqual({ kind: 'renewed' });
    expect(certificates.options.cert).toBe(pem(next.certificate));
    const clientCa = authority.certificate;
    expect(certificates.reload({ ...settings, clientCa })).toEqual({ kind: 'renewed' });
    expect(certificates.options.requestCert).toBe(true);
  });

  it('keeps what there was when the new is broken', () => {
    const settings = put(good);
    const certificates = Certificates.load(settings, systemClock);
    const before = certificates.options;
    writeFileSync(settings.key ?? '', 'broken');
    expect(certificates.reload(settings)).toMatchObject({
      kind: 'failed',
      error: { code: 'CERTIFICATE_UNUSABLE' },
    });
    expect(certificates.options).toBe(before);
    put(good);
    expect(certificates.reload(settings)).toEqual({ kind: 'same' });
  });

  it('is worth it when the stamp of the files is another', () => {
    const settings = put(good);
    const stamp = stampOf(settings);
    expect(stampOf(settings)).toBe(stamp);
    const { key = '' } = settings;
    rmSync(key);
    const without = stampOf(settings);
    expect(without).not.toBe(stamp);
    copyFileSync(good.key, key);
    // An old time, and the same size: what was put in place of the file is still another.
    utimesSync(key, 0, 0);
    const again = stampOf(settings);
    expect(again).not.toBe(stamp);
    expect(again).not.toBe(without);
    const below = join(folder, 'live.pem', 'below');
    expect(stampOf({ certificate: below, key })).not.toBe(again);
  });
});
