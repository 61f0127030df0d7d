/**
 * Calls whose parties, queues, keys and files are named by somebody who means harm, from their start to their
 * end, for property tests.
 */
import fc from 'fast-check';
import type { Call, Leg, Recording } from '../../src/call/call.ts';
import type { CallEventKind, OfCall } from '../../src/call/event.ts';
import { connectedCall, endedCall, eventOf, offeredCall } from './calls.ts';

/** Each breaks something that does not expect it. */
const nasty = fc.constantFrom(
  '',
  ' ',
  '&admin=1',
  '#top',
  '?x=y',
  '%',
  '%%',
  '%41%zz',
  '%ANI%',
  '{{CallID}}',
  '{file}',
  'a+b c',
  '\r\nx-evil: 1\r\n\r\n',
  '\u0000\u0001\u007f',
  '"\'<>`\\',
  '🧨 émoji é',
  '\u2028\u2029\ufeff',
  '\ud800',
  'a\udfffb',
  '../../etc/passwd',
  'http://evil.example/',
  'a,b;c=d@e:f',
  '__proto__',
  '1'.repeat(400),
  '\ud83d\ude00'.repeat(3_000),
);
const anyUnits = fc
  .array(fc.integer({ min: 0, max: 0xff_ff }), { maxLength: 40 })
  .map((units) => String.fromCharCode(...units));

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  nasty,
  anyUnits,
  fc.tuple(nasty, anyUnits, nasty).map((texts) => texts.join('')),
);

const texts = {
  number: hostileText,
  name: hostileText,
  address: hostileText,
  device: hostileText,
  agent: hostileText,
  dialled: hostileText,
  queue: hostileText,
  file: hostileText,
  key: hostileText,
  otherKey: hostileText,
};
type Texts = { readonly [K in keyof typeof texts]: string };

function named(call: Call, said: Texts): Call {
  const { number, name, address, device, agent, dialled, queue, file, key, otherKey } = said;
  const party = { number, name, address };
  const keys = [key, otherKey === key ? `${otherKey}2` : otherKey];
  const legs = call.legs.map((leg, nth): Leg => ({
    ...leg,
    ...party,
    ...{ device, agent, dialled, key: keys[nth] ?? key, callKey: key },
  }));
  const recordings = call.recordings.map((each): Recording => ({ ...each, leg: otherKey, file }));
  return {
    ...call,
    ...{ caller: party, called: party, dialled, legs, recordings, platformIds: [key, otherKey] },
    ...(call.answeredBy !== undefined && { answeredBy: keys[1] ?? key }),
    queue: call.queue.map((visit) => ({ ...visit, queue, agent, missedBy: [agent] })),
    extensions: [number, dialled],
  };
}

/** A life in which everything happens that can be told of a recording. */
function lifeNamed(said: Texts, isTaken: boolean): OfCall[] {
  const [offered, connected, ended] = [offeredCall(1), connectedCall(1), endedCall(1)];
  const recordings = (changes: Partial<Recording>): Recording[] =>
    connected.recordings.map(({ endedAtMs: _, ...each }) => ({ ...each, ...changes }));
  const fromMs = connected.startedAtMs + 20_000;
  const { answeredAtMs: _at, answeredBy: _by, ...untaken } = ended;
  const steps: readonly (readonly [CallEventKind, Call])[] = isTaken
    ? [
        ['call.started', offered],
        ['call.answered', { ...connected, recordings: [] }],
        ['recording.started', { ...connected, recordings: recordings({ pauses: [] }) }],
        [
          'recording.paused',
          { ...connected, recordings: recordings({ pauses: [{ side: 'both', fromMs }] }) },
        ],
        ['recording.resumed', connected],
        ['recording.ended', { ...connected, recordings: ended.recordings }],
        ['call.ended', ended],
      ]
    : [
        ['call.started', offered],
        ['call.ended', { ...untaken, outcome: 'abandoned', recordings: [] }],
      ];
  return steps.map(([kind, call], nth) =>
    eventOf(kind, named({ ...call, revision: nth + 1 }, said)),
  );
}

/** All events of one call, in order. */
export const hostileLife: fc.Arbitrary<readonly OfCall[]> = fc
  .record({ said: fc.record(texts), isTaken: fc.boolean() })
  .map(({ said, isTaken }) => lifeNamed(said, isTaken));
