/**
 * What `offhook receiver` shows of a request: a line for people, an object for programs, and what it all came
 * to in the end.
 */
import type { FaultKind } from '../receiver/fault.ts';
import type { Received } from '../receiver/received.ts';
import { fit, type Ink, pad, type Paint, printable } from './terminal.ts';

/** Characters of a body that a line shows. */
const bodyColumns = 60;
const pathColumns = 80;

/** `16:20:01  POST  /hook  200  e1/3 seen before  {"id":…`. */
export function receivedLine(received: Received, paint: Paint): string {
  const { atMs, method, path, fault, key, repeats, body, bodyBytes } = received;
  const time = new Date(atMs).toTimeString().slice(0, 8);
  const parts = [
    paint('dim', time),
    pad(printable(method), 4),
    fit(printable(path), pathColumns),
    paint(inkOf(fault), given(fault)),
    key === undefined ? '' : paint('cyan', fit(printable(key), 70)),
    repeats === 0
      ? ''
      : paint('yellow', repeats === 1 ? 'seen before' : `seen ${repeats} times before`),
    bodyBytes === 0 ? '' : fit(printable(body.replace(/\s+/g, ' ').trim()), bodyColumns),
  ];
  return parts.filter((part) => part !== '').join('  ');
}

/** Everything that came, for programs. */
export function receivedJson({ atMs, key, ...rest }: Received): string {
  return JSON.stringify({ at: new Date(atMs).toISOString(), key: key ?? null, ...rest });
}

/** How many requests met what. */
export class Tally {
  readonly #times = new Map<FaultKind, number>();
  #repeats = 0;
  #keyless = 0;

  take({ fault, repeats, key }: Received): void {
    this.#times.set(fault, (this.#times.get(fault) ?? 0) + 1);
    if (repeats > 0) this.#repeats += 1;
    if (key === undefined) this.#keyless += 1;
  }

  /** `12 requests: 9 answered 200, 3 met 500; 3 seen before`. */
  get text(): string {
    const count = [...this.#times.values()].reduce((sum, times) => sum + times, 0);
    if (count === 0) return 'no request came';
    const met = [...this.#times]
      .sort(([one], [other]) => String(one).localeCompare(String(other)))
      .map(([kind, times]) => (kind === 'ok' ? `${times} answered 200` : `${times} met ${kind}`));
    const asides = [
      this.#repeats === 0 ? [] : [`${this.#repeats} seen before`],
      this.#keyless === 0 ? [] : [`${this.#keyless} without idempotency-key`],
    ].flat();
    const requests = count === 1 ? 'one request' : `${count} requests`;
    return [`${requests}: ${met.join(', ')}`, ...asides].join('; ');
  }
}

/** The status that was answered, or what was done instead of answering. */
function given(fault: FaultKind): string {
  return fault === 'ok' ? '200' : String(fault);
}

function inkOf(fault: FaultKind): Ink {
  if (fault === 'ok') return 'green';
  return typeof fault === 'number' && fault < 300 ? 'green' : 'red';
}
