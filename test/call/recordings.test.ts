import { describe, expect, it } from 'vitest';
import type { Recording } from '../../src/call/call.ts';
import { mutedSides } from '../../src/call/recordings.ts';
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
