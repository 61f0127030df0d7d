/** The AMI source over real sockets: logging in, TLS, the recorder, and how it ends. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Clock, systemClock } from '../../../src/base/clock.ts';
import type { SourceError } from '../../../src/base/errors.ts';
import type { CallSignal } from '../../../src/call/signal.ts';
import { type AmiClientSettings, connectAmi } from '../../../src/source/ami/client.ts';
import type { SourceState } from '../../../src/source/source.ts';
import type { Connection } from '../../../src/source/supervisor.ts';
import { accountOf } from '../../support/account.ts';
import { AmiListener, amiSettings } from '../../support/ami-listener.ts';
import { Asterisk, shot } from '../../support/asterisk.ts';
import { type Action, liveAsterisk, type Script, ScriptedPbx } from '../../support/scripted-pbx.ts';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const each of cleanUps.splice(0).reverse()) await each();
});

async function pbxWith(...scripts: Script[]): Promise<ScriptedPbx> {
  const pbx = await ScriptedPbx.listen(...scripts);
  cleanUps.push(() => pbx.close());
  return pbx;
}

interface Attempt {
  readonly connection: Connection;
  readonly states: SourceState[];
  readonly signals: CallSignal[];
  /** Resolves when the state has been reached. */
  readonly reached: (state: SourceState) => Promise<void>;
}

function connect(settings: AmiClientSettings, clock: Clock = systemClock): Attempt {
  const states: SourceState[] = [];
  const signals: CallSignal[] = [];
  let wake: () => void = () => undefined;
  const port = {
    signal: (signal: CallSignal) => void signals.push(signal),
    state: (state: SourceState) => {
      states.push(state);
      wake();
    },
    heard: () => undefined,
  };
  const connection = connectAmi(settings, port, clock, clock);
  cleanUps.push(() => connection.close());
  const reached = async (state: SourceState): Promise<void> => {
    while (!states.includes(state)) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { connection, states, signals, reached };
}

describe('a connection to Asterisk', () => {
  it('logs in, takes stock and is up', async () => {
    const pbx = await pbxWith(liveAsterisk());
    const { states, signals, reached } = connect(amiSettings(pbx.port));
    await reached('up');
    expect(states).toEqual(['syncing', 'up']);
    expect(signals.map(({ kind }) => kind)).toEqual(['source.connected', 'source.snapshot']);
    expect(pbx.actions[0]?.map((action) => action.get('action'))).toEqual([
      'Login',
      'Filter',
      'BridgeList',
      'CoreShowChannels',
    ]);
    expect(pbx.actions[0]?.[0]?.get('secret')).toBe('a secret');
  });

  it('by MD5 never sends the secret', async () => {
    const pbx = await pbxWith(liveAsterisk());
    const { reached } = connect({ ...amiSettings(pbx.port), login: 'md5' });
    await reached('up');
    const [, login] = pbx.actions[0] ?? [];
    // `printf '840415273a secret' | md5sum`
    expect(login?.get('key')).toBe('698685cd402766137d761fd0bfdddf6b');
    expect(JSON.stringify(pbx.actions.flat().map((each) => [...each]))).not.toContain('a secret');
  });

  it('ends with Asterisk’s words when it is not let in', async () => {
    const say = 'Asterisk Call Manager/11.0.0\r\n';
    const answer = (): string => 'Response: Error\r\nMessage: Authentication failed\r\n\r\n';
    const pbx = await pbxWith({ say, answer });
    const error = await connect(amiSettings(pbx.port)).connection.ended;
    expect(error.code).toBe('AMI_LOGIN_REJECTED');
    expect(error.message).toContain('Authentication failed');
    expect(error.retryable).toBe(false);
  });

  it('ends when the other side is no Asterisk', async () => {
    const pbx = await pbxWith({ say: 'SSH-2.0-OpenSSH_9.2\r\n' });
    const error = await connect(amiSettings(pbx.port)).connection.ended;
    expect(error.code).toBe('AMI_BANNER_UNEXPECTED');
    expect(error.message).toContain('SSH-2.0-OpenSSH_9.2');
  });

  it('ends when nobody listens there, and says where', async () => {
    const pbx = await ScriptedPbx.listen({});
    const { port } = pbx;
    await pbx.close();
    const error = await connect(amiSettings(port)).connection.ended;
    expect(error.code).toBe('AMI_UNREACHABLE');
    expect(error.message).toContain(`127.0.0.1:${port}`);
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.retryable).toBe(true);
  });

  it('ends when a line has no end, without holding it', async () => {
    const pbx = await pbxWith({ say: Buffer.alloc(8 * 1_024 * 1_024, 'a') });
    const error = await connect(amiSettings(pbx.port)).connection.ended;
    expect(error.code).toBe('AMI_LINE_TOO_LONG');
  });

  it('does not take its own deafness for the server’s silence', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    cleanUps.push(() => vi.useRealTimers());
    const live = liveAsterisk();
    const answer: Script['answer'] = (action) =>
      action.get('action') === 'Ping' ? undefined : live.answer?.(action);
    const pbx = await pbxWith({ ...live, answer });
    let nowMs = 1_800_000_000_000;
    const attempt = connect(amiSettings(pbx.port), { now: () => nowMs });
    const { connection, reached } = attempt;
    await reached('up');
    const ended: SourceError[] = [];
    void connection.ended.then((error) => ended.push(error));
    const pass = async (ms: number): Promise<void> => {
      nowMs += ms;
      vi.advanceTimersByTime(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    };
    connection.hold?.(true);
    await pass(60_000);
    connection.hold?.(false);
    await pass(1_000);
    expect(ended).toEqual([]);
    await pass(30_000);
    expect(ended).toEqual([]);
    await pass(1_000);
    expect(ended.map(({ code }) => code)).toEqual(['AMI_SILENT']);
  });

  it('stops listening when told to, and goes on', async () => {
    const pbx = await pbxWith(liveAsterisk());
    const { connection, signals, reached } = connect(amiSettings(pbx.port));
    await reached('up');
    connection.hold?.(true);
    const words = new Asterisk();
    words.channel('PJSIP/1001-00000001', { number: '1001' });
    pbx.say(words.text.slice(words.text.indexOf('Event:')));
    const before = signals.length;
    // What was said can have arrived long since when another connection has been through it all.
    await connect(amiSettings(pbx.port)).reached('up');
    expect(signals).toHaveLength(before);
    connection.hold?.(false);
    while (signals.length === before) await new Promise((resolve) => setImmediate(resolve));
    expect(signals.at(-1)).toMatchObject({ kind: 'leg.offered' });
  });
});

