/**
 * Events as ready bytes: the frames of each transport, and that a form's bytes are made once.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { JournalEntry } from '../../src/journal/journal.ts';
import { Encoder, frame } from '../../src/subscriber/encoding.ts';
import { answered, connectedCall, gapOf, started } from '../support/calls.ts';
import { site } from '../support/house.ts';

const epoch = 'k3v9x0q2m1';
const entry: JournalEntry = { seq: 35, event: answered(0) };
const plain = { transport: 'tcp', encoding: 'xml' } as const;
const open = (): Encoder => new Encoder(site, epoch);

describe('a frame', () => {
  it('on TCP is the document and nothing else', () => {
    expect(frame('<a>ü</a>\n', 'tcp')).toEqual(Buffer.from('<a>ü</a>\n'));
  });

  it.each([
    { bytes: 0, head: [0x81, 0] },
    { bytes: 125, head: [0x81, 125] },
    { bytes: 126, head: [0x81, 126, 0, 126] },
    { bytes: 65_535, head: [0x81, 126, 0xff, 0xff] },
    { bytes: 65_536, head: [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0] },
  ])('on WebSocket is one unmasked text frame of $bytes bytes', ({ bytes, head }) => {
    const document = 'x'.repeat(bytes);
    const framed = frame(document, 'websocket');
    expect([...framed.subarray(0, head.length)]).toEqual(head);
    expect(framed.subarray(head.length).equals(Buffer.from(document))).toBe(true);
  });

  it('counts bytes, not characters', () => {
    const framed = frame('ü'.repeat(100), 'websocket');
    expect([...framed.subarray(0, 4)]).toEqual([0x81, 126, 0, 200]);
    expect(framed).toHaveLength(204);
  });

  it('of every length is read by a WebSocket client, also many in one write', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const acceptor = new WebSocketServer({ server, perMessageDeflate: false });
    onTestFinished(() => {
      acceptor.close();
      server.close();
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const documents = [1, 124, 125, 126, 127, 65_534, 65_535, 65_536, 65_537, 300_000].map(
      (length) => `é${'x'.repeat(length - 1)}`.slice(0, length),
    );
    acceptor.on('connection', (_, request) => {
      const frames = documents.map((document) => frame(document, 'websocket'));
      request.socket.write(Buffer.concat(frames));
    });
    const client = new WebSocket(`ws://127.0.0.1:${port}/`);
    const came: string[] = [];
    await new Promise<void>((resolve, reject) => {
      client.on('error', reject);
      client.on('message', (data: Buffer, isBinary) => {
        if (isBinary) reject(new Error('binary'));
        came.push(data.toString());
        if (came.length === documents.length) resolve();
      });
    });
    client.terminate();
    expect(came).toEqual(documents);
  });
});

describe('an event', () => {
  it('is made once per form and type, and is the same buffer for everybody', () => {
    const encoder = open();
    const forms = (['tcp', 'websocket'] as const).flatMap((transport) =>
      (['xml', 'json'] as const).flatMap((encoding) =>
        [true, false].map((feed) => ({ transport, encoding, feed })),
      ),
    );
    const made = forms.map((form) => encoder.notification(entry, 'CallAnswer', form));
    const again = forms.map((form) => encoder.notification(entry, 'CallAnswer', { ...form }));
    for (const [index, bytes] of made.entries()) expect(again[index]).toBe(bytes);
    expect(new Set(made.map((bytes) => bytes.toString('latin1'))).size).toBe(8);
    expect(
      encoder.notification(entry, 'CallStart', { transport: 'tcp', encoding: 'xml', feed: false }),
    ).not.toBe(made[0]);
  });

  it('is made anew after its turn, to the same bytes', () => {
    const encoder = open();
    const form = { transport: 'tcp', encoding: 'xml', feed: true } as const;
    const made = encoder.notification(entry, 'CallAnswer', form);
    encoder.release();
    const again = encoder.notification(entry, 'CallAnswer', form);
    expect(again).not.toBe(made);
    expect(again.equals(made)).toBe(true);
  });

  it('that was missed is the same bytes, and nothing of it is kept', () => {
    const encoder = open();
    const form = { transport: 'websocket', encoding: 'xml', feed: true } as const;
    const missed = encoder.missed(entry, 'CallAnswer', form);
    expect(encoder.missed(entry, 'CallAnswer', form)).not.toBe(missed);
    expect(encoder.notification(entry, 'CallAnswer', form).equals(missed)).toBe(true);
  });

  it('is to a legacy client the record and nothing else', () => {
    const bytes = open().notification({ seq: 7, event: started(0) }, 'CallStart', {
      transport: 'tcp',
      encoding: 'xml',
      feed: false,
    });
    expect(bytes.toString()).toMatch(
      /^<\?xml version="1\.0" encoding="UTF-8"\?><VerbaApi><Notification type="CallStart"><verbacdr state="0">.*<\/verbacdr><\/Notification><\/VerbaApi>\n$/,
    );
    expect(bytes.toString()).not.toContain('CallState');
  });

  it('carries its own position to a client that opted in', () => {
    const form = { transport: 'tcp', encoding: 'xml', feed: true } as const;
    const call = open().notification(entry, 'CallAnswer', form).toString();
    expect(call).toContain('<Notification type="CallAnswer" position="k3v9x0q2m1-35">');
    expect(call).toContain('<CallState ');
    const gap = open().notification({ seq: 36, event: gapOf('pbx', 7) }, 'SourceGap', form);
    expect(gap.toString()).toContain('<Notification type="SourceGap" position="k3v9x0q2m1-36">');
  });

  it('holds the record as an answer to GetCallDetail gives it', () => {
    const encoder = open();
    const cdr = encoder.cdr(connectedCall(0));
    for (const feed of [true, false]) {
      const form = { transport: 'tcp', encoding: 'xml', feed } as const;
      expect(encoder.notification(entry, 'CallAnswer', form).toString()).toContain(cdr);
    }
  });
});

describe('a call of a snapshot', () => {
  it('is a start with the position of the snapshot', () => {
    const bytes = open().snapshot(connectedCall(0), 44, plain).toString();
    expect(bytes).toContain(
      '<Notification type="CallStart" position="k3v9x0q2m1-44" snapshot="true">',
    );
    expect(bytes).toContain('<CallState state="connected"');
  });
});

describe('a keep-alive', () => {
  it('is to a legacy client the interval and nothing else', () => {
    expect(open().keepAlive(10, plain).toString()).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><VerbaApi><Response code="0"><Keepalive time="10"/></Response></VerbaApi>\n',
    );
  });

  it('tells a client that opted in the position and the sources', () => {
    const state = {
      position: 'k3v9x0q2m1-9',
      sources: [{ name: 'pbx', state: 'down' as const, heardAtMs: 0 }],
    };
    expect(open().keepAlive(10, plain, state).toString()).toContain(
      '<Keepalive time="10" position="k3v9x0q2m1-9"/><Source name="pbx" state="down" heard="1970-01-01 00:00:00.000"/></Response>',
    );
  });
});
