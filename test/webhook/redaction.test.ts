// What of a destination is never shown, and that what was shown hidden can be sent back.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attempt } from '../../src/webhook/attempting.ts';
import type { Delivery } from '../../src/webhook/delivery.ts';
import { readDestination } from '../../src/webhook/destination.ts';
import {
  mask,
  redacted,
  redactedProblems,
  redactedUrl,
  restored,
  scrubber,
} from '../../src/webhook/redaction.ts';
import type { Sender } from '../../src/webhook/sending.ts';
import { started } from '../support/calls.ts';

const written = {
  id: 'crm',
  dialect: 'standard',
  urls: ['https://a.example/hook?token=T0KEN-a&room=5', 'https://b.example/hook?room=5'],
  headers: { 'X-Api-Key': 'K3Y-header', 'x-room': 'five' },
  auth: { kind: 'basic', username: 'us3r-name', password: 'p4ss-word' },
  standard: { secrets: ['whsec_0ne', 'whsec_Tw0'] },
  timeout: 3,
};
const secrets = ['T0KEN-a', 'K3Y-header', 'us3r-name', 'p4ss-word', 'whsec_0ne', 'whsec_Tw0'];

describe('what is shown of a destination', () => {
  it('is what was written, with its secrets hidden', () => {
    expect(redacted(written)).toEqual({
      ...written,
      urls: ['https://a.example/hook?token=***&room=5', 'https://b.example/hook?room=5'],
      headers: { 'X-Api-Key': mask, 'x-room': 'five' },
      auth: { kind: 'basic', username: mask, password: mask },
      standard: { secrets: [mask, mask] },
    });
  });

  it.each([
    ['https://x/?token=abc', 'https://x/?token=***'],
    ['https://x/?a=1&API_KEY=abc&b=2', 'https://x/?a=1&API_KEY=***&b=2'],
    ['https://x/?a=1;sig=abc', 'https://x/?a=1;sig=***'],
    ['https://x/?to%6ben=abc', 'https://x/?to%6ben=***'],
    ['https://x/?client-secret=a%20b#f', 'https://x/?client-secret=***#f'],
    ['https://x/?Password=', 'https://x/?Password='],
    ['https://x/?%E0%A4%A=1&key=2', 'https://x/?%E0%A4%A=1&key=***'],
    ['https://user:pass@x/', 'https://***@x/'],
    ['https://x/?caller={{CallerID}}&keys=1', 'https://x/?caller={{CallerID}}&keys=1'],
    ['token=abc&num=%CALLER%', 'token=***&num=%CALLER%'],
  ])('of the URL %s is %s', (url, shown) => {
    expect(redactedUrl(url)).toBe(shown);
    expect(redactedUrl(shown)).toBe(shown);
  });
});

describe('what is sent back hidden', () => {
  it('keeps what is stored', () => {
    expect(restored(redacted(written), written)).toEqual({ written, problems: [] });
  });

  it('keeps it beside what was changed', () => {
    const sent = {
      ...written,
      urls: ['https://new.example/?token=***&x=1'],
      headers: { 'x-api-key-2': 'new', 'X-Api-Key': mask },
      standard: { secrets: ['whsec_new', mask] },
    };
    expect(restored(sent, written).written).toEqual({
      ...written,
      urls: ['https://new.example/?token=T0KEN-a&x=1'],
      headers: { 'x-api-key-2': 'new', 'X-Api-Key': 'K3Y-header' },
      standard: { secrets: ['whsec_new', 'whsec_0ne'] },
    });
  });

  it('keeps it where items have changed places', () => {
    const sent = {
      urls: ['https://b.example/hook?room=5', 'https://a.example/hook?token=***&room=5'],
    };
    expect(restored(sent, written).written).toEqual({ urls: [...written.urls].reverse() });
  });

  it('is a problem where nothing is stored, and none where three stars stand for themselves', () => {
    const sent = {
      id: 'crm',
      url: 'https://a.example/?sig=***',
      headers: { 'x-api-key': mask, 'x-stars': mask },
      auth: { kind: 'bearer', token: mask },
    };
    expect(restored(sent, undefined).problems).toEqual(
      ['url', 'headers.x-api-key', 'auth.token'].map((path) => ({
        path,
        seen: 'a hidden value',
        expected: 'the secret itself: none is stored',
      })),
    );
  });
});

describe('texts of receivers', () => {
  it('are shown without what a receiver repeats of the secrets', () => {
    const scrub = scrubber(written);
    const basic = Buffer.from('us3r-name:p4ss-word').toString('base64');
    const echo = `you sent Basic ${basic}, ${JSON.stringify(written)}, ?token=other`;
    const text = scrub(echo);
    for (const secret of [...secrets, basic, 'other']) expect(text).not.toContain(secret);
    expect(text).toContain('you sent Basic ***');
  });
});

