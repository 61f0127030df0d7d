import { describe, expect, it } from 'vitest';
import { Listener } from '../support/listener.ts';
import { anna, ben, carla, Exchange, morningMs, zoe } from '../support/signals.ts';

const heard = (pbx: Exchange): Listener => new Listener().hear(pbx.said);

describe('one calls another', () => {
  it('Zoë calls Anna, they talk, and Zoë hangs up', () => {
    const pbx = new Exchange();
    const from = pbx.dials(zoe, '1001');
    const to = pbx.after(100).ringsAt(from, anna);
    pbx.after(4_000).answers(from, to);
    pbx.after(60_000).hangsUp(from, to);

    const listener = heard(pbx);

    expect(listener.story()).toEqual([
      'call.started',
      'call.updated', // Anna's phone is called
      'call.updated', // it rings
      'call.answered',
      'call.updated', // Anna is connected
      'call.updated', // Zoë is connected
      'call.updated', // Zoë has hung up
      'call.ended',
    ]);
    expect(listener.call).toMatchObject({
      state: 'ended',
      outcome: 'answered',
      ending: 'observed',
      endedBy: { side: 'caller', number: '+4930123456' },
      cause: { code: 16 },
      direction: 'incoming',
      caller: { number: '+4930123456', name: 'Zoë' },
      called: { number: '1001', name: 'Anna' },
      dialled: '1001',
      startedAtMs: morningMs,
      answeredAtMs: morningMs + 4_100,
      endedAtMs: morningMs + 64_100,
      answeredBy: to.leg,
      extensions: ['+4930123456', 'trunk-berlin', '1001'],
    });
    expect(listener.call.legs[1]).toEqual({
      key: to.leg,
      state: 'ended',
      role: 'called',
      party: true,
      callKey: from.call,
      number: '1001',
      name: 'Anna',
      device: '1001',
      dialledBy: from.leg,
      dialResult: 'answered',
      offeredAtMs: morningMs + 100,
      ringingAtMs: morningMs + 100,
      connectedAtMs: morningMs + 4_100,
      endedAtMs: morningMs + 64_100,
      cause: { code: 16, text: 'Normal Clearing' },
    });
  });

  it('Zoë calls Anna, and Anna hangs up', () => {
    const pbx = new Exchange();
    const { from, to } = pbx.talk(zoe, anna);
    pbx.after(60_000).hangsUp(to, from);

    expect(heard(pbx).call).toMatchObject({
      outcome: 'answered',
      endedBy: { side: 'called', number: '1001' },
    });
  });

  it('tells each state as it comes', () => {
    const pbx = new Exchange();
    const { from, to } = pbx.talk(zoe, anna);
    pbx.hangsUp(from, to);
    const states = heard(pbx).ofCalls.map(({ call }) => call.state);
    expect(states).toEqual([
      'offered',
      'offered',
      'ringing',
      'connected',
      'connected',
      'connected',
      'connected',
      'ended',
    ]);
  });

  it('nobody takes it: missed, whatever cause the lines are cleared with', () => {
    const pbx = new Exchange();
    const from = pbx.dials(zoe, '1001');
    const to = pbx.ringsAt(from, anna);
    pbx.after(20_000).fails(from, to, 'no-answer', { code: 0 });
    pbx.asksForTheEnd(from, 'platform');
    pbx.ends(from, { code: 16 });

    expect(heard(pbx).call).toMatchObject({ outcome: 'missed', endedBy: { side: 'platform' } });
    expect(heard(pbx).call).not.toHaveProperty('answeredAtMs');
  });

  it('nobody says why it rang no longer: missed, with the cause that was given to anybody', () => {
    const pbx = new Exchange();
    const from = pbx.dials(zoe, '1001');
    pbx.ends(pbx.ringsAt(from, anna), { code: 19 });
    pbx.say({ kind: 'leg.ended', leg: from.leg });
    expect(heard(pbx).call).toMatchObject({ outcome: 'missed', cause: { code: 19 } });
    expect(heard(pbx).call.endedBy).toBeUndefined();
  });

  it('the phone never rang: unreachable', () => {
    const pbx = new Exchange();
    const from = pbx.dials(ben, '1001');
    const to = pbx.calls(from, anna);
    pbx.after(20_000).fails(from, to, 'no-answer');
    pbx.ends(from);

    expect(heard(pbx).call).toMatchObject({ outcome: 'unreachable', direction: 'internal' });
  });

  it('Anna is on the phone: busy', () => {
    const pbx = new Exchange();
    const from = pbx.dials(ben, '1001');
    pbx.fails(from, pbx.calls(from, anna), 'busy', { code: 17 });
    pbx.ends(from, { code: 17 });

    expect(heard(pbx).call).toMatchObject({ outcome: 'busy', cause: { code: 17 } });
  });

  it.each([
    ['the platform says so', 'rejected', { code: 16 }],
    ['only the cause of the end tells', 'no-answer', { code: 21 }],
  ] as const)('Anna declines it: rejected, when %s', (_, result, cause) => {
    const pbx = new Exchange();
    const from = pbx.dials(ben, '1001');
    pbx.fails(from, pbx.ringsAt(from, anna), result, cause);
    pbx.ends(from);

    expect(heard(pbx).call.outcome).toBe('rejected');
  });

  it('Ben gives up while it rings: cancelled, by Ben', () => {
    const pbx = new Exchange();
    const from = pbx.dials(ben, '1001');
    const to = pbx.ringsAt(from, anna);
    pbx.after(8_000).asksForTheEnd(from);
    pbx.fails(from, to, 'cancelled');
    pbx.ends(from);

    expect(heard(pbx).call).toMatchObject({
      outcome: 'cancelled',
      endedBy: { side: 'caller', number: '1002' },
    });
  });

  it('Ben gives up and the platform tells no more than that his line is gone: cancelled', () => {
    const pbx = new Exchange();
    const from = pbx.dials(ben, '1001');
    const to = pbx.ringsAt(from, anna);
    pbx.hangsUp(from, to);
    expect(heard(pbx).call.outcome).toBe('cancelled');
  });

  it('Ben hangs up before anybody is called: cancelled', () => {
    const pbx = new Exchange();
    pbx.hangsUp(pbx.dials(ben, '1001'));
    expect(heard(pbx).call.outcome).toBe('cancelled');
  });

  it('a number that nobody has: failed', () => {
    const pbx = new Exchange();
    const from = pbx.dials(ben, '9999');
    pbx.asksForTheEnd(from, 'platform');
    pbx.ends(from, { code: 1 });
    expect(heard(pbx).call).toMatchObject({ outcome: 'failed', cause: { code: 1 } });
  });

  it('a machine takes it, and nobody else is called: answered by nobody we could name', () => {
    const pbx = new Exchange();
    const from = pbx.dials(ben, '*98');
    pbx.connects(from);
    expect(heard(pbx).call.state).toBe('connected');
    pbx.after(9_000).hangsUp(from);
    expect(heard(pbx).call).toMatchObject({ outcome: 'answered', called: { number: '*98' } });
  });

  it('an outside call is outgoing, between two trunks external', () => {
    const pbx = new Exchange();
    pbx.calls(pbx.dials(anna, '+4930123456'), zoe);
    pbx.calls(pbx.dials(zoe, '+4940987654'), { number: '+4940987654', device: 'trunk-hamburg' });
    expect(heard(pbx).calls.map(({ direction }) => direction)).toEqual(['outgoing', 'external']);
  });
});

