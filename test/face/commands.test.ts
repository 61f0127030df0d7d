/** Selecting, reading, changing and deleting recordings over HTTP. */
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../src/base/errors.ts';
import { dossierOf, firstMs, ongoingDossier } from './support/dossiers.ts';
import { FaceHouse, token, verdictIn } from './support/face-house.ts';

let house: FaceHouse;
beforeEach(async () => {
  house = await FaceHouse.open();
});
afterEach(() => house.close());

const json = { headers: { accept: 'application/json' } };
const all = 'Selection criteria insufficient to determine recording. Returning all matches.';
const some =
  'Selection criteria insufficient to determine recording. There were more matches than maxListLength, please refine your search if the entry you require is not in this list.';

async function details(criteria: string) {
  return JSON.parse((await house.command('audioRecording/details', criteria, json)).text).result;
}

describe('a search', () => {
  it('that finds one tells all of it', async () => {
    house.books.add(dossierOf(1), dossierOf(2, { recording: { ani: '1' } }));
    expect(await details('ani=1')).toMatchObject({
      ...{ code: 0, message: 'ACK' },
      recording: { recordingId: 2, ani: '1', segments: [{ segmentId: 2 }] },
    });
  });

  it('that finds none says so, and of an id that there is no such session', async () => {
    expect(await details('ani=1')).toEqual({
      code: 19,
      message: 'No recording found with supplied criteria',
    });
    for (const name of ['isrUcid', 'ingressCallId', 'egressCallId']) {
      expect(await details(`${name}=1`)).toEqual({
        code: 26,
        message: 'No session or file was found matching the provided UCID',
      });
    }
  });

  it('by UCID finds by the id of the first call leg, too', async () => {
    house.books.add(dossierOf(1), dossierOf(2));
    expect(await details('isrUcid=2-28520%401.2.3.4')).toMatchObject({
      recording: { recordingId: 2 },
    });
  });

  it('that finds several lists up to the bound, the newest ones, the oldest first', async () => {
    house.books.add(...[1, 2, 3, 4].map((id) => dossierOf(id)));
    const ids = ({ matches }: { matches: { match: { recordingId: number } }[] }) =>
      matches.map(({ match }) => match.recordingId);
    const four = await details('maxListLength=4');
    expect([four.code, four.message, ids(four)]).toEqual([-1, all, [1, 2, 3, 4]]);
    const three = await details('maxListLength=3');
    expect([three.code, three.message, ids(three)]).toEqual([-1, some, [2, 3, 4]]);
    const one = await details('maxListLength=1');
    expect([one.code, one.message, ids(one)]).toEqual([-1, some, [4]]);
  });

  it('of 10,000 reads no more than it shows and one', async () => {
    house.books.add(...Array.from({ length: 10_000 }, (_, n) => dossierOf(n + 1)));
    const usual = await details('');
    expect([usual.message, usual.matches.length]).toEqual([some, 100]);
    const most = await details('maxListLength=1000');
    expect([most.message, most.matches.length]).toEqual([some, 1000]);
    expect(house.books.searches.map(({ limit }) => limit)).toEqual([101, 1001]);
  });

  it('by number finds what goes on by the one for the time being only, and later by both', async () => {
    house.books.add(ongoingDossier(1));
    expect((await details('recordingId=1')).code).toBe(19);
    expect((await details('segmentId=1')).code).toBe(19);
    expect((await details('tmpSegmentId=1')).recording).toMatchObject({ tmpRecordingId: 1 });
    expect((await details('tmpRecordingId=1')).recording).toMatchObject({ tmpRecordingId: 1 });
    house.books.add(dossierOf(1));
    expect((await details('recordingId=1')).recording).toMatchObject({ recordingId: 1 });
    expect((await details('segmentId=1')).recording).toMatchObject({ recordingId: 1 });
    expect((await details('tmpRecordingId=1')).recording).toMatchObject({ recordingId: 1 });
  });

  it('by times as they are listed finds what was listed', async () => {
    house.books.add(dossierOf(1), dossierOf(2), dossierOf(3));
    const [, { match }] = (await details('')).matches;
    expect(match.start).toBe('2021-01-18 06:37:47');
    for (const criteria of [
      `start=${match.start}`,
      `earliestStart=${match.start}&latestStart=${match.start}`,
    ]) {
      expect((await details(criteria)).recording, criteria).toMatchObject({ recordingId: 2 });
    }
  });

  it('that ended early says to be refined: there may be more than was looked at', async () => {
    house.books.isComplete = false;
    expect(await details('ani=1')).toEqual({ code: -1, message: some, matches: [] });
    house.books.add(dossierOf(1));
    expect(await details('ani=7777')).toMatchObject({ message: some, matches: [{}] });
    await house.command('audioRecording/delete', 'ani=7777');
    expect(house.books.dossiers.get(1)?.recording.deleteFlag).toBe(false);
  });

  it('are not said to be none where the search for one of two ids ended early', async () => {
    const search = house.books.search.bind(house.books);
    house.books.search = async (asked) => ({
      ...(await search(asked)),
      isComplete: asked.criteria.isrUcid === undefined,
    });
    expect(await details('isrUcid=nobody')).toEqual({ code: -1, message: some, matches: [] });
  });

  it('of contradictions asks nobody', async () => {
    house.books.add(dossierOf(1));
    expect((await details('recordingId=1&inProgress=true')).code).toBe(19);
    expect(house.books.searches).toEqual([]);
  });

  it('of segments tells the one, or lists them', async () => {
    house.books.add(dossierOf(1, { segments: [{}, { id: 7 }] }), dossierOf(3));
    const ask = async (criteria: string) =>
      JSON.parse((await house.command('audioRecording/segment/details', criteria, json)).text)
        .result;
    const list = await ask('recordingId=1');
    expect(list.matches.map(({ match }: { match: object }) => match)).toMatchObject([
      { segmentId: 1, recordingId: 1 },
      { segmentId: 7, recordingId: 1 },
    ]);
    expect(await ask('segmentId=7')).toMatchObject({
      ...{ code: 0, message: 'ACK' },
      segment: { segmentId: 7, recordingId: 1, sequence: 2 },
    });
    expect(await ask('filename=5555-1-28520@1.2.3.4.seg1.wav')).toMatchObject({
      segment: { segmentId: 7 },
    });
    expect((await ask('segmentId=8')).code).toBe(19);
  });

  it('by a template writes that', async () => {
    house.books.add(dossierOf(1, { segments: [{}, { id: 7 }] }));
    const query = 'recordingId=1&format=template&formatName=verint';
    const { flat: text } = await house.command('audioRecording/details', query);
    const url = `${house.base}/Face/audioRecording/segment/download?segmentId`;
    const segment = (id: number, order: number): string =>
      `<audio_segment><channel_id>${id}</channel_id><recording_order>${order}</recording_order>` +
      `<audio_url>${url}=${id}</audio_url><StartTime>2021-01-18T06:37:37.210Z</StartTime>` +
      `<Duration>10</Duration></audio_segment>`;
    expect(text).toBe(
      `<?xml version="1.0" encoding="UTF-8"?><Call><Data><audio>${segment(1, 1)}${segment(7, 2)}</audio>` +
        `<ani>7777</ani><dnis>5555</dnis><unique_identifier>x-isr-ucid-1-28520@1.2.3.4</unique_identifier>` +
        `<time_offset>0</time_offset><direction/></Data></Call>\n`,
    );
    const first = await house.command('audioRecording/details', `${query}&version=1`);
    expect(first.flat).toBe(text);
    const one = 'segmentId=7&format=template&formatName=Verint';
    const only = await house.command('audioRecording/segment/details', one);
    expect(only.flat).toContain(`<audio>${segment(7, 2)}</audio>`);
  });

  it.each([
    ['format=pdf', 'seen "format" "pdf", expected "template"'],
    ['format=template', 'expected "formatName=verint"'],
    ['format=template&formatName=nice', 'seen "formatName" "nice", expected "verint"'],
    ['format=template&formatName=verint&version=2', 'seen "version" "2", expected "1"'],
    ['formatName=verint', 'seen "formatName" without "format"'],
    ['version=1', 'seen "version" without "format"'],
  ])('with %s is refused', async (criteria, message) => {
    house.books.add(dossierOf(1));
    const result = await details(criteria);
    expect(result.code).toBe(-1);
    expect(result.message).toContain(message);
  });
});

