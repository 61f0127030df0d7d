import { beforeEach, describe, expect, it } from 'vitest';
import { duration, Lines } from '../../src/cli/line.ts';
import type { CallNews } from '../../src/cli/news.ts';
import { noPaint, paint } from '../../src/cli/terminal.ts';
import type { CallView } from '../../src/subscriber/call-view.ts';

const ann = { number: '+49301', name: 'Ann' };
const bob = { number: '1001', name: 'Bob' };

const ringing: CallView = {
  state: 'ringing',
  revision: 1,
  source: 'pbx',
  dialled: '1001',
  answered: undefined,
  outcome: undefined,
  ending: undefined,
  endedBy: undefined,
  mergedInto: undefined,
  conference: undefined,
  parties: [party('+49301', 'connected'), party('1001', 'ringing')],
  transfers: [],
  queue: [],
  recordings: [],
};
const talking: CallView = {
  ...ringing,
  state: 'connected',
  answered: '2026-01-02 10:00:04.500',
  parties: [party('+49301', 'connected'), party('1001', 'connected')],
};
const waiting = { joined: '2026-01-02 10:00:00.000', left: undefined, agent: undefined };
const recording = { started: '2026-01-02 10:00:05.000', ended: undefined, file: undefined };

function party(number: string, state: string, name?: string) {
  return {
    number,
    name,
    role: number === '+49301' ? 'caller' : 'called',
    state,
    device: undefined,
    agent: undefined,
  };
}

function news(type: string, view: CallView | undefined, changes: Partial<CallNews> = {}): CallNews {
  return {
    type,
    id: 'c1',
    snapshot: false,
    caller: ann,
    called: bob,
    start: '2026-01-02 10:00:00.000',
    end: undefined,
    view,
    ...changes,
  };
}

let lines: Lines;
beforeEach(() => {
  lines = new Lines(noPaint);
});

/** The line without clock and parties: what happened, and the remark. */
function shown(type: string, view: CallView | undefined, changes: Partial<CallNews> = {}) {
  return lines
    .call('10:00:00', news(type, view, changes))
    ?.replace(/^10:00:00 {2}/, '')
    .replace(/ +\+49301 Ann → 1001 Bob */, ' | ')
    .trimEnd();
}

describe('a call from start to end', () => {
  it('reads as a story', () => {
    const end = '2026-01-02 10:00:46.500';
    const over = { ...talking, state: 'ended', outcome: 'answered', endedBy: 'caller' };
    expect([
      lines.call('10:00:00', news('CallStart', ringing)),
      lines.call('10:00:04', news('CallAnswer', talking)),
      lines.call('10:00:46', news('CallEnd', { ...over, ending: 'observed' }, { end })),
    ]).toEqual([
      '10:00:00  ▶ ringing      +49301 Ann → 1001 Bob',
      '10:00:04  ✔ connected    +49301 Ann → 1001 Bob  after 0:04',
      '10:00:46  ■ answered     +49301 Ann → 1001 Bob  talked 0:42, caller hung up  c1',
    ]);
  });

  it('says why nobody talked', () => {
    const end = '2026-01-02 10:00:20.000';
    const missed = { ...ringing, state: 'ended', outcome: 'missed', ending: 'observed' };
    expect(shown('CallEnd', { ...missed, endedBy: 'platform' }, { end })).toBe(
      '■ missed | after 0:20, ended by the platform  c1',
    );
    expect(shown('CallEnd', { ...missed, outcome: 'busy' }, { end })).toBe(
      '■ busy | after 0:20  c1',
    );
  });

  it('says when its end was not seen', () => {
    const end = '2026-01-02 10:01:04.500';
    const lost = { ...talking, state: 'ended', outcome: 'unknown', ending: 'timed-out' };
    expect(shown('CallEnd', lost, { end })).toBe('■ unknown | talked 1:00, end timed-out  c1');
  });

  it('can be told by a server that says no more than the record', () => {
    expect(shown('CallStart', undefined)).toBe('▶ ringing |');
    expect(shown('CallEnd', undefined, { end: '2026-01-02 10:00:07.000' })).toBe(
      '■ ended | after 0:07  c1',
    );
  });

  it('begins in a snapshot as it stands, with the time it began', () => {
    const queued = { ...waiting, name: 'support', position: 1, result: undefined, missedBy: [] };
    expect(shown('CallStart', talking, { snapshot: true })).toBe('✔ connected | since 10:00:00');
    expect(shown('CallStart', { ...ringing, queue: [queued] }, { snapshot: true })).toBe(
      '▶ ringing | since 10:00:00, in queue support',
    );
  });
});

