/**
 * What Asterisk lists when it is found with calls up that no recording holds. Our clock stands still, so
 * that the times we concluded ourselves can be told.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { accountOf } from '../../support/account.ts';
import { AmiListener } from '../../support/ami-listener.ts';
import { Asterisk } from '../../support/asterisk.ts';
import { liveAsterisk, type Script, ScriptedPbx } from '../../support/scripted-pbx.ts';

const nowMs = Date.parse('2027-01-15T08:10:00.000Z');
const cleanUps: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const each of cleanUps.splice(0).reverse()) await each();
});

async function find(...scripts: Script[]): Promise<{ pbx: ScriptedPbx; listener: AmiListener }> {
  const pbx = await ScriptedPbx.listen(...scripts);
  cleanUps.push(() => pbx.close());
  const listener = new AmiListener(pbx.port, { clock: { now: () => nowMs }, retryMs: 2 });
  cleanUps.push(() => listener.source.stop());
  await listener.until(({ states }) => states.includes('up'));
  return { pbx, listener };
}

interface Listed {
  readonly name: string;
  readonly number: string;
  readonly key: string;
  readonly call: string;
  readonly exten?: string;
  readonly state?: '0' | '4' | '5' | '6';
  readonly bridge?: string;
  readonly since?: string;
}

function entry(leg: Listed): string {
  return [
    `Channel: ${leg.name}`,
    `ChannelState: ${leg.state ?? '6'}`,
    `CallerIDNum: ${leg.number}`,
    'CallerIDName: <unknown>',
    `Exten: ${leg.exten ?? ''}`,
    `Uniqueid: ${leg.key}`,
    `Linkedid: ${leg.call}`,
    `Duration: ${leg.since ?? '00:01:00'}`,
    `BridgeId: ${leg.bridge ?? ''}`,
  ].join('\r\n');
}

function bridge(id: string, technology: string, creator: string, name: string): string {
  const kind = `BridgeTechnology: ${technology}\r\nBridgeCreator: ${creator}`;
  return `BridgeUniqueid: ${id}\r\nBridgeType: base\r\n${kind}\r\nBridgeName: ${name}`;
}

describe('Asterisk is found', () => {
  it('with two parked in the same lot: they are two calls', async () => {
    const { listener } = await find(
      liveAsterisk(
        [
          { name: 'PJSIP/trunk-01', number: '+49301', key: '1.1', call: '1.1', bridge: 'lot' },
          { name: 'PJSIP/trunk-02', number: '+49302', key: '1.2', call: '1.2', bridge: 'lot' },
        ].map(entry),
        [bridge('lot', 'holding_bridge', 'Parking', 'default')],
      ),
    );
    expect(listener.calls.map(({ caller, endedAtMs }) => [caller.number, endedAtMs])).toEqual([
      ['+49301', undefined],
      ['+49302', undefined],
    ]);
  });

  it('with three in a conference: it is one call, in a room', async () => {
    const { listener } = await find(
      liveAsterisk(
        [
          { name: 'PJSIP/1003-03', number: '1003', key: '1.3', call: '1.3', since: '00:01:00' },
          { name: 'PJSIP/1001-01', number: '1001', key: '1.1', call: '1.1', since: '00:03:00' },
          { name: 'PJSIP/1002-02', number: '1002', key: '1.2', call: '1.2', since: '00:02:00' },
        ].map((leg) => entry({ ...leg, exten: '8000', bridge: 'room' })),
        [bridge('room', 'softmix', 'ConfBridge', '8000')],
      ),
    );
    const open = listener.calls.filter(({ endedAtMs }) => endedAtMs === undefined);
    expect(open.map(accountOf)).toMatchObject([
      { started: '2027-01-15T08:07:00.000Z', dialled: '8000', conference: '8000' },
    ]);
    expect(open[0]?.legs.map(({ number }) => number)).toEqual(['1001', '1002', '1003']);
    expect(listener.registry.size).toBe(1);
  });

  it('with a phone that rings: the call is ringing, and its answer is seen', async () => {
    const words = new Asterisk();
    const caller = words.channel('PJSIP/1001-01', { number: '1001', exten: '1002' });
    const called = words.channel('PJSIP/1002-02', { number: '1002', of: caller, state: 'Ringing' });
    const before = words.text.length;
    const { pbx, listener } = await find(
      liveAsterisk(
        [
          { name: called.name, number: '1002', key: called.uniqueid, state: '5' as const },
          {
            name: caller.name,
            number: '1001',
            key: caller.uniqueid,
            state: '4' as const,
            exten: '1002',
          },
        ].map((leg) => entry({ ...leg, call: caller.linkedid, since: '00:00:04' })),
      ),
    );
    expect(listener.calls).toMatchObject([{ state: 'ringing', caller: { number: '1001' } }]);
    const talk = words.after(596_000).answer(caller, called);
    words.after(4_000).hangUpTalk(talk, caller, called);
    pbx.say(words.text.slice(before));
    await listener.until(({ registry }) => registry.size === 0);
    expect(listener.calls.map(accountOf)).toMatchObject([
      {
        started: '2027-01-15T08:09:56.000Z',
        parties: '1001 → 1002',
        answered: '0 by 1002',
        ended: '4000 answered observed',
        endedBy: 'caller 1001',
      },
    ]);
  });

  it('with an agent behind a Local channel: he is one party', async () => {
    const { listener } = await find(
      liveAsterisk(
        [
          { name: 'PJSIP/2001-02', number: '2001', key: '1.4', bridge: 'inner' },
          { name: 'Local/2001@agents-01;2', number: '+49301', key: '1.3', bridge: 'inner' },
          { name: 'Local/2001@agents-01;1', number: '+49301', key: '1.2', bridge: 'outer' },
          { name: 'PJSIP/trunk-01', number: '+49301', key: '1.1', bridge: 'outer', exten: '600' },
        ].map((leg) => entry({ ...leg, call: '1.1' })),
      ),
    );
    expect(listener.calls.map(accountOf)).toMatchObject([
      { parties: '+49301 → 2001', dialled: '600', direction: 'incoming' },
    ]);
    const parties = listener.calls[0]?.legs.filter(({ party }) => party);
    expect(parties?.map(({ number }) => number)).toEqual(['+49301', '2001']);
  });

  it('again after a gap, with one call gone, one still there and one new', async () => {
    const words = new Asterisk();
    const [gone, kept] = ['1001', '1003'].map((number) => {
      const caller = words.channel(`PJSIP/${number}-01`, { number, exten: '1009' });
      words.state(caller, 'Up');
      return caller;
    });
    if (gone === undefined || kept === undefined) throw new Error('Two calls were expected.');
    const { listener } = await find(
      { say: words.text, then: 'reset' },
      liveAsterisk(
        [
          { name: kept.name, number: '1003', key: kept.uniqueid, call: kept.linkedid },
          { name: 'PJSIP/1005-05', number: '1005', key: '9.9', call: '9.9', exten: '1009' },
        ].map(entry),
      ),
    );
    expect(
      listener.calls.map(({ caller, state, ending }) => [caller.number, state, ending]),
    ).toEqual([
      ['1001', 'ended', 'reconciled'],
      ['1003', 'connected', undefined],
      ['1005', 'connected', undefined],
    ]);
    const kinds = listener.events.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'call.started')).toHaveLength(3);
    expect(kinds.indexOf('source.gap')).toBeLessThan(kinds.indexOf('source.up'));
    expect(kinds.indexOf('source.up')).toBeLessThan(kinds.indexOf('call.ended'));
  });

  it('with a channel that ended while the list was on its way: it does not come back', async () => {
    const words = new Asterisk();
    const caller = words.channel('PJSIP/1001-01', { number: '1001', exten: '1009' });
    const newchannel = words.text.slice(words.text.indexOf('Event:'));
    words.hangup(caller);
    const hangup = words.text.slice(words.text.lastIndexOf('Event:'));
    const live = liveAsterisk([
      entry({ name: caller.name, number: '1001', key: caller.uniqueid, call: caller.linkedid }),
    ]);
    const { listener } = await find({
      ...live,
      answer: (action) => {
        const said = live.answer?.(action);
        // The list was made before the hang-up, and arrives after it.
        const isList = action.get('action') === 'CoreShowChannels';
        return isList ? newchannel + hangup + String(said) : said;
      },
    });
    expect(listener.calls).toHaveLength(1);
    expect(listener.calls[0]?.state).toBe('ended');
    expect(listener.registry.size).toBe(0);
  });

  it.each(['before', 'after'])(
    'as the called phone is taken, with its events %s the list: who calls whom is right',
    async (when) => {
      const words = new Asterisk();
      const caller = words.channel('PJSIP/1001-01', { number: '1001', exten: '1002' });
      const called = words.channel('PJSIP/1002-02', { number: '1002', of: caller });
      words.ring(caller, called).after(600_000);
      const begin = words.text.length;
      const talk = words.answer(caller, called);
      const events = words.text.slice(begin);
      words.after(1_000).hangUpTalk(talk, called, caller);
      const live = liveAsterisk(
        [called, caller].map((channel) =>
          entry({
            name: channel.name,
            number: channel.number,
            key: channel.uniqueid,
            call: channel.linkedid,
            bridge: talk.id,
            exten: channel === caller ? '1002' : '',
          }),
        ),
      );
      const { pbx, listener } = await find({
        ...live,
        answer: (action) => {
          const said = live.answer?.(action);
          if (action.get('action') !== 'CoreShowChannels') return said;
          return when === 'before' ? events + String(said) : String(said) + events;
        },
      });
      pbx.say(words.text.slice(begin + events.length));
      await listener.until(({ registry }) => registry.size === 0);
      expect(listener.calls.map(accountOf)).toMatchObject([
        { parties: '1001 → 1002', dialled: '1002', endedBy: 'called 1002' },
      ]);
      const kinds = listener.events.map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === 'call.started')).toHaveLength(1);
      expect(kinds.filter((kind) => kind === 'call.ended')).toHaveLength(1);
    },
  );
});
