import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Recording } from '../../src/call/call.ts';
import { mutedSides } from '../../src/call/recordings.ts';
import type { CallSignal } from '../../src/call/signal.ts';
import { scenario } from '../../src/source/simulator/scenario.ts';
import { anySignals, mangle, mishaps } from '../support/any-signals.ts';
import { Listener } from '../support/listener.ts';
import { anna, ben, Exchange, morningMs, zoe } from '../support/signals.ts';

const answeredMs = morningMs + 4_100;

function talking() {
  const pbx = new Exchange();
  const { from, to, bridge } = pbx.talk(zoe, anna);
  const listener = new Listener().hear(pbx.said.splice(0));
  const told = listener.events.length;
  const hear = (): string[] =>
    listener
      .hear(pbx.said.splice(0))
      .events.slice(told)
      .map(({ kind }) => kind);
  const recording = (nth = 0): Recording | undefined => listener.call.recordings[nth];
  return { pbx, from, to, bridge, listener, hear, recording };
}

describe('a recording', () => {
  it('starts, is paused while a card number is read out, goes on and is stopped', () => {
    const { pbx, to, hear, recording } = talking();
    pbx.records(to, '/rec/a.wav');
    pbx.after(1_000).pauses(to, 'both');
    pbx.after(2_000).unpauses(to, 'both');
    pbx.after(3_000).stopsRecording(to);

    expect(hear()).toEqual([
      'recording.started',
      'recording.paused',
      'recording.resumed',
      'recording.ended',
    ]);
    expect(recording()).toEqual({
      id: 1,
      leg: to.leg,
      file: '/rec/a.wav',
      startedAtMs: answeredMs,
      endedAtMs: answeredMs + 6_000,
      pauses: [{ side: 'both', fromMs: answeredMs + 1_000, toMs: answeredMs + 3_000 }],
    });
  });

  it('ends with its leg, of which the platform says nothing, and with it its pause', () => {
    const { pbx, from, to, hear, recording } = talking();
    pbx.records(to);
    pbx.after(1_000).pauses(to, 'says');
    pbx.after(1_000).hangsUp(from, to);

    expect(hear()).toEqual([
      'recording.started',
      'recording.paused',
      'call.updated',
      'recording.ended',
      'call.ended',
    ]);
    expect(recording()).toMatchObject({
      endedAtMs: answeredMs + 2_000,
      pauses: [{ side: 'says', fromMs: answeredMs + 1_000, toMs: answeredMs + 2_000 }],
    });
  });

  it('may be paused for one side, then for the other too, and taken up side by side', () => {
    const { pbx, to, hear, recording } = talking();
    const muted = (): string[] => [...mutedSides(recording() ?? { pauses: [] })].sort();
    const seen: string[][] = [];
    const look = (): void => void (hear(), seen.push(muted()));
    pbx.records(to);
    look();
    pbx.after(1_000).pauses(to, 'says');
    look();
    pbx.after(1_000).pauses(to, 'both');
    look();
    pbx.after(1_000).unpauses(to, 'says');
    look();
    pbx.after(1_000).unpauses(to, 'both');
    look();

    expect(seen).toEqual([[], ['says'], ['hears', 'says'], ['hears'], []]);
    expect(recording()?.pauses).toEqual([
      { side: 'says', fromMs: answeredMs + 1_000, toMs: answeredMs + 3_000 },
      { side: 'hears', fromMs: answeredMs + 2_000, toMs: answeredMs + 4_000 },
    ]);
  });

  it('paused as a whole may be taken up on one side', () => {
    const { pbx, to, hear, recording } = talking();
    pbx.records(to);
    pbx.after(1_000).pauses(to, 'both');
    pbx.after(1_000).unpauses(to, 'hears');
    hear();
    expect(recording()?.pauses).toEqual([
      { side: 'both', fromMs: answeredMs + 1_000, toMs: answeredMs + 2_000 },
      { side: 'says', fromMs: answeredMs + 2_000 },
    ]);
  });

  it('is heard of once: a second start, pause, resume or stop changes nothing', () => {
    const { pbx, to, hear, listener } = talking();
    pbx.records(to);
    hear();
    const once = (say: () => void): void => {
      say();
      hear();
      const told = listener.events.length;
      say();
      hear();
      expect(listener.outcome).toEqual({ kind: 'ignored', reason: 'no-change' });
      expect(listener.events).toHaveLength(told);
    };
    pbx.records(to);
    hear();
    expect(listener.outcome).toEqual({ kind: 'ignored', reason: 'no-change' });
    once(() => pbx.pauses(to, 'says'));
    once(() => pbx.unpauses(to, 'both'));
    once(() => pbx.stopsRecording(to));
    once(() => pbx.pauses(to, 'says'));
  });

  it('learns its file later, which is an update', () => {
    const { pbx, to, hear, recording } = talking();
    pbx.records(to);
    pbx.say({ kind: 'recording.named', leg: to.leg, file: '/rec/b.wav' });
    pbx.say({ kind: 'recording.named', leg: to.leg, file: '/rec/b.wav' });
    expect(hear()).toEqual(['recording.started', 'call.updated']);
    expect(recording()?.file).toBe('/rec/b.wav');
  });

  it('has one name at a time, and without a recording there is nothing to name', () => {
    const { pbx, to, hear, listener } = talking();
    const ignored = { kind: 'ignored', reason: 'no-change' };
    const names = (): void => pbx.say({ kind: 'recording.named', leg: to.leg, file: 'a.wav' });
    names();
    hear();
    expect(listener.outcome).toEqual(ignored);
    pbx.records(to, 'a.wav');
    names();
    hear();
    expect(listener.outcome).toEqual(ignored);
    pbx.unpauses(to, 'both');
    hear();
    expect(listener.outcome).toEqual(ignored);
  });

  it('may be one of several, one after the other and on both legs', () => {
    const { pbx, from, to, hear, listener } = talking();
    pbx.records(to, 'a');
    pbx.records(from, 'b');
    pbx.stopsRecording(to);
    pbx.records(to, 'c');
    hear();
    expect(
      listener.call.recordings.map(({ file, endedAtMs }) => [file, endedAtMs !== undefined]),
    ).toEqual([
      ['a', true],
      ['b', false],
      ['c', false],
    ]);
  });

  it('is not followed by an update when the next signal changes nothing else', () => {
    const { pbx, to, bridge, hear } = talking();
    pbx.records(to, 'a');
    pbx.leaves(to, bridge);
    pbx.joins(to, bridge);
    expect(hear()).toEqual(['recording.started']);
  });
});