describe('whatever is sent', () => {
  const secret = fc
    .string({ unit: 'grapheme', minLength: 12, maxLength: 90 })
    .filter((text) => !/[&;#\s"'()=]/.test(text) && !text.includes('*') && text.trim() !== '');
  const name = fc.constantFrom('token', 'X-API-Key', 'secret', 'Authorization', 'my_password');
  const place = fc.oneof(
    fc.tuple(name, secret).map(([key, value]) => ({ [key]: value })),
    fc.tuple(name, secret).map(([key, value]) => ({ [key]: [{ deep: value }] })),
    fc
      .tuple(secret, secret)
      .map(([one, two]) => ({ auth: { kind: 'basic', username: one, x: two } })),
    secret.map((value) => ({ auth: value })),
    secret.map((value) => ({ auth: { kind: value } })),
    secret.map((value) => ({ url: `ftp://h/?token=${value}` })),
    secret.map((value) => ({ url: [`https://h/?a=1&key=${value}`] })),
    secret.map((value) => ({ timeout: { token: value } })),
    secret.map((value) => ({ headers: { 'x-key': `\u0001${value}` } })),
    secret.map((value) => ({ standard: { secrets: [value], [`url`]: `//h?sig=${value}` } })),
  );

  /** Parts of at least eight characters in a row that stand in the text: more than chance. */
  function leaks(text: string, value: unknown): string[] {
    const planted: string[] = [];
    const find = (each: unknown, isSecret: boolean): void => {
      if (typeof each === 'string') {
        const found = /(?:token|key|sig)=(.*)$/s.exec(each)?.[1];
        if (found !== undefined) planted.push(found);
        else if (isSecret) planted.push(each.replace('\u0001', ''));
      } else if (typeof each === 'object' && each !== null) {
        for (const [key, inner] of Object.entries(each)) {
          find(inner, isSecret || /token|key|secret|auth|password/i.test(key));
        }
      }
    };
    find(value, false);
    return planted.filter((each) => each !== 'basic' && text.includes(each.slice(0, 8)));
  }

  it('no secret of it is in what is shown, nor in a problem', () => {
    fc.assert(
      fc.property(
        fc.array(place, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (places, listed) => {
          const table = Object.assign(
            { id: 'crm', dialect: 'standard', ...places[0] },
            ...places.slice(1),
          );
          const sent: unknown = listed ? [table] : table;
          const read = readDestination(sent);
          const problems = read.kind === 'problems' ? read.problems : [];
          const told = JSON.stringify([redacted(sent), redactedProblems(problems, sent)]);
          expect(leaks(told, sent)).toEqual([]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('comes back as it was stored', () => {
    fc.assert(
      fc.property(fc.array(place, { minLength: 1, maxLength: 4 }), (places) => {
        const table = Object.assign({}, ...places);
        expect(restored(redacted(table), table)).toEqual({ written: table, problems: [] });
      }),
    );
  });
});

it('nothing deep breaks it', () => {
  let deep: unknown = 'x';
  for (let depth = 0; depth < 5_000; depth += 1) deep = { token: [deep] };
  expect(() => restored(redacted(deep), deep)).not.toThrow();
  expect(() => scrubber(deep)('x')).not.toThrow();
});

it('what a receiver says is kept without the secrets that it repeats', async () => {
  const table = {
    id: 'crm',
    dialect: 'standard',
    url: 'https://a.example/',
    headers: { 'X-Api-Key': 'K3Y-header' },
    standard: { secrets: [`whsec_${Buffer.alloc(32, 7).toString('base64')}`] },
  };
  const read = readDestination(table);
  if (read.kind === 'problems') throw new Error(JSON.stringify(read.problems));
  const sender: Sender = {
    send: ({ headers }) =>
      Promise.resolve({ kind: 'answered', status: 500, answer: JSON.stringify(headers) }),
    close: () => Promise.resolve(),
  };
  const made: Delivery = {
    ...{ id: 1, lane: 'c', topic: 'call.started', class: 'live', key: 'k', sequence: 1 },
    ...{ expiresMs: 9, about: null, madeMs: 0, attempts: 0, supersedes: 'nothing' },
    occurrence: { kind: 'call', event: started(1) },
  };
  const tried = await attempt([made], read.destination, table.url, { sender, nowMs: () => 1 });
  expect(JSON.stringify(tried)).toContain('x-api-key');
  expect(JSON.stringify(tried)).not.toContain('K3Y-header');
});
