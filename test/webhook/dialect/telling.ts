/**
 * What destinations are told, for tests of dialects: destinations as they are written, the calls of a history
 * one event after another, and requests as text.
 */
import fc from 'fast-check';
import type { Call } from '../../../src/call/call.ts';
import { type CallEvent, isOfCall } from '../../../src/call/event.ts';
import { type Destination, readDestination } from '../../../src/webhook/destination.ts';
import type { Item, OutgoingRequest, Part } from '../../../src/webhook/dialect/dialect.ts';
import { dialects } from '../../../src/webhook/dialects.ts';
import { callOf, idOf, type Occurrence } from '../../../src/webhook/occurrence.ts';

export const receiver = 'https://receiver.example/hook';

/** A destination as it stands in the configuration; the test ends when it has a problem. */
export function destinationOf(table: Readonly<Record<string, unknown>>): Destination {
  const read = readDestination({ id: 'crm', url: receiver, ...table });
  if (read.kind === 'problems') throw new Error(JSON.stringify(read.problems));
  return read.destination;
}

/** What is wrong with it; the test ends when nothing is. */
export function problemsIn(table: Readonly<Record<string, unknown>>) {
  const read = readDestination({ id: 'crm', url: receiver, ...table });
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

/** By way of JSON, as the outbox keeps it. */
export function itemOf(occurrence: Occurrence, part: Part, index = 0): Item {
  const id = idOf(occurrence);
  // Parse door: it was an occurrence a moment ago.
  const kept = JSON.parse(JSON.stringify(occurrence)) as Occurrence;
  return {
    occurrence: kept,
    topic: part.topic,
    about: part.about,
    key: index === 0 ? id : `${id}.${part.topic}`,
    sequence: callOf(occurrence)?.revision ?? 0,
    attempts: 0,
  };
}

export const nowMs = Date.UTC(2026, 0, 5, 9, 30, 15, 250);

export function requestOf(items: readonly Item[], destination: Destination): OutgoingRequest {
  const context = { url: destination.urls[0], nowMs };
  return dialects[destination.dialect].render(items, destination, context);
}

/** All requests that the happening causes, one item each. */
export function requestsOf(happening: Happening, destination: Destination): OutgoingRequest[] {
  const { occurrence } = happening;
  return partsOf(happening, destination).map((part, index) =>
    requestOf([itemOf(occurrence, part, index)], destination),
  );
}

/** A request as it is published: line, headers, an empty line, and the body with a line end after it. */
export function textOf({ method, url, headers, body = '' }: OutgoingRequest): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
  return `${method} ${url}\n${lines.join('')}\n${body}\n`;
}

/** Any text at all: emoji, control characters, quotes, halves of surrogate pairs. */
export const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
    .map((codes) => String.fromCharCode(...codes)),
  fc.constantFrom('"}]', '\r\nx-evil: 1', '\ud800', '\\ud800', '__proto__', '\0', '&#;', '💥"\n'),
);

/** The event with every text that a stranger chooses replaced. */
export function withTexts(occurrence: Occurrence, texts: readonly string[]): Occurrence {
  let at = 0;
  const chosen = new Set([
    'name',
    'number',
    'dialled',
    'agent',
    'queue',
    'device',
    'address',
    'key',
  ]);
  const more = new Set([...chosen, 'file', 'reason', 'by', 'to', 'transferee', 'callKey', 'leg']);
  const text = JSON.stringify(occurrence, (name, value: unknown) =>
    typeof value === 'string' && more.has(name) ? (texts[at++ % texts.length] ?? value) : value,
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
