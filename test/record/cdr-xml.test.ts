import { XMLParser } from 'fast-xml-parser';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Call } from '../../src/call/call.ts';
import { causeId, cdrTime, cdrXml, type CdrSite } from '../../src/record/cdr-xml.ts';

const site: CdrSite = { location: 'rec-1', recorderServiceId: 7, times: 'utc' };

const ringing: Call = {
  id: '7d0f1c9a-5a3e-5c51-8a44-0b1c2d3e4f50',
  source: 'pbx',
  platformIds: ['1772442060.25', '1772442061.26'],
  revision: 1,
  state: 'ringing',
  direction: 'incoming',
  caller: { number: '0012', name: 'Smith & Sons', address: '192.0.2.1' },
  called: { number: '+4930123', name: 'Anna', address: '192.0.2.2' },
  startedAtMs: Date.UTC(2026, 2, 2, 9, 1, 2, 3),
  legs: [],
  holds: [],
  transfers: [],
  queue: [],
  recordings: [],
  extensions: [],
};

const ended: Call = {
  ...ringing,
  state: 'ended',
  endedAtMs: Date.UTC(2026, 2, 2, 9, 2, 0, 0),
  outcome: 'answered',
  ending: 'observed',
  endedBy: { side: 'caller' },
};

describe('the record of a call', () => {
  it('tells everything known of an ended call, on one line and in the documented order', () => {
    expect(cdrXml(ended, site)).toBe(
      '<verbacdr state="1">' +
        '<id>7d0f1c9a-5a3e-5c51-8a44-0b1c2d3e4f50</id>' +
        '<ccdr_id>7d0f1c9a-5a3e-5c51-8a44-0b1c2d3e4f50</ccdr_id>' +
        '<modality_id>voice</modality_id>' +
        '<native_id>1772442060.25|1772442061.26</native_id>' +
        '<native_call_id>1772442060.25</native_call_id>' +
        '<location>rec-1</location>' +
        '<source_ip>192.0.2.1</source_ip>' +
        '<source_caller_id>0012</source_caller_id>' +
        '<source_name>Smith &amp; Sons</source_name>' +
        '<destination_ip>192.0.2.2</destination_ip>' +
        '<destination_caller_id>+4930123</destination_caller_id>' +
        '<destination_name>Anna</destination_name>' +
        '<start_time>2026-03-02 09:01:02.003</start_time>' +
        '<end_time>2026-03-02 09:02:00.000</end_time>' +
        '<cause_id>1</cause_id>' +
        '<direction_id>1</direction_id>' +
        '<signaling_id>2</signaling_id>' +
        '<recorder_service_id>7</recorder_service_id>' +
        '<ondemand>false</ondemand>' +
        '<conference>false</conference>' +
        '<platform_call_id>1772442060.25</platform_call_id>' +
        '</verbacdr>',
    );
  });

  it('has no end and no cause while the call goes on', () => {
    const xml = cdrXml({ ...ended, state: 'held' }, site);
    expect(xml).toMatch(/^<verbacdr state="0">/);
    expect(xml).not.toMatch(/end_time|cause_id/);
  });

  it('leaves out what nobody knows', () => {
    const bare: Call = {
      ...ringing,
      platformIds: [],
      caller: {},
      called: { number: '', name: '' },
    };
    const xml = cdrXml(bare, { ...site, location: '' });
    expect([...xml.matchAll(/<(\w+)>/g)].map(([, name]) => name)).toEqual([
      'id',
      'ccdr_id',
      'modality_id',
      'start_time',
      'direction_id',
      'signaling_id',
      'recorder_service_id',
      'ondemand',
      'conference',
    ]);
  });

  it('says when legs met in a conference', () => {
    expect(cdrXml({ ...ringing, conference: '800' }, site)).toContain(
      '<conference>true</conference>',
    );
  });

  it.each([
    ['internal', 0],
    ['incoming', 1],
    ['outgoing', 2],
    ['external', 3],
  ] as const)('numbers the direction %s as %i', (direction, id) => {
    expect(cdrXml({ ...ringing, direction }, site)).toContain(`<direction_id>${id}</direction_id>`);
  });

  it('takes other direction numbers from its settings, and 0 is one', () => {
    const directionIds = { incoming: 0 };
    const xml = (direction: Call['direction']) =>
      cdrXml({ ...ringing, direction }, { ...site, directionIds });
    expect(xml('incoming')).toContain('<direction_id>0</direction_id>');
    expect(xml('outgoing')).toContain('<direction_id>2</direction_id>');
  });

  it('is well-formed and true to every text, whatever the PBX says', () => {
    const parser = new XMLParser({ parseTagValue: false, trimValues: false, htmlEntities: true });
    const text = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(text, text, text, (number, name, address) => {
        const caller = { number, name, address };
        const { verbacdr } = parser.parse(cdrXml({ ...ringing, caller }, site));
        const carried = (raw: string) => raw.replace(/[\0-\x08\v\f\x0e-\x1f]/g, '\ufffd');
        expect(verbacdr).toMatchObject({
          source_caller_id: carried(number),
          source_name: carried(name),
          source_ip: carried(address),
        });
      }),
    );
  });
});

