/** What answers say of recordings, in both forms, whatever people and platforms have put into them. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { branch, formFor, list, written } from '../../src/face/answer-tree.ts';
import { type DetailsContext, recordingDetails, segmentDetails } from '../../src/face/details.ts';
import type { RecordingDossier } from '../../src/store/recording-messages.ts';
import { dossierOf, firstMs, ongoingDossier } from './support/dossiers.ts';

const context: DetailsContext = {
  timeZone: 'UTC',
  fieldNames: new Map([[3, 'Ticket']]),
  places: new Map(),
  withSupplements: true,
  nowMs: firstMs + 65_000,
};

function json(dossier: RecordingDossier, changes: Partial<DetailsContext> = {}) {
  const details = recordingDetails(dossier, { ...context, ...changes });
  return JSON.parse(written('json', 'recording', details)).recording;
}

describe('a recording', () => {
  it('that goes on has numbers for the time being, and no end', () => {
    const going = json(ongoingDossier(6));
    expect(going).toMatchObject({
      tmpRecordingId: 6,
      duration: 5_000,
      segments: [{ tmpSegmentId: 6, tmpRecordingId: 6, end: '' }],
    });
    expect(going).not.toHaveProperty('recordingId');
    expect(going.segments[0]).not.toHaveProperty('segmentId');
  });

  it('of which one segment has ended has that under its own number', () => {
    const split = ongoingDossier(6, { segments: [{ endMs: firstMs + 62_000 }, { id: 9 }] });
    expect(json(split).segments).toMatchObject([
      { segmentId: 6, tmpRecordingId: 6, sequence: 1 },
      { tmpSegmentId: 9, tmpRecordingId: 6, sequence: 2 },
    ]);
  });

  it('has milliseconds, and text for what is not known', () => {
    const bare = dossierOf(1, {
      recording: { ani: null, dnis: null, isrUcid: null, ingressCallId: null },
      segments: [{ file: null, filename: null, pauseMs: 1_500, pausedWithSilence: true }],
    });
    expect(json(bare)).toMatchObject({
      ...{ ani: '', dnis: '', isrUcid: '', ingressCallId: '', agentId: '' },
      ...{ duration: 10_000, account: '1', sensitive: 0, deleteFlag: false },
      startTime: '2021-01-18 06:37:37.21',
      customDataSets: [],
      segments: [
        {
          ...{ filename: '', directory: '', locationId: 0, pauseLength: 1_500 },
          ...{ pausedWithSilence: true, accountId: 1, routeId: 1, dtmfDigits: [] },
        },
      ],
    });
  });

  it('tells what the samples do not have only where there is something to tell', () => {
    expect(Object.keys(json(dossierOf(1)))).not.toEqual(expect.arrayContaining(['agentTerminal']));
    const told = {
      ...{ egressCallId: 'e', agentTerminal: 't', neverExpire: true, thirdpartyId: '9' },
    };
    expect(json(dossierOf(1, { recording: told }))).toMatchObject(told);
  });

  it('has its times in the zone of who asks', () => {
    const told = json(dossierOf(1), { timeZone: 'Europe/Berlin' });
    expect(told.startTime).toBe('2021-01-18 07:37:37.21');
    expect(told.segments[0].start).toBe('2021-01-18 07:37:37.21');
  });

  it('has supplemental files, for those who may see them', () => {
    const supplements = [
      { id: 8, recording: 1, kind: 'video', file: '/v.mp4', filename: 'v.mp4' } as const,
    ];
    const filmed = dossierOf(1, { rest: { supplements } });
    const told = json(filmed);
    expect(told.supplementalFiles).toEqual([
      { supplementalFile: { supplementalFileId: 8, filename: 'v.mp4', type: 'video' } },
    ]);
    expect(told.segments[0].hasVideo).toBe(true);
    expect(json(filmed, { withSupplements: false })).not.toHaveProperty('supplementalFiles');
  });

  it('has custom data of its own and of its segments, each where it belongs', () => {
    const customData = [
      { recording: 1, segment: null, field: 3, value: 'a' },
      { recording: 1, segment: 1, field: 3, value: 'b' },
      { recording: 1, segment: null, field: 77, value: 'c' },
    ];
    const told = json(dossierOf(1, { rest: { customData } }));
    expect(told.customDataSets).toEqual([
      { customData: { customDataId: 3, name: 'Ticket', value: 'a' } },
      { customData: { customDataId: 77, name: '77', value: 'c' } },
    ]);
    expect(told.segments[0].customDataSets).toEqual([
      { customData: { customDataId: 3, name: 'Ticket', value: 'b' } },
    ]);
  });

  it('whose files were looked for says where they are and which are gone', () => {
    const two = dossierOf(1, { segments: [{}, { fileState: 'missing' }] });
    const places = new Map([[1, { location: 2, directory: '/2021', status: 0 as const }]]);
    expect(json(two, { places }).segments).toMatchObject([
      { locationId: 2, directory: '/2021', fileStatus: 0 },
      { locationId: 0, directory: '', fileStatus: 1 },
    ]);
  });

  it.each(['', 'x', '{}', 'null', '[1,null,{"id":1}]', '[{"id":"a"}]'])(
    'whose participants are %j has none',
    (participants) => {
      const told = json(dossierOf(1, { recording: { participants } }));
      expect(told.segments[0].siprecDataSets[0].siprecData.participants).toEqual([]);
    },
  );

  it('has its segments without the number of a place in XML, and with one in JSON', () => {
    const dossier = dossierOf(1);
    const [segment] = dossier.segments;
    const details = segmentDetails(dossier, segment!, context);
    expect(written('xml', 'segment', details)).toContain('<location>0</location>');
    expect(written('xml', 'segment', details)).not.toMatch(/locationId|<segment\/>/);
    expect(written('json', 'segment', details)).toContain('"locationId":0');
    expect(written('json', 'segment', details)).not.toContain('"location":');
  });
});

/** What XML 1.0 cannot hold. */
const forbidden =
  /[\0-\x08\v\f\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    ' ',
    ']]>',
    '<!--',
    '&amp;',
    '&#0;',
    '"\'\n\r\t',
    '\0',
    '\ud800',
    '😀',
    '__proto__',
  ),
);

