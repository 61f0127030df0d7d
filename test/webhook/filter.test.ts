import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/call/call.ts';
import { isLimited, keptOut } from '../../src/webhook/filter.ts';
import type { Occurrence } from '../../src/webhook/occurrence.ts';
import { connectedCall, eventOf, gapOf } from '../support/calls.ts';
import { destinationOf } from '../support/deliveries.ts';

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const filterOf = (limits: Readonly<Record<string, unknown>>) =>
  destinationOf({
    ...{ id: 'x', dialect: 'standard', url: 'http://x.example/', ...limits },
    standard: { secrets: [secret] },
  }).filter;

function of(changes: Partial<Call> = {}): Occurrence {
  return { kind: 'call', event: eventOf('call.answered', connectedCall(1, changes)) };
}

describe('a filter', () => {
  it.each([
    ['directions', { directions: ['outgoing'] }, { direction: 'incoming' }],
    ['extensions', { extensions: ['2*', '3000'] }, {}],
    ['queues', { queues: ['sales'] }, {}],
    ['queues', { queues: ['sales'] }, { queue: [] }],
    ['dids', { dids: ['123'] }, {}],
    ['sources', { sources: ['other'] }, {}],
  ] as const)('of %s keeps out what it does not name, and says so', (name, limits, changes) => {
    const out = keptOut(filterOf(limits), of(changes));
    expect(out?.filter).toBe(name);
    expect(out?.detail).toMatch(/^the call has .+, the destination wants .+$/);
  });

  it('lets through what all of its limits let through', () => {
    const limits = {
      ...{ directions: ['incoming', 'internal'], extensions: ['10*'], queues: ['support'] },
      ...{ dids: ['4930555100'], sources: ['pbx'] },
    };
    expect(keptOut(filterOf(limits), of())).toBeUndefined();
    expect(keptOut(filterOf({ ...limits, dids: ['1'] }), of())?.filter).toBe('dids');
  });

  it('of dialled numbers keeps out a call that dialled none', () => {
    const { dialled: _, ...call } = connectedCall(1);
    const occurrence: Occurrence = { kind: 'call', event: eventOf('call.answered', call) };
    expect(keptOut(filterOf({ dids: ['1'] }), occurrence)?.detail).toContain('no dialled number');
  });

  it('limits what is of no call by its source alone', () => {
    const gap: Occurrence = { kind: 'source', event: gapOf('pbx', 1) };
    expect(keptOut(filterOf({ extensions: ['1'], queues: ['q'] }), gap)).toBeUndefined();
    expect(keptOut(filterOf({ sources: ['other'] }), gap)?.filter).toBe('sources');
  });

  it('keeps what was notified from whoever may not see every call', () => {
    const parameters = { calledAors: 'sip:1001@pbx' };
    const notified: Occurrence = { kind: 'notified', id: 'n', atMs: 1, event: 'E', parameters };
    expect(keptOut(filterOf({}), notified)).toBeUndefined();
    const limits = {
      ...{ directions: ['incoming'], extensions: ['1001'], queues: ['q'], dids: ['1'] },
      sources: ['pbx'],
    };
    for (const [name, named] of Object.entries(limits)) {
      expect(keptOut(filterOf({ [name]: named }), notified)).toEqual({
        filter: name,
        detail: 'the event is of no call, the destination wants certain calls only',
      });
    }
  });

  it('names no more than ten of what was seen', () => {
    const extensions = Array.from({ length: 40 }, (_, n) => `9${n}`);
    const { detail } = keptOut(filterOf({ extensions: ['1'] }), of({ extensions })) ?? {};
    expect(detail).toContain('"99", …');
    expect(detail).not.toContain('"910"');
  });

  it('is limited when it has any limit', () => {
    expect(isLimited(filterOf({}))).toBe(false);
    for (const limits of [
      { directions: ['incoming'] },
      { extensions: ['1'] },
      { queues: ['q'] },
      { dids: ['1'] },
      { sources: ['s'] },
    ]) {
      expect(isLimited(filterOf(limits))).toBe(true);
    }
  });
});