describe('a form', () => {
  it('changes what it names and tells the recording as it is then', async () => {
    house.books.add(dossierOf(1, { recording: { agentTerminal: 'old' } }), dossierOf(2));
    const answer = await house.post('audioRecording/details', 'recordingId=1', {
      agentId: '6789',
      agentTerminal: '',
      sensitive: 'true',
      setNeverExpire: '1',
      Ticket: 'T-1 & <2>',
      Secret: 's',
    });
    expect(verdictIn(answer)).toEqual([0, 'ACK']);
    const { flat: text } = answer;
    expect(text).toContain('<agentId>6789</agentId><sensitive>1</sensitive>');
    expect(text).toContain('<neverExpire>true</neverExpire>');
    expect(text).toContain('<name>Ticket</name><value>T-1 &amp; &lt;2&gt;</value>');
    expect(text).not.toContain('agentTerminal');
    expect(house.books.dossiers.get(1)?.recording).toMatchObject({
      ...{ agentId: '6789', agentTerminal: null, sensitive: true, neverExpire: true },
    });
    expect(house.books.dossiers.get(2)).toEqual(dossierOf(2));
    await house.post('audioRecording/details', 'recordingId=1', { Ticket: '', sensitive: '0' });
    const { recording, customData } = house.books.dossiers.get(1)!;
    expect(customData.map(({ field }) => field)).toEqual([5]);
    expect([recording.sensitive, recording.neverExpire]).toEqual([false, true]);
  });

  it('changes custom data of one segment', async () => {
    house.books.add(dossierOf(1, { segments: [{}, { id: 7 }] }));
    const { flat: text } = await house.post('audioRecording/segment/details', 'segmentId=7', {
      Ticket: 'x',
      agentId: 'a',
    });
    expect(text).toContain('<segmentId>7</segmentId>');
    expect(text).toContain('<name>Ticket</name><value>x</value>');
    expect(house.books.dossiers.get(1)?.customData).toEqual([
      { recording: 1, segment: 7, field: 4, value: 'x' },
    ]);
    expect(house.books.dossiers.get(1)?.recording.agentId).toBe('a');
  });

  it.each<[Record<string, string>, string]>([
    [{ agentID: 'x' }, 'seen the field "agentID", expected one of filename, agentId,'],
    [{ sensitive: 'yes' }, 'seen "sensitive" "yes", expected "true" or "false", or 1 or 0'],
    [{ setNeverExpire: '' }, 'seen "setNeverExpire" ""'],
    [{ agentId: 'x'.repeat(129) }, 'seen 129 characters in "agentId"'],
    [{ deleteFlag: 'true' }, 'seen the field "deleteFlag"'],
    [{ __proto__x: 'true' }, 'seen the field'],
  ])('%j is refused, and nothing is changed', async (form, message) => {
    house.books.add(dossierOf(1));
    const answer = await house.post('audioRecording/details', 'recordingId=1', {
      agentTerminal: 't',
      ...form,
    });
    expect(verdictIn(answer)[0]).toBe(-1);
    expect(verdictIn(answer)[1]).toContain(message);
    expect(house.books.dossiers.get(1)).toEqual(dossierOf(1));
  });

  it('without criteria changes nothing, even where there is one recording alone', async () => {
    house.books.add(dossierOf(1));
    const answer = await house.post('audioRecording/details', '', { agentId: 'x' });
    expect(verdictIn(answer)).toEqual([3, 'Parameter Missing']);
  });

  it('that selects several changes none of them', async () => {
    house.books.add(dossierOf(1), dossierOf(2));
    const answer = await house.post('audioRecording/details', 'ani=7777', { agentId: 'x' });
    expect(verdictIn(answer)).toEqual([-1, all]);
    expect(house.books.dossiers.get(1)).toEqual(dossierOf(1));
  });

  it('of another type is refused, and an empty one of any type is none', async () => {
    house.books.add(dossierOf(1));
    const headers = { 'content-type': 'application/json' };
    const post = (body: string) =>
      house.command('audioRecording/details', 'recordingId=1', { method: 'POST', headers, body });
    expect(verdictIn(await post('{"agentId":1}'))).toEqual([
      -1,
      'seen a body of the type "application/json", expected application/x-www-form-urlencoded',
    ]);
    expect(verdictIn(await post(''))).toEqual([0, 'ACK']);
  });
});

