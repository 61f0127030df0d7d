import { expect, it } from 'vitest';
import { Listener } from '../support/listener.ts';
import { anna, Exchange, morningMs, zoe } from '../support/signals.ts';

it('Anna puts Zoë on hold and takes her back, twice', () => {
  const pbx = new Exchange();
  const { from, to } = pbx.talk(zoe, anna);
  const listener = new Listener().hear(pbx.said.splice(0));
  const told = listener.story().length;

  pbx.after(1_000).holds(to);
  expect(listener.hear(pbx.said.splice(0)).call.state).toBe('held');
  pbx.after(2_000).resumes(to);
  expect(listener.hear(pbx.said.splice(0)).call.state).toBe('connected');
  pbx.after(3_000).holds(to);
  pbx.after(4_000).resumes(to);
  pbx.after(5_000).hangsUp(to, from);
  listener.hear(pbx.said);

  const talkMs = morningMs + 4_100;
  expect(listener.call.holds).toEqual([
    { leg: to.leg, by: '1001', fromMs: talkMs + 1_000, toMs: talkMs + 3_000 },
    { leg: to.leg, by: '1001', fromMs: talkMs + 6_000, toMs: talkMs + 10_000 },
  ]);
  expect(listener.story().slice(told)).toEqual([
    ...Array.from({ length: 5 }, () => 'call.updated'),
    'call.ended',
  ]);
});

it('a call that ends while somebody waits ends the wait', () => {
  const pbx = new Exchange();
  const { from, to } = pbx.talk(zoe, anna);
  pbx.after(1_000).holds(to);
  pbx.after(30_000).hangsUp(from, to);

  const { call } = new Listener().hear(pbx.said);
  expect(call.holds).toEqual([
    { leg: to.leg, by: '1001', fromMs: morningMs + 5_100, toMs: morningMs + 35_100 },
  ]);
  expect(call.outcome).toBe('answered');
});

it('both may hold each other; the call is held until the last takes back', () => {
  const pbx = new Exchange();
  const { from, to } = pbx.talk(zoe, anna);
  pbx.holds(to);
  pbx.holds(from);
  pbx.resumes(to);
  const listener = new Listener().hear(pbx.said.splice(0));
  expect(listener.call.state).toBe('held');
  pbx.resumes(from);
  expect(listener.hear(pbx.said).call.state).toBe('connected');
});
