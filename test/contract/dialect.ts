/**
 * What every dialect keeps its word on, whatever its vendor wants to be told. A dialect's own test calls this
 * with a destination as somebody would write it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/call/call.ts';
import { isOfCall, type OfCall } from '../../src/call/event.ts';
import { type Destination, readDestination } from '../../src/webhook/destination.ts';
import type { Item, OutgoingRequest, Part } from '../../src/webhook/dialect/dialect.ts';
import { type DialectName, dialects } from '../../src/webhook/dialects.ts';
import { callOf, idOf, type Occurrence } from '../../src/webhook/occurrence.ts';
import { history } from '../support/any-history.ts';
import { connectedCall, gapOf, upOf } from '../support/calls.ts';
import { hostileLife, hostileText } from '../support/hostile-calls.ts';

const nowMs = Date.UTC(2026, 0, 5, 9, 30);

/** A destination as it is read; a problem with it fails the test, in words. */
export function destinationOf<Options = unknown>(written: unknown): Destination<Options> {
  const read = readDestination(written);
  if (read.kind === 'problems') throw new Error(JSON.stringify(read.problems, null, 2));
  // The caller names the dialect, and with it what its options are.
  return read.destination as Destination<Options>;
}

/** What a destination is told of an occurrence, as the outbox keeps it and hands it out again. */
export function itemsOf(
  occurrence: Occurrence,
  before: Call | undefined,
  destination: Destination,
): Item[] {
  const parts = dialects[destination.dialect].partsOf(occurrence, before, destination);
  const kept: Occurrence = JSON.parse(JSON.stringify(occurrence));
  return parts.map(({ topic, about }, nth) => ({
    occurrence: kept,
    topic,
    about,
    key: nth === 0 ? idOf(kept) : `${idOf(kept)}.${topic}`,
    sequence: callOf(kept)?.revision ?? 0,
    attempts: 0,
  }));
}

export function requestOf(items: readonly Item[], destination: Destination): OutgoingRequest {
  const [url] = destination.urls;
  return dialects[destination.dialect].render(items, destination, { url, nowMs });
}

/** Everything that a destination is told of events of any calls. */
export function toldOf(events: Iterable<OfCall>, destination: Destination): Item[] {
  const last = new Map<string, Call>();
  const items: Item[] = [];
  for (const event of events) {
    items.push(...itemsOf({ kind: 'call', event }, last.get(event.call.id), destination));
    last.set(event.call.id, event.call);
  }
  return items;
}

/** A request as the text that stands in `protocol/webhook`: first line, headers, body. */
export function textOf({ method, url, headers, body }: OutgoingRequest): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = [`${method} ${url}`, ...lines].join('\n');
  return body === undefined ? `${head}\n` : `${head}\n\n${body}\n`;
}

/** Names and values as a receiver reads them off a query or a form. */
export function pairsIn(text: string): [string, string][] {
  if (text === '') return [];
  return text.split('&').map((pair) => {
    const [name = '', ...value] = pair.split('=');
    return [decodeURIComponent(name), decodeURIComponent(value.join('='))];
  });
}

/** Headers that whoever sends the request sets. */
const senders = /^(idempotency-key|offhook-.*|user-agent|host|content-length|transfer-encoding)$/;
const headerName = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
const printable = /^[\x20-\x7e]*$/;

/** What is true of every request. */
function checkRequest(request: OutgoingRequest, destination: Destination): void {
  const { url, headers, body, method } = request;
  expect(url).toMatch(/^https?:\/\/[\x21-\x7e]+$/);
  const [typed] = destination.urls;
  const [goesTo, meant] = [new URL(url), new URL(typed)];
  expect(goesTo.origin + goesTo.pathname).toBe(meant.origin + meant.pathname);
  expect(url).not.toContain('#');
  for (const [name, value] of Object.entries(headers)) {
    expect(name).toMatch(headerName);
    expect(name).not.toMatch(senders);
    expect(value).toMatch(printable);
  }
  if (method === 'GET') expect(body).toBeUndefined();
  expect(body ?? '').not.toMatch(/\p{Cs}/u);
  const type = headers['content-type'] ?? '';
  if (type.includes('json')) expect(() => JSON.parse(body ?? '')).not.toThrow();
}

function checkParts(parts: readonly Part[]): void {
  for (const { topic, about = '' } of parts) {
    expect(topic).toMatch(/^[\x21-\x7e]{1,64}$/);
    expect(about.length).toBeLessThanOrEqual(4_096);
  }
  // Keys are made of topics: no two parts may have the same one.
  const topics = parts.map(({ topic }) => topic);
  expect(new Set(topics).size).toBe(topics.length);
}

/** What a receiver must find in the query, or in the form: neither more nor less, in this order. */
export type Pairs = (
  item: Item,
  destination: Destination,
) => readonly (readonly [string, string])[];