describe('the cause', () => {
  it.each<[string, Partial<Call>, number]>([
    ['answered, the caller hung up', { endedBy: { side: 'caller' } }, 1],
    ['answered, the called party hung up', { endedBy: { side: 'called' } }, 2],
    ['answered, the platform ended it', { endedBy: { side: 'platform' } }, 0],
    ['rejected', { outcome: 'rejected' }, 2],
    ['merged into another call', { outcome: 'merged' }, 4],
    ['merged into a conference', { outcome: 'merged', conference: '800' }, 13],
    ['cancelled', { outcome: 'cancelled' }, 5],
    ['abandoned', { outcome: 'abandoned' }, 5],
    ['busy', { outcome: 'busy' }, 6],
    ['failed', { outcome: 'failed' }, 8],
    ['missed', { outcome: 'missed' }, 80],
    ['unreachable', { outcome: 'unreachable' }, 80],
    ['unknown', { outcome: 'unknown' }, 500],
    ['reconciled', { ending: 'reconciled' }, 500],
    ['timed out', { ending: 'timed-out' }, 500],
    ['busy, but concluded', { outcome: 'busy', ending: 'reconciled' }, 500],
  ])('%s', (_, change, id) => {
    expect(causeId({ ...ended, ...change })).toBe(id);
  });

  it('of a call that nobody is known to have ended is normal', () => {
    const { endedBy: _, ...rest } = ended;
    expect(causeId(rest)).toBe(0);
  });
});

describe('a time', () => {
  const before = process.env['TZ'];
  afterEach(() => {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  });

  it('is told in UTC to the millisecond', () => {
    expect(cdrTime(Date.UTC(2011, 2, 24, 14, 2, 19, 673), 'utc')).toBe('2011-03-24 14:02:19.673');
  });

  it('is told in the time zone of the machine where that is asked for, summer and winter', () => {
    process.env['TZ'] = 'Europe/Berlin';
    expect(cdrTime(Date.UTC(2026, 0, 31, 23, 30), 'local')).toBe('2026-02-01 00:30:00.000');
    expect(cdrTime(Date.UTC(2026, 6, 1, 12, 0), 'local')).toBe('2026-07-01 14:00:00.000');
    expect(cdrTime(Date.UTC(2026, 6, 1, 12, 0), 'utc')).toBe('2026-07-01 12:00:00.000');
  });

  it.each([
    [NaN, '1970-01-01 00:00:00.000'],
    [-5, '1970-01-01 00:00:00.000'],
    [Infinity, '9999-12-31 23:59:59.999'],
    [8.64e15, '9999-12-31 23:59:59.999'],
  ])('beyond what can be written (%d) costs no record', (ms, text) => {
    expect(cdrTime(ms, 'utc')).toBe(text);
    expect(cdrTime(ms, 'local')).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);
  });
});
