import { describe, expect, it } from 'vitest';
import type { Item } from '../../src/webhook/dialect/dialect.ts';
import { itemOf } from '../../src/webhook/delivery.ts';
import { addressed } from '../../src/webhook/envelope.ts';
import { wireOf } from '../../src/webhook/wire.ts';
import { delivery, destinationOf } from '../support/deliveries.ts';

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const destination = (more: Readonly<Record<string, unknown>> = {}) =>
  destinationOf({
    ...{ id: 'x', dialect: 'standard', url: 'http://x.example/', ...more },
    standard: { secrets: [secret] },
  });

const request = { method: 'POST', url: 'http://x.example/', headers: {}, body: '{}' } as const;
const item = (key: string, sequence = 3): Item => ({
  ...itemOf(delivery(1, 'a')),
  key,
  sequence,
});
const headersOf = (
  items: readonly Item[],
  more: Readonly<Record<string, unknown>> = {},
  own: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> =>
  addressed({ ...request, headers: own }, items, destination(more)).headers;

describe('a request', () => {
  it('carries its key, its place in the call and who sends it', () => {
    expect(headersOf([item('k1')])).toEqual({
      'user-agent': 'offhook',
      'idempotency-key': 'k1',
      'offhook-call-sequence': '3',
    });
    expect(headersOf([item('k1', 0)])).not.toHaveProperty('offhook-call-sequence');
  });

  it('of several items has one key of them all, and names them in order', () => {
    const keys = (...all: string[]): string | undefined =>
      headersOf(all.map((key) => item(key)))['idempotency-key'];
    expect(headersOf([item('a'), item('b')])['offhook-events']).toBe('a,b');
    expect(keys('a', 'b')).toBe(keys('a', 'b'));
    expect(keys('a', 'b')).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set([keys('a', 'b'), keys('b', 'a'), keys('a', 'b', 'c')]).size).toBe(3);
    // What stands in a key does not make other keys of it.
    expect(keys('a,b', 'c')).not.toBe(keys('a', 'b,c'));
    expect(headersOf([item('a,b'), item('c')])['offhook-events']).toBe('a%2Cb,c');
  });

  it.each(['a\r\nx-evil: 1', '\u0000', 'é🧨', '\ud800', ' ', 'a,b', '☎'.repeat(128)])(
    'with the key %j can go on the wire',
    (key) => {
      for (const items of [[item(key)], [item(key), item('b')]]) {
        const wire = wireOf(addressed(request, items, destination()));
        expect(wire.kind).toBe('wire');
      }
    },
  );

  it('proves who sends it as the destination says', () => {
    const basic = { kind: 'basic', username: 'ada', password: 'pä:ss' };
    const { authorization } = headersOf([item('k')], { auth: basic });
    expect(Buffer.from(authorization?.replace('Basic ', '') ?? '', 'base64').toString()).toBe(
      'ada:pä:ss',
    );
    expect(headersOf([item('k')], { auth: { kind: 'bearer', token: 't' } })['authorization']).toBe(
      'Bearer t',
    );
  });

  it('takes the headers of the destination, but those of the dialect and ours win', () => {
    const headers = { 'X-Tenant': 'acme', 'Content-Type': 'text/odd', 'User-Agent': 'acme' };
    const own = { 'content-type': 'application/json' };
    expect(headersOf([item('k')], { headers }, own)).toMatchObject({
      'x-tenant': 'acme',
      'content-type': 'application/json',
      'user-agent': 'acme',
      'idempotency-key': 'k',
    });
  });
});
