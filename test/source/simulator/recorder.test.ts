import { beforeEach, describe, expect, it } from 'vitest';
import type { CallSignal } from '../../../src/call/signal.ts';
import { Recorder } from '../../../src/source/simulator/recorder.ts';

const at = { source: 'demo', atMs: 1, leg: 'L' } as const;
const offered: CallSignal = { ...at, kind: 'leg.offered' };
const connected: CallSignal = { ...at, kind: 'leg.connected' };
const started: CallSignal = { ...at, kind: 'recording.started' };
const paused: CallSignal = { ...at, kind: 'recording.paused', side: 'both' };
const resumed: CallSignal = { ...at, kind: 'recording.resumed', side: 'both' };
const ended: CallSignal = { ...at, kind: 'leg.ended' };

const mute = (side: 'says' | 'hears' | 'both', muted = true) =>
  ({ kind: 'mute', leg: 'L', side, muted }) as const;

describe('the recorder on stage', () => {
  let recorder: Recorder;
  beforeEach(() => {
    recorder = new Recorder();
    for (const signal of [offered, connected]) expect(recorder.follow(signal)).toBe(true);
  });

  it('refuses legs that it does not know, naming what it saw', () => {
    expect(recorder.obey({ kind: 'stop', leg: 'X' })).toEqual({
      result: {
        kind: 'refused',
        reason: 'seen leg "X", expected a leg of a call that is going on',
      },
      words: [],
    });
    recorder.follow(ended);
    expect(recorder.obey({ kind: 'start', leg: 'L' }).result.kind).toBe('refused');
  });

  it('starts once, and not before the leg is connected', () => {
    recorder.follow({ ...at, kind: 'leg.offered', leg: 'ringing' });
    expect(recorder.obey({ kind: 'start', leg: 'ringing' }).result.kind).toBe('refused');
    expect(recorder.obey({ kind: 'start', leg: 'L', file: 'a.wav' })).toEqual({
      result: { kind: 'done' },
      words: [{ kind: 'recording.started', leg: 'L', file: 'a.wav' }],
    });
    expect(recorder.obey({ kind: 'start', leg: 'L' }).result.kind).toBe('refused');
  });

  it('mutes what is recorded, side by side, and says nothing when nothing changes', () => {
    expect(recorder.obey(mute('both')).result.kind).toBe('refused');
    recorder.follow(started);
    expect(recorder.obey(mute('says')).words).toEqual([
      { kind: 'recording.paused', leg: 'L', side: 'says' },
    ]);
    expect(recorder.obey(mute('says'))).toEqual({ result: { kind: 'done' }, words: [] });
    expect(recorder.obey(mute('both')).words).toHaveLength(1);
    expect(recorder.obey(mute('hears', false)).words).toEqual([
      { kind: 'recording.resumed', leg: 'L', side: 'hears' },
    ]);
    expect(recorder.obey(mute('hears', false)).words).toEqual([]);
  });

  it('lets the play direct a recording until somebody touches it', () => {
    expect(recorder.follow(started)).toBe(true);
    expect(recorder.follow(paused)).toBe(true);
    expect(recorder.follow(resumed)).toBe(true);
    recorder.obey(mute('both'));
    expect(recorder.follow(resumed)).toBe(false);
    expect(recorder.obey({ kind: 'stop', leg: 'L' }).words).toEqual([
      { kind: 'recording.stopped', leg: 'L' },
    ]);
    expect(recorder.obey({ kind: 'stop', leg: 'L' }).result.kind).toBe('refused');
    expect(recorder.follow(started)).toBe(false);
    expect(recorder.follow(ended)).toBe(true);
  });
});