describe('the recorder', () => {
  const refusals: Readonly<Record<string, string>> = {
    StopMixMonitor: 'Could not stop monitoring',
  };

  /** A live Asterisk that refuses what it is told to refuse, and knows a file. */
  function withRecorder(): Script {
    const live = liveAsterisk();
    const answer = (action: Action): string | undefined | null => {
      const id = action.get('actionid') ?? '';
      const refusal = refusals[action.get('action') ?? ''];
      if (refusal !== undefined) {
        return `Response: Error\r\nActionID: ${id}\r\nMessage: ${refusal}\r\n\r\n`;
      }
      if (action.get('action') === 'Getvar') {
        return `Response: Success\r\nActionID: ${id}\r\nValue: /media/a.wav\r\n\r\n`;
      }
      return live.answer?.(action);
    };
    return { ...live, answer };
  }

  const said = (words: Asterisk): string => words.text.slice(words.text.indexOf('Event:'));

  it('is driven through the channel, and its refusal is passed on', async () => {
    const pbx = await pbxWith(withRecorder());
    const listener = new AmiListener(pbx.port);
    cleanUps.push(() => listener.source.stop());
    await listener.until(({ states }) => states.includes('up'));
    const words = new Asterisk();
    const channel = words.channel('PJSIP/1001-00000001', { number: '1001', exten: '1002' });
    pbx.say(said(words));
    await listener.until(({ calls }) => calls.length > 0);
    const leg = channel.uniqueid;

    const muted = await listener.source.record({ kind: 'mute', leg, side: 'says', muted: true });
    expect(muted).toEqual({ kind: 'done' });
    const mute = await pbx.asked('MixMonitorMute');
    expect(Object.fromEntries(mute)).toMatchObject({
      channel: 'PJSIP/1001-00000001',
      direction: 'read',
      state: '1',
    });
    expect(await listener.source.record({ kind: 'stop', leg })).toEqual({
      kind: 'refused',
      reason: 'Could not stop monitoring',
    });
  });

  it('tells the file of what Asterisk records', async () => {
    const pbx = await pbxWith(withRecorder());
    const listener = new AmiListener(pbx.port);
    cleanUps.push(() => listener.source.stop());
    await listener.until(({ states }) => states.includes('up'));
    const words = new Asterisk();
    const channel = words.channel('PJSIP/1001-00000001', { number: '1001', exten: '1002' });
    words.event('MixMonitorStart', shot(channel));
    pbx.say(said(words));
    await listener.until(({ calls }) => calls[0]?.recordings[0]?.file !== undefined);
    expect(accountOf(listener.calls[0]!).recordings).toEqual(['1001 0–, /media/a.wav']);
    expect((await pbx.asked('Getvar')).get('channel')).toBe('PJSIP/1001-00000001');
  });

  it('is unavailable when the connection is lost while it is asked', async () => {
    const live = liveAsterisk();
    const answer = (action: Action): string | undefined | null =>
      action.get('action') === 'MixMonitor' ? null : live.answer?.(action);
    const pbx = await pbxWith({ ...live, answer });
    const { connection, reached } = connect(amiSettings(pbx.port));
    await reached('up');
    const result = await connection.record?.({ kind: 'start', leg: '1.1' });
    expect(result).toEqual({
      kind: 'unavailable',
      reason: expect.stringContaining('Asterisk at 127.0.0.1'),
    });
    await connection.ended;
  });
});

