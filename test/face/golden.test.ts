/** Every sample of the vendor's guide, value for value. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { written } from '../../src/face/answer-tree.ts';
import { branch } from '../../src/face/answer-tree.ts';
import { recordingDetails } from '../../src/face/details.ts';
import { dossierOf, firstMs, sampleArchive, sampleDossier } from './support/dossiers.ts';
import { FaceHouse, token } from './support/face-house.ts';

const sample = (name: string): string =>
  readFileSync(new URL(`../fixtures/face/${name}`, import.meta.url), 'utf8');

/** Without what stands between elements. */
const dense = (xml: string): string =>
  xml
    .replace(/^<\?xml[^>]*>/, '')
    .replaceAll(/>\s+</g, '><')
    .trim();

let house: FaceHouse;
beforeAll(async () => {
  house = await FaceHouse.open();
});
afterAll(() => house.close());

describe('one recording', () => {
  const context = (fields: readonly number[]) => ({
    timeZone: 'UTC',
    fieldNames: new Map(fields.map((id) => [id, 'CustomDataField1'])),
    places: new Map([
      [1214965, { location: 4, directory: '/2018-08-29/19/00', status: 0 as const }],
    ]),
    withSupplements: true,
    nowMs: 0,
    archive: sampleArchive,
  });
  const result = (recording: ReturnType<typeof recordingDetails>) =>
    branch({ code: 0, message: 'ACK', recording });

  it('in XML', () => {
    const details = recordingDetails(sampleDossier([7, 9]), context([7, 9]));
    expect(dense(written('xml', 'result', result(details)))).toBe(dense(sample('recording.xml')));
  });

  it('in JSON', () => {
    const details = recordingDetails(sampleDossier([3, 3]), context([3]));
    const text = written('json', 'result', result(details));
    expect(JSON.parse(text)).toEqual(JSON.parse(sample('recording.json')));
    // The same members in the same order, too.
    expect(text.trim()).toBe(JSON.stringify(JSON.parse(sample('recording.json'))));
  });
});

describe('several', () => {
  beforeAll(() => {
    for (const [id, at] of [
      [15, 0],
      [16, 10_000],
    ] as const) {
      const n = id - 14;
      const startMs = firstMs + at;
      house.books.add(
        dossierOf(id, {
          recording: {
            startMs,
            endMs: startMs + 10_000,
            isrUcid: `x-isr-ucid-${n}-28520@1.2.3.4`,
            ingressCallId: `${n}-28520@1.2.3.4`,
          },
          segments: [{ id: id + 6, filename: `5555-${n}-28520@1.2.3.4.seg0.rpdd` }],
        }),
      );
    }
  });

  it('recordings', async () => {
    const { text, headers, status } = await house.ask(`audioRecording/details?token=${token}`, {
      method: 'POST',
    });
    expect(dense(text)).toBe(dense(sample('recordings.xml')));
    expect(text.startsWith('<?xml version="1.0" encoding="UTF-8"?>')).toBe(true);
    expect(headers.get('content-type')).toBe('application/xml; charset=utf-8');
    expect(status).toBe(200);
  });

  it('segments', async () => {
    const { text } = await house.ask(`audioRecording/segment/details?token=${token}`, {
      method: 'POST',
    });
    expect(dense(text)).toBe(dense(sample('segments.xml')));
  });

  it('recordings in JSON', async () => {
    const { text } = await house.command('audioRecording/details', '', {
      headers: { accept: 'application/json' },
    });
    const match = (n: number, start: string) => ({
      match: {
        recordingId: 14 + n,
        isrUcid: `x-isr-ucid-${n}-28520@1.2.3.4`,
        ingressCallId: `${n}-28520@1.2.3.4`,
        from: '7777',
        to: '5555',
        start,
      },
    });
    expect(JSON.parse(text)).toEqual({
      result: {
        code: -1,
        message: 'Selection criteria insufficient to determine recording. Returning all matches.',
        matches: [match(1, '2021-01-18 06:37:27'), match(2, '2021-01-18 06:37:37')],
      },
    });
  });
});

describe('the smaller answers', () => {
  it('of version', async () => {
    const { text } = await house.ask('version');
    expect(dense(text)).toBe('<result><version>5.2.0M0P0 build 7</version></result>');
    const json = await house.ask('version', { headers: { accept: 'application/json' } });
    expect(json.text).toBe('{"result":{"version":"5.2.0M0P0 build 7"}}\n');
  });

  it('of login', async () => {
    const body = new URLSearchParams({ userEmail: 'ann@example.org', password: 'p' });
    const { text } = await house.ask('login', { method: 'POST', body });
    expect(dense(text)).toBe(
      `<result><code>0</code><message>ACK</message><token>${token}</token><expiration>3600seconds</expiration></result>`,
    );
  });

  it('of an event', async () => {
    const query =
      'event=AudioRecordingStarted&ucid=fbd5715afe5aca679d1c9230dce37e73@1.2.3.5&calledAors=sip:agentX@1.2.3.4.11,sip:agentY@1.2.3.4.13';
    const { text } = await house.ask(`eventNotify?${query}`);
    expect(dense(text)).toBe('<response><Code>0</Code><message>success</message></response>');
    expect(house.notified.at(-1)).toEqual([
      'eventNotify',
      {
        event: 'AudioRecordingStarted',
        ucid: 'fbd5715afe5aca679d1c9230dce37e73@1.2.3.5',
        calledAors: 'sip:agentX@1.2.3.4.11,sip:agentY@1.2.3.4.13',
      },
    ]);
  });

  it.each(['StartScreenCapture', 'StopScreenCapture'])('of %s', async (command) => {
    house.policy = { code: 0, message: 'ACK' };
    const { text } = await house.ask(`${command}?IsrId=fbd5715afe5aca67@1.2.3.5&AgentId=6789`);
    expect(dense(text)).toBe('<response><Code>0</Code><message>ACK</message></response>');
    expect(house.notified.at(-1)?.[0]).toBe(command);
  });
});
