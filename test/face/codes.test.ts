/**
 * The vendor's table of return codes: for each, how it comes about here, or why it cannot. The texts are theirs.
 */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../src/base/errors.ts';
import { renamed, strictStatusOf, verdicts } from '../../src/face/codes.ts';
import { SearchesBusyError } from '../../src/record/recordings.ts';
import { connectedCall } from '../support/calls.ts';
import { dossierOf, ongoingDossier } from './support/dossiers.ts';
import { type Answered, FaceHouse, verdictIn } from './support/face-house.ts';

/** How a verdict comes about; the strict status where the table of statuses says one. */
interface Case {
  readonly code: number;
  readonly message: string;
  readonly strict: number;
  readonly ask: (house: FaceHouse) => Promise<Answered>;
}

const command =
  (name: string, criteria = '') =>
  (house: FaceHouse): Promise<Answered> =>
    house.command(`audioRecording/${name}`, criteria);

const wrongState =
  (name: string, state: 'started' | 'not-started' | 'paused' | 'not-paused') =>
  (house: FaceHouse): Promise<Answered> => {
    house.calls = [connectedCall(1)];
    house.books.add(ongoingDossier(1));
    house.ordered = () => ({ kind: 'wrong-state', state, reason: 'r' });
    const criteria =
      name === 'start'
        ? `ani=${encodeURIComponent(connectedCall(1).caller.number!)}`
        : 'tmpRecordingId=1';
    return house.command(`audioRecording/${name}`, criteria);
  };

const rename = (changes: Parameters<typeof dossierOf>[1]) => (house: FaceHouse) => {
  house.books.add(dossierOf(1, changes));
  return house.post('audioRecording/details', 'tmpRecordingId=1', { filename: 'x' });
};

const elsewhere = 'Recording is started by another session or not started';

const cases: readonly Case[] = [
  {
    ...{ code: 0, message: 'ACK', strict: 200 },
    ask: (house) => {
      house.books.add(dossierOf(1));
      return command('details')(house);
    },
  },
  {
    ...{ code: 0, message: 'delete command returned successfully', strict: 200 },
    ask: (house) => {
      house.books.add(dossierOf(1));
      return command('delete', 'recordingId=1')(house);
    },
  },
  {
    ...{ code: 0, message: renamed('y.wav').message, strict: 200 },
    ask: async (house) => {
      const file = await house.file('x.wav', 'x');
      house.books.add(dossierOf(1, { segments: [{ file, filename: 'x.wav' }] }));
      return house.post('audioRecording/details', 'recordingId=1', { filename: 'y' });
    },
  },
  {
    ...{ code: -1, message: 'NACK', strict: 500 },
    ask: (house) => {
      house.books.fails = new Error('a mistake of ours');
      return command('details')(house);
    },
  },
  {
    ...{ code: -1, strict: 200 },
    message: 'Selection criteria insufficient to determine recording. Returning all matches.',
    ask: (house) => {
      house.books.add(dossierOf(1), dossierOf(2));
      return command('details')(house);
    },
  },
  {
    ...{ code: -1, strict: 400 },
    message: 'seen "sensitive" "x", expected "true" or "false", or 1 or 0',
    ask: (house) => house.post('audioRecording/details', 'ani=1', { sensitive: 'x' }),
  },
  {
    ...{ code: -1, message: 'The token is unknown or has expired; log in again', strict: 401 },
    ask: (house) => house.ask('audioRecording/details?token=x'),
  },
  {
    ...{ code: -1, strict: 429 },
    message: 'Too many requests of this token; expected the next one a little later',
    ask: (house) => {
      house.waitMs = 1_500;
      return command('details')(house);
    },
  },
  {
    ...{ code: -1, message: 'Too many searches wait; try again in a moment', strict: 503 },
    ask: (house) => {
      house.books.fails = new SearchesBusyError('256 searches wait already');
      return command('details')(house);
    },
  },
  {
    ...{ code: 2, message: 'Host Not Authorized', strict: 403 },
    ask: (house) => {
      for (const [token, user] of house.users) house.users.set(token, { ...user, control: false });
      return command('stop', 'ani=1')(house);
    },
  },
  { ...{ code: 3, message: 'Parameter Missing', strict: 400 }, ask: command('delete') },
  {
    ...{ code: 4, message: 'Missing Command - command parameter is required', strict: 400 },
    ask: (house) => house.ask('audioRecording/'),
  },
  {
    ...{ code: 5, message: 'Invalid Command', strict: 400 },
    ask: (house) => house.ask('audioRecording/erase'),
  },
  {
    ...{ code: 10, message: 'Error establishing database connection', strict: 500 },
    ask: (house) => {
      house.books.fails = new StoreError('STORE_UNAVAILABLE', 'gone');
      return command('details')(house);
    },
  },
  {
    ...{ code: 11, message: 'Error retrieving file with supplied criteria', strict: 404 },
    ask: (house) => {
      house.books.add(dossierOf(1));
      return command('download', 'recordingId=1')(house);
    },
  },
  {
    ...{ code: 12, message: 'Recording has already started on this channel.', strict: 409 },
    ask: wrongState('start', 'started'),
  },
  {
    ...{ code: 12, message: 'Recording is not paused, cannot unpause recording.', strict: 409 },
    ask: wrongState('resume', 'not-paused'),
  },
  {
    ...{ code: 12, message: `${elsewhere}, cannot pause recording.`, strict: 409 },
    ask: wrongState('pause', 'not-started'),
  },
  {
    ...{ code: 12, strict: 409 },
    message: 'Recording has already been paused, cannot pause recording.',
    ask: wrongState('pause', 'paused'),
  },
  {
    ...{ code: 12, message: `${elsewhere}, cannot unpause recording.`, strict: 409 },
    ask: wrongState('resume', 'not-started'),
  },
  {
    ...{ code: 13, message: `${elsewhere}, cannot end recording.`, strict: 409 },
    ask: wrongState('stop', 'not-started'),
  },
  {
    ...{ code: 16, message: 'Error Generating Token', strict: 500 },
    ask: (house) => {
      house.loggedIn = () => Promise.reject(new StoreError('STORE_COMMIT_FAILED', 'disk full'));
      const body = new URLSearchParams({ userEmail: 'a', password: 'b' });
      return house.ask('login', { method: 'POST', body });
    },
  },
  {
    ...{ code: 19, message: 'No recording found with supplied criteria', strict: 404 },
    ask: command('details', 'ani=1'),
  },
  {
    ...{ code: 20, message: 'RSS could not successfully perform the operation', strict: 500 },
    ask: (house) => {
      house.books.add(ongoingDossier(1));
      house.ordered = () => ({ kind: 'unavailable', reason: 'the PBX is down' });
      return command('stop', 'tmpRecordingId=1')(house);
    },
  },
  {
    ...{ code: 21, strict: 409 },
    message: 'Cannot change name of file while recording is in progress',
    ask: rename({ recording: { endMs: null } }),
  },
  {
    ...{ code: 22, message: 'Cannot rename a file that is set to be deleted', strict: 409 },
    ask: rename({ recording: { deleteFlag: true } }),
  },
  {
    ...{ code: 23, message: 'Could not convert file to playable format', strict: 500 },
    ask: command('download', 'ani=1&codecProfile=5'),
  },
  {
    ...{
      code: 26,
      message: 'No session or file was found matching the provided UCID',
      strict: 404,
    },
    ask: command('details', 'isrUcid=1'),
  },
  {
    ...{ code: 27, message: 'Missing Parameter - token parameter is required', strict: 400 },
    ask: (house) => house.ask('audioRecording/details'),
  },
];