describe('a recorded party that goes into another call', () => {
  it('goes on being recorded there, muted as it was', () => {
    const pbx = new Exchange();
    const first = pbx.talk(zoe, anna);
    pbx.after(1_000).holds(first.to);
    const second = pbx.talk(anna, ben);
    pbx.records(second.to, '/rec/ben.wav');
    pbx.pauses(second.to, 'hears');
    pbx.after(5_000).say({
      kind: 'transfer.completed',
      leg: first.to.leg,
      style: 'attended',
      consultLeg: second.from.leg,
      transferee: first.from.leg,
      target: second.to.leg,
    });
    const atMs = pbx.nowMs;
    pbx.ends(second.from);

    const listener = new Listener().hear(pbx.said);
    expect(listener.of(1).recordings).toMatchObject([
      {
        id: 1,
        goesOn: true,
        leg: second.to.leg,
        endedAtMs: atMs,
        pauses: [{ side: 'hears', toMs: atMs }],
      },
    ]);
    expect(listener.of(0).recordings).toEqual([
      {
        id: 2,
        of: 1,
        leg: second.to.leg,
        file: '/rec/ben.wav',
        startedAtMs: atMs,
        pauses: [{ side: 'hears', fromMs: atMs }],
      },
    ]);
    expect(listener.story(1)).toContain('recording.ended');
    expect(listener.story(0)).toContain('recording.started');
  });
});

describe('what is recorded in a call that nobody has been told of', () => {
  it('goes along as a whole when the leg goes into one that is told of', () => {
    const pbx = new Exchange();
    const at = { leg: 'nobody', facts: { call: 'silent' } };
    pbx.say({ kind: 'recording.started', ...at, file: 'a.wav' });
    pbx.after(1_000).say({ kind: 'recording.split', ...at, file: 'b.wav' });
    pbx.after(1_000).say({ kind: 'recording.paused', ...at, side: 'says' });
    const { from } = pbx.talk(zoe, anna);
    pbx.say({ kind: 'leg.identified', leg: 'nobody', facts: { call: from.call } });
    const { call } = new Listener().hear(pbx.said);
    expect(call.recordings).toEqual([
      {
        ...{ id: 3, leg: 'nobody', file: 'a.wav', goesOn: true, pauses: [] },
        ...{ startedAtMs: morningMs, endedAtMs: morningMs + 1_000 },
      },
      {
        ...{ id: 4, of: 3, leg: 'nobody', file: 'b.wav', startedAtMs: morningMs + 1_000 },
        pauses: [{ side: 'says', fromMs: morningMs + 2_000 }],
      },
    ]);
  });
});

