/** The published examples and conversations are what our codecs read and write, byte for byte. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/base/errors.ts';
import { answerXml } from '../../src/subscriber/answer-codec.ts';
import type { Answer, Request } from '../../src/subscriber/message.ts';
import { readServerDocument } from '../../src/subscriber/reading.ts';
import { parseRequest, requestXml } from '../../src/subscriber/request-codec.ts';
import { cdrXml } from '../../src/record/cdr-xml.ts';
import { list, read, readConversation } from './conversation.ts';
import { examples, requests } from './messages.ts';
import { rewrite } from './rewrite.ts';
import * as scene from './scene.ts';

function requestIn(text: string): Request {
  const request = parseRequest(Buffer.from(text));
  if (request instanceof ProtocolError || request.kind === 'refusal') {
    throw new Error(`Not a request: ${JSON.stringify(request)}`);
  }
  return request;
}

function rewritten(text: string): string {
  const message = readServerDocument(text);
  if (message instanceof ProtocolError) throw message;
  return rewrite(message);
}

describe('the examples', () => {
  it('are there for every message, and for nothing else', () => {
    expect(list('examples')).toEqual([...examples.keys()].map((name) => `${name}.xml`).sort());
  });

  it.each([...examples])('%s is written as published', (name, written) => {
    expect(written).toBe(read(`examples/${name}.xml`));
  });

  it.each(Object.entries(requests))('request-%s is read as meant', (name, request) => {
    expect(requestIn(read(`examples/request-${name}.xml`))).toEqual(request);
  });

  it.each([...examples.keys()])('%s comes out again as it went in', (name) => {
    const text = read(`examples/${name}.xml`);
    const again = name.startsWith('request-') ? requestXml(requestIn(text)) : rewritten(text);
    expect(again).toBe(text);
  });

  it.each([...examples.keys()])(
    '%s is one line, so that clients that read lines work too',
    (name) => {
      const text = read(`examples/${name}.xml`);
      expect(text.indexOf('\n')).toBe(text.length - 1);
      expect(text).not.toContain('\r');
    },
  );
});

describe('the conversations', () => {
  const turns = list('conversations').flatMap((file) =>
    readConversation(file).map((turn, at) => ({ ...turn, place: `${file}, turn ${at + 1}` })),
  );

  it.each(turns.filter(({ from }) => from === 'client'))('$place is a request', ({ text }) => {
    expect(requestIn(text).head.type).not.toBe('');
  });

  it.each(turns.filter(({ from }) => from === 'server'))(
    '$place is read and written again to the byte',
    ({ text }) => {
      expect(rewritten(text)).toBe(text);
    },
  );

  it.each(turns.filter(({ from }) => from === 'wrong client'))(
    '$place is answered as published',
    ({ text }) => {
      const reply = turns[turns.findIndex((turn) => turn.text === text) + 1];
      const refused = parseRequest(Buffer.from(text));
      if (!(refused instanceof ProtocolError) && refused.kind !== 'refusal') throw new Error(text);
      const answer: Answer =
        refused instanceof ProtocolError
          ? { kind: 'failure', failure: 'Invalid Request', detail: refused.message }
          : { ...refused, kind: 'failure' };
      expect(answerXml(answer)).toBe(reply?.text);
    },
  );
});

describe('the legacy conversation', () => {
  it('has not changed by a byte: clients in the field depend on it', () => {
    const digest = createHash('sha256').update(read('conversations/legacy.txt')).digest('hex');
    expect(digest).toBe('8277d6a1ce41309c030102ff29df4f9c238144b1c932cad84c710211f69aa3d9');
  });

  it('is what our codecs make of its requests', () => {
    const turns = readConversation('legacy.txt');
    const replies = turns.flatMap(({ from, text }, at) =>
      from === 'client' ? [{ asked: requestIn(text), got: turns[at + 1]?.text }] : [],
    );
    expect(replies.map(({ asked }) => answerXml(answerTo(asked)))).toEqual(
      replies.map(({ got }) => got),
    );
  });

  it('tells a legacy client nothing that it did not ask for', () => {
    const sent = readConversation('legacy.txt').filter(({ from }) => from === 'server');
    expect(sent.length).toBeGreaterThan(10);
    for (const { text } of sent) {
      expect(text).not.toMatch(/position=|snapshot=|<(Feed|Source|CallState|Party|Summary)/);
    }
  });

  function answerTo(request: Request): Answer {
    const { head } = request;
    switch (request.kind) {
      case 'subscribe':
        return { kind: 'subscribed', head, keepAliveS: 10 };
      case 'ongoing':
        return { kind: 'ongoing', head, calls: [scene.answered, scene.second] };
      case 'detail': {
        if (request.call !== scene.started.id) {
          const detail = `No call has the id "${request.call}" here.`;
          return { kind: 'failure', head, failure: 'Call Not Found', detail };
        }
        const call = head.type === 'GetCallDetailRecord' ? scene.ended : scene.answered;
        return { kind: 'detail', head, cdr: cdrXml(call, scene.site) };
      }
      case 'mute-state':
        return { kind: 'mute-state', head, callerMuted: true, calleeMuted: false };
      default:
        return { kind: 'done', head };
    }
  }
});
