/**
 * The native interface of recordings: a real server before real books and real files. What a token may not see does
 * not exist.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { anybody } from '../../src/access/grant.ts';
import { filterOf, parsePattern } from '../../src/call/extension.ts';
import type { Ordered } from '../../src/record/control.ts';
import { type Archive, type ArchiveServer, openArchive, serveArchive } from '../support/archive.ts';
import { connectedCall, endedCall } from '../support/calls.ts';
import {
  fedRecording,
  fedSegment,
  firstRecordingMs,
  importedRecording,
} from '../support/recordings.ts';
import { until } from '../support/until.ts';

let archive: Archive;
let server: ArchiveServer;
beforeEach(async () => {
  archive = await openArchive();
  server = await serveArchive(archive);
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // Tests look into what they expect to find there.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly json: any;
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const isJson = body !== undefined && !('content-type' in headers);
  const response = await fetch(server.base + path, {
    method,
    headers: { ...(isJson && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isObject = response.headers.get('content-type')?.includes('json;') === true;
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isObject && text !== '' && !text.includes('\n') ? JSON.parse(text) : undefined,
  };
}

function seeing(...patterns: readonly string[]): typeof anybody {
  const read = patterns.map(parsePattern).filter((each) => each !== undefined);
  return { ...anybody, name: 'limited', scope: filterOf(read) };
}

async function problemOf(asked: Promise<Answer>): Promise<readonly [number, string]> {
  const { status, headers, json } = await asked;
  expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(json).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
  return [status, String(json.code)];
}

async function idsOf(query: string): Promise<readonly number[]> {
  const { json } = await ask('GET', `/v1/recordings${query}`);
  return json.recordings.map(({ id }: { id: number }) => id);
}

describe('recordings', () => {
  it('are listed, the newest first, with our names and times', async () => {
    await archive.keep(importedRecording(), importedRecording({ recording: { id: 2, ani: null } }));
    const { status, json } = await ask('GET', '/v1/recordings');
    expect([status, Object.keys(json)]).toEqual([200, ['recordings']]);
    expect(json.recordings[1]).toEqual({
      id: 1,
      call: 'call-1',
      source: 'pbx',
      account: 1,
      caller: '+4930123',
      called: '1001',
      sessionId: 'ucid-1',
      ingressCallId: 'in-1',
      startedAt: '2026-11-20T09:00:00.000Z',
      endedAt: '2026-11-20T09:00:30.000Z',
      inProgress: false,
      filename: 'rec-1.wav',
    });
    expect(json.recordings[0]).not.toHaveProperty('caller');
  });

  it('are found by each criterion', async () => {
    await archive.keep(
      importedRecording(),
      importedRecording({
        recording: {
          ...{ id: 2, ani: 'A "B" & C', dnis: '1002', agentId: 'ben', agentTerminal: 'desk 2' },
          ...{ callId: 'other', source: 'branch', isrUcid: 'u', ingressCallId: 'i@x', rss: 7 },
          ...{ egressCallId: 'e+1', account: 2, thirdpartyId: 'crm/2' },
        },
        segments: [{ filename: 'Grüße 2.wav' }],
        aors: ['sip:ben@example.org'],
        customData: [
          { segment: null, field: 1, value: 'T-4711' },
          { segment: null, field: 2, value: 'n' },
        ],
      }),
      importedRecording({ recording: { id: 3 } }),
    );
    await archive.books.addSupplement({ recording: 2, kind: 'video', file: '/a', filename: 'a' });
    const criteria: Record<string, string> = {
      recording: '2',
      segment: '2',
      caller: 'A "B" & C',
      called: '1002',
      agent: 'ben',
      terminal: 'desk 2',
      call: 'other',
      source: 'branch',
      sessionId: 'u',
      ingressCallId: 'i@x',
      egressCallId: 'e+1',
      account: '2',
      rss: '7',
      thirdpartyId: 'crm/2',
      filename: 'Grüße 2.wav',
      aor: 'sip:ben@example.org',
      hasVideo: 'true',
      hasSupplements: 'true',
      'custom.Ticket': 'T-4711',
    };
    for (const [name, value] of Object.entries(criteria)) {
      expect([name, await idsOf(`?${new URLSearchParams({ [name]: value })}`)]).toEqual([
        name,
        [2],
      ]);
    }
    expect(await idsOf(`?${new URLSearchParams(criteria)}`)).toEqual([2]);
    expect(
      await idsOf('?startedFrom=2026-11-20T09:01:00Z&startedThrough=2026-11-20T09:01:59Z'),
    ).toEqual([2]);
    expect(
      await idsOf('?endedFrom=2026-11-20T10:01:30%2B01:00&endedThrough=2026-11-20T09:01:30Z'),
    ).toEqual([2]);
    expect(await idsOf('?inProgress=true')).toEqual([]);
    expect(await idsOf('?inProgress=false&called=1001')).toEqual([3, 1]);
  });

  it.each([
    'colour=red',
    'limit=0',
    'limit=501',
    'limit=1&limit=2',
    'cursor=x',
    'cursor=',
    'startedFrom=yesterday',
    'startedFrom=2026-02-31T25:00:00Z',
    'inProgress=yes',
    'account=one',
    'recording=1;DROP',
    'custom.Note=x',
    'custom.Colour=x',
    'caller=1&caller=2',
    `filename=${'x'.repeat(1_025)}`,
  ])('asked for by %s are refused', async (query) => {
    expect(await problemOf(ask('GET', `/v1/recordings?${query}`))).toEqual([400, 'QUERY_INVALID']);
  });

  it('are paged through without one missing or twice', async () => {
    const all = Array.from({ length: 25 }, (_, at) =>
      importedRecording({ recording: { id: at + 1 } }),
    );
    await archive.keep(...all);
    const seen: number[] = [];
    let next: string | undefined = '';
    for (let pages = 0; next !== undefined && pages < 10; pages += 1) {
      const cursor: string = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`;
      const { json } = await ask('GET', `/v1/recordings?limit=10${cursor}`);
      seen.push(...json.recordings.map(({ id }: { id: number }) => id));
      next = json.next;
    }
    expect(seen).toEqual(all.map(({ recording: { id } }) => id).reverse());
    const exactly = await ask('GET', '/v1/recordings?limit=25');
    expect(exactly.json).not.toHaveProperty('next');
  });

  it('outside the scope of a token do not exist', async () => {
    await archive.keep(
      importedRecording({ recording: { extensions: '["1001","+4930123"]' } }),
      importedRecording({ recording: { id: 2, extensions: '["2001"]' } }),
      importedRecording({ recording: { id: 3, extensions: '["1001"]' } }),
      importedRecording({ recording: { id: 4, extensions: '[]' } }),
    );
    archive.file('rec-2.wav');
    const own = await archive.books.addSupplement({
      recording: 2,
      kind: 'other',
      file: 'x',
      filename: 'x',
    });
    server.grant = seeing('1001');
    const first = await ask('GET', '/v1/recordings?limit=1');
    expect(first.json.recordings.map(({ id }: { id: number }) => id)).toEqual([3]);
    expect(await idsOf(`?limit=1&cursor=${first.json.next}`)).toEqual([1]);
    expect(await idsOf('')).toEqual([3, 1]);
    const asks: readonly (readonly [string, string, unknown?])[] = [
      ['GET', '/v1/recordings/2'],
      ['PATCH', '/v1/recordings/2', { sensitive: true }],
      ['DELETE', '/v1/recordings/2'],
      ['POST', '/v1/recordings/2/stop'],
      ['GET', '/v1/recordings/2/media'],
      ['GET', '/v1/recordings/2/segments/2/media'],
      ['POST', '/v1/recordings/2/supplements', { kind: 'other', file: 'rec-2.wav' }],
    ];
    for (const [method, path, body] of asks) {
      expect([path, ...(await problemOf(ask(method, path, body)))]).toEqual([
        path,
        404,
        'RECORDING_UNKNOWN',
      ]);
    }
    expect(await problemOf(ask('GET', `/v1/supplements/${own}/media`))).toEqual([
      404,
      'SUPPLEMENT_UNKNOWN',
    ]);
    expect(await archive.books.find(2)).toMatchObject({
      recording: { sensitive: false, deleteFlag: false },
    });
    expect(server.orders).toEqual([]);
  });

  it.each([
    '0',
    '-1',
    '1.5',
    '01x',
    '9'.repeat(16),
    '9'.repeat(17),
    '%00',
    "1'--",
    '%F0%9F%98%80',
    '77',
  ])('that is not there is unknown: %s', async (id) => {
    expect(await problemOf(ask('GET', `/v1/recordings/${id}`))).toEqual([404, 'RECORDING_UNKNOWN']);
  });
});

describe('one recording', () => {
  it('is shown with all that belongs to it', async () => {
    await archive.keep(
      importedRecording({
        recording: { agentId: 'ben', pauseMs: 500 },
        segments: [{ pauseMs: 500, bytes: 8, fileState: 'present' }, { filename: 'b.wav' }],
        customData: [
          { segment: null, field: 1, value: 'T-1' },
          { segment: 2, field: 2, value: 'late' },
          { segment: null, field: 99, value: 'gone from the list' },
        ],
      }),
    );
    await archive.books.addSupplement({
      recording: 1,
      kind: 'video',
      file: '/x/v.webm',
      filename: 'v.webm',
    });
    const { json, text } = await ask('GET', '/v1/recordings/1');
    expect(json).toMatchObject({
      id: 1,
      agentId: 'ben',
      egressCallId: 'out-1',
      pauseMs: 500,
      sensitive: false,
      neverExpire: false,
      deletionRequested: false,
      extensions: ['+4930123', '1001'],
      customData: { Ticket: 'T-1', '99': 'gone from the list' },
      participants: [{ leg: 'caller', aor: 'sip:+4930123', name: 'Zoë', calling: true }, {}],
      supplements: [{ id: 1, kind: 'video', filename: 'v.webm', media: '/v1/supplements/1/media' }],
    });
    expect(json.segments).toMatchObject([
      { id: 1, sequence: 1, bytes: 8, fileState: 'present', customData: {} },
      { id: 2, media: '/v1/recordings/1/segments/2/media', customData: { Note: 'late' } },
    ]);
    // Where files lie is nobody's business who may only listen.
    expect(text).not.toContain('/var/spool');
  });

  it('is changed by what is given, and by nothing else', async () => {
    await archive.keep(importedRecording({ recording: { agentId: 'ben', thirdpartyId: 'crm' } }));
    const change = {
      agentId: 'Ann "A"\n',
      sensitive: true,
      neverExpire: true,
      customData: { Ticket: '😀' },
    };
    const changed = await ask('PATCH', '/v1/recordings/1', change, {
      'content-type': 'application/merge-patch+json',
    });
    expect(changed).toMatchObject({ status: 200, json: { ...change, thirdpartyId: 'crm' } });
    const back = { agentId: null, thirdpartyId: null, customData: { Ticket: null } };
    expect((await ask('PATCH', '/v1/recordings/1', back)).json).toMatchObject({
      sensitive: true,
      customData: {},
    });
    const { json } = await ask('GET', '/v1/recordings/1');
    expect(json).not.toHaveProperty('thirdpartyId');
    expect(json.neverExpire).toBe(true);
  });

  it.each([
    [{ agentId: '' }, 'agentId'],
    [{ agentId: 5 }, 'agentId'],
    [{ sensitive: 'yes' }, 'sensitive'],
    [{ colour: 'red' }, 'colour'],
    [{ customData: { Colour: 'red' } }, 'customData.Colour'],
    [{ customData: { Ticket: 'x'.repeat(1_025) } }, 'customData.Ticket'],
    [{ id: 2 }, 'id'],
    [[], ''],
    ['"text"', ''],
  ])('is not changed by %j', async (body, path) => {
    await archive.keep(importedRecording());
    const before = (await ask('GET', '/v1/recordings/1')).text;
    const { status, json } = await ask('PATCH', '/v1/recordings/1', body);
    expect([status, json.code, json.problems[0].path]).toEqual([422, 'RECORDING_INVALID', path]);
    expect((await ask('GET', '/v1/recordings/1')).text).toBe(before);
  });

  it('is marked to be deleted', async () => {
    await archive.keep(importedRecording());
    const { status, json } = await ask('DELETE', '/v1/recordings/1');
    expect([status, json]).toEqual([202, { id: 1, deletionRequested: true }]);
    expect((await ask('GET', '/v1/recordings/1')).json.deletionRequested).toBe(true);
    expect(archive.nudges.flagged).toBe(1);
  });
});

describe('commands', () => {
  const running = async (): Promise<void> => {
    await archive.feed({ recordings: [fedRecording()], segments: [fedSegment()] });
  };

  it('reach the recorder with what they say', async () => {
    await running();
    server.ordered = () => ({ kind: 'done', recording: 1, segment: 2 });
    const commands: readonly (readonly [string, unknown, unknown])[] = [
      ['stop', undefined, { kind: 'stop' }],
      ['pause', undefined, { kind: 'pause', silence: true }],
      ['pause', { silence: false }, { kind: 'pause', silence: false }],
      ['resume', {}, { kind: 'resume' }],
      ['split', { file: 'b.wav' }, { kind: 'split', file: 'b.wav' }],
      ['split', undefined, { kind: 'split' }],
    ];
    for (const [name, body, order] of commands) {
      const { status, json } = await ask('POST', `/v1/recordings/1/${name}`, body);
      expect([status, json]).toEqual([200, { recording: 1, segment: 2 }]);
      expect(server.orders.pop()).toEqual({ ...(order as object), recording: 1 });
    }
  });

  it('start a recording of a call that goes on', async () => {
    const call = connectedCall(0);
    server.calls.set(call.id, call);
    const over = endedCall(1);
    server.calls.set(over.id, over);
    const path = `/v1/calls/${call.id}/recording`;
    expect(await ask('POST', path)).toMatchObject({ status: 202, json: {} });
    server.ordered = () => ({ kind: 'done', recording: 9, segment: 9 });
    expect(await ask('POST', path, { leg: 'l', file: 'f.wav' })).toMatchObject({
      status: 200,
      json: { recording: 9 },
    });
    expect(server.orders).toEqual([
      { kind: 'start', callId: call.id },
      { kind: 'start', callId: call.id, leg: 'l', file: 'f.wav' },
    ]);
    expect(await problemOf(ask('POST', '/v1/calls/nobody/recording'))).toEqual([
      404,
      'CALL_UNKNOWN',
    ]);
    expect(await problemOf(ask('POST', `/v1/calls/${over.id}/recording`))).toEqual([
      409,
      'CALL_ENDED',
    ]);
    expect(await problemOf(ask('POST', path, { legs: 1 }))).toEqual([422, 'COMMAND_INVALID']);
    server.grant = seeing('9999');
    expect(await problemOf(ask('POST', path))).toEqual([404, 'CALL_UNKNOWN']);
  });

  it.each<[Ordered, number, string]>([
    [{ kind: 'wrong-state', state: 'paused', reason: 'it is paused' }, 409, 'RECORDING_STATE'],
    [{ kind: 'unknown', reason: 'it has ended by now' }, 409, 'RECORDING_ENDED'],
    [{ kind: 'refused', reason: 'No such channel' }, 502, 'RECORDER_REFUSED'],
    [{ kind: 'unavailable', reason: 'not connected' }, 503, 'RECORDER_UNAVAILABLE'],
  ])('that come to nothing say why: %j', async (ordered, status, code) => {
    await running();
    server.ordered = () => ordered;
    const answer = ask('POST', '/v1/recordings/1/pause');
    expect(await problemOf(answer)).toEqual([status, code]);
    expect((await answer).json.detail).toBe('reason' in ordered ? ordered.reason : '');
  });

  it('for what has ended are a conflict', async () => {
    await archive.keep(importedRecording());
    expect(await problemOf(ask('POST', '/v1/recordings/1/stop'))).toEqual([409, 'RECORDING_ENDED']);
    expect(server.orders).toEqual([]);
  });
});

describe('who may not', () => {
  it.each([
    ['PATCH', '/v1/recordings/1', 'control'],
    ['DELETE', '/v1/recordings/1', 'control'],
    ['POST', '/v1/recordings/1/stop', 'control'],
    ['POST', '/v1/calls/x/recording', 'control'],
    ['POST', '/v1/recordings/1/supplements', 'manage'],
    ['POST', '/v1/recordings/import', 'manage'],
    ['POST', '/v1/recordings/verify', 'manage'],
  ] as const)('%s %s', async (method, path, right) => {
    server.grant = { ...anybody, [right]: false };
    expect(await problemOf(ask(method, path))).toEqual([403, `${right.toUpperCase()}_FORBIDDEN`]);
    server.grant = anybody;
    const foreign = ask(method, path, undefined, { origin: 'https://evil.example' });
    expect(await problemOf(foreign)).toEqual([403, 'ORIGIN_FOREIGN']);
    server.grant = undefined;
    expect(await problemOf(ask(method, path))).toEqual([401, 'UNAUTHORIZED']);
  });

  it('send what is no JSON, or too much of it', async () => {
    const path = '/v1/recordings/1';
    expect(await problemOf(ask('PATCH', path, '{'))).toEqual([400, 'JSON_MALFORMED']);
    const plain = { 'content-type': 'text/plain' };
    expect(await problemOf(ask('PATCH', path, '{}', plain))).toEqual([415, 'CONTENT_TYPE_UNKNOWN']);
    const large = JSON.stringify({ agentId: 'x'.repeat(70_000) });
    expect(await problemOf(ask('PATCH', path, large))).toEqual([413, 'BODY_TOO_LARGE']);
  });
});

describe('a media file', () => {
  const content = '0123456789'.repeat(50_000);
  const kept = async (file: string, ...more: readonly string[]): Promise<void> => {
    const segments = [file, ...more].map((each) => ({ file: each, filename: each }));
    await archive.keep(importedRecording({ segments }));
  };

  it('comes whole or in part, or only what there is to know of it', async () => {
    await kept(archive.file('2026/a b.wav', content));
    const whole = await ask('GET', '/v1/recordings/1/media');
    expect([whole.status, whole.text === content]).toEqual([200, true]);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      'content-type': 'audio/wav',
      'content-length': '500000',
      'accept-ranges': 'bytes',
      'content-disposition': `attachment; filename="a b.wav"; filename*=UTF-8''a%20b.wav`,
      'x-content-type-options': 'nosniff',
    });
    const path = '/v1/recordings/1/segments/1/media';
    const part = await ask('GET', path, undefined, { range: 'bytes=10-12' });
    expect([part.status, part.text, part.headers.get('content-range')]).toEqual([
      206,
      '012',
      'bytes 10-12/500000',
    ]);
    const etag = whole.headers.get('etag') ?? '';
    const same = await ask('GET', path, undefined, { range: 'bytes=-1', 'if-range': etag });
    expect([same.status, same.text]).toEqual([206, '9']);
    expect(
      (await ask('GET', path, undefined, { range: 'bytes=-1', 'if-range': '"x"' })).status,
    ).toBe(200);
    expect(await ask('GET', path, undefined, { 'if-none-match': etag })).toMatchObject({
      status: 304,
      text: '',
    });
    const head = await ask('HEAD', path, undefined, { range: 'bytes=0-1' });
    expect([head.status, head.text, head.headers.get('content-length')]).toEqual([
      200,
      '',
      '500000',
    ]);
    const beyond = ask('GET', path, undefined, { range: 'bytes=500000-' });
    expect(await problemOf(beyond)).toEqual([416, 'RANGE_UNSATISFIABLE']);
    expect((await beyond).headers.get('content-range')).toBe('bytes */500000');
    expect(server.outcomes).toEqual([200, 206, 206, 200, 304, 200, 416]);
    expect(server.faults).toEqual([]);
  });

  it('of several segments is asked for by its number', async () => {
    await kept(archive.file('a.wav', 'a'), archive.file('b.wav', 'b'));
    const { status, json } = await ask('GET', '/v1/recordings/1/media');
    expect([status, json.code]).toEqual([409, 'SEGMENTS_SEVERAL']);
    const paths: readonly string[] = json.segments.map(({ media }: { media: string }) => media);
    expect(await Promise.all(paths.map(async (path) => (await ask('GET', path)).text))).toEqual([
      'a',
      'b',
    ]);
    expect(await problemOf(ask('GET', '/v1/recordings/1/segments/3/media'))).toEqual([
      404,
      'SEGMENT_UNKNOWN',
    ]);
    expect(await problemOf(ask('GET', '/v1/recordings/1/segments/x/media'))).toEqual([
      404,
      'SEGMENT_UNKNOWN',
    ]);
  });

  it('that is gone, elsewhere or never named cannot be had, and nobody learns where it would be', async () => {
    writeFileSync(join(archive.outside, 'secret.wav'), 'secret');
    symlinkSync(archive.outside, join(archive.root, 'link'));
    const secrets = [
      '../outside/secret.wav',
      'link/secret.wav',
      join(archive.outside, 'secret.wav'),
      '/etc/passwd',
      'a\0b',
    ];
    await archive.keep(
      importedRecording({ segments: [{ file: join(archive.root, 'gone.wav') }] }),
      ...secrets.map((file, at) =>
        importedRecording({ recording: { id: at + 2 }, segments: [{ file }] }),
      ),
      importedRecording({ recording: { id: 50 }, segments: [{ file: null, filename: null }] }),
    );
    expect(await problemOf(ask('GET', '/v1/recordings/1/media'))).toEqual([404, 'MEDIA_MISSING']);
    for (const at of secrets.keys()) {
      const asked = ask('GET', `/v1/recordings/${at + 2}/media`);
      expect(await problemOf(asked)).toEqual([404, 'MEDIA_OUTSIDE']);
      expect((await asked).text).not.toContain('outside/');
    }
    expect(await problemOf(ask('GET', '/v1/recordings/50/media'))).toEqual([404, 'MEDIA_UNKNOWN']);
    expect(server.outcomes).toEqual(Array.from({ length: secrets.length + 2 }, () => 'missing'));
  });

  it('is closed when whoever fetches it goes away in the middle', async () => {
    await kept(archive.file('a.wav', 'x'.repeat(20_000_000)));
    const descriptors = (): number =>
      readdirSync('/proc/self/fd').filter((fd) => isOf(fd, archive.root)).length;
    const { hostname, port } = new URL(server.base);
    const sockets = Array.from({ length: 20 }, () => connect(Number(port), hostname));
    for (const socket of sockets) {
      socket.write('GET /v1/recordings/1/media HTTP/1.1\r\nHost: x\r\n\r\n');
      await once(socket, 'readable');
    }
    expect(descriptors()).toBe(20);
    for (const socket of sockets) socket.destroy();
    await until('every file is closed', () => descriptors() === 0);
    expect(server.faults).toEqual([]);
    expect(
      (await ask('GET', '/v1/recordings/1/media', undefined, { range: 'bytes=0-0' })).text,
    ).toBe('x');
  });

  it('is added to a recording by managers', async () => {
    await kept(archive.file('a.wav'));
    archive.file('screen.webm', 'video');
    const path = '/v1/recordings/1/supplements';
    const made = await ask('POST', path, { kind: 'video', file: 'screen.webm' });
    expect([made.status, made.json]).toEqual([
      201,
      { id: 1, kind: 'video', filename: 'screen.webm' },
    ]);
    const fetched = await ask('GET', made.headers.get('location') ?? '');
    expect([fetched.text, fetched.headers.get('content-type')]).toEqual(['video', 'video/webm']);
    for (const body of [
      { kind: 'video', file: '/etc/passwd' },
      { kind: 'video', file: 'gone' },
      { kind: 'x' },
      {},
    ]) {
      expect(await problemOf(ask('POST', path, body))).toEqual([422, 'SUPPLEMENT_INVALID']);
    }
  });
});

function isOf(fd: string, root: string): boolean {
  try {
    return (
      readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8') !== '' &&
      readlinkSync(`/proc/self/fd/${fd}`).startsWith(root)
    );
  } catch {
    return false;
  }
}

describe('whatever a call brings along', () => {
  it('is shown as it is, and breaks nothing', async () => {
    let id = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }),
        async (text) => {
          id += 1;
          await archive.keep(
            importedRecording({
              recording: { id, ani: text, agentId: text, startMs: firstRecordingMs },
              segments: [{ file: archive.file(`${id}.wav`), filename: text }],
              customData: [{ segment: null, field: 1, value: text }],
            }),
          );
          const { status, json } = await ask('GET', `/v1/recordings/${id}`);
          expect([status, json.caller, json.customData]).toEqual([200, text, { Ticket: text }]);
          const query = new URLSearchParams({ caller: text, recording: String(id) });
          expect(await idsOf(`?${query}`)).toEqual([id]);
        },
      ),
      { numRuns: 30 },
    );
  });
});
