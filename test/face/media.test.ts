/** Media files over HTTP: whole, in part, pointed to, and everything that is not given out. */
import { symlinkSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { dossierOf, ongoingDossier } from './support/dossiers.ts';
import { FaceHouse, token, verdictIn } from './support/face-house.ts';

const audio = 'RIFF0123456789';
const gone = [11, 'Error retrieving file with supplied criteria'];

let house: FaceHouse;
let file: string;
beforeEach(async () => {
  house = await FaceHouse.open();
  file = await house.file('2021/a b.wav', audio);
  house.books.add(dossierOf(1, { segments: [{ file, filename: 'a b.wav' }] }));
});
afterEach(() => house.close());

const download = (criteria = 'recordingId=1', init?: RequestInit) =>
  house.command('audioRecording/download', criteria, init);

describe.each([
  ['audioRecording/download', 'recordingId=1'],
  ['audioRecording/segment/download', 'segmentId=1'],
])('%s', (path, criteria) => {
  it('gives the file out as it is', async () => {
    const { status, headers, text } = await house.command(path, criteria);
    expect([status, text]).toEqual([200, audio]);
    expect(headers.get('content-type')).toBe('audio/wav');
    expect(headers.get('content-length')).toBe(String(audio.length));
    expect(headers.get('accept-ranges')).toBe('bytes');
    expect(headers.get('content-disposition')).toMatch(/^attachment; filename="a b.wav"/);
  });

  it('gives parts, says what is not there, and what has not changed', async () => {
    const ask = (headers: Record<string, string>) => house.command(path, criteria, { headers });
    const part = await ask({ range: 'bytes=4-7' });
    expect([part.status, part.text]).toEqual([206, '0123']);
    expect(part.headers.get('content-range')).toBe(`bytes 4-7/${audio.length}`);
    expect((await ask({ range: 'bytes=99-' })).status).toBe(416);
    const etag = part.headers.get('etag') ?? '';
    const same = await ask({ 'if-none-match': etag });
    expect([same.status, same.text]).toEqual([304, '']);
    // Who counts was told how each was answered, none of them with a return code.
    expect(house.outcomes).toEqual([206, 416, 304]);
    expect(house.answered).toEqual([1, 2, 3].map(() => [`/Face/${path}`, undefined]));
  });

  it('tells HEAD what GET would give', async () => {
    const { status, headers, text } = await house.command(path, criteria, { method: 'HEAD' });
    expect([status, text]).toEqual([200, '']);
    expect(headers.get('content-length')).toBe(String(audio.length));
  });

  it('gives the same to POST', async () => {
    expect((await house.command(path, criteria, { method: 'POST' })).text).toBe(audio);
  });

  it('of a file that is gone is code 11', async () => {
    unlinkSync(file);
    expect(verdictIn(await house.command(path, criteria))).toEqual(gone);
    expect([house.outcomes, house.answered]).toEqual([['missing'], [[`/Face/${path}`, 11]]]);
  });

  it.each(['codecProfile=2', 'format=mp3'])('with %s is code 23', async (wish) => {
    expect(verdictIn(await house.command(path, `${criteria}&${wish}`))).toEqual([
      23,
      'Could not convert file to playable format',
    ]);
  });
});

describe('a download', () => {
  it('of a recording of several files is referred to their segments', async () => {
    house.books.add(dossierOf(3, { segments: [{}, { id: 7 }] }));
    expect(verdictIn(await download('recordingId=3'))).toEqual([
      -1,
      'seen a recording of 2 segments, expected audioRecording/segment/download for each of them',
    ]);
  });

  it('of what goes on gives what is there so far', async () => {
    house.books.add(ongoingDossier(2, { segments: [{ file, filename: 'a b.wav' }] }));
    expect((await download('tmpRecordingId=2')).text).toBe(audio);
  });

  it('whose reader takes nothing is cut off, and until then counts as one of so many', async () => {
    const long = await house.file('long.wav', Buffer.alloc(32 * 1024 * 1024));
    house.books.add(dossierOf(2, { segments: [{ file: long, filename: 'long.wav' }] }));
    const path = `/Face/audioRecording/download?token=${token}&recordingId=2`;
    const readers = [0, 1].map(() => connect(house.address));
    for (const reader of readers) {
      reader.on('error', () => undefined);
      reader.pause();
      reader.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    }
    const busy = 'Too many files are being fetched; try again in a moment';
    await until('no more may be fetched', async () => {
      const { text, headers } = await download('recordingId=1');
      return text.includes(busy) && headers.get('retry-after') === '1';
    });
    await until('the others have been cut off', async () => (await download()).text === audio);
    for (const reader of readers) reader.destroy();
  });

  it('of several lists them', async () => {
    house.books.add(dossierOf(2));
    expect(verdictIn(await download('ani=7777'))[0]).toBe(-1);
  });

  it.each([
    ['an absolute path', '/etc/passwd'],
    ['a way out', '../../../../etc/passwd'],
    ['a way out after a way in', '2021/../../../../../etc/passwd'],
    ['a folder', '.'],
    ['a name with NUL', 'a\0.wav'],
    ['an empty one', ''],
  ])('of %s is code 11', async (_, path) => {
    house.books.add(dossierOf(2, { segments: [{ file: path, filename: 'x' }] }));
    expect(verdictIn(await download('recordingId=2'))).toEqual(gone);
    house.books.add(dossierOf(2, { segments: [{ file: join(house.root, path), filename: 'x' }] }));
    expect(verdictIn(await download('recordingId=2'))).toEqual(gone);
  });

  it('follows no link out of the media root', async () => {
    const link = join(house.root, 'link.wav');
    symlinkSync('/etc/passwd', link);
    house.books.add(dossierOf(2, { segments: [{ file: link, filename: 'link.wav' }] }));
    expect(verdictIn(await download('recordingId=2'))).toEqual(gone);
  });

  it('of a recording without a file is code 11', async () => {
    house.books.add(
      dossierOf(2, { segments: [{ file: null, filename: null }] }),
      dossierOf(3, { segments: [] }),
    );
    expect(verdictIn(await download('recordingId=2'))).toEqual(gone);
    expect(verdictIn(await download('recordingId=3'))[0]).toBe(19);
  });

  it('of a file with a name of all kinds keeps to one header', async () => {
    const name = 'ü"\\ ;=%.wav';
    const odd = await house.file(name, audio);
    house.books.add(dossierOf(2, { segments: [{ file: odd, filename: name }] }));
    const { headers, text } = await download('recordingId=2');
    expect(text).toBe(audio);
    expect(headers.get('content-disposition')).toContain(
      "filename*=UTF-8''%C3%BC%22%5C%20%3B%3D%25",
    );
  });

  it('that the file system fails is code 11, and in the log', async () => {
    house.mediaFails = new Error('EIO: i/o error');
    expect(verdictIn(await download())).toEqual(gone);
    expect(house.faults).toEqual([[house.mediaFails, 'media of /Face']]);
    const details = await house.command('audioRecording/details', 'recordingId=1');
    expect(details.text).toContain('<fileStatus>1</fileStatus>');
  });
});

describe('redirect', () => {
  it.each([
    ['audioRecording/redirect', 'recordingId=1', 'segment/download?segmentId=1'],
    ['audioRecording/segment/redirect', 'tmpSegmentId=1', 'download?segmentId=1'],
  ])('%s leads to the file', async (path, criteria, location) => {
    const { status, headers } = await house.command(path, criteria);
    expect(status).toBe(302);
    expect(headers.get('location')).toBe(`${location}&token=${token}`);
    const way = `${house.base}/Face/${path}?token=${token}&${criteria}`;
    expect(await (await fetch(way)).text()).toBe(audio);
    const authorization = { headers: { authorization: `Bearer ${token}` } };
    const bearing = await house.ask(`${path}?${criteria}`, authorization);
    expect(bearing.headers.get('location')).toBe(location);
    const tokenless = await fetch(`${house.base}/Face/${path}?${criteria}`, authorization);
    expect(await tokenless.text()).toBe(audio);
  });

  it('to a file that is gone is code 11, to several segments refused', async () => {
    unlinkSync(file);
    const ask = async (criteria: string) =>
      verdictIn(await house.command('audioRecording/redirect', criteria));
    expect(await ask('recordingId=1')).toEqual(gone);
    house.books.add(dossierOf(3, { segments: [{}, { id: 7 }] }));
    expect((await ask('recordingId=3'))[1]).toContain('audioRecording/segment/redirect');
  });
});

describe('file/download', () => {
  beforeEach(async () => {
    const path = await house.file('v.mp4', 'film');
    const other = await house.file('n.txt', 'note');
    house.books.add(
      dossierOf(5, {
        rest: {
          supplements: [
            { id: 8, recording: 5, kind: 'video', file: path, filename: 'v.mp4' },
            { id: 9, recording: 5, kind: 'other', file: other, filename: 'n.txt' },
          ],
        },
      }),
    );
  });
  const ask = (criteria: string) => house.command('file/download', criteria);

  it('gives the file of that number and name', async () => {
    const { text, headers } = await ask('filename=v.mp4&supplementalFileId=8&type=video');
    expect([text, headers.get('content-type')]).toEqual(['film', 'video/mp4']);
    expect((await ask('filename=n.txt&supplementalFileId=9')).text).toBe('note');
  });

  it('that does not fit is code 11', async () => {
    for (const criteria of [
      'filename=V.mp4&supplementalFileId=8',
      'filename=v.mp4&supplementalFileId=7',
      'filename=n.txt&supplementalFileId=9&type=video',
    ]) {
      expect(verdictIn(await ask(criteria)), criteria).toEqual(gone);
    }
  });

  it('of another account is like none', async () => {
    const bo = { email: 'bo@example.org', control: true, video: true, timeZone: 'UTC', account: 2 };
    house.users.set(token, bo);
    const foreign = await ask('filename=v.mp4&supplementalFileId=8');
    expect(foreign.text).toBe((await ask('filename=v.mp4&supplementalFileId=7')).text);
  });

  it('is not for users without video', async () => {
    const bo = { email: 'bo@example.org', control: true, video: false, timeZone: 'UTC' };
    house.users.set(token, bo);
    expect(verdictIn(await ask('filename=v.mp4&supplementalFileId=8'))).toEqual([
      2,
      'Host Not Authorized',
    ]);
    expect((await house.command('audioRecording/details', 'recordingId=5')).text).not.toContain(
      'v.mp4',
    );
    const films = await house.command('audioRecording/details', 'mustHaveVideo=true');
    expect(verdictIn(films)[0]).toBe(19);
  });

  it.each([
    ['supplementalFileId=8', 27, 'Missing Parameter - filename parameter is required'],
    ['filename=v.mp4', 27, 'Missing Parameter - supplementalFileId parameter is required'],
    ['filename=v.mp4&supplementalFileId=x', -1, 'expected a whole number from 1'],
    ['filename=v.mp4&supplementalFileId=8&type=audio', -1, 'expected "video"'],
    ['filename=v.mp4&supplementalFileId=8&ani=1', -1, 'seen the parameter "ani"'],
  ])('with %s is refused', async (criteria, code, message) => {
    const verdict = verdictIn(await ask(criteria));
    expect(verdict[0]).toBe(code);
    expect(verdict[1]).toContain(message);
  });
});