/** Codes of the vendor's table that do not occur here. */
const impossible: ReadonlyMap<number, string> = new Map([
  [1, 'nothing is licensed; a feature that is not set up says so itself'],
  [6, 'of an older interface, which names ANI, DNIS, channel and file in every command'],
  [7, 'as 6'],
  [8, 'as 6'],
  [9, 'as 6'],
  [14, 'as 6: recordings are ended by selecting them'],
  [15, 'as 6: nothing is indexed when a recording ends'],
  [17, 'recordings are started on calls, not on routes'],
  [18, 'there is no command SaveRecording'],
  [24, 'no files are converted'],
  [25, 'no files are converted'],
]);

let house: FaceHouse;
beforeEach(async () => {
  house = await FaceHouse.open();
});
afterEach(() => house.close());

describe.each(cases)('$code $message', ({ code, message, strict, ask }) => {
  it('is answered so, under 200 or strictly', async () => {
    const answer = await ask(house);
    expect(verdictIn(answer)).toEqual([code, message]);
    expect(answer.status).toBe(200);
    await house.close();
    house = await FaceHouse.open();
    house.settings = { ...house.settings, strictStatus: true };
    const strictly = await ask(house);
    expect(verdictIn(strictly)).toEqual([code, message]);
    expect(strictly.status).toBe(strict);
  });
});

it('the table is complete: every code from -1 to 27 occurs or is said not to', () => {
  const known = new Set([...cases.map(({ code }) => code), ...impossible.keys()]);
  expect([...known].sort((one, other) => one - other)).toEqual(
    Array.from({ length: 29 }, (_, n) => n - 1),
  );
  expect(cases.filter(({ code }) => impossible.has(code))).toEqual([]);
});

it('every verdict that the code can give is among the cases', () => {
  const messages = new Set(cases.map(({ message }) => message));
  const untold = Object.values(verdicts).filter(({ message }) => !messages.has(message));
  // Ours alone, by the vendor's pattern; shown in the tests of control.
  expect(untold).toEqual([verdicts.cannotSplit]);
});

it('the contract lists what cannot occur', () => {
  const readme = readFileSync(new URL('../../protocol/face/README.md', import.meta.url), 'utf8');
  for (const code of impossible.keys())
    expect(readme).toMatch(new RegExp(`^\\| ${code} \\|.*—`, 'm'));
});

it('a code without a status of its own is a server error', () => {
  expect(strictStatusOf({ code: 15, message: '' })).toBe(500);
  expect(strictStatusOf({ code: 24, message: '' })).toBe(504);
  expect(strictStatusOf({ code: 1, message: '' })).toBe(403);
});
