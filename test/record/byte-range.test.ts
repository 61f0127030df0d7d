/**
 * Ranges and conditions (RFC 9110 §13, §14), and the headers of what is fetched.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entityTagOf, lastModifiedOf, portionOf, type Wish } from '../../src/record/byte-range.ts';
import { answerMedia, dispositionOf } from '../../src/record/media-answer.ts';
import { mediaTypeOf } from '../../src/record/media-type.ts';

const version = { bytes: 1_000, modifiedMs: Date.UTC(2026, 0, 31, 12, 0, 0, 250) };
const nowMs = version.modifiedMs + 60_000;

function portion(wish: Partial<Wish>, of = version): unknown {
  return portionOf(of, { method: 'GET', nowMs, ...wish });
}
const whole = { kind: 'whole', from: 0, through: 999 };
const part = (from: number, through: number): unknown => ({ kind: 'part', from, through });

describe('a range', () => {
  it.each([
    ['bytes=0-499', part(0, 499)],
    ['bytes=500-', part(500, 999)],
    ['bytes=999-', part(999, 999)],
    ['bytes=0-0', part(0, 0)],
    ['bytes=990-5000', part(990, 999)],
    ['bytes=0-99999999999999999999999999', part(0, 999)],
    ['bytes=-1', part(999, 999)],
    ['bytes=-400', part(600, 999)],
    ['bytes=-5000', part(0, 999)],
    ['BYTES= 1-2 ', part(1, 2)],
  ])('%s is a part', (range, expected) => {
    expect(portion({ range })).toEqual(expected);
  });

  it.each(['bytes=1000-', 'bytes=5000-6000', 'bytes=-0', 'bytes=99999999999999999999999-'])(
    '%s cannot be had',
    (range) => {
      expect(portion({ range })).toEqual({ kind: 'unsatisfiable' });
    },
  );

  it.each([
    'bytes=0-1,5-6',
    'bytes=5-1',
    'bytes=-',
    'bytes=a-b',
    'bytes=1',
    'items=0-1',
    '',
    'bytes=0x1-2',
    'bytes=--1',
  ])('%j is answered with the whole', (range) => {
    expect(portion({ range })).toEqual(whole);
  });

  it('means nothing for HEAD', () => {
    expect(portion({ method: 'HEAD', range: 'bytes=0-1' })).toEqual(whole);
  });

  it('of an empty file is none that could be told, or cannot be had', () => {
    const empty = { ...version, bytes: 0 };
    const nothing = { kind: 'whole', from: 0, through: -1 };
    expect(portion({ range: 'bytes=-5' }, empty)).toEqual(nothing);
    expect(portion({}, empty)).toEqual(nothing);
    expect(portion({ range: 'bytes=0-' }, empty)).toEqual({ kind: 'unsatisfiable' });
  });

  it('holds while the version is the one that If-Range names, and no longer', () => {
    const range = 'bytes=0-1';
    const same = entityTagOf(version);
    expect(portion({ range, ifRange: same })).toEqual(part(0, 1));
    expect(portion({ range, ifRange: `W/${same}` })).toEqual(whole);
    expect(portion({ range, ifRange: same }, { ...version, bytes: 1_001 })).toMatchObject({
      kind: 'whole',
    });
    const date = lastModifiedOf(version);
    expect(portion({ range, ifRange: date })).toEqual(part(0, 1));
    expect(portion({ range, ifRange: 'Sat, 31 Jan 2026 12:00:01 GMT' })).toEqual(whole);
    // Within the same second it may have been written once more.
    expect(portion({ range, ifRange: date, nowMs: version.modifiedMs + 999 })).toEqual(whole);
  });

  it('never leads out of the file, whatever is asked', () => {
    const asked = fc.oneof(
      fc.string(),
      fc.tuple(fc.nat(), fc.option(fc.nat())).map(([a, b]) => `bytes=${a}-${b ?? ''}`),
      fc.nat().map((n) => `bytes=-${n}`),
    );
    fc.assert(
      fc.property(asked, fc.nat({ max: 3_000 }), (range, bytes) => {
        const found = portionOf({ ...version, bytes }, { method: 'GET', range, nowMs });
        if (found.kind !== 'whole' && found.kind !== 'part') return;
        expect(found.from).toBeGreaterThanOrEqual(0);
        expect(found.through).toBeLessThan(bytes);
        expect(found.through - found.from).toBeGreaterThanOrEqual(found.kind === 'part' ? 0 : -1);
      }),
    );
  });
});

describe('what the client has already', () => {
  it('is not sent again', () => {
    const unchanged = { kind: 'unchanged' };
    const tag = entityTagOf(version);
    for (const ifNoneMatch of [tag, `W/${tag}`, `"x", ${tag}`, '*']) {
      expect(portion({ ifNoneMatch })).toEqual(unchanged);
    }
    expect(portion({ ifNoneMatch: '"x"' })).toEqual(whole);
    expect(portion({ ifModifiedSince: lastModifiedOf(version) })).toEqual(unchanged);
    expect(portion({ ifModifiedSince: 'Sat, 31 Jan 2026 11:59:59 GMT' })).toEqual(whole);
    expect(portion({ ifModifiedSince: 'tomorrow' })).toEqual(whole);
    // The tag says more than the time.
    const both = { ifNoneMatch: '"x"', ifModifiedSince: lastModifiedOf(version) };
    expect(portion(both)).toEqual(whole);
  });
});

describe('an answer', () => {
  const media = { ...version, type: 'audio/wav', filename: 'a.wav' };
  const answer = (method: string, headers: Record<string, string>): unknown =>
    answerMedia(media, { method, headers, nowMs });

  it('has all that a player needs', () => {
    const common = {
      'accept-ranges': 'bytes',
      etag: entityTagOf(version),
      'last-modified': 'Sat, 31 Jan 2026 12:00:00 GMT',
    };
    const described = {
      ...common,
      'content-type': 'audio/wav',
      'content-disposition': `attachment; filename="a.wav"; filename*=UTF-8''a.wav`,
    };
    const headers = { ...described, 'content-length': '1000' };
    expect(answer('GET', {})).toEqual({ status: 200, headers, body: { from: 0, through: 999 } });
    expect(answer('HEAD', { range: 'bytes=0-1' })).toEqual({ status: 200, headers });
    expect(answer('GET', { range: 'bytes=-10' })).toEqual({
      status: 206,
      headers: { ...described, 'content-length': '10', 'content-range': 'bytes 990-999/1000' },
      body: { from: 990, through: 999 },
    });
    expect(answer('GET', { range: 'bytes=1000-' })).toEqual({
      status: 416,
      headers: { ...common, 'content-range': 'bytes */1000' },
    });
    expect(answer('GET', { 'if-none-match': '*' })).toEqual({ status: 304, headers: common });
  });

  it('saves a file under its name, and stays within its header', () => {
    expect(dispositionOf('Grüße "Ω"\r\nX: y; 100%.wav')).toBe(
      `attachment; filename="Gr__e _____X_ y_ 100_.wav"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%22%CE%A9%22%0D%0AX%3A%20y%3B%20100%25.wav`,
    );
    expect(dispositionOf("it's (1)*.wav")).toContain("filename*=UTF-8''it%27s%20%281%29%2A.wav");
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (one, other) => {
        const text = dispositionOf(`${one}\ud800${other}`);
        expect(text).toMatch(/^attachment; filename="[ -!#-~]+"; filename\*=UTF-8''[\w.~!%-]*$/);
      }),
    );
  });
});

it.each([
  ['a.wav', 'audio/wav'],
  ['A.WAV', 'audio/wav'],
  ['a.WAV49', 'audio/wav'],
  ['a.gsm', 'audio/x-gsm'],
  ['a.ulaw', 'audio/basic'],
  ['a.alaw', 'audio/x-alaw-basic'],
  ['a.g722', 'audio/G722'],
  ['a.sln16', 'audio/x-sln'],
  ['a.mp3', 'audio/mpeg'],
  ['a.ogg', 'audio/ogg'],
  ['a.webm', 'video/webm'],
  ['a.mp4', 'video/mp4'],
  ['a.html', 'application/octet-stream'],
  ['a.wav.svg', 'application/octet-stream'],
  ['wav', 'application/octet-stream'],
  ['a.constructor', 'application/octet-stream'],
])('%s is %s', (filename, type) => {
  expect(mediaTypeOf(filename)).toBe(type);
});
