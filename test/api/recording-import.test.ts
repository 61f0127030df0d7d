/**
 * Recordings of another system, taken over through a real server into real books: all of a request, or none.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { type Archive, type ArchiveServer, openArchive, serveArchive } from '../support/archive.ts';

let archive: Archive;
let server: ArchiveServer;
beforeEach(async () => {
  archive = await openArchive();
  server = await serveArchive(archive);
});

const one = {
  id: 9_001,
  source: 'old-recorder',
  startedAt: '2025-01-31T12:00:00+01:00',
  endedAt: '2025-01-31T12:01:00+01:00',
  segments: [
    {
      startedAt: '2025-01-31T11:00:00Z',
      endedAt: '2025-01-31T11:01:00Z',
      file: '2025/01/9001 ü.wav',
    },
  ],
};

async function send(body: string, type: string): Promise<{ status: number; json: unknown }> {
  const headers = { 'content-type': type };
  const path = `${server.base}/v1/recordings/import`;
  const response = await fetch(path, { method: 'POST', headers, body });
  return { status: response.status, json: await response.json() };
}

const sendJson = (body: unknown) => send(JSON.stringify(body), 'application/json');

describe('recordings of another system', () => {
  it('are taken over under their numbers, with all that is said of them', async () => {
    const two = {
      ...one,
      ...{ id: 8_000, call: 'c', account: 3, route: 4, rss: 5, caller: '1', called: '2' },
      ...{ sessionId: 's', ingressCallId: 'i', egressCallId: 'e', agentId: 'ben' },
      ...{ agentTerminal: 't', thirdpartyId: 'x', sensitive: true, neverExpire: true },
      participants: [{ aor: 'sip:1@x', name: 'Zoë', calling: true }],
      customData: { Ticket: 'T-1' },
      segments: [
        { ...one.segments[0], pauseMs: 100, bytes: 5, sha256: 'a'.repeat(64), leg: 'l' },
        { ...one.segments[0], id: 8_001, pauseMs: 11, customData: { Note: 'n' } },
      ],
    };
    expect(await sendJson([one, two])).toEqual({ status: 200, json: { imported: 2 } });
    expect(archive.nudges.imported).toBe(1);
    expect(await archive.books.find(9_001)).toMatchObject({
      recording: {
        ...{ id: 9_001, callId: 'imported-9001', source: 'old-recorder', account: 1 },
        startMs: Date.UTC(2025, 0, 31, 11),
        endMs: Date.UTC(2025, 0, 31, 11, 1),
        extensions: '[]',
      },
      segments: [{ id: 9_001, filename: '9001 ü.wav', file: '2025/01/9001 ü.wav', bytes: null }],
    });
    expect(await archive.books.find(8_000)).toMatchObject({
      recording: {
        ...{ callId: 'c', account: 3, route: 4, rss: 5, ani: '1', dnis: '2', isrUcid: 's' },
        ...{ ingressCallId: 'i', egressCallId: 'e', agentId: 'ben', agentTerminal: 't' },
        ...{ thirdpartyId: 'x', sensitive: true, neverExpire: true, pauseMs: 111 },
        extensions: '["1","2","ben"]',
      },
      segments: [
        { id: 8_000, sequence: 1, goesOn: true, leg: 'l', bytes: 5, sha256: 'a'.repeat(64) },
        { id: 8_001, sequence: 2, goesOn: false },
      ],
      customData: [
        { segment: null, field: 1, value: 'T-1' },
        { segment: 8_001, field: 2, value: 'n' },
      ],
    });
    const response = await fetch(`${server.base}/v1/recordings?aor=sip:1@x`);
    expect(await response.json()).toMatchObject({ recordings: [{ id: 8_000 }] });
  });

  it('come line by line, too', async () => {
    const lines = `${JSON.stringify(one)}\r\n\n${JSON.stringify({ ...one, id: 9_002 })}\n`;
    const type = 'application/x-ndjson';
    expect(await send(lines, type)).toEqual({ status: 200, json: { imported: 2 } });
    expect(await send(`${JSON.stringify(one)}\n{"half`, type)).toMatchObject({
      status: 400,
      json: { code: 'JSON_MALFORMED', detail: expect.stringContaining('line 2') },
    });
  });

  it('whose numbers are taken change nothing', async () => {
    await sendJson([one]);
    const again = await sendJson([{ ...one, id: 5 }, one]);
    expect(again).toMatchObject({
      status: 409,
      json: { code: 'RECORDINGS_EXIST', taken: [9_001] },
    });
    expect(await archive.books.find(5)).toBeUndefined();
  });

  const [segment] = one.segments;
  it.each([
    [{}, ''],
    [[], ''],
    ['text', ''],
    [Array.from({ length: 501 }, (_, at) => ({ ...one, id: at + 1 })), ''],
    [[{ ...one, id: 0 }], '0.id'],
    [[{ ...one, id: 1e15 }], '0.id'],
    [[{ ...one, id: '5' }], '0.id'],
    [[one, { ...one, colour: 1, id: 5 }], '1.colour'],
    [[one, one], '1.segments.0.id'],
    [[{ ...one, startedAt: 'now' }], '0.startedAt'],
    [[{ ...one, endedAt: '2020-01-01T00:00:00Z' }], '0.endedAt'],
    [[{ ...one, segments: [] }], '0.segments'],
    [[{ ...one, segments: [segment, segment] }], '0.segments.1.id'],
    [[{ ...one, segments: [{ ...segment, sha256: 'x' }] }], '0.segments.0.sha256'],
    [[{ ...one, segments: [{ ...segment, customData: { X: 'y' } }] }], '0.segments.0.customData.X'],
    [[{ ...one, customData: { X: 'y' } }], '0.customData.X'],
  ])('that are not as expected are refused as a whole: %#', async (body, path) => {
    const { status, json } = await sendJson(body);
    expect([status, json]).toMatchObject([422, { code: 'RECORDINGS_INVALID' }]);
    expect(json).toHaveProperty('problems.0.path', path);
    expect(await archive.books.find(9_001)).toBeUndefined();
    expect(archive.nudges.imported).toBe(0);
  });

  it('that are more than is read at a time are refused unread', async () => {
    const body = JSON.stringify([{ ...one, thirdpartyId: 'x'.repeat(1_100_000) }]);
    expect(await send(body, 'application/json')).toMatchObject({
      status: 413,
      json: { code: 'BODY_TOO_LARGE' },
    });
  });
});
