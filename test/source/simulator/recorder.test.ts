import { beforeEach, describe, expect, it } from 'vitest';
import type { CallSignal } from '../../../src/call/signal.ts';
import { type Obeyed, Recorder } from '../../../src/source/simulator/recorder.ts';
import type { RecorderCommand } from '../../../src/source/source.ts';

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
  const obey = (command: RecorderCommand): Obeyed => recorder.obey(command, Date.UTC(2026, 2, 1));
  beforeEach(() => {
    recorder = new Recorder();
    for (const signal of [offered, connected]) expect(recorder.follow(signal)).toBe(true);
  });

  it('refuses legs that it does not know, naming what it saw', () => {
    expect(obey({ kind: 'stop', leg: 'X' })).toEqual({
      result: {
        kind: 'refused',
        reason: 'seen leg "X", expected a leg of a call that is going on',
      },
      words: [],
    });
    recorder.follow(ended);
    expect(obey({ kind: 'start', leg: 'L' }).result.kind).toBe('refused');
  });

  it('starts once, and not before the leg is connected', () => {
    recorder.follow({ ...at, kind: 'leg.offered', leg: 'ringing' });
    expect(obey({ kind: 'start', leg: 'ringing' }).result.kind).toBe('refused');
    expect(obey({ kind: 'start', leg: 'L', file: 'a.wav' })).toEqual({
      result: { kind: 'done' },
      words: [{ kind: 'recording.started', leg: 'L', file: 'a.wav' }],
    });
    expect(obey({ kind: 'start', leg: 'L' }).result.kind).toBe('refused');
  });

  it('mutes what is recorded, side by side, and says nothing when nothing changes', () => {
    expect(obey(mute('both')).result.kind).toBe('refused');
    recorder.follow(started);
    expect(obey(mute('says')).words).toEqual([
      { kind: 'recording.paused', leg: 'L', side: 'says' },
    ]);
    expect(obey(mute('says'))).toEqual({ result: { kind: 'done' }, words: [] });
    expect(obey(mute('both')).words).toHaveLength(1);
    expect(obey(mute('hears', false)).words).toEqual([
      { kind: 'recording.resumed', leg: 'L', side: 'hears' },
    ]);
    expect(obey(mute('hears', false)).words).toEqual([]);
  });

  it('lets the play direct a recording until somebody touches it', () => {
    expect(recorder.follow(started)).toBe(true);
    expect(recorder.follow(paused)).toBe(true);
    expect(recorder.follow(resumed)).toBe(true);
    obey(mute('both'));
    expect(recorder.follow(resumed)).toBe(false);
    expect(obey({ kind: 'stop', leg: 'L' }).words).toEqual([
      { kind: 'recording.stopped', leg: 'L' },
    ]);
    expect(obey({ kind: 'stop', leg: 'L' }).result.kind).toBe('refused');
    expect(recorder.follow(started)).toBe(false);
    expect(recorder.follow(ended)).toBe(true);
  });

  it('names a file after the day and the leg', () => {
    expect(obey({ kind: 'start', leg: 'L', format: 'mp3' }).words).toEqual([
      { kind: 'recording.started', leg: 'L', file: 'sim/2026-03-01/L.mp3' },
    ]);
  });

  it('suspends, refuses all but to go on or to stop, and goes on with nobody muted', () => {
    expect(obey({ kind: 'suspend', leg: 'L' }).result.kind).toBe('refused');
    recorder.follow(started);
    expect(obey({ kind: 'continue', leg: 'L' }).result.kind).toBe('refused');
    obey(mute('says'));
    expect(obey({ kind: 'suspend', leg: 'L' }).words).toEqual([
      { kind: 'recording.paused', leg: 'L', side: 'both', cut: true },
    ]);
    for (const kind of ['suspend', 'split', 'start'] as const) {
      expect(obey({ kind, leg: 'L' }).result.kind).toBe('refused');
    }
    expect(obey(mute('both', false)).result.kind).toBe('refused');
    expect(obey({ kind: 'continue', leg: 'L', file: 'x.wav' }).words).toEqual([
      { kind: 'recording.resumed', leg: 'L', side: 'both' },
    ]);
    expect(obey(mute('says')).words).toHaveLength(1);
    obey({ kind: 'suspend', leg: 'L' });
    expect(obey({ kind: 'stop', leg: 'L', suspended: true }).words).toEqual([
      { kind: 'recording.stopped', leg: 'L' },
    ]);
  });

  it('splits into files that are named one after the other, and who is muted stays so', () => {
    expect(obey({ kind: 'split', leg: 'L' }).result.kind).toBe('refused');
    obey({ kind: 'start', leg: 'L', file: 'a/b.wav' });
    obey(mute('says'));
    const files = ['a/b.seg1.wav', 'a/b.seg2.wav', 'own.wav', 'own.seg1.wav'];
    for (const file of files) {
      const command = { kind: 'split', leg: 'L' } as const;
      const { words } = obey(file === 'own.wav' ? { ...command, file } : command);
      expect(words).toEqual([{ kind: 'recording.split', leg: 'L', file }]);
    }
    expect(obey(mute('says')).words).toEqual([]);
  });
});
