import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extensionKey } from '../../src/call/extension.ts';
import { isOfCall } from '../../src/call/event.ts';
import type { Destination } from '../../src/webhook/destination.ts';
import { keptOut } from '../../src/webhook/filter.ts';
import { Matching } from '../../src/webhook/matching.ts';
import type { Occurrence } from '../../src/webhook/occurrence.ts';
import { history } from '../support/any-history.ts';
import { connectedCall, eventOf, gapOf } from '../support/calls.ts';
import { destinationOf } from '../support/deliveries.ts';

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

function limitedTo(id: string, limits: Readonly<Record<string, unknown>>): Destination {
  const own = { standard: { secrets: [secret] } };
  return destinationOf({ id, dialect: 'standard', url: 'http://x.example/', ...own, ...limits });
}

const limits = fc.record(
  {
    extensions: fc.array(
      fc.constantFrom('1001', '1002', '1003', '600', '700', 'Bob@example.org', '10*', '1001-1004'),
      { maxLength: 3 },
    ),
    directions: fc.subarray(['internal', 'incoming', 'outgoing', 'external']),
    queues: fc.subarray(['support', 'sales']),
    sources: fc.subarray(['pbx', 'other']),
  },
  { requiredKeys: [] },
);

const objectOf = (model: string): Occurrence => ({
  ...{ kind: 'model', id: 'm', atMs: 1, model, lane: '1001', object: {} },
});

describe('matching', () => {
  it('finds those that asking every one finds, whoever came and went', () => {
    fc.assert(
      fc.property(
        history,
        fc.array(limits, { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat(7), { maxLength: 6 }),
        (entries, tables, leaving) => {
          const all = tables.map((table, n) => limitedTo(`d${n}`, table));
          const matching = new Matching();
          for (const each of all) matching.add(each);
          const gone = new Set(leaving.map((n) => all[n % all.length]));
          for (const each of gone) if (each !== undefined) matching.remove(each);
          const here = all.filter((each) => !gone.has(each));
          const occurrences: Occurrence[] = entries.map(({ event }) =>
            isOfCall(event) ? { kind: 'call', event } : { kind: 'source', event },
          );
          for (const occurrence of [...occurrences, objectOf('voicemail')]) {
            const found = matching.wanting(occurrence);
            expect(new Set(found).size).toBe(found.length);
            expect(new Set(found)).toEqual(
              new Set(here.filter(({ filter }) => keptOut(filter, occurrence) === undefined)),
            );
          }
        },
      ),
      { numRuns: 120 },
    );
  });

  it('finds addresses whatever their case, and each destination once', () => {
    const matching = new Matching();
    const both = limitedTo('both', { extensions: ['1001', 'Bob@Example.org', '1002'] });
    matching.add(both);
    const extensions = ['1001', '1002', extensionKey('bob@EXAMPLE.ORG')];
    const event = eventOf('call.answered', connectedCall(1, { extensions }));
    expect(matching.wanting({ kind: 'call', event })).toEqual([both]);
    const others = eventOf('call.answered', connectedCall(1, { extensions: ['2001'] }));
    expect(matching.wanting({ kind: 'call', event: others })).toEqual([]);
  });

  it('keeps what is of no call from nobody but for its source', () => {
    const matching = new Matching();
    const [one, other] = [
      limitedTo('one', { extensions: ['1001'] }),
      limitedTo('other', { extensions: ['1001'], sources: ['elsewhere'] }),
    ];
    matching.add(one);
    matching.add(other);
    expect(matching.wanting({ kind: 'source', event: gapOf('pbx', 1) })).toEqual([one]);
    expect(matching.wanting(objectOf('voicemail'))).toEqual([one, other]);
  });
});
