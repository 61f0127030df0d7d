/**
 * What every request carries, whatever its dialect: the key by which a repeat is told, the place in the call,
 * and how it proves who sends it. Pure.
 */
import { createHash } from 'node:crypto';
import type { Item, OutgoingRequest } from './dialect/dialect.ts';
import type { Destination } from './destination.ts';

const userAgent = 'offhook';

/** The request with our own headers and those of the destination; a dialect's own win over the destination's. */
export function addressed(
  request: OutgoingRequest,
  items: readonly Item[],
  destination: Destination,
): OutgoingRequest {
  const headers: Record<string, string> = { 'user-agent': userAgent };
  for (const [name, value] of Object.entries(destination.headers))
    headers[name.toLowerCase()] = value;
  Object.assign(headers, authorization(destination), request.headers, keysOf(items));
  return { ...request, headers };
}

function authorization({ auth }: Destination): Record<string, string> {
  if (auth === undefined) return {};
  if (auth.kind === 'bearer') return { authorization: `Bearer ${auth.token}` };
  const pair = Buffer.from(`${auth.username}:${auth.password}`).toString('base64');
  return { authorization: `Basic ${pair}` };
}

function keysOf(items: readonly Item[]): Record<string, string> {
  const keys = items.map(({ key }) => key);
  const [first] = items;
  if (first === undefined) return {};
  if (items.length === 1) {
    const sequence =
      first.sequence === 0 ? {} : { 'offhook-call-sequence': String(first.sequence) };
    return { 'idempotency-key': plain(first.key), ...sequence };
  }
  const digest = createHash('sha256').update(JSON.stringify(keys)).digest('hex').slice(0, 32);
  return { 'idempotency-key': digest, 'offhook-events': keys.map(plain).join(',') };
}

/** Keys are ours, but for what came by ingest; in a header only plain characters can stand. */
function plain(key: string): string {
  return key.replaceAll(/[^\x21-\x2b\x2d-\x7e]/g, (each) =>
    encodeURIComponent(each.toWellFormed()),
  );
}
