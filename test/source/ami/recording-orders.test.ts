/**
 * Orders for Asterisk's recorder over a real socket: whatever the order in which Asterisk answers and tells, what
 * is told of a recording is what has become of it.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallSignal } from '../../../src/call/signal.ts';
import type { RecorderCommand, RecorderResult } from '../../../src/source/source.ts';
import { AmiListener } from '../../support/ami-listener.ts';
import { Asterisk, type Channel, shot, startMs } from '../../support/asterisk.ts';
import { type Action, liveAsterisk, ScriptedPbx } from '../../support/scripted-pbx.ts';
import { until } from '../../support/until.ts';

const recorderActions = ['MixMonitor', 'StopMixMonitor', 'MixMonitorMute'];

/** A PBX with one channel, whose recorder's answers are given by the test. */
class Rig {
  readonly words = new Asterisk();
  readonly listener: AmiListener;
  readonly channel: Channel;
  readonly pbx: ScriptedPbx;
  /** What the channel says its file is. */
  file = '/spool/talk.wav';
  /** Added to the clock. */
  aheadMs = 0;
  #said: number;
  #answered = 0;

  private constructor(pbx: ScriptedPbx) {
    this.pbx = pbx;
    const clock = { now: () => Date.now() + this.aheadMs };
    this.listener = new AmiListener(pbx.port, { clock, pingIntervalMs: 60_000 });
    this.#said = this.words.text.indexOf('\r\n\r\n') + 4;
    this.channel = this.words.channel('PJSIP/1001-00000001', { number: '1001', exten: '1002' });
  }

  static async open(): Promise<Rig> {
    const live = liveAsterisk();
    let file = (): string => '';
    const answer = (action: Action): string | undefined | null => {
      const name = action.get('action') ?? '';
      const isMark = action.get('channel') === 'mark';
      if (recorderActions.includes(name) && !isMark) return undefined;
      if (name !== 'Getvar') return live.answer?.(action);
      return `Response: Success\r\nActionID: ${action.get('actionid')}\r\nValue: ${file()}\r\n\r\n`;
    };
    const rig = new Rig(await ScriptedPbx.listen({ ...live, answer }));
    file = () => rig.file;
    await rig.listener.until(({ states }) => states.includes('up'));
    rig.words.state(rig.channel, 'Up');
    rig.tell();
    await rig.listener.until(({ calls }) => calls.length > 0);
    return rig;
  }

  get leg(): string {
    return this.channel.uniqueid;
  }

  /** What the recorder was asked, in order. */
  get asked(): Action[] {
    return this.pbx.actions
      .flat()
      .filter((each) => recorderActions.includes(each.get('action') ?? ''))
      .filter((each) => each.get('channel') !== 'mark');
  }