describe('a split', () => {
  const split = (leg: string, file?: string) =>
    ({ kind: 'recording.split', leg, ...(file !== undefined && { file }) }) as const;

  it('ends one segment and begins the next of the same recording', () => {
    const { pbx, to, hear, listener } = talking();
    pbx.records(to, 'a.wav');
    pbx.after(1_000).say(split(to.leg, 'b.wav'));
    pbx.after(1_000).say(split(to.leg));
    pbx.after(1_000).stopsRecording(to);
    expect(hear()).toEqual([
      ...['recording.started', 'recording.ended', 'recording.started'],
      ...['recording.ended', 'recording.started', 'recording.ended'],
    ]);
    const of = { leg: to.leg, pauses: [] };
    const at = (ms: number): number => answeredMs + ms;
    expect(listener.call.recordings).toEqual([
      { id: 1, ...of, file: 'a.wav', startedAtMs: at(0), endedAtMs: at(1_000), goesOn: true },
      {
        ...{ id: 2, of: 1, ...of, file: 'b.wav', goesOn: true },
        ...{ startedAtMs: at(1_000), endedAtMs: at(2_000) },
      },
      { id: 3, of: 1, ...of, startedAtMs: at(2_000), endedAtMs: at(3_000) },
    ]);
  });

  it('leaves muted who was muted, cut out or silent', () => {
    const { pbx, to, hear, recording } = talking();
    pbx.records(to);
    pbx.after(1_000).pauses(to, 'says');
    pbx.after(1_000).say(split(to.leg));
    hear();
    const atMs = answeredMs + 2_000;
    expect(recording(0)?.pauses).toEqual([{ side: 'says', fromMs: atMs - 1_000, toMs: atMs }]);
    expect(recording(1)?.pauses).toEqual([{ side: 'says', fromMs: atMs }]);
    pbx.unpauses(to, 'both');
    pbx.say({ kind: 'recording.paused', leg: to.leg, side: 'both', cut: true });
    pbx.say(split(to.leg));
    hear();
    expect(recording(2)?.pauses).toEqual([{ side: 'both', fromMs: atMs, cut: true }]);
  });

  it('of what is not recorded is nothing', () => {
    const { pbx, to, hear, listener } = talking();
    pbx.say(split(to.leg));
    expect(hear()).toEqual([]);
    expect(listener.outcome).toEqual({ kind: 'ignored', reason: 'no-change' });
  });
});

describe('a recording that is suspended', () => {
  it('goes on where it was, or is over when another begins', () => {
    const { pbx, to, hear, listener } = talking();
    const suspends = (): void =>
      pbx.say({ kind: 'recording.paused', leg: to.leg, side: 'both', cut: true });
    pbx.records(to, 'a.wav');
    pbx.after(1_000);
    suspends();
    pbx.after(1_000).unpauses(to, 'both');
    pbx.after(1_000);
    suspends();
    pbx.after(1_000).records(to, 'b.wav');
    expect(hear()).toEqual([
      ...['recording.started', 'recording.paused', 'recording.resumed', 'recording.paused'],
      ...['recording.ended', 'recording.started'],
    ]);
    const [first, second] = listener.call.recordings;
    expect(first).toMatchObject({
      endedAtMs: answeredMs + 4_000,
      pauses: [
        { cut: true, fromMs: answeredMs + 1_000, toMs: answeredMs + 2_000 },
        { cut: true, fromMs: answeredMs + 3_000, toMs: answeredMs + 4_000 },
      ],
    });
    expect(first).not.toHaveProperty('goesOn');
    expect(second).toEqual({
      ...{ id: 2, leg: to.leg, file: 'b.wav', pauses: [], startedAtMs: answeredMs + 4_000 },
    });
  });
});

