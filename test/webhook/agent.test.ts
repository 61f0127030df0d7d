// Where connections may lead, whatever a URL, a name or a name's next answer says.
import type { LookupAddress } from 'node:dns';
import { fileURLToPath } from 'node:url';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { writeFileSync } from 'node:fs';
import { buildConnector } from 'undici';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AllowedBlocks } from '../../src/webhook/address.ts';
import { Agents, checkedConnector } from '../../src/webhook/agent.ts';
import { createSender, type SenderOptions } from '../../src/webhook/sender.ts';
import type { Outcome, Sender } from '../../src/webhook/sending.ts';
import { startReceiver, TestAuthority } from '../support/receivers.ts';

const test = new TestAuthority();
const senders: Sender[] = [];
afterEach(async () => {
  await Promise.all(senders.splice(0).map((sender) => sender.close()));
});

function newSender(options: SenderOptions = {}): Sender {
  const sender = createSender(options);
  senders.push(sender);
  return sender;
}

const ask = (sender: Sender, url: string, allowAddresses: readonly string[] = []) =>
  sender.send(
    { method: 'POST', url, headers: {}, body: '{}' },
    { timeoutMs: 10_000, allowAddresses },
  );

function brief(outcome: Outcome): string {
  return outcome.kind === 'failed' ? outcome.error : String(outcome.status);
}

const v4 = (address: string): LookupAddress => ({ address, family: 4 });

describe('an address that is not public', () => {
  it.each([
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    'localhost',
    'LOCALHOST',
  ])('is not reached as %s', async (host) => {
    const receiver = await startReceiver();
    const outcome = await ask(newSender(), `http://${host}:${receiver.port}/`);
    expect(brief(outcome)).toBe('address');
    expect(outcome).toHaveProperty('detail', expect.stringContaining('"allowAddresses"'));
    expect(receiver.connections).toBe(0);
  });

  it.each([
    'http://169.254.169.254/',
    'https://10.0.0.1/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
  ])('is not tried: %s', async (url) => {
    const outcome = await ask(newSender(), url);
    expect(brief(outcome)).toBe('address');
  });

  it('is reached where the destination allows it', async () => {
    const receiver = await startReceiver();
    const sender = newSender();
    expect(brief(await ask(sender, receiver.url, ['127.0.0.0/8']))).toBe('200');
    const byName = `http://localhost:${receiver.port}`;
    expect(brief(await ask(sender, byName, ['127.0.0.1', '::1']))).toBe('200');
  });

  it('is not reached over the connection of somebody who may', async () => {
    const receiver = await startReceiver();
    const sender = newSender();
    const url = `http://localhost:${receiver.port}`;
    const allowed = ['127.0.0.0/8', '::1'];
    for (let i = 0; i < 5; i += 1) {
      expect(brief(await ask(sender, url, allowed))).toBe('200');
      expect(brief(await ask(sender, url))).toBe('address');
      expect(brief(await ask(sender, url, ['10.0.0.0/8']))).toBe('address');
    }
    expect(receiver.count).toBe(5);
    expect(receiver.connections).toBeLessThanOrEqual(2);
  });

  it('is shared by those who allow the same, however they write it', async () => {
    const agents = new Agents();
    const [a, b] = ['127.0.0.0/8', '10.0.0.0/8'];
    expect(agents.for([a, b])).toBe(agents.for([b, a, b]));
    expect(agents.for([])).toBe(agents.for([]));
    expect(
      new Set([agents.for([]), agents.for([a]), agents.for([b]), agents.for([a, b])]).size,
    ).toBe(4);
    await agents.close();
    expect(() => agents.for([])).toThrow('stops');
  });

  it('is left at once where a connection has led to it all the same', async () => {
    const receiver = await startReceiver();
    // A connector that does not ask for the lookup that checks.
    const connect = checkedConnector(new AllowedBlocks([]), {}, () => buildConnector({}));
    const options = { hostname: 'localhost', protocol: 'http:', port: String(receiver.port) };
    const [error, socket] = await new Promise<Parameters<buildConnector.Callback>>((resolve) =>
      connect(options, (...came) => resolve(came)),
    );
    expect(error).toMatchObject({
      error: 'address',
      message: expect.stringContaining('localhost is'),
    });
    expect(socket).toBe(null);
    await vi.waitFor(() => expect(receiver.open).toBe(0));
  });
});

