/** What keeps a source alive, against connections that the test begins and ends. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SourceError } from '../../src/base/errors.ts';
import type { CallSignal } from '../../src/call/signal.ts';
import type { RecorderResult, SourcePort, SourceState } from '../../src/source/source.ts';
import { type Connection, Supervisor } from '../../src/source/supervisor.ts';

const startMs = 1_800_000_000_000;

/** A connection in the test's hand. */
class Line implements Connection {
  readonly ended: Promise<SourceError>;
  readonly port: SourcePort;
  readonly held: boolean[] = [];
  isClosed = false;
  #end: (error: SourceError) => void = () => undefined;

  constructor(port: SourcePort) {
    this.port = port;
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  close(): void {
    this.isClosed = true;
    this.fail(new SourceError('AMI_UNREACHABLE', 'closed on purpose', true));
  }

  fail(error: SourceError): void {
    this.#end(error);
  }

  hold(held: boolean): void {
    this.held.push(held);
  }

  record(): Promise<RecorderResult> {
    return Promise.resolve({ kind: 'done' });
  }
}

const lost = new SourceError('AMI_UNREACHABLE', 'the line is dead', true);
const refused = new SourceError('AMI_LOGIN_REJECTED', 'wrong secret', false);

interface Watched {
  readonly supervisor: Supervisor;
  readonly lines: Line[];
  readonly signals: CallSignal[];
  readonly states: [SourceState, string | undefined][];
  readonly line: () => Line;
}

function watch(random = 0.5): Watched {
  const lines: Line[] = [];
  const signals: CallSignal[] = [];
  const states: [SourceState, string | undefined][] = [];
  const supervisor = new Supervisor(
    {
      name: 'pbx',
      type: 'ami',
      backoff: { firstMs: 1_000, maxMs: 8_000 },
      giveUpAfterMs: 60_000,
    },
    {
      connect: (port) => {
        const line = new Line(port);
        lines.push(line);
        return line;
      },
      port: {
        signal: (signal) => void signals.push(signal),
        state: (state, reason) => void states.push([state, reason]),
        heard: () => undefined,
      },
      clock: { now: () => Date.now() },
      random: () => random,
    },
  );
  const line = (): Line => {
    const last = lines.at(-1);
    if (last === undefined) throw new Error('No connection was made.');
    return last;
  };
  return { supervisor, lines, signals, states, line };
}

const kinds = (signals: readonly CallSignal[]): string[] => signals.map(({ kind }) => kind);

beforeEach(() => {
  vi.useFakeTimers({ now: startMs });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Time passes, and what is due happens. */
const after = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe('a supervised source', () => {
  it('connects when started, and passes on what it hears', async () => {
    const { supervisor, lines, line, signals, states } = watch();
    expect(lines).toHaveLength(0);
    supervisor.start();
    expect(lines).toHaveLength(1);
    line().port.state('syncing');
    line().port.signal({ kind: 'source.connected', source: 'pbx', atMs: startMs });
    line().port.state('up');
    expect(kinds(signals)).toEqual(['source.connected']);
    expect(states.map(([state]) => state)).toEqual(['syncing', 'up']);
    await supervisor.stop();
  });

  it('tells when sight is lost, as of when something was last heard, and why', async () => {
    const { supervisor, line, signals, states } = watch();
    supervisor.start();
    line().port.state('up');
    await after(5_000);
    line().port.heard();
    await after(20_000);
    line().fail(lost);
    await after(0);
    expect(signals).toEqual([
      {
        kind: 'source.lost',
        source: 'pbx',
        atMs: startMs + 5_000,
        reason: 'the line is dead',
      },
    ]);
    expect(states.at(-1)).toEqual(['down', 'the line is dead']);
    await supervisor.stop();
  });

  it('tries again after waits that double up to the longest', async () => {
    const { supervisor, lines, line } = watch(0);
    supervisor.start();
    // With the dice at nought the wait is half of what it may be.
    for (const waitMs of [500, 1_000, 2_000, 4_000, 4_000, 4_000]) {
      const before = lines.length;
      line().fail(lost);
      await after(waitMs - 1);
      expect(lines).toHaveLength(before);
      await after(1);
      expect(lines).toHaveLength(before + 1);
    }
    await supervisor.stop();
  });

  it('begins with short waits again once it was up', async () => {
    const { supervisor, lines, line } = watch(0);
    supervisor.start();
    for (const waitMs of [500, 1_000, 2_000]) {
      line().fail(lost);
      await after(waitMs);
    }
    line().port.state('up');
    const before = lines.length;
    line().fail(lost);
    await after(500);
    expect(lines).toHaveLength(before + 1);
    await supervisor.stop();
  });

  it('waits the longest time at once where trying again cannot help', async () => {
    const { supervisor, lines, line } = watch(0);
    supervisor.start();
    line().fail(refused);
    await after(7_999);
    expect(lines).toHaveLength(1);
    await after(1);
    expect(lines).toHaveLength(2);
    await supervisor.stop();
  });

  it('gives its calls up when it stays away for too long, once', async () => {
    const { supervisor, line, signals } = watch();
    supervisor.start();
    line().port.state('up');
    await after(10_000);
    line().fail(lost);
    await after(0);
    for (let tries = 0; tries < 60; tries += 1) {
      await after(1_000);
      if (tries < 59) expect(kinds(signals)).not.toContain('source.expired');
      line().fail(lost);
      await after(0);
    }
    const expired = signals.filter(({ kind }) => kind === 'source.expired');
    expect(expired).toEqual([{ kind: 'source.expired', source: 'pbx', atMs: startMs + 70_000 }]);
    await after(600_000);
    expect(signals.filter(({ kind }) => kind === 'source.expired')).toHaveLength(1);
    await supervisor.stop();
  });

  it('gives up calls of before when it cannot connect from the start', async () => {
    const { supervisor, line, signals } = watch();
    supervisor.start();
    line().fail(lost);
    await after(60_000);
    expect(kinds(signals)).toContain('source.expired');
    await supervisor.stop();
  });

  it('gives nothing up when it is back in time', async () => {
    const { supervisor, line, signals } = watch();
    supervisor.start();
    line().port.state('up');
    line().fail(lost);
    await after(30_000);
    line().port.state('up');
    await after(600_000);
    expect(kinds(signals)).toEqual(['source.lost']);
    await supervisor.stop();
  });

  it('drives the recorder of the connection it has, and says so when it has none', async () => {
    const { supervisor, line } = watch();
    supervisor.start();
    expect(await supervisor.record({ kind: 'stop', leg: '1.1' })).toEqual({ kind: 'done' });
    line().fail(lost);
    await after(0);
    expect(await supervisor.record({ kind: 'stop', leg: '1.1' })).toEqual({
      kind: 'unavailable',
      reason: 'The source "pbx" cannot drive a recorder now.',
    });
    await supervisor.stop();
  });

  it('holds the connection that it has, and one that comes while it is held', async () => {
    const { supervisor, line } = watch();
    supervisor.start();
    supervisor.hold(true);
    expect(line().held).toEqual([true]);
    line().fail(lost);
    await after(8_000);
    expect(line().held).toEqual([true]);
    supervisor.hold(false);
    expect(line().held).toEqual([true, false]);
    await supervisor.stop();
  });
});

describe('stopping it', () => {
  it('closes the connection and tells nothing more', async () => {
    const { supervisor, line, lines, signals, states } = watch();
    supervisor.start();
    line().port.state('up');
    const told = states.length;
    await supervisor.stop();
    expect(line().isClosed).toBe(true);
    line().port.signal({ kind: 'source.connected', source: 'pbx', atMs: startMs });
    line().port.state('down', 'too late');
    await after(600_000);
    expect(signals).toEqual([]);
    expect(states).toHaveLength(told);
    expect(lines).toHaveLength(1);
  });

  it('while it connects is over at once', async () => {
    const { supervisor, line, signals } = watch();
    supervisor.start();
    await supervisor.stop();
    expect(line().isClosed).toBe(true);
    await after(600_000);
    expect(signals).toEqual([]);
  });

  it('while it waits to try again does not try again', async () => {
    const { supervisor, line, lines } = watch();
    supervisor.start();
    line().fail(lost);
    await after(0);
    await supervisor.stop();
    await after(600_000);
    expect(lines).toHaveLength(1);
  });

  it('leaves no timer behind', async () => {
    const { supervisor, line } = watch();
    supervisor.start();
    line().fail(lost);
    await after(0);
    await supervisor.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
