/**
 * Legacy clients see legacy bytes: the published conversation, held on a real socket to the last byte,
 * and everything else that could leak into it.
 */
import { expect, it } from 'vitest';
import { cdrXml } from '../../src/record/cdr-xml.ts';
import { sightings } from '../support/scene-events.ts';
import { eventOf, gapOf, lifeOf, upOf } from '../support/calls.ts';
import { OpenHouse } from '../support/house.ts';
import { readConversation } from '../protocol/conversation.ts';
import * as scene from '../protocol/scene.ts';

it('holds the published legacy conversation to the last byte', async () => {
  const house = await OpenHouse.open({ site: scene.site });
  const client = await house.tcp();
  house.desk.finished.set(scene.ended.id, cdrXml(scene.ended, scene.site));
  house.desk.muted = { callerMuted: true, calleeMuted: false };
  // What happens before the server says its n-th word, where it does not speak by itself.
  const happens: Readonly<Record<number, () => Promise<void> | void>> = {
    1: () => house.publish(sightings.started),
    2: () => house.pass(10_000),
    3: () =>
      house.publish(sightings.ringing, sightings.answered, sightings.recorded, sightings.second),
    7: () => house.pass(10_000),
    10: () => house.publish(sightings.transferred, sightings.ended),
    11: () => house.pass(10_000),
  };
  let said = 0;
  let heard = '';
  for (const { from, text } of readConversation('legacy.txt')) {
    if (from !== 'server') {
      await happens[said]?.();
      client.send(text);
      continue;
    }
    if (!text.includes('<Request') && !text.includes('ErrorMessage')) await happens[said]?.();
    heard += text;
    await client.until(() => Buffer.concat(client.bytes).length >= Buffer.byteLength(heard));
    said += 1;
    expect(Buffer.concat(client.bytes).toString()).toBe(heard);
  }
  expect(said).toBe(13);
});

it.each(['tcp', 'websocket'] as const)(
  'tells a legacy client over %s of starts and ends, and nothing that it does not know',
  async (transport) => {
    const house = await OpenHouse.open();
    const client = await house.connect(transport);
    client.send('<VerbaApi><Request type="SubscribeOnCallEvent" id="1"/></VerbaApi>');
    await client.next();
    const [start, answer, end] = lifeOf(0);
    if (start === undefined || answer === undefined || end === undefined)
      throw new Error('no life');
    await house.publish(
      start,
      gapOf('pbx', 1),
      answer,
      eventOf('call.updated', answer.call),
      eventOf('recording.started', answer.call),
      eventOf('recording.paused', answer.call),
      eventOf('recording.resumed', answer.call),
      eventOf('recording.ended', answer.call),
      upOf('pbx', 1, 2),
      end,
    );
    house.pass(10_000);
    await client.until(() => client.documents.length === 4);
    for (const connection of house.connections) connection.end('going-away', 'The server stops.');
    await client.closed();

    const declaration = '<?xml version="1.0" encoding="UTF-8"?>';
    const cdr = (call: typeof start.call): string => cdrXml(call, house.site);
    expect(client.documents).toEqual([
      `${declaration}<VerbaApi><Response code="0"><Request type="SubscribeOnCallEvent" id="1"/><Keepalive time="10"/></Response></VerbaApi>`,
      `${declaration}<VerbaApi><Notification type="CallStart">${cdr(start.call)}</Notification></VerbaApi>`,
      `${declaration}<VerbaApi><Notification type="CallEnd">${cdr(end.call)}</Notification></VerbaApi>`,
      `${declaration}<VerbaApi><Response code="0"><Keepalive time="10"/></Response></VerbaApi>`,
    ]);
  },
);