describe('a name', () => {
  it('that is public first and private then is not followed', async () => {
    const receiver = await startReceiver();
    const answers = [[v4('93.184.216.34')], [v4('127.0.0.1')], [v4('127.0.0.1')]];
    let asked = 0;
    // Whatever was found out before, the answer for the connection itself is what counts.
    const resolve = () => Promise.resolve(answers[Math.min((asked += 1), 2)] ?? []);
    const sender = newSender({ resolve });
    const outcome = await ask(sender, `http://rebinding.example:${receiver.port}/`);
    expect(brief(outcome)).toBe('address');
    expect(outcome).toHaveProperty(
      'detail',
      expect.stringMatching(
        /^rebinding\.example is 127\.0\.0\.1, which is an address of this machine/,
      ),
    );
    expect(asked).toBe(1);
    expect(receiver.connections).toBe(0);
  });

  it('is asked for anew for every connection', async () => {
    const receiver = await startReceiver({ faults: ['close'] });
    const good = [v4('127.0.0.1')];
    const bad = [v4('127.0.0.2')];
    let asked = 0;
    const sender = newSender({ resolve: () => Promise.resolve((asked += 1) === 1 ? good : bad) });
    const url = `http://rebinding.example:${receiver.port}/`;
    expect(brief(await ask(sender, url, ['127.0.0.1']))).toBe('reset');
    expect(brief(await ask(sender, url, ['127.0.0.1']))).toBe('address');
    expect(receiver.connections).toBe(1);
  });

  it('with good and bad addresses leads to the good ones', async () => {
    const receiver = await startReceiver();
    const resolve = () =>
      Promise.resolve([v4('127.0.0.2'), { address: '::1', family: 6 }, v4('127.0.0.1')]);
    const sender = newSender({ resolve });
    const url = `http://mixed.example:${receiver.port}/`;
    expect(brief(await ask(sender, url, ['127.0.0.1']))).toBe('200');
    expect(receiver.connections).toBe(1);
  });

  it('without an address leads nowhere', async () => {
    const sender = newSender({ resolve: () => Promise.resolve([]) });
    expect(brief(await ask(sender, 'http://empty.example/'))).toBe('address');
  });
});

describe('connections', () => {
  it('of lists that nobody uses any more end, and those of the last ones stay', async () => {
    const receiver = await startReceiver();
    const sender = newSender();
    for (let i = 0; i < 200; i += 1) {
      const outcome = await ask(sender, receiver.url, ['127.0.0.1', `10.0.0.${i}`]);
      expect(brief(outcome)).toBe('200');
    }
    expect(receiver.connections).toBe(200);
    await vi.waitFor(() => expect(receiver.open).toBeLessThanOrEqual(130));
  });

  it('trust what NODE_EXTRA_CA_CERTS names, and no proxy stands in between', async () => {
    const receiver = await startReceiver({ tls: test.sign() });
    const authority = `${test.folder}/extra.pem`;
    writeFileSync(authority, test.pem);
    const built = fileURLToPath(new URL('../../dist/webhook/sender.js', import.meta.url));
    const program = `
      const { createSender } = await import(${JSON.stringify(built)});
      const sender = createSender();
      const request = { method: 'GET', url: ${JSON.stringify(receiver.url)}, headers: {} };
      const limits = { timeoutMs: 10000, allowAddresses: ['127.0.0.0/8'] };
      console.log(JSON.stringify(await sender.send(request, limits)));
      await sender.close();`;
    const run = async (env: Readonly<Record<string, string>>): Promise<Outcome> => {
      const proxy = { HTTP_PROXY: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9' };
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--input-type=module', '-e', program],
        { env: { ...proxy, ...env } },
      );
      return JSON.parse(stdout);
    };
    expect(brief(await run({}))).toBe('tls');
    expect(brief(await run({ NODE_EXTRA_CA_CERTS: authority }))).toBe('200');
  });
});