const anyDossier = fc
  .record({
    ani: anyText,
    isrUcid: anyText,
    agentId: anyText,
    terminal: anyText,
    filename: anyText,
    value: anyText,
    aor: anyText,
    name: anyText,
  })
  .map((texts) => ({
    texts,
    dossier: dossierOf(1, {
      recording: {
        ani: texts.ani,
        isrUcid: texts.isrUcid,
        agentId: texts.agentId,
        agentTerminal: texts.terminal,
        participants: JSON.stringify([
          { id: '1', aor: texts.aor, name: texts.name, isCalling: true, startMs: 5, endMs: null },
        ]),
      },
      segments: [{ filename: texts.filename }],
      rest: { customData: [{ recording: 1, segment: null, field: 3, value: texts.value }] },
    }),
  }));

describe('any text in any field', () => {
  const parser = new XMLParser({
    parseTagValue: false,
    trimValues: false,
    htmlEntities: true,
    isArray: (name) => ['segment', 'customData', 'siprecData', 'participant'].includes(name),
  });

  it('comes back from XML, with U+FFFD for what XML cannot hold', () => {
    fc.assert(
      fc.property(anyDossier, ({ texts, dossier }) => {
        const xml = written('xml', 'recording', recordingDetails(dossier, context));
        const { recording } = parser.parse(xml);
        const held = (text: string): string => text.replaceAll(forbidden, '\ufffd');
        expect(recording.ani).toBe(held(texts.ani));
        expect(recording.isrUcid).toBe(held(texts.isrUcid));
        expect(recording.agentId).toBe(held(texts.agentId));
        expect(recording.agentTerminal).toBe(held(texts.terminal));
        expect(recording.customDataSets.customData[0].value).toBe(held(texts.value));
        const [segment] = recording.segments.segment;
        expect(segment.filename).toBe(held(texts.filename));
        const [party] = segment.siprecDataSets.siprecData[0].participants.participant;
        expect([party.aor, party.name]).toEqual([held(texts.aor), held(texts.name)]);
      }),
      { numRuns: 300 },
    );
  });

  it('is XML for others, too', () => {
    const documents = fc.sample(anyDossier, { numRuns: 60 }).map(({ dossier }) => {
      const xml = written('xml', 'recording', recordingDetails(dossier, context));
      return xml.replace(/^<\?xml[^>]*>/, '').trim();
    });
    execFileSync('xmllint', ['--noout', '-'], { input: `<all>${documents.join('')}</all>` });
  });

  it('comes back from JSON as it was', () => {
    fc.assert(
      fc.property(anyDossier, ({ texts, dossier }) => {
        const told = json(dossier);
        expect(told.ani).toBe(texts.ani);
        expect(told.agentTerminal).toBe(texts.terminal);
        expect(told.segments[0].filename).toBe(texts.filename);
        expect(told.customDataSets[0].customData.value).toBe(texts.value);
      }),
    );
  });
});

describe('the form', () => {
  it.each<[string | undefined, 'xml' | 'json']>([
    [undefined, 'xml'],
    ['', 'xml'],
    ['*/*', 'xml'],
    ['application/json', 'json'],
    ['Application/JSON; charset=utf-8', 'json'],
    ['application/xml', 'xml'],
    ['application/json, application/xml', 'xml'],
    ['application/json, */*;q=0.5', 'json'],
    ['application/json;q=0.9, text/xml;q=0.8', 'json'],
    ['application/json;q=0', 'xml'],
    ['application/json;q=2', 'xml'],
    ['text/html', 'xml'],
    [',;,;q=', 'xml'],
  ])('for Accept %j is %s', (accept, form) => {
    expect(formFor(accept)).toBe(form);
  });

  it('has lists with and without the key of each item', () => {
    const tree = branch({ many: list('one', ['a', 'b']), none: list('one', []) });
    expect(written('json', 'r', tree)).toBe('{"r":{"many":[{"one":"a"},{"one":"b"}],"none":[]}}\n');
    expect(written('xml', 'r', tree)).toContain(
      '<many>\n<one>a</one>\n<one>b</one>\n</many>\n<none/>',
    );
  });
});
