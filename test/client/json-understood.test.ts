/**
 * The client's half of the JSON encoding against the server's: what it writes is understood, and what is
 * published it reads as whoever looks at every member does.
 */
import { describe, expect, it } from 'vitest';
import { readServerJson, requestJson } from '../../src/client/json-codec.ts';
import { parseJsonRequest } from '../../src/subscriber/json-request-codec.ts';
import { jsonExamples } from '../protocol/json-messages.ts';
import { requests } from '../protocol/messages.ts';
import * as strict from '../support/json-messages.ts';

describe('the client', () => {
  it.each(Object.entries(requests))('asks to %s so that the server understands', (_, request) => {
    const optedIn = request.kind === 'subscribe' ? { feed: { snapshot: false, ack: false } } : {};
    const understood = parseJsonRequest(Buffer.from(requestJson(request)));
    expect(understood).toEqual({ ...optedIn, ...request });
  });

  const said = [...jsonExamples].filter(([name]) => !name.startsWith('request-'));

  it.each(said)('reads %s to the last member', (_, text) => {
    expect(readServerJson(text)).toEqual(strict.readServerJson(text));
  });

  it.each(['', '[]', 'null', '7', '{', '"a"'])('makes nothing of %j', (text) => {
    expect(readServerJson(text)).toBeUndefined();
  });

  it('passes over what it does not know', () => {
    expect(readServerJson('{"notification":"CallMiddle"}')).toEqual({
      kind: 'unknown',
      name: 'CallMiddle',
    });
    expect(readServerJson('{"code":0,"later":true}')?.kind).toBe('unknown');
    expect(readServerJson('{"later":true}')?.kind).toBe('unknown');
  });
});