it.each([
  ['a short number without a line', { number: '1001' }, { number: '12345' }, 'internal'],
  ['a long number without a line', { number: '123456' }, { number: '1001' }, 'incoming'],
  ['nobody', {}, { number: '1001' }, 'incoming'],
  ['a line with digits only', { number: '0049301', device: '21' }, { device: '22' }, 'internal'],
  ['a line named after its number', { number: '493012345', device: '493012345' }, {}, 'outgoing'],
  ['any other line', { number: '1001', device: 'trunk' }, { device: '1002' }, 'incoming'],
])('from %s the direction is told by both ends', (_, caller, called, direction) => {
  const pbx = new Exchange();
  const from = pbx.dials(caller, '700');
  const to = pbx.ringsAt(from, called);
  expect(heard(pbx).call.direction).toBe(direction);
  // Somebody else answers than was rung first.
  const taken = pbx.ringsAt(from, { number: '+49301', device: 'trunk-2' });
  pbx.answers(from, taken);
  pbx.fails(from, to, 'cancelled');
  const inside = direction === 'internal' || direction === 'outgoing';
  expect(heard(pbx).call.direction).toBe(inside ? 'outgoing' : 'external');
});

describe('the number that was dialled', () => {
  it('is what the caller dialled first; later ones are the dial plan’s way', () => {
    const pbx = new Exchange();
    const from = pbx.dials(zoe, '0800');
    pbx.say({ kind: 'leg.identified', leg: from.leg, facts: { dialled: '600' } });
    const listener = heard(pbx);
    expect(listener.call.dialled).toBe('0800');
    expect(listener.outcome).toEqual({ kind: 'ignored', reason: 'no-change' });
  });

  it('is not the caller’s own line', () => {
    const pbx = new Exchange();
    pbx.dials(anna, '1001');
    pbx.dials({ number: '1007' }, '1007');
    expect(heard(pbx).calls.map(({ dialled }) => dialled)).toEqual([undefined, undefined]);
  });

  it('becomes known with an update', () => {
    const pbx = new Exchange();
    const leg = 'a';
    pbx.say({ kind: 'leg.offered', leg, facts: { call: leg, number: '1001' } });
    pbx.say({ kind: 'leg.identified', leg, facts: { dialled: '600' } });
    const listener = heard(pbx);
    expect(listener.story()).toEqual(['call.started', 'call.updated']);
    expect(listener.events.at(-1)).toMatchObject({ joined: ['600'] });
  });
});