describe('whatever signals come', () => {
  /** Of a busy centre, whose recorder does anything at any time. */
  const recorded = fc
    .record({
      seed: fc.nat(),
      count: fc.integer({ min: 200, max: 400 }),
      said: fc.array(
        fc.record({
          place: fc.nat(400),
          kind: fc.constantFrom('started', 'split', 'paused', 'resumed', 'stopped'),
          cut: fc.boolean(),
        }),
        { minLength: 20, maxLength: 60 },
      ),
      mishaps,
    })
    .map(({ seed, count, said, mishaps }) => mangle(play(seed, count, said), mishaps));

  function play(
    seed: number,
    count: number,
    said: readonly { place: number; kind: string; cut: boolean }[],
  ): CallSignal[] {
    const signals: CallSignal[] = [];
    const recordedLegs: string[] = [];
    const centre = { name: 'pbx', rate: 2, seed, agents: 9, timeScale: 0.1 };
    for (const { signal } of scenario(centre, morningMs)) {
      signals.push(signal);
      if (signal.kind === 'recording.started') recordedLegs.push(signal.leg);
      for (const { place, kind, cut } of said) {
        if (place !== signals.length || !('leg' in signal)) continue;
        const at = { source: signal.source, atMs: signal.atMs };
        const leg = recordedLegs.at(-1) ?? signal.leg;
        if (kind === 'started') {
          recordedLegs.push(signal.leg);
          signals.push({ ...at, kind: 'recording.started', leg: signal.leg });
        } else if (kind === 'paused') {
          const how = cut ? { cut: true as const } : {};
          signals.push({ ...at, kind: 'recording.paused', leg, side: 'both', ...how });
        } else if (kind === 'resumed') {
          signals.push({ ...at, kind: 'recording.resumed', leg, side: 'both' });
        } else if (kind === 'split') signals.push({ ...at, kind: 'recording.split', leg });
        else signals.push({ ...at, kind: 'recording.stopped', leg });
      }
      if (signals.length >= count) break;
    }
    return signals;
  }

  const silent = ['pbx', 'other'].flatMap((source): CallSignal[] => [
    { kind: 'source.connected', source, atMs: morningMs + 86_400_000 },
    { kind: 'source.snapshot', source, atMs: morningMs + 86_400_000, legs: [] },
  ]);

  it('a leg has one open segment at most, numbers rise, and chains are whole', () => {
    let chains = 0;
    fc.assert(
      fc.property(fc.oneof(anySignals, recorded), (signals) => {
        const listener = new Listener().hear(signals);
        for (const { call } of listener.ofCalls) {
          const open = call.recordings.filter(({ endedAtMs }) => endedAtMs === undefined);
          expect(new Set(open.map(({ leg }) => leg)).size).toBe(open.length);
          const ids = call.recordings.map(({ id }) => id);
          expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
        }
        // At the end, so that all that goes on somewhere has been told.
        const segments = listener.hear(silent).calls.flatMap(({ recordings }) => recordings);
        const byId = new Map(segments.map((segment) => [segment.id, segment]));
        expect(byId.size).toBe(segments.length);
        for (const { id, of, leg, goesOn } of segments) {
          if (of !== undefined) {
            chains += 1;
            const first = byId.get(of);
            expect(first).toMatchObject({ leg, goesOn: true });
            expect(first?.of).toBeUndefined();
            expect(of).toBeLessThan(id);
          }
          if (goesOn === true) {
            const next = segments.find((each) => each.id > id && each.of === (of ?? id));
            expect(next, `what follows segment ${id}`).toBeDefined();
          }
        }
      }),
      { numRuns: 150 },
    );
    expect(chains).toBeGreaterThan(30);
  });

  it('a new run goes on with the numbers of the last, and with what was suspended', () => {
    fc.assert(
      fc.property(recorded, fc.nat(), (signals, cutAt) => {
        const at = cutAt % (signals.length + 1);
        const before = new Listener().hear(signals.slice(0, at));
        const known = before.calls.flatMap(({ recordings }) => recordings.map(({ id }) => id));
        const after = before.restart().hear(signals.slice(at)).hear(silent);
        const all = after.calls.flatMap(({ recordings }) => recordings.map(({ id }) => id));
        expect(new Set(all).size).toBe(all.length);
        expect(all).toEqual(expect.arrayContaining(known));
      }),
      { numRuns: 50 },
    );
  });
});
