/**
 * What destinations are told, for tests of dialects: destinations as they are written, the calls of a history
 * one event after another, and requests as text.
 */
import type { Call } from '../../../src/call/call.ts';
import { type CallEvent, isOfCall } from '../../../src/call/event.ts';
import { type Destination, readDestination } from '../../../src/webhook/destination.ts';
import type { OutgoingRequest, Part } from '../../../src/webhook/dialect/dialect.ts';
import { dialects } from '../../../src/webhook/dialects.ts';
import type { Occurrence } from '../../../src/webhook/occurrence.ts';
import { itemsOf, requestOf } from '../../contract/dialect.ts';

const url = 'https://receiver.example/hook';

/** A destination as somebody would write it. */
export function written(
  table: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return { id: 'crm', url, ...table };
}

/** What is wrong with it; the test ends when nothing is. */
export function problemsIn(table: Readonly<Record<string, unknown>>) {
  const read = readDestination(written(table));
  if (read.kind === 'destination') throw new Error('nothing is wrong with it');
  return read.problems;
}

export interface Happening {
  readonly occurrence: Occurrence;
  readonly before: Call | undefined;
}

/** Events with the call as of its event before, as the planner asks a dialect. */
export function happenings(events: readonly CallEvent[]): Happening[] {
  const open = new Map<string, Call>();
  return events.map((event) => {
    if (!isOfCall(event)) return { occurrence: { kind: 'source', event }, before: undefined };
    const before = open.get(event.call.id);
    open.set(event.call.id, event.call);
    return { occurrence: { kind: 'call', event }, before };
  });
}

export function partsOf(
  { occurrence, before }: Happening,
  destination: Destination,
): readonly Part[] {
  return dialects[destination.dialect].partsOf(occurrence, before, destination);
}

/** All requests that the happening causes, one item each. */
export function requestsOf(
  { occurrence, before }: Happening,
  destination: Destination,
): OutgoingRequest[] {
  return itemsOf(occurrence, before, destination).map((item) => requestOf([item], destination));
}

/** Members whose texts a stranger chooses. */
const chosen = new Set(
  `name number dialled agent queue device address key file reason by to transferee callKey leg ucid note`.split(
    ' ',
  ),
);

/** The occurrence with such texts in their places. */
export function withTexts(occurrence: Occurrence, texts: readonly string[]): Occurrence {
  let at = 0;
  const text = JSON.stringify(occurrence, (name, value: unknown) =>
    typeof value === 'string' && chosen.has(name) ? (texts[at++ % texts.length] ?? value) : value,
  );
  // Parse door: an occurrence with other texts is one.
  return JSON.parse(text) as Occurrence;
}

/** What must hold of any request, whatever its texts are. @returns the body, read */
export function soundBody({ method, url, headers, body = '' }: OutgoingRequest): unknown {
  const line = [method, url, ...Object.entries(headers).flat()];
  for (const text of line) {
    if (!/^[\x20-\x7e]*$/.test(text)) throw new Error(`no header can hold ${JSON.stringify(text)}`);
  }
  if (Buffer.from(body).toString() !== body) throw new Error('the body is no UTF-8');
  if (/[\0-\x1f]/.test(body)) throw new Error('the body holds a control character');
  const read: unknown = JSON.parse(body);
  const texts = textsIn(read);
  if (texts.some((text) => /\p{Cs}/u.test(text))) {
    throw new Error('the body holds half of a surrogate pair');
  }
  return read;
}

/** Names and values, down to the last one. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [name, ...textsIn(member)]);
}