/** @param pairs given where the dialect puts values of a call into a query or a form */
export function dialectContract(
  name: DialectName,
  written: Readonly<Record<string, unknown>>,
  pairs?: Pairs,
): void {
  const dialect = dialects[name];
  const destination = destinationOf(written);

  /** Tells it, and holds what is told against what is true of every request. */
  function told(occurrence: Occurrence, before: Call | undefined): Item[] {
    const parts = dialect.partsOf(occurrence, before, destination);
    checkParts(parts);
    const items = itemsOf(occurrence, before, destination);
    for (const item of items) {
      const request = requestOf([item], destination);
      checkRequest(request, destination);
      const again = { ...item, attempts: item.attempts + 3 };
      expect(requestOf([again], destination)).toEqual(request);
      if (pairs !== undefined) {
        const read = request.method === 'GET' ? request.url.split('?').slice(1).join('?') : '';
        expect(pairsIn(request.body ?? read)).toEqual(pairs(item, destination));
      }
    }
    if (dialect.batches && items.length > 1) {
      checkRequest(requestOf(items, destination), destination);
    }
    return items;
  }

  function tellAll(events: Iterable<OfCall>): Item[] {
    const last = new Map<string, Call>();
    const items: Item[] = [];
    for (const event of events) {
      items.push(...told({ kind: 'call', event }, last.get(event.call.id)));
      last.set(event.call.id, event.call);
    }
    return items;
  }

  describe(`the dialect ${name}`, () => {
    it('says what it is', () => {
      expect(dialect.name).toBe(name);
      expect(dialect.meaning).toMatch(/\w+ \w+/);
    });

    it('reads its example, and the same again from what was written', () => {
      expect(destination.dialect).toBe(name);
      expect(readDestination(destination.written)).toMatchObject({
        kind: 'destination',
        destination: { options: destination.options },
      });
    });

    it('refuses a name that it does not know', () => {
      const own = written[name];
      const wrong = { ...written, [name]: { ...(own instanceof Object && own), nonsense: 1 } };
      const read = readDestination(wrong);
      expect(read).toMatchObject({ kind: 'problems', problems: [{ path: `${name}.nonsense` }] });
    });

    it('can be tried with an event of its own making', () => {
      const occurrence = dialect.sample(destination, 'trial-1', nowMs);
      expect(idOf(occurrence)).toBe('trial-1');
      expect(told(occurrence, undefined).length).toBeGreaterThan(0);
    });

    it('tells plausible and impossible calls in requests that hold', () => {
      fc.assert(
        fc.property(history, (entries) => {
          tellAll(entries.map(({ event }) => event).filter(isOfCall));
        }),
        { numRuns: 40 },
      );
    });

    it('tells calls that mean harm in requests that hold, and says of them what is to be said', () => {
      fc.assert(
        fc.property(hostileLife, (events) => {
          tellAll(events);
        }),
        { numRuns: 150 },
      );
    });

    it('tells the same whoever renders it, and however often', () => {
      fc.assert(
        fc.property(hostileLife, (events) => {
          const requests = (): OutgoingRequest[] =>
            toldOf(events, destination).map((item) => requestOf([item], destination));
          expect(requests()).toEqual(requests());
        }),
        { numRuns: 20 },
      );
    });

    it('takes everything that may happen beside calls', () => {
      const call = connectedCall(1);
      const commands = ['start', 'pause', 'resume', 'stop', 'split'] as const;
      const happened: Occurrence[] = [
        { kind: 'source', event: gapOf('pbx', nowMs) },
        { kind: 'source', event: upOf('pbx', nowMs, nowMs + 1) },
        { kind: 'model', id: 'm', atMs: nowMs, model: 'voicemail', lane: 'x', object: { a: '\n' } },
        ...commands.flatMap((command): Occurrence[] => [
          { kind: 'command-failed', id: command, atMs: nowMs, command, reason: 'no', call },
          {
            ...{ kind: 'command-failed', id: command, atMs: nowMs, command, reason: 'no', call },
            leg: 'gone',
          },
        ]),
      ];
      for (const occurrence of happened) told(occurrence, undefined);
    });

    it('takes a model whose object means harm', () => {
      fc.assert(
        fc.property(hostileText, hostileText, (lane, text) => {
          const object = { [text]: text };
          told({ kind: 'model', id: 'm', atMs: nowMs, model: 'message', lane, object }, undefined);
        }),
        { numRuns: 50 },
      );
    });

    it('knows a success from what may be tried again', () => {
      expect(dialect.isTaken(200)).toBe(true);
      for (let status = 100; status < 600; status += 1) {
        expect(dialect.isTaken(status) && dialect.isFinal(status)).toBe(false);
      }
      for (const status of [408, 425, 429, 500, 502, 503, 504]) {
        expect([status, dialect.isTaken(status), dialect.isFinal(status)]).toEqual([
          status,
          false,
          false,
        ]);
      }
      for (const seconds of dialect.retries) expect(seconds).toBeGreaterThan(0);
    });
  });
}
