// Who may reach a listener: what is refused, what each way out allows, and that nothing else does.
import { isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import { isAddressBlock, isLoopback } from '../../src/config/address.ts';
import { clearTextWarnings } from '../../src/config/exposure.ts';
import { InvalidConfigError } from '../../src/config/problem.ts';
import type { Problem } from '../../src/config/problem.ts';
import { readConfig } from '../../src/config/read.ts';
import type { Surroundings } from '../../src/config/read.ts';
import { bareMachine } from '../support/surroundings.ts';

const sha256 = 'ab'.repeat(32);
const wall = { name: 'wall', sha256, extensions: [], control: false, manage: false };

function problemsOf(text: string, changes: Partial<Surroundings> = {}): readonly Problem[] {
  try {
    readConfig(text, 'offhook.toml', { ...bareMachine, ...changes });
  } catch (error) {
    if (error instanceof InvalidConfigError) return error.problems;
    throw error;
  }
  return [];
}

const pathsOf = (text: string, changes: Partial<Surroundings> = {}): readonly string[] =>
  problemsOf(text, changes).map(({ path }) => path);

const feed = '[feed]\nhost = "0.0.0.0"\n';
const http = '[http]\nhost = "::"\n';
const certificate = '[tls]\ncertificate = "c.pem"\nkey = "k.pem"\n';
const token = `[[token]]\nname = "wall"\nsha256 = "${sha256}"\n`;

describe('a listener that others can reach', () => {
  it('is refused, with what to do about it', () => {
    const [problem, ...more] = problemsOf(feed);
    expect(more).toEqual([]);
    expect(problem).toMatchObject({
      path: 'feed.host',
      seen: '"0.0.0.0", where whoever reaches it may read every call',
    });
    const ways = ['"127.0.0.1"', 'offhook tokens add', 'tls.clientCa', 'access.allow'];
    for (const way of ways) expect(problem?.expected).toContain(way);
  });

  it.each(['0.0.0.0', '::', '192.0.2.7', 'pbx.example', '126.0.0.1', '::2', 'localhost.example'])(
    'is one on %s, for the feed and for HTTP',
    (host) => {
      expect(pathsOf(`[feed]\nhost = "${host}"\n[http]\nhost = "${host}"`)).toEqual([
        'feed.host',
        'http.host',
      ]);
    },
  );

  it.each(['127.0.0.1', '127.8.9.10', '::1', '0:0:0:0:0:0:0:1', 'localhost', 'LOCALHOST'])(
    'is none on %s',
    (host) => {
      expect(pathsOf(`[feed]\nhost = "${host}"\n[http]\nhost = "${host}"`)).toEqual([]);
    },
  );

  it('is none while it is off', () => {
    expect(pathsOf(`${http}enabled = false`)).toEqual([]);
  });

  it('may be, where a token is asked for and there is one', () => {
    const asking = `${feed}${http}[access]\nrequireToken = true\n`;
    expect(pathsOf(asking + token)).toEqual([]);
    expect(pathsOf(asking, { readTokens: () => [wall] })).toEqual([]);
    expect(pathsOf(asking)).toEqual(['access.requireToken']);
    expect(pathsOf(feed + token)).toEqual(['feed.host']);
  });

  it('may be, where a certificate is asked for on that listener', () => {
    const clientCa = 'clientCa = "ca.pem"\n';
    const both = `${feed}tls = true\n${http}tls = true\n${certificate}`;
    expect(pathsOf(both + clientCa)).toEqual([]);
    expect(pathsOf(both)).toEqual(['feed.host', 'http.host']);
    expect(pathsOf(`${feed}tls = true\n${http}${certificate}${clientCa}`)).toEqual(['http.host']);
  });

  it('may be, where the addresses that may connect are named', () => {
    expect(pathsOf(`${feed}${http}[access]\nallow = ["10.0.0.0/8"]`)).toEqual([]);
    expect(pathsOf(`${feed}[access]\nallow = []`)).toEqual(['feed.host']);
  });

  it('is not told to be without tokens while they cannot be read', () => {
    const readTokens = (): never => {
      throw new Error('permission denied');
    };
    const text = `${feed}[access]\nrequireToken = true\n`;
    expect(pathsOf(text, { readTokens })).toEqual(['access.tokensFile']);
  });
});

describe('a source that takes signals from whoever can reach HTTP', () => {
  const ingest = '[[source]]\ntype = "ingest"\nname = "own"\n';

  it('is refused, and tokens of readers do not help', () => {
    const asking = `${http}[access]\nrequireToken = true\n${token}`;
    expect(problemsOf(asking + ingest)).toMatchObject([
      {
        path: 'source[0].tokenSha256',
        seen: 'nothing, while http.host is "::" and whoever reaches it may make up calls',
      },
    ]);
    expect(pathsOf(`${asking}${ingest}tokenSha256 = "${sha256}"`)).toEqual([]);
    expect(pathsOf(`${asking}${ingest}enabled = false`)).toEqual([]);
  });

  it('may be, on loopback, among named addresses, or behind certificates', () => {
    expect(pathsOf(ingest)).toEqual([]);
    expect(pathsOf(feed + '[access]\nallow = ["::1"]\n' + ingest)).toEqual([]);
    expect(pathsOf(`${http}tls = true\n${certificate}clientCa = "x"\n${ingest}`)).toEqual([]);
  });
});

describe('TLS', () => {
  it('needs a certificate and its key', () => {
    expect(problemsOf('[feed]\ntls = true\n[http]\ntls = true\n[tls]\nkey = "k.pem"')).toEqual([
      {
        path: 'feed.tls',
        seen: 'true without tls.certificate',
        expected: 'false, or certificate and key under [tls]',
      },
      {
        path: 'http.tls',
        seen: 'true without tls.certificate',
        expected: 'false, or certificate and key under [tls]',
      },
    ]);
    expect(pathsOf(`[feed]\ntls = true\n${certificate}`)).toEqual([]);
  });

  it('is not what somebody has who names its files alone', () => {
    const expected = 'nothing, or feed.tls = true or http.tls = true';
    expect(problemsOf(`[tls]\nclientCa = "ca.pem"`)).toEqual([
      { path: 'tls.clientCa', seen: 'a path without tls', expected },
    ]);
    const off = '[http]\nenabled = false\ntls = true\n';
    expect(pathsOf(off + certificate)).toEqual(['tls.certificate', 'tls.key']);
  });

  it('has its files where the configuration is', () => {
    const config = readConfig(`[http]\ntls = true\n${certificate}`, 'it', bareMachine);
    expect(config.tls).toEqual({
      certificate: '/etc/offhook/c.pem',
      key: '/etc/offhook/k.pem',
    });
  });
});

describe('tokens', () => {
  it('say what they may see and do', () => {
    const text = `${token}extensions = ["1001", "10*", "2000-2099"]\ncontrol = true\nmanage = true`;
    expect(readConfig(text, 'it', bareMachine).tokens).toEqual([
      {
        name: 'wall',
        sha256,
        extensions: ['1001', '10*', '2000-2099'],
        control: true,
        manage: true,
      },
    ]);
    expect(readConfig(token, 'it', bareMachine).tokens).toEqual([wall]);
  });

  it.each(['', ' ', '10 01', '*', '1*1', '1099-1000', '100-1099', '1'.repeat(65)])(
    'may not see %j, which names no extension',
    (extension) => {
      expect(problemsOf(`${token}extensions = ["1", ${JSON.stringify(extension)}]`)).toEqual([
        {
          path: 'token[0].extensions[1]',
          seen: expect.stringContaining('"'),
          expected:
            'an extension, such as "1001", "10*" or "1000-1099" (equally long, from low to high)',
        },
      ]);
    },
  );

  it('share no name, in the configuration and in the tokens file', () => {
    expect(problemsOf(token, { readTokens: () => [wall] })).toEqual([
      {
        path: 'token[0].name',
        seen: '"wall", which a token of access.tokensFile has too',
        expected: 'a name that no other token has',
      },
    ]);
  });
});

describe('an address', () => {
  const good = ['192.0.2.7', '10.0.0.0/8', '0.0.0.0/0', '::', '2001:db8::/32', '::ffff:10.0.0.1'];
  const bad = ['', '192.0.2', '192.0.2.256', '10.0.0.0/33', '10.0.0.0/', '::/129', 'pbx.example'];

  it.each(good)('or block may be written %s', (text) => {
    expect(isAddressBlock(text)).toBe(true);
    expect(isIP(text.split('/')[0] ?? '')).not.toBe(0);
  });

  it.each([...bad, 'fe80::1%eth0', '01.2.3.4', ' ::1', '[::1]'])('is not %j', (text) => {
    expect(isAddressBlock(text)).toBe(false);
    expect(problemsOf(`[access]\nallow = ["::1", ${JSON.stringify(text)}]`)).toEqual([
      {
        path: 'access.allow[1]',
        seen: JSON.stringify(text),
        expected: 'an address or a block of them, such as "192.0.2.7" or "10.0.0.0/8"',
      },
    ]);
  });

  it.each(['::ffff:127.0.0.1', '1::', '::10', '::1:1', '127.1', '127.0.0.1.example'])(
    'counts as reachable by others where it is no plain loopback: %s',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});

describe('tokens that cross a network in clear', () => {
  const warned = (text: string): readonly string[] => {
    const config = readConfig(text, 'offhook.toml', bareMachine);
    return clearTextWarnings(config).map((each) => /(feed|http)\.host/.exec(each)?.[1] ?? each);
  };
  const access = '[access]\nrequireToken = true\n';
  const secured = (listener: string): string => listener + 'tls = true\n';

  it.each([
    [feed + http + access + token, ['feed', 'http']],
    [secured(feed) + http + access + token + certificate, ['http']],
    [feed + secured(http) + access + token + certificate, ['feed']],
    [secured(feed) + secured(http) + access + token + certificate, []],
    [`${feed}${http}enabled = false\n${access}${token}`, ['feed']],
    [access + token, []],
    // Not asked for, and yet shown by whoever has one.
    [`${feed}[access]\nallow = ["10.0.0.0/8"]\n${token}`, ['feed']],
    [`${feed}${http}[access]\nallow = ["10.0.0.0/8"]\n`, []],
    [
      `${http}[access]\nallow = ["10.0.0.0/8"]\n[[source]]\ntype = "ingest"\nname = "i"\ntokenSha256 = "${sha256}"\n`,
      ['http'],
    ],
  ])('are warned of: %#', (text, expected) => {
    expect(warned(text)).toEqual(expected);
  });
});