describe('over TLS', () => {
  let folder = '';
  let server: Server;
  let inner: ScriptedPbx;
  const pem = (name: string): string => readFileSync(join(folder, name), 'utf8');

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'offhook-tls-'));
    const request = 'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost';
    const names = ['-addext', 'subjectAltName=IP:127.0.0.1'];
    const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
    execFileSync('openssl', [...request.split(' '), ...names, ...files], { stdio: 'pipe' });
    inner = await ScriptedPbx.listen(liveAsterisk());
    const { connect: connectTcp } = await import('node:net');
    server = createTlsServer({ key: pem('key.pem'), cert: pem('cert.pem') }, (socket) => {
      const plain = connectTcp({ host: '127.0.0.1', port: inner.port });
      socket.pipe(plain).pipe(socket);
      for (const each of [socket, plain]) each.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterAll(async () => {
    server.close();
    await inner.close();
    rmSync(folder, { recursive: true });
  });

  function tlsSettings(tls: NonNullable<AmiClientSettings['tls']>): AmiClientSettings {
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    return { ...amiSettings(port), tls };
  }

  it('works with the authority that signed the certificate', async () => {
    const { connection, reached } = connect(
      tlsSettings({ ca: pem('cert.pem'), rejectUnauthorized: true }),
    );
    await reached('up');
    connection.close();
    await connection.ended;
  });

  it('is refused without it, with the reason', async () => {
    const attempt = connect(tlsSettings({ rejectUnauthorized: true }));
    const error: SourceError = await attempt.connection.ended;
    expect(error.code).toBe('AMI_UNREACHABLE');
    expect(error.message).toMatch(/self[- ]signed certificate/);
    expect(attempt.states).toEqual([]);
  });

  it('is not refused where that is wanted', async () => {
    await connect(tlsSettings({ rejectUnauthorized: false })).reached('up');
  });

  it('ends when the other side speaks plainly', async () => {
    const plain = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.write('Asterisk Call Manager/11.0.0\r\n');
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    cleanUps.push(() => plain.close());
    const address = plain.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const settings = { ...amiSettings(port), tls: { rejectUnauthorized: false } };
    const error = await connect(settings).connection.ended;
    expect(error.code).toBe('AMI_UNREACHABLE');
  });
});