describe('an update', () => {
  it('says who put whom on hold, and when it is over', () => {
    shown('CallAnswer', talking);
    const held = {
      ...talking,
      state: 'held',
      parties: [party('+49301', 'connected'), party('1001', 'held')],
    };
    expect(shown('CallUpdate', held)).toBe('‖ on hold | by 1001');
    expect(shown('CallUpdate', talking)).toBe('✔ resumed |');
  });

  it('says who joined', () => {
    shown('CallAnswer', talking);
    const rung = { ...talking, parties: [...talking.parties, party('1002', 'ringing', 'Cid')] };
    const three = { ...talking, parties: [...rung.parties, party('1003', 'connected', 'Dot')] };
    expect(shown('CallUpdate', rung)).toBe('▶ rings | 1002 Cid');
    expect(shown('CallUpdate', three)).toBe('+ joined | 1003 Dot');
  });

  it('says who transferred the call where', () => {
    shown('CallAnswer', talking);
    const transfer = { style: 'blind', by: '1001', transferee: '+49301', to: '1003', at: '' };
    const moved = { ...talking, transfers: [transfer] };
    expect(shown('CallUpdate', moved)).toBe('» transferred | blind to 1003 by 1001');
    expect(shown('CallUpdate', moved)).toBeUndefined();
  });

  it('says which queue the caller waits in, and which agents did not answer', () => {
    shown('CallStart', ringing);
    const queued = { ...waiting, name: 'support', position: 2, result: undefined, missedBy: [] };
    const missed = { ...queued, missedBy: ['Bob'] };
    expect(shown('CallUpdate', { ...ringing, queue: [queued] })).toBe(
      '… in queue | support, place 2',
    );
    expect(shown('CallUpdate', { ...ringing, queue: [missed] })).toBe('· agent missed | Bob');
    const served = { ...missed, left: '2026-01-02 10:00:09.000', result: 'answered', agent: 'Cid' };
    expect(shown('CallUpdate', { ...ringing, queue: [served] })).toBe(
      '… served | queue support, Cid',
    );
  });

  it('says that the caller gave up waiting', () => {
    const queued = { ...waiting, name: 'support', position: 2, result: undefined, missedBy: [] };
    shown('CallStart', { ...ringing, queue: [queued] });
    const gone = { ...queued, result: 'abandoned' };
    expect(shown('CallUpdate', { ...ringing, queue: [gone] })).toBe('… gave up | queue support');
  });

  it('says who left, and that the platform took the call in', () => {
    shown('CallStart', ringing);
    expect(shown('CallUpdate', { ...ringing, parties: [party('+49301', 'connected')] })).toBe(
      '- left | 1001',
    );
    const taken = { ...ringing, state: 'connected', parties: [party('+49301', 'connected')] };
    expect(shown('CallUpdate', taken)).toBe('· taken in | by the platform');
  });

  it('that changed nothing one could see has no line', () => {
    shown('CallStart', ringing);
    expect(shown('CallUpdate', { ...ringing, revision: 2 })).toBeUndefined();
  });

  it('says that a call became a conference', () => {
    shown('CallAnswer', talking);
    expect(shown('CallUpdate', { ...talking, conference: '700' })).toBe('+ conference | 700');
  });

  it('of a call never seen before says how it stands, and takes nobody for newly joined', () => {
    expect(shown('CallUpdate', talking)).toBe('✔ connected |');
  });

  it('does not say again what the answer to the call has said', () => {
    const queued = { ...waiting, name: 'support', position: 1, result: undefined, missedBy: [] };
    const answered = { ...talking, parties: ringing.parties, queue: [queued] };
    shown('CallAnswer', answered);
    const pickedUp = { ...answered, parties: talking.parties };
    expect(shown('CallUpdate', pickedUp)).toBeUndefined();
    const left = { ...queued, left: '2026-01-02 10:00:05.000', result: 'left' };
    expect(shown('CallUpdate', { ...pickedUp, queue: [left] })).toBeUndefined();
  });

  it('says that a second party picked up', () => {
    shown('CallAnswer', { ...talking, parties: [...talking.parties, party('1002', 'ringing')] });
    const both = { ...talking, parties: [...talking.parties, party('1002', 'connected')] };
    expect(shown('CallUpdate', both)).toBe('+ picked up | 1002');
  });

  it('does not tell offered from ringing', () => {
    shown('CallStart', { ...ringing, state: 'offered' });
    expect(shown('CallUpdate', ringing)).toBeUndefined();
  });
});

describe('a recording', () => {
  it('is told with what a pause leaves out', () => {
    const paused = { ...talking, recordings: [{ ...recording, state: 'paused', side: 'says' }] };
    expect(shown('RecordingStart', talking)).toBe('● recording |');
    expect(shown('RecordingPause', paused)).toBe('◌ rec. paused | leaves out: says');
    expect(shown('RecordingResume', talking)).toBe('● rec. resumed |');
    expect(shown('RecordingEnd', talking)).toBe('○ rec. ended |');
  });
});

describe('a source', () => {
  const from = '2026-01-02 10:00:00.000';

  it('out of sight is told with the reason', () => {
    const gap = { type: 'SourceGap', source: 'pbx', from, reason: 'connection refused' };
    expect(lines.source('10:00:01', gap)).toBe(
      '10:00:01  ! out of sight source pbx, since 10:00:00 (connection refused)',
    );
  });

  it('seen again is told with how long it was away', () => {
    const up = { type: 'SourceUp', source: 'pbx', from, reason: undefined };
    expect(lines.source('10:02:00', up)).toBe(
      '10:02:00  + seen again   source pbx, away since 10:00:00',
    );
  });
});

describe('a line', () => {
  it('is one line, whatever names a telephone system sends', () => {
    const caller = { number: '1\n2', name: '\u001b[31mred' };
    expect(lines.call('10:00:00', news('CallStart', ringing, { caller }))).toBe(
      '10:00:00  ▶ ringing      1\ufffd2 \ufffd[31mred → 1001 Bob',
    );
  });

  it('names a party that is not known', () => {
    const line = lines.call('10:00:00', news('CallStart', ringing, { caller: {} }));
    expect(line).toContain('unknown → 1001 Bob');
  });

  it('has the same words with colour', () => {
    const coloured = new Lines(paint).call('10:00:00', news('CallStart', ringing));
    expect(coloured).toContain('\u001b[33m▶ ringing');
    expect(coloured?.replaceAll(/\u001b\[\d+m/g, '')).toBe(
      lines.call('10:00:00', news('CallStart', ringing)),
    );
  });
});

describe('a duration', () => {
  it.each([
    [0, '0:00'],
    [59_999, '0:59'],
    [60_000, '1:00'],
    [3_599_000, '59:59'],
    [3_600_000, '1:00:00'],
    [90_061_000, '25:01:01'],
  ])('of %i ms reads %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});
