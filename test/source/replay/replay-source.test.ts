/** A transcript as a source: the calls come out as they would have live. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Registry } from '../../../src/call/registry.ts';
import { type CallEvent, isOfCall } from '../../../src/call/event.ts';
import { connectAmi } from '../../../src/source/ami/client.ts';
import { ReplaySource } from '../../../src/source/replay/replay-source.ts';
import type { SourcePort, SourceState } from '../../../src/source/source.ts';
import { Supervisor } from '../../../src/source/supervisor.ts';
import { accountOf } from '../../support/account.ts';
import { amiSettings } from '../../support/ami-listener.ts';
import { hearCall } from '../ami/recorded.ts';

const clock = { now: () => Date.now() };
const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/ami/${name}.txt`, import.meta.url));

interface Replayed {
  readonly source: ReplaySource;
  readonly events: CallEvent[];
  readonly states: [SourceState, string | undefined][];
}

function replay(file: string, speed = 0): Replayed {
  const registry = new Registry();
  const events: CallEvent[] = [];
  const states: [SourceState, string | undefined][] = [];
  const port: SourcePort = {
    signal: (signal) => {
      const applied = registry.apply(signal, Date.now());
      if (applied.kind === 'events') events.push(...applied.events);
    },
    state: (state, reason) => void states.push([state, reason]),
    heard: () => undefined,
  };
  const source = new ReplaySource(
    { name: 'replay', file, speed },
    port,
    (amiPort, tell) =>
      new Supervisor(
        {
          name: 'replay',
          type: 'ami',
          backoff: { firstMs: 1, maxMs: 1 },
          giveUpAfterMs: 60_000,
        },
        {
          connect: (inner) =>
            connectAmi({ ...amiSettings(amiPort), source: 'replay' }, inner, clock, clock),
          port: tell,
          clock,
          random: Math.random,
        },
      ),
  );
  source.start();
  return { source, events, states };
}

describe('a replayed recording', () => {
  it('tells the call it holds', async () => {
    const { source, events } = replay(fixture('ami-sip-hold-unhold'));
    await source.heard;
    await source.stop();
    const call = events.filter(isOfCall).at(-1)?.call;
    const { account } = await hearCall('ami-sip-hold-unhold');
    expect(call !== undefined && accountOf(call)).toEqual(account);
  });

  it('ends what was up when it stopped: the PBX after it has no such call', async () => {
    const { source, events } = replay(fixture('ami-server-stop-now-midcall'));
    await source.heard;
    await source.stop();
    const ended = events.filter((event) => event.kind === 'call.ended');
    expect(ended).toHaveLength(1);
    expect(ended[0]).toMatchObject({ call: { ending: 'reconciled', outcome: 'answered' } });
    expect(events.map(({ kind }) => kind)).toContain('source.gap');
    // By the recorded clock: the last that was heard is a second after the start.
    const call = events.filter(isOfCall).at(-1)?.call;
    const lastedMs = (call?.endedAtMs ?? 0) - (call?.startedAtMs ?? 0);
    expect(lastedMs).toBeGreaterThanOrEqual(1_008);
    expect(lastedMs).toBeLessThan(2_000);
  });

  it('that cannot be read says so, as its state and to whoever waits', async () => {
    const { source, states } = replay(fixture('no-such-recording'));
    await expect(source.heard).rejects.toThrow('no-such-recording');
    expect(states).toEqual([['down', expect.stringContaining('ENOENT')]]);
    await source.stop();
  });

  it('can be stopped before it is through', async () => {
    const { source, events } = replay(fixture('ami-sip-hold-unhold'), 1);
    await source.stop();
    const told = events.length;
    await new Promise((resolve) => setImmediate(resolve));
    expect(events).toHaveLength(told);
  });
});
