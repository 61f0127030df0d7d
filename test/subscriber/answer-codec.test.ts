import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/base/errors.ts';
import { answerXml, keepaliveXml } from '../../src/subscriber/answer-codec.ts';
import { readServerDocument } from '../../src/subscriber/reading.ts';
import { second } from '../protocol/scene.ts';

const declaration = '<?xml version="1.0" encoding="UTF-8"?>';
const head = { type: 'SubscribeOnCallEvent', id: '1' };

describe('an answer', () => {
  it('echoes type and id as they were sent', () => {
    expect(answerXml({ kind: 'done', head: { type: 'a"b', id: '<&>' } })).toBe(
      `${declaration}<VerbaApi><Response code="0"><Request type="a&quot;b" id="&lt;&amp;&gt;"/></Response></VerbaApi>\n`,
    );
  });

  it('has no id where none was sent, and an empty one where that was sent', () => {
    expect(answerXml({ kind: 'done', head: { type: 'a' } })).toContain('<Request type="a"/>');
    expect(answerXml({ kind: 'done', head: { type: 'a', id: '' } })).toContain('type="a" id=""');
  });

  it('to a subscribe announces the first keep-alive, or says nothing of it when it is off', () => {
    const subscribed = (keepAliveS: number) => answerXml({ kind: 'subscribed', head, keepAliveS });
    expect(subscribed(10)).toContain(
      '<Request type="SubscribeOnCallEvent" id="1"/><Keepalive time="10"/></',
    );
    expect(subscribed(0)).not.toContain('Keepalive');
  });

  it('to GetMuteState echoes MuteState, as the outside system does', () => {
    const answer = answerXml({
      kind: 'mute-state',
      head: { type: 'GetMuteState', id: '1' },
      callerMuted: false,
      calleeMuted: true,
    });
    expect(answer).toContain(
      '<Request type="MuteState" id="1"/><State callerMuted="false" calleeMuted="true"/>',
    );
  });

  it('of failure says its class and the reason, whatever is in it', () => {
    const failure = answerXml({
      kind: 'failure',
      head,
      failure: 'Processing Error',
      detail: 'line 1\r\n<line 2> & "\0"',
    });
    expect(failure).toBe(
      `${declaration}<VerbaApi><Response code="2" type="SubscribeOnCallEvent" id="1">` +
        '<ErrorMessage description="Processing Error">line 1&#13;&#10;&lt;line 2&gt; &amp; "\ufffd"</ErrorMessage>' +
        '</Response></VerbaApi>\n',
    );
    expect(readServerDocument(failure)).toMatchObject({
      kind: 'failure',
      code: 2,
      head,
      detail: 'line 1\r\n<line 2> & "\ufffd"',
    });
  });

  it('with ten thousand calls is within what our client reads', () => {
    const calls = Array.from({ length: 10_000 }, (_, n) => ({ ...second, id: `call-${n}` }));
    const message = readServerDocument(answerXml({ kind: 'ongoing', head, calls }));
    if (message instanceof ProtocolError || message.kind !== 'answer') throw new Error('no answer');
    expect(message.calls).toHaveLength(10_000);
    expect(message.calls.at(-1)).toEqual({
      id: 'call-9999',
      caller: undefined,
      called: '0012',
      start: '2026-03-02 09:01:00.000',
    });
  });
});

describe('a keep-alive', () => {
  it('is a success that echoes no request', () => {
    expect(keepaliveXml({ intervalS: 7 })).toBe(
      `${declaration}<VerbaApi><Response code="0"><Keepalive time="7"/></Response></VerbaApi>\n`,
    );
  });
});

describe('our client', () => {
  it.each([
    ['a root it does not know', '<Other/>', 'Other'],
    ['a message it does not know', '<VerbaApi><News/></VerbaApi>', 'News'],
    [
      'a notification it does not know',
      '<VerbaApi><Notification type="Weather"/></VerbaApi>',
      'Weather',
    ],
    ['an empty response', '<VerbaApi><Response code="0"/></VerbaApi>', 'Response'],
  ])('passes over %s', (_, text, name) => {
    expect(readServerDocument(text)).toEqual({ kind: 'unknown', name });
  });

  it('takes every code but 0 for a failure, with or without words', () => {
    expect(readServerDocument('<VerbaApi><Response code="-10"/></VerbaApi>')).toMatchObject({
      kind: 'failure',
      code: -10,
      failure: '',
      detail: '',
    });
  });

  it('reads the outside system’s answers, line breaks and all', () => {
    expect(
      readServerDocument(
        '<VerbaApi>\n<Response code="0">\n<Request type="SubscribeOnCallEvent" id="1"/>\n<Keepalive time="10"/>\n</Response>\n</VerbaApi>',
      ),
    ).toMatchObject({ kind: 'answer', head, keepAliveS: 10 });
  });

  it('says what is wrong with a document that is none', () => {
    expect(readServerDocument('<VerbaApi>')).toBeInstanceOf(ProtocolError);
    expect(readServerDocument('<!DOCTYPE a><a/>')).toMatchObject({ code: 'FEED_FRAME_FORBIDDEN' });
  });
});