describe('a new name', () => {
  async function recorded(id: number, name = `r${id}.wav`): Promise<string> {
    const file = await house.file(`2021/${name}`, `audio of ${id}`);
    house.books.add(dossierOf(id, { segments: [{ file, filename: name }] }));
    return file;
  }
  const rename = (id: number, filename: string) =>
    house.post('audioRecording/details', `tmpRecordingId=${id}`, { filename });
  const renamedTo = (name: string) =>
    `This file has been renamed by the recorder, please use the following new filename for future commands: ${name}`;

  it('is given to the file and in the books', async () => {
    const file = await recorded(1);
    const answer = await rename(1, 'günther 1.wav');
    expect(verdictIn(answer)).toEqual([0, renamedTo('günther 1.wav')]);
    expect(answer.flat).toContain('<filename>günther 1.wav</filename><directory>/2021</directory>');
    expect(existsSync(file)).toBe(false);
    const [segment] = house.books.dossiers.get(1)!.segments;
    expect(segment).toMatchObject({
      filename: 'günther 1.wav',
      file: file.replace('r1.wav', 'günther 1.wav'),
    });
    expect(existsSync(segment!.file!)).toBe(true);
  });

  it('keeps the extension, which says what is in the file', async () => {
    await recorded(1);
    expect(verdictIn(await rename(1, 'new'))).toEqual([0, renamedTo('new.wav')]);
    expect(verdictIn(await rename(1, 'new.mp3'))).toEqual([0, renamedTo('new.mp3.wav')]);
    expect(verdictIn(await rename(1, 'NEW.WAV'))).toEqual([0, renamedTo('NEW.WAV')]);
  });

  it('that it has already is no change', async () => {
    await recorded(1);
    expect(verdictIn(await rename(1, 'r1.wav'))).toEqual([0, 'ACK']);
  });

  it('that another file has is refused', async () => {
    const files = [await recorded(1), await recorded(2)];
    expect(verdictIn(await rename(1, 'r2.wav'))).toEqual([
      -1,
      'seen the filename "r2.wav", which another file has',
    ]);
    expect(files.map((file) => existsSync(file))).toEqual([true, true]);
  });

  it.each([
    '../../etc/passwd',
    '/etc/passwd',
    '..',
    '.hidden',
    'a/b',
    'a\\b',
    'a\0b',
    'a\r\nb',
    'x'.repeat(256),
    'ü'.repeat(128),
    // With the extension it is too long.
    'x'.repeat(253),
    '',
  ])('%j is refused', async (filename) => {
    const file = await recorded(1);
    const [code, message] = verdictIn(await rename(1, filename));
    expect(code).toBe(-1);
    expect(message).toMatch(/^seen (a|the) filename/);
    expect(existsSync(file)).toBe(true);
  });

  it('is refused while it is recorded, once it is to be deleted, and where there is no file', async () => {
    house.books.add(
      ongoingDossier(1),
      dossierOf(2, { recording: { deleteFlag: true } }),
      dossierOf(3),
      dossierOf(4, { segments: [{ file: '/etc/passwd', filename: 'passwd' }] }),
    );
    expect(verdictIn(await rename(1, 'x'))).toEqual([
      21,
      'Cannot change name of file while recording is in progress',
    ]);
    expect(verdictIn(await rename(2, 'x'))).toEqual([
      22,
      'Cannot rename a file that is set to be deleted',
    ]);
    const gone = [11, 'Error retrieving file with supplied criteria'];
    expect(verdictIn(await rename(3, 'x'))).toEqual(gone);
    expect(verdictIn(await rename(4, 'x'))).toEqual(gone);
  });

  it('is of one segment, so that a recording of several is referred to them', async () => {
    const file = await house.file('s.wav', 'x');
    house.books.add(dossierOf(1, { segments: [{}, { id: 7, file, filename: 's.wav' }] }));
    const [code, message] = verdictIn(await rename(1, 'x'));
    expect(code).toBe(-1);
    expect(message).toContain('audioRecording/segment/details');
    const answer = await house.post('audioRecording/segment/details', 'segmentId=7', {
      filename: 't.wav',
    });
    expect(verdictIn(answer)).toEqual([0, renamedTo('t.wav')]);
  });

  it('that the books cannot take is taken back', async () => {
    const file = await recorded(1);
    house.books.changeSegment = () =>
      Promise.reject(new StoreError('STORE_COMMIT_FAILED', 'disk full'));
    expect(verdictIn(await rename(1, 'x.wav'))).toEqual([
      10,
      'Error establishing database connection',
    ]);
    expect(existsSync(file)).toBe(true);
  });
});