describe('one number rings several phones', () => {
  it('the first to answer has the call, and the others have not missed it', () => {
    const pbx = new Exchange();
    const from = pbx.dials(zoe, '700');
    const rung = [anna, ben, carla].map((person) => pbx.ringsAt(from, person));
    expect(heard(pbx).call.called).toEqual({ number: '700' });

    const [first, second, third] = rung;
    if (!first || !second || !third) throw new Error('three phones ring');
    pbx.after(3_000).answers(from, second);
    for (const other of [first, third]) {
      pbx.fails(from, other, 'cancelled', { code: 26, text: 'Answered elsewhere' });
    }
    expect(heard(pbx).call).toMatchObject({
      state: 'connected',
      called: { number: '1002', name: 'Ben' },
      dialled: '700',
      answeredBy: second.leg,
    });

    pbx.after(9_000).hangsUp(from, second);
    expect(heard(pbx).call.outcome).toBe('answered');
    expect(heard(pbx).calls).toHaveLength(1);
    expect(heard(pbx).call.extensions).toEqual(
      expect.arrayContaining(['1001', '1002', '1003', '700']),
    );
  });

  it('the caller gives up, and nothing is told but that the lines are gone: cancelled', () => {
    const pbx = new Exchange();
    const from = pbx.dials(zoe, '700');
    const rung = [anna, ben, carla].map((person) => pbx.ringsAt(from, person));
    pbx.after(5_000).hangsUp(from, ...rung);
    expect(heard(pbx).call).toMatchObject({ outcome: 'cancelled', endedBy: { side: 'caller' } });
  });

  it('none of them answers: missed, even when one of them was busy', () => {
    const pbx = new Exchange();
    const from = pbx.dials(zoe, '700');
    const [one, other] = [pbx.ringsAt(from, anna), pbx.calls(from, ben)];
    pbx.fails(from, other, 'busy', { code: 17 });
    pbx.after(20_000).fails(from, one, 'no-answer');
    pbx.ends(from);
    expect(heard(pbx).call.outcome).toBe('missed');
  });
});

describe('the platform calls by itself', () => {
  it('rings Anna first, then whom she wants: the call is answered when the other answers', () => {
    const pbx = new Exchange();
    const leg = 'click-1';
    pbx.say({
      kind: 'leg.offered',
      leg,
      facts: { call: leg, device: '1001', dialled: '0301234' },
    });
    // Until she answers, her leg bears the number that it is about to call.
    pbx.say({ kind: 'leg.identified', leg, facts: { number: '0301234' } });
    pbx.say({ kind: 'dial.started', leg });
    pbx.say({ kind: 'dial.started', leg });
    pbx.say({ kind: 'leg.ringing', leg });
    expect(heard(pbx).call).toMatchObject({ state: 'offered', caller: { number: '1001' } });

    pbx.say({ kind: 'dial.ended', leg, result: 'answered' });
    pbx.say({ kind: 'leg.connected', leg });
    expect(heard(pbx).call.answeredAtMs).toBeUndefined();

    const line = { leg, call: leg, person: anna };
    const to = pbx.after(500).ringsAt(line, { ...zoe, number: '0301234' });
    pbx.after(5_000).answers(line, to);
    pbx.hangsUp(line, to);
    expect(heard(pbx).call).toMatchObject({
      outcome: 'answered',
      direction: 'outgoing',
      caller: { number: '1001' },
      called: { number: '0301234' },
      answeredAtMs: morningMs + 5_500,
    });
  });

  it('and Anna does not answer: missed', () => {
    const pbx = new Exchange();
    const leg = 'click-1';
    pbx.say({ kind: 'leg.offered', leg, facts: { call: leg, ...anna } });
    pbx.say({ kind: 'dial.started', leg });
    pbx.say({ kind: 'leg.ringing', leg });
    pbx.say({ kind: 'dial.ended', leg, result: 'no-answer' });
    pbx.say({ kind: 'leg.ended', leg });
    expect(heard(pbx).call.outcome).toBe('missed');
  });
});
