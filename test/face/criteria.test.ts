/** Addresses as selection criteria, and everything that is wrong with them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCriteria, type ReadCriteria, type Wanted } from '../../src/face/criteria.ts';
import { readForm, readQuery } from '../../src/face/parameters.ts';

const fields = [
  { id: 3, name: 'CustomDataField1', searchable: true },
  { id: 5, name: 'Secret', searchable: false },
];

function read(query: string, timeZone = 'UTC'): ReadCriteria {
  const parameters = readQuery(`/Face/audioRecording/details?${query}`);
  if (parameters.kind === 'refused') return parameters;
  return readCriteria(parameters.parameters, { fields, timeZone });
}

function wanted(query: string, timeZone?: string): Wanted {
  const result = read(query, timeZone);
  if (result.kind === 'refused') throw new Error(result.message);
  return result.wanted;
}

function refusal(query: string): string {
  const result = read(query);
  if (result.kind !== 'refused') throw new Error(`taken: ${JSON.stringify(result.wanted)}`);
  return result.message;
}

const ms = (text: string): number => Date.parse(text);

describe('a criterion', () => {
  it.each<[string, object]>([
    ['isrUcid=a%40b', { isrUcid: 'a@b' }],
    ['ingressCallId=a@b', { ingressCallId: 'a@b' }],
    ['egressCallId=x', { egressCallId: 'x' }],
    ['thirdpartyId=7', { thirdpartyId: '7' }],
    ['filename=x%20y.wav', { filename: 'x y.wav' }],
    ['ani=%2B4930', { ani: '+4930' }],
    ['from=7777', { ani: '7777' }],
    ['ani=7777&from=7777', { ani: '7777' }],
    ['to=5555&dnis=5555', { dnis: '5555' }],
    ['aor=sip%3A1%401.2.3.4', { aor: 'sip:1@1.2.3.4' }],
    ['tmpRecordingId=12', { recording: 12 }],
    ['recordingId=12', { recording: 12, inProgress: false }],
    ['tmpSegmentId=13', { segment: 13 }],
    ['segmentId=13', { segment: 13 }],
    ['rssId=0', { rss: 0 }],
    ['inProgress=true', { inProgress: true }],
    ['inProgress=false', { inProgress: false }],
    ['audioOnly=true', { hasSupplements: false }],
    ['audioOnly=false', {}],
    ['mustHaveVideo=true', { hasVideo: true }],
    ['mustHaveVideo=false', {}],
    ['CustomDataField1=a+b', { customData: [{ field: 3, value: 'a b' }] }],
    ['ani=7777&dnis=5555&rssId=2', { ani: '7777', dnis: '5555', rss: 2 }],
    ['&&ani=1&', { ani: '1' }],
    ['ani=J%C3%BCrgen', { ani: 'Jürgen' }],
  ])('%s', (query, criteria) => {
    expect(wanted(query)).toMatchObject({ criteria, isImpossible: false, isSelective: true });
    expect(Object.keys(wanted(query).criteria).sort()).toEqual(Object.keys(criteria).sort());
  });

  it('in bytes that nobody encoded is read as UTF-8', () => {
    expect(wanted(`ani=${Buffer.from('Jürgen').toString('latin1')}`).criteria.ani).toBe('Jürgen');
    expect(refusal('ani=\xfc')).toContain('UTF-8');
  });

  it('that says how to list selects nothing', () => {
    expect(wanted('token=x&maxListLength=7&fillWithSilence=true&codecProfile=5')).toEqual({
      ...{ criteria: {}, isSelective: false, isImpossible: false, isEndedSegment: false },
      ...{ hasUcid: false, mostListed: 7, fillWithSilence: true, codecProfile: 5 },
    });
    expect(wanted('').mostListed).toBe(100);
  });

  it('that contradicts another finds nothing', () => {
    for (const query of [
      'recordingId=1&tmpRecordingId=2',
      'segmentId=1&tmpSegmentId=2',
      'recordingId=1&inProgress=true',
      'earliestStart=2021-01-02 00:00:00&latestStart=2021-01-01 00:00:00',
    ]) {
      expect(wanted(query).isImpossible, query).toBe(true);
    }
    expect(wanted('recordingId=1&tmpRecordingId=1').isImpossible).toBe(false);
  });
});

describe('a time', () => {
  const start = (text: string, timeZone?: string) =>
    wanted(`start=${encodeURIComponent(text)}`, timeZone).criteria.start;
  const second = (text: string) => ({ from: ms(text), through: ms(text) + 999 });
  const moment = (text: string) => ({ from: ms(text), through: ms(text) });

  it('to the second is all of that second, to its parts a moment', () => {
    expect(start('2021-01-18 06:37:27')).toEqual(second('2021-01-18T06:37:27Z'));
    expect(start('2021-01-18T06:37:27Z')).toEqual(second('2021-01-18T06:37:27Z'));
    expect(start('2021-01-18 06:37:27.21')).toEqual(moment('2021-01-18T06:37:27.210Z'));
    expect(start('2021-01-18 06:37:27.0')).toEqual(moment('2021-01-18T06:37:27.000Z'));
    expect(start('2021-01-18T06:37:27.123456789+01:00')).toEqual(
      moment('2021-01-18T05:37:27.123Z'),
    );
    expect(start('1610951847210')).toEqual(moment('2021-01-18T06:37:27.210Z'));
    expect(start('0')).toEqual({ from: 0, through: 0 });
  });

  it('whose plus nobody encoded is understood', () => {
    expect(wanted('start=2021-01-18T06:37:27+01:00').criteria.start).toEqual(
      second('2021-01-18T05:37:27Z'),
    );
  });

  it('without a zone is that of the user', () => {
    const zone = 'Europe/Berlin';
    expect(start('2021-01-18 06:37:27', zone)).toEqual(second('2021-01-18T05:37:27Z'));
    expect(start('2021-07-18 06:37:27', zone)).toEqual(second('2021-07-18T04:37:27Z'));
    expect(start('2021-07-18T06:37:27Z', zone)).toEqual(second('2021-07-18T06:37:27Z'));
    // Shown twice that night; and never.
    expect(start('2021-10-31 02:30:00', zone)).toEqual(second('2021-10-31T00:30:00Z'));
    expect(start('2021-03-28 02:30:00', zone)).toEqual(second('2021-03-28T01:30:00Z'));
  });

  it('bounds what begins and what ends, itself included', () => {
    const query =
      'earliestStart=2021-01-18 06:37:27&latestStart=2021-01-18 06:37:29&latestEnd=1610951847210';
    expect(wanted(query).criteria).toEqual({
      start: { from: ms('2021-01-18T06:37:27Z'), through: ms('2021-01-18T06:37:29.999Z') },
      end: { through: 1610951847210 },
    });
    expect(wanted('earliestEnd=5').criteria).toEqual({ end: { from: 5 } });
    // All that is given must hold.
    expect(wanted('start=1000&earliestStart=1000').criteria.start).toEqual({
      from: 1000,
      through: 1000,
    });
    expect(wanted('start=1000&earliestStart=1001').isImpossible).toBe(true);
  });

  it.each([
    ['2021-01-18', 'a day'],
    ['06:37:27', 'an hour'],
    ['2021-02-30 06:37:27', 'no day'],
    ['2021-01-18 24:00:00', 'no hour'],
    ['2021-01-18 06:37', 'a minute'],
    ['2021-01-18t06:37:27', 'lower case'],
    ['2021-01-18 06:37:27.', 'half a fraction'],
    ['2021-01-18 06:37:27+25:00', 'no offset'],
    ['999999999999999', 'beyond the year 9999'],
    ['-1', 'before 1970'],
    ['yesterday', 'a word'],
    ['2021-01-18 06:37:27; DROP TABLE recordings', 'more than a time'],
  ])('%s is none: %s', (text) => {
    expect(refusal(`earliestStart=${encodeURIComponent(text)}`)).toMatch(
      /^seen "earliestStart" ".*", expected yyyy-MM-dd HH:mm:ss/,
    );
  });
});

describe('refused is', () => {
  it.each([
    ['RecordingId=1', 'seen the parameter "RecordingId", expected one of isrUcid,'],
    ['ANI=1', 'seen the parameter "ANI", expected one of'],
    ['customdatafield1=1', 'CustomDataField1'],
    ['__proto__=1', 'seen the parameter "__proto__"'],
    ['constructor=1', 'seen the parameter "constructor"'],
    ['Secret=1', 'seen the parameter "Secret", a custom data field that is not searchable'],
    ['inProgress=True', 'seen "inProgress" "True", expected "true" or "false"'],
    ['inProgress=1', 'expected "true" or "false"'],
    ['maxListLength=0', 'expected a whole number from 1 to 1000'],
    ['maxListLength=1001', 'expected a whole number from 1 to 1000'],
    ['maxListLength=1e2', 'expected a whole number from 1 to 1000'],
    ['codecProfile=6', 'expected a whole number from 1 to 5'],
    ['recordingId=0', 'expected a whole number from 1'],
    ['recordingId=1%20OR%201=1', 'seen "recordingId" "1 OR 1=1", expected a whole number'],
    ['recordingId=99999999999999999999', 'expected a whole number'],
    ['rssId=-1', 'expected a whole number'],
    ['channelNumber=1', 'tmpRecordingId'],
    ['ani=', 'seen no value of "ani"'],
    ['ani', 'seen no value of "ani"'],
    ['ani=1&from=2', 'the same value for "ani" and "from"'],
    ['dnis=1&to=2', 'the same value for "dnis" and "to"'],
    ['ani=1&ani=2', 'seen "ani" twice with different values'],
    ['ani=%', 'seen a value of "ani" that is not percent-encoded UTF-8'],
    ['ani=%ZZ', 'not percent-encoded'],
    ['ani=%C3', 'not percent-encoded UTF-8'],
    ['%ff=1', 'name is not percent-encoded UTF-8'],
    ['=1', 'seen a parameter name of 0 characters'],
    [`${'n'.repeat(65)}=1`, 'seen a parameter name of 65 characters'],
    [`ani=${'1'.repeat(4097)}`, 'seen 4097 characters in "ani"'],
    [Array.from({ length: 1000 }, (_, n) => `a${n}=1`).join('&'), 'more than 100 parameters'],
  ])('%s', (query, message) => {
    expect(refusal(query)).toContain(message);
  });

  it('nothing that is given twice with the same value', () => {
    expect(wanted('ani=1&ani=1').criteria).toEqual({ ani: '1' });
  });
});

describe('whatever is sent', () => {
  const names = fc.constantFrom('ani', 'start', 'recordingId', 'inProgress', 'maxListLength', 'x');
  const query = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc
      .array(fc.tuple(names, fc.string({ unit: 'binary', maxLength: 30 })), { maxLength: 8 })
      .map((pairs) => pairs.map((pair) => pair.join('=')).join('&')),
  );

  it('is read as criteria or refused with a message, and never throws', () => {
    fc.assert(
      fc.property(query, (text) => {
        const result = read(text, 'America/St_Johns');
        if (result.kind === 'refused') expect(result.message).not.toBe('');
        else expect(result.wanted.mostListed).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    );
  });

  it('and well encoded comes back as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 }), (text) => {
        expect(wanted(`ani=${encodeURIComponent(text)}`).criteria.ani).toBe(text);
        const form = readForm(Buffer.from(String(new URLSearchParams({ [`n`]: text }))));
        expect(form.kind === 'parameters' && form.parameters.get('n')).toBe(text);
      }),
    );
  });

  it('in bytes is a form or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(['parameters', 'refused']).toContain(readForm(bytes).kind);
      }),
    );
  });
});