describe('delete', () => {
  it('marks the one recording', async () => {
    house.books.add(dossierOf(1), dossierOf(2));
    const answer = await house.command('audioRecording/delete', 'recordingId=1');
    expect(verdictIn(answer)).toEqual([0, 'delete command returned successfully']);
    expect(answer.text).toContain('<deleteFlag>true</deleteFlag>');
    const flags = [1, 2].map((id) => house.books.dossiers.get(id)?.recording.deleteFlag);
    expect(flags).toEqual([true, false]);
  });

  it('marks none of several, none without criteria, and none that there is not', async () => {
    house.books.add(dossierOf(1), dossierOf(2));
    const ask = async (criteria: string) =>
      verdictIn(await house.command('audioRecording/delete', criteria));
    expect(await ask('ani=7777')).toEqual([-1, all]);
    expect(await ask('')).toEqual([3, 'Parameter Missing']);
    expect(await ask('maxListLength=1')).toEqual([3, 'Parameter Missing']);
    expect((await ask('recordingId=9'))[0]).toBe(19);
    expect((await ask("recordingId=1' OR '1'='1"))[0]).toBe(-1);
    const flags = [1, 2].map((id) => house.books.dossiers.get(id)?.recording.deleteFlag);
    expect(flags).toEqual([false, false]);
  });

  it('with a form changes first, but gives no name to what is to go', async () => {
    house.books.add(dossierOf(1));
    const ask = async (form: Record<string, string>) =>
      verdictIn(await house.post('audioRecording/delete', 'recordingId=1', form));
    expect((await ask({ filename: 'x' }))[0]).toBe(22);
    expect(house.books.dossiers.get(1)?.recording.deleteFlag).toBe(false);
    expect((await ask({ agentId: 'x' }))[0]).toBe(0);
    expect(house.books.dossiers.get(1)?.recording).toMatchObject({
      agentId: 'x',
      deleteFlag: true,
    });
  });

  it('says who did it in the log', async () => {
    house.books.add(dossierOf(1));
    await house.command('audioRecording/delete', 'recordingId=1');
    expect(house.log.lines).toEqual([
      {
        level: 'info',
        event: 'face.commanded',
        fields: { user: 'ann@example.org', command: 'delete', recording: 1 },
      },
    ]);
    expect(house.log.text).not.toContain(token);
  });
});

it('times of the zone of who asks are read and told', async () => {
  house.books.add(dossierOf(1), dossierOf(2));
  house.users.set(token, {
    ...{ email: 'bo@example.org', control: false, video: false, timeZone: 'Europe/Berlin' },
  });
  const local = new Date(firstMs + 10_000 + 3_600_000).toISOString().slice(0, 19);
  const result = await details(`start=${local}`);
  expect(result.recording.startTime).toBe('2021-01-18 07:37:37.21');
});