  /** Sends what has been written down since. */
  tell(): void {
    this.pbx.say(this.words.text.slice(this.#said));
    this.#said = this.words.text.length;
  }

  /** A second later Asterisk tells of its recorder. */
  event(name: 'MixMonitorStart' | 'MixMonitorStop' | 'MixMonitorMute', fields = {}): void {
    this.words.after(1_000).event(name, shot(this.channel), fields);
    this.tell();
  }

  /** Answers the next action once it is there. */
  async answer(refusal?: string): Promise<void> {
    const nth = this.#answered++;
    await until(`action ${nth + 1} is there`, () => this.asked.length > nth);
    const id = `ActionID: ${this.asked[nth]?.get('actionid')}`;
    this.pbx.say(
      refusal === undefined
        ? `Response: Success\r\n${id}\r\n\r\n`
        : `Response: Error\r\n${id}\r\nMessage: ${refusal}\r\n\r\n`,
    );
  }

  /** Resolves when all that was said has been heard, and what we asked because of it been answered. */
  async heard(): Promise<void> {
    const mark = `mark-${this.words.text.length}`;
    this.words.channel(`PJSIP/9-${mark}`, { number: mark });
    this.tell();
    await this.listener.until(({ signals }) =>
      signals.some((each) => 'facts' in each && each.facts?.number === mark),
    );
    // What that made us ask is asked before this, and so answered before it.
    await this.order({ kind: 'mute', leg: 'mark', side: 'both', muted: true });
  }

  order(command: RecorderCommand): Promise<RecorderResult> {
    return this.listener.source.record(command);
  }

  /** Asterisk records the channel by itself. */
  async records(): Promise<void> {
    this.event('MixMonitorStart');
    await this.listener.until(({ signals }) => signals.some((s) => s.kind === 'recording.named'));
  }

  /** What was told of recordings, without names: kind, seconds since the start, and what is particular. */
  get told(): string[] {
    return this.listener.signals.flatMap((signal) => {
      if (!signal.kind.startsWith('recording.') || signal.kind === 'recording.named') return [];
      return [`${signal.kind.slice(10)} ${(signal.atMs - startMs) / 1_000}${particular(signal)}`];
    });
  }

  get recordings(): string[] {
    const call = this.listener.calls.find(({ platformIds }) => platformIds.includes(this.leg));
    return (call?.recordings ?? []).map(
      ({ id, of, file, endedAtMs, goesOn, pauses }) =>
        `${id}${of === undefined ? '' : ` of ${of}`} ${file}${endedAtMs === undefined ? '' : ' ended'}` +
        `${goesOn === true ? ' goes on' : ''}` +
        pauses
          .map(
            ({ side, toMs, cut }) =>
              ` [${side}${cut ? ' cut' : ''}${toMs === undefined ? ' now' : ''}]`,
          )
          .join(''),
    );
  }
}

function particular(signal: CallSignal): string {
  const side = 'side' in signal ? ` ${signal.side}` : '';
  const cut = 'cut' in signal && signal.cut ? ' cut' : '';
  return side + cut;
}

let rig: Rig;
beforeEach(async () => {
  rig = await Rig.open();
});
afterEach(async () => {
  await rig.listener.source.stop();
  await rig.pbx.close();
});

describe('a suspension', () => {
  it.each(['answer, then event', 'event, then answer'])(
    'is told as a cut pause, and going on as its end: %s',
    async (order) => {
      await rig.records();
      const both = async (name: 'MixMonitorStart' | 'MixMonitorStop'): Promise<void> => {
        if (order === 'event, then answer') {
          await until('asked', () => rig.asked.length % 2 === (name === 'MixMonitorStop' ? 1 : 0));
          rig.event(name);
          await rig.heard();
        }
        await rig.answer();
        if (order === 'answer, then event') rig.event(name);
      };
      const suspended = rig.order({ kind: 'suspend', leg: rig.leg });
      await both('MixMonitorStop');
      expect(await suspended).toEqual({ kind: 'done' });
      await rig.heard();
      expect(rig.told).toEqual(['started 1', 'paused 2 both cut']);
      const resumed = rig.order({ kind: 'continue', leg: rig.leg, file: rig.file });
      await both('MixMonitorStart');
      expect(await resumed).toEqual({ kind: 'done' });
      await rig.heard();
      expect(rig.told.slice(2)).toEqual(['resumed 3 both']);
      expect(rig.recordings).toEqual(['1 /spool/talk.wav [both cut]']);
      expect(
        rig.asked.map((each) => [each.get('action'), each.get('file'), each.get('options')]),
      ).toEqual([
        ['StopMixMonitor', undefined, undefined],
        ['MixMonitor', '/spool/talk.wav', 'a'],
      ]);
    },
  );

  it('that is refused leaves a stop that somebody else ordered a stop', async () => {
    await rig.records();
    const suspended = rig.order({ kind: 'suspend', leg: rig.leg });
    await until('asked', () => rig.asked.length > 0);
    rig.event('MixMonitorStop');
    await rig.heard();
    expect(rig.told).toEqual(['started 1']);
    await rig.answer('Could not stop monitoring channel');
    expect(await suspended).toEqual({
      kind: 'refused',
      reason: 'Could not stop monitoring channel',
    });
    expect(rig.told).toEqual(['started 1', 'stopped 2']);
  });

  it('that is not answered, but told of, is done; one that is neither is not', async () => {
    await rig.records();
    const suspended = rig.order({ kind: 'suspend', leg: rig.leg });
    await until('asked', () => rig.asked.length === 1);
    rig.event('MixMonitorStop');
    await rig.heard();
    rig.aheadMs += 10_001;
    expect(await suspended).toEqual({ kind: 'done' });
    expect(rig.told).toEqual(['started 1', 'paused 2 both cut']);
    const resumed = rig.order({ kind: 'continue', leg: rig.leg, file: rig.file });
    await until('asked', () => rig.asked.length === 2);
    rig.aheadMs += 10_001;
    expect(await resumed).toMatchObject({ kind: 'unavailable' });
    // It has started after all: as nobody knows why, that is another recording.
    rig.event('MixMonitorStart');
    await rig.heard();
    expect(rig.recordings).toEqual(['1 /spool/talk.wav ended [both cut]', '2 /spool/talk.wav']);
  });

  it('that Asterisk never tells of is told by us', async () => {
    await rig.records();
    const suspended = rig.order({ kind: 'suspend', leg: rig.leg });
    await rig.answer();
    expect(await suspended).toEqual({ kind: 'done' });
    rig.aheadMs += 10_001;
    await rig.listener.until(({ signals }) => signals.some((s) => s.kind === 'recording.paused'));
    expect(rig.recordings).toEqual(['1 /spool/talk.wav [both cut now]']);
  });

  it('that somebody ends with a stop is over, though it was to go on', async () => {
    await rig.records();
    const suspended = rig.order({ kind: 'suspend', leg: rig.leg });
    await rig.answer();
    rig.event('MixMonitorStop');
    await suspended;
    await rig.heard();
    const resumed = rig.order({ kind: 'continue', leg: rig.leg, file: rig.file });
    await until('asked', () => rig.asked.length === 2);
    rig.event('MixMonitorStop');
    await rig.heard();
    expect(rig.told.at(-1)).toBe('stopped 3');
    await rig.answer('No such channel');
    expect(await resumed).toMatchObject({ kind: 'refused' });
  });

  it('of a connection before this one can be ended: with more of it, or for good', async () => {
    await rig.records();
    const leg = rig.leg;
    const resumed = rig.order({ kind: 'continue', leg, file: '/old/a.wav' });
    await rig.answer();
    rig.event('MixMonitorStart');
    expect(await resumed).toEqual({ kind: 'done' });
    await rig.heard();
    expect(rig.told.at(-1)).toBe('resumed 2 both');
    expect(await rig.order({ kind: 'stop', leg, suspended: true })).toEqual({ kind: 'done' });
    expect(rig.told.at(-1)).toMatch(/^stopped/);
    expect(rig.asked).toHaveLength(1);
  });
});

describe('a split', () => {
  const first = ['started 1'];

  // Of Asterisk's answers and events any order that there can be.
  it.each([
    ['S', 'a1', 'T', 'a2'],
    ['a1', 'S', 'T', 'a2'],
    ['a1', 'S', 'a2', 'T'],
    ['S', 'a1', 'a2', 'T'],
    ['a1', 'a2', 'S', 'T'],
  ])('is told once, as the start of the next file: %s %s %s %s', async (...steps) => {
    await rig.records();
    const split = rig.order({ kind: 'split', leg: rig.leg, file: '/spool/talk.seg1.wav' });
    for (const step of steps) {
      if (step.startsWith('a')) await rig.answer();
      else {
        await until('asked', () => rig.asked.length >= (step === 'T' ? 2 : 1));
        if (step === 'T') rig.file = '/spool/talk.seg1.wav';
        rig.event(step === 'S' ? 'MixMonitorStop' : 'MixMonitorStart');
      }
      await rig.heard();
    }
    expect(await split).toEqual({ kind: 'done' });
    expect(rig.told).toEqual([...first, 'split 3']);
    expect(rig.recordings).toEqual([
      '1 /spool/talk.wav ended goes on',
      '2 of 1 /spool/talk.seg1.wav',
    ]);
    expect(
      rig.asked.map((each) => [each.get('action'), each.get('file'), each.get('options')]),
    ).toEqual([
      ['StopMixMonitor', undefined, undefined],
      ['MixMonitor', '/spool/talk.seg1.wav', undefined],
    ]);
  });

  it('takes for its own what starts after the stop, and nothing before', async () => {
    const started = rig.order({ kind: 'start', leg: rig.leg, file: rig.file });
    await rig.answer();
    await started;
    const split = rig.order({ kind: 'split', leg: rig.leg, file: '/spool/2.wav' });
    await rig.answer();
    rig.event('MixMonitorStart');
    await rig.heard();
    expect(rig.told).toEqual(first);
    rig.file = '/spool/2.wav';
    rig.event('MixMonitorStop');
    rig.event('MixMonitorStart');
    await rig.answer();
    expect(await split).toEqual({ kind: 'done' });
    await rig.heard();
    expect(rig.recordings).toEqual(['1 /spool/talk.wav ended goes on', '2 of 1 /spool/2.wav']);
  });

  it('mutes again what was muted, and tells when that cannot be', async () => {
    await rig.records();
    rig.event('MixMonitorMute', { Direction: 'read', State: 1 });
    const split = rig.order({ kind: 'split', leg: rig.leg, muted: 'says' });
    await rig.answer();
    rig.event('MixMonitorStop');
    await until('asked', () => rig.asked.length === 2);
    rig.file = '/spool/other.wav';
    rig.event('MixMonitorStart');
    await rig.answer();
    expect(await split).toEqual({ kind: 'done' });
    await until('asked', () => rig.asked.length === 3);
    expect(Object.fromEntries(rig.asked[2] ?? [])).toMatchObject({
      ...{ action: 'MixMonitorMute', direction: 'read', state: '1' },
    });
    await rig.heard();
    const muted = '2 of 1 /spool/other.wav [says now]';
    expect(rig.recordings).toEqual(['1 /spool/talk.wav ended goes on [says]', muted]);
    await rig.answer('Cannot set mute flag');
    await rig.heard();
    expect(rig.recordings[1]).toBe('2 of 1 /spool/other.wav [says]');
  });

  it('without a name is one of the leg', async () => {
    await rig.records();
    void rig.order({ kind: 'split', leg: rig.leg });
    await rig.answer();
    await until('asked', () => rig.asked.length === 2);
    expect(rig.asked[1]?.get('file')).toBe(`${rig.leg}.seg1.wav`);
  });

  it.each(['event first', 'answer first'])(
    'whose second half is refused is a stop at the time of the stop: %s',
    async (order) => {
      await rig.records();
      const split = rig.order({ kind: 'split', leg: rig.leg });
      await rig.answer();
      await until('asked', () => rig.asked.length === 2);
      if (order === 'event first') {
        rig.event('MixMonitorStop');
        await rig.heard();
        expect(rig.told).toEqual(first);
      }
      await rig.answer('Could not start monitoring channel');
      expect(await split).toEqual({
        kind: 'refused',
        reason: 'Could not start monitoring channel',
      });
      if (order === 'answer first') rig.event('MixMonitorStop');
      await rig.heard();
      expect(rig.told).toEqual([...first, 'stopped 2']);
    },
  );

  it('whose second half is not answered is a stop; a start that comes later is another recording', async () => {
    await rig.records();
    const split = rig.order({ kind: 'split', leg: rig.leg });
    await rig.answer();
    rig.event('MixMonitorStop');
    await until('asked', () => rig.asked.length === 2);
    await rig.heard();
    rig.aheadMs += 10_001;
    expect(await split).toMatchObject({ kind: 'unavailable' });
    expect(rig.told).toEqual([...first, 'stopped 2']);
    rig.event('MixMonitorStart');
    await rig.heard();
    expect(rig.told).toEqual([...first, 'stopped 2', 'started 3']);
  });

  it('whose first half is refused changes nothing', async () => {
    await rig.records();
    const split = rig.order({ kind: 'split', leg: rig.leg });
    await rig.answer('Could not stop monitoring channel');
    expect(await split).toMatchObject({ kind: 'refused' });
    await rig.heard();
    expect(rig.told).toEqual(first);
    expect(rig.asked).toHaveLength(1);
  });

  it('of a channel that hangs up in between is a stop at the time of the stop', async () => {
    await rig.records();
    const split = rig.order({ kind: 'split', leg: rig.leg });
    await rig.answer();
    rig.event('MixMonitorStop');
    await until('asked', () => rig.asked.length === 2);
    rig.words.after(1_000).hangup(rig.channel);
    rig.tell();
    expect(await split).toEqual({ kind: 'refused', reason: 'The channel was hung up.' });
    await rig.heard();
    expect(rig.told).toEqual([...first, 'stopped 2']);
    // What comes of it afterwards is nobody's.
    await rig.answer('No such channel');
    await rig.heard();
    expect(rig.told).toEqual([...first, 'stopped 2']);
    expect(rig.recordings).toEqual(['1 /spool/talk.wav ended']);
  });

  it.each(['the stop was told', 'the stop was answered'])(
    'in which the connection is lost is a stop, and unavailable: %s',
    async (how) => {
      await rig.records();
      const split = rig.order({ kind: 'split', leg: rig.leg });
      if (how === 'the stop was answered') {
        await rig.answer();
        await until('asked', () => rig.asked.length === 2);
      } else {
        await until('asked', () => rig.asked.length === 1);
        rig.event('MixMonitorStop');
        await rig.heard();
      }
      rig.pbx.drop();
      expect(await split).toMatchObject({ kind: 'unavailable' });
      await rig.listener.until(({ states }) => states.includes('down'));
      expect(rig.told.map((each) => each.split(' ')[0])).toEqual(['started', 'stopped']);
      const kinds = rig.listener.signals.map(({ kind }) => kind);
      expect(kinds.indexOf('recording.stopped')).toBeLessThan(kinds.indexOf('source.lost'));
    },
  );
});

describe('while an order is under way', () => {
  it('others for the same leg are refused, but for muting; those for others are not', async () => {
    await rig.records();
    const { leg } = rig;
    const split = rig.order({ kind: 'split', leg });
    for (const kind of ['split', 'suspend', 'stop', 'start', 'continue'] as const) {
      expect(await rig.order({ kind, leg })).toMatchObject({
        ...{ kind: 'refused', reason: expect.stringContaining('under way') },
      });
    }
    void rig.order({ kind: 'stop', leg: 'other' });
    void rig.order({ kind: 'mute', leg, side: 'both', muted: true });
    await until('asked', () => rig.asked.length === 3);
    expect(rig.asked.map((each) => each.get('action'))).toEqual([
      ...['StopMixMonitor', 'StopMixMonitor', 'MixMonitorMute'],
    ]);
    await rig.answer('no');
    await split;
    void rig.order({ kind: 'stop', leg });
    await until('asked', () => rig.asked.length === 4);
  });
});

describe('a file name', () => {
  it.each([
    ['a.wav,a,touch /tmp/x', 'comma'],
    ['a.wav\r\nCommand: touch /tmp/x', 'control characters'],
    ['a\0.wav', 'control characters'],
    ['a\u0085.wav', 'control characters'],
    ['"a.wav', 'quotes'],
    ['a\\.wav', 'backslashes'],
    ['a(.wav', 'brackets'],
    ['a[b]].[wav', 'brackets'],
    ['', '1 to 800 bytes'],
    ['ü'.repeat(401), '1 to 800 bytes'],
  ])('that Asterisk would take for something else is refused: %j', async (file, why) => {
    for (const kind of ['start', 'continue', 'split'] as const) {
      expect(await rig.order({ kind, leg: rig.leg, file })).toEqual({
        ...{ kind: 'refused', reason: expect.stringContaining(why) },
      });
    }
    expect(rig.asked).toEqual([]);
  });

  it('may hold spaces, letters of any script and brackets that are closed', async () => {
    const file = 'ordner/größe (2) [x]é 電話.wav';
    void rig.order({ kind: 'start', leg: rig.leg, file });
    await until('asked', () => rig.asked.length === 1);
    expect(rig.asked[0]?.get('file')).toBe(file);
  });

  it('that is not given has the format that was asked for', async () => {
    void rig.order({ kind: 'start', leg: rig.leg, format: 'gsm' });
    await until('asked', () => rig.asked.length === 1);
    expect(rig.asked[0]?.get('file')).toBe(`${rig.leg}.gsm`);
  });

  it('is not the one of a start that was refused', async () => {
    const started = rig.order({ kind: 'start', leg: rig.leg, file: '/spool/refused.wav' });
    await rig.answer('Could not start monitoring channel');
    expect(await started).toMatchObject({ kind: 'refused' });
    rig.file = '/spool/plan.wav';
    rig.event('MixMonitorStart');
    await rig.heard();
    expect(JSON.stringify(rig.listener.signals)).not.toContain('refused.wav');
    expect(rig.recordings).toEqual(['1 /spool/plan.wav']);
  });
});
