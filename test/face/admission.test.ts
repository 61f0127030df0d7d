/** Who gets in, what they see, and that tokens and passwords show up nowhere. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../src/base/errors.ts';
import { readCriteria } from '../../src/face/criteria.ts';
import { selectRecording, selectSegment } from '../../src/face/selection.ts';
import { connectedCall } from '../support/calls.ts';
import { dossierOf, ongoingDossier } from './support/dossiers.ts';
import { FaceHouse, token, verdictIn } from './support/face-house.ts';
import { MemoryBooks } from './support/memory-books.ts';

let house: FaceHouse;
beforeEach(async () => {
  house = await FaceHouse.open();
  house.books.add(dossierOf(1), dossierOf(2, { recording: { account: 2, ani: '2' } }));
});
afterEach(() => house.close());

const tokenCommands = [
  ...['details', 'start', 'stop', 'pause', 'resume', 'split', 'delete', 'download', 'redirect'],
  ...['segment/details', 'segment/download', 'segment/redirect'],
].map((name) => `audioRecording/${name}`);
tokenCommands.push('file/download');

const changing = ['start', 'stop', 'pause', 'resume', 'split', 'delete'];

const bo = { email: 'bo@example.org', control: true, video: true, timeZone: 'UTC', account: 1 };

describe('a token', () => {
  it.each(tokenCommands)('is wanted by %s', async (path) => {
    const missing = [27, 'Missing Parameter - token parameter is required'];
    expect(verdictIn(await house.ask(path))).toEqual(missing);
    expect(verdictIn(await house.ask(`${path}?token=`))).toEqual(missing);
    const basic = { headers: { authorization: 'Basic YTpi' } };
    expect(verdictIn(await house.ask(path, basic))).toEqual(missing);
    const unknown = [-1, 'The token is unknown or has expired; log in again'];
    expect(verdictIn(await house.ask(`${path}?token=${token.toUpperCase()}`))).toEqual(unknown);
    const bearer = { headers: { authorization: 'Bearer x' } };
    expect(verdictIn(await house.ask(path, bearer))).toEqual(unknown);
  });

  it('is taken from the address or the header, and the address outranks', async () => {
    const criteria = 'audioRecording/details?recordingId=1';
    const headers = { authorization: `Bearer ${token}` };
    expect(verdictIn(await house.ask(criteria, { headers }))[0]).toBe(0);
    expect(verdictIn(await house.ask(`${criteria}&token=${token}`))[0]).toBe(0);
    expect(verdictIn(await house.ask(`${criteria}&token=x`, { headers }))[0]).toBe(-1);
  });

  it('of which too many requests come is told when to come again', async () => {
    house.waitMs = 1_200;
    const answer = await house.command('audioRecording/details');
    expect(verdictIn(answer)[0]).toBe(-1);
    expect(answer.headers.get('retry-after')).toBe('2');
    expect(house.books.searches).toEqual([]);
  });
});

describe('a user without control', () => {
  beforeEach(() => house.users.set(token, { ...bo, control: false }));

  it.each(changing)('may not %s', async (name) => {
    house.calls = [connectedCall(1)];
    house.books.add(ongoingDossier(3));
    const answer = await house.command(`audioRecording/${name}`, 'ani=7777');
    expect(verdictIn(answer)).toEqual([2, 'Host Not Authorized']);
    expect([house.orders, house.books.searches]).toEqual([[], []]);
  });

  it('may read, and change nothing', async () => {
    expect(verdictIn(await house.command('audioRecording/details', 'recordingId=1'))[0]).toBe(0);
    for (const path of ['audioRecording/details', 'audioRecording/segment/details']) {
      const answer = await house.post(path, 'segmentId=1', { agentId: 'x' });
      expect(verdictIn(answer)[0]).toBe(2);
    }
  });
});

describe('another account', () => {
  beforeEach(() => house.users.set(token, bo));

  it.each(tokenCommands.filter((path) => path !== 'file/download'))(
    '%s answers as of what does not exist',
    async (path) => {
      for (const name of ['recordingId', 'tmpRecordingId', 'segmentId', 'tmpSegmentId']) {
        const foreign = await house.command(path, `${name}=2`);
        const nothing = await house.command(path, `${name}=99`);
        expect(foreign.text).toBe(nothing.text);
        expect([...foreign.headers.keys()]).toEqual([...nothing.headers.keys()]);
      }
      expect(house.books.dossiers.get(2)?.recording.deleteFlag).toBe(false);
    },
  );

  it('is in no list', async () => {
    house.books.add(dossierOf(3));
    const { text } = await house.command('audioRecording/details');
    expect(text.match(/<recordingId>\d+/g)).toEqual(['<recordingId>1', '<recordingId>3']);
    const segments = await house.command('audioRecording/segment/details');
    expect(segments.text.match(/<segmentId>\d+/g)).toEqual(['<segmentId>1', '<segmentId>3']);
  });

  it('takes no place in lists that one’s own would have', async () => {
    const foreign = Array.from({ length: 150 }, (_, n) =>
      dossierOf(200 + n, { recording: { account: 2 } }),
    );
    house.books.add(...foreign);
    const answer = await house.command('audioRecording/details');
    expect(verdictIn(answer)).toEqual([0, 'ACK']);
    expect(answer.text).toContain('<recordingId>1</recordingId>');
  });

  it('stays out even where the books tell too much', async () => {
    /** Books that do not mind accounts. */
    class LeakyBooks extends MemoryBooks {
      override search(search: Parameters<MemoryBooks['search']>[0]) {
        const { account: _, ...criteria } = search.criteria;
        return super.search({ ...search, criteria });
      }
      override searchSegments(search: Parameters<MemoryBooks['search']>[0]) {
        const { account: _, ...criteria } = search.criteria;
        return super.searchSegments({ ...search, criteria });
      }
    }
    const anyCriteria = fc
      .dictionary(
        fc.constantFrom('ani', 'tmpRecordingId', 'tmpSegmentId', 'inProgress', 'isrUcid', 'rssId'),
        fc.constantFrom('1', '2', '3', '7777', 'true', '1-28520@1.2.3.4'),
      )
      .map((given) =>
        readCriteria(new Map(Object.entries(given)), { fields: [], timeZone: 'UTC' }),
      );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 8 }),
        anyCriteria,
        fc.boolean(),
        async (accounts, read, isLeaky) => {
          if (read.kind === 'refused') return;
          const books = isLeaky ? new LeakyBooks() : new MemoryBooks();
          accounts.forEach((account, at) =>
            books.add(dossierOf(at + 1, { recording: { account } })),
          );
          const own = accounts.flatMap((account, at) => (account === 1 ? [at + 1] : []));
          for (const select of [selectRecording, selectSegment]) {
            const found = await select(books, bo, read.wanted);
            const seen =
              found.kind === 'none'
                ? []
                : found.kind === 'several'
                  ? found.rows.map(({ id }) => id)
                  : ['dossier' in found.one ? found.one.segment.id : found.one.recording.id];
            expect(seen.filter((id) => !own.includes(id))).toEqual([]);
          }
        },
      ),
    );
  });
});

describe('a login', () => {
  const login = (form: Record<string, string>, query = '') =>
    house.ask(`login${query}`, { method: 'POST', body: new URLSearchParams(form) });
  const ann = { userEmail: 'Ann@example.org', password: 'pass word+&%' };

  it('hands over what was sent', async () => {
    await login({ ...ann, expirationSeconds: '60', userId: 'x' });
    await login(ann);
    expect(house.logins).toEqual([
      [ann.userEmail, ann.password, 60],
      [ann.userEmail, ann.password, undefined],
    ]);
  });

  it('in JSON', async () => {
    const body = new URLSearchParams(ann);
    const headers = { accept: 'application/json' };
    const { text } = await house.ask('login', { method: 'POST', body, headers });
    expect(JSON.parse(text)).toEqual({
      result: { code: 0, message: 'ACK', token, expiration: '3600seconds' },
    });
  });

  it.each<[Record<string, string>, number, string]>([
    [{ password: 'x' }, 27, 'Missing Parameter - userEmail parameter is required'],
    [{ userEmail: 'x' }, 27, 'Missing Parameter - password parameter is required'],
    [{ ...ann, expirationSeconds: '0' }, -1, 'expected a whole number of seconds from 1'],
    [{ ...ann, expirationSeconds: '1e9' }, -1, 'expected a whole number of seconds from 1'],
  ])('with %j is refused', async (form, code, message) => {
    const verdict = verdictIn(await login(form));
    expect(verdict[0]).toBe(code);
    expect(verdict[1]).toContain(message);
    expect(house.logins).toEqual([]);
  });

  it('by address alone is none: passwords do not belong there', async () => {
    const query = `login?${new URLSearchParams(ann)}`;
    expect(verdictIn(await house.ask(query))[0]).toBe(27);
  });

  it('that fails has a code, and a status for those who want one', async () => {
    house.settings = { ...house.settings, strictStatus: true };
    const outcomes = [
      [{ kind: 'refused' }, 401],
      [{ kind: 'password-expired' }, 401],
      [{ kind: 'busy' }, 503],
    ] as const;
    const messages = new Set<string>();
    for (const [outcome, status] of outcomes) {
      house.loggedIn = () => Promise.resolve(outcome);
      const answer = await login(ann);
      expect([answer.status, verdictIn(answer)[0]]).toEqual([status, -1]);
      expect(answer.text).not.toContain('<token>');
      messages.add(verdictIn(answer)[1]);
    }
    expect(messages.size).toBe(3);
  });
});

it('nothing that is logged has a token or a password in it', async () => {
  const secret = 'p4ssw0rd-of-ann';
  const foreignToken = '11111111-2222-3333-4444-555555555555';
  const body = new URLSearchParams({ userEmail: 'a@b.c', password: secret });
  const errors = [
    new StoreError('STORE_UNAVAILABLE', 'gone'),
    new Error('ours'),
    undefined,
  ] as const;
  house.books.add(ongoingDossier(3));
  house.ordered = () => ({ kind: 'refused', reason: 'no' });
  for (const error of errors) {
    house.books.fails = error;
    house.mediaFails = error;
    house.loggedIn = () =>
      error === undefined ? Promise.resolve({ kind: 'refused' }) : Promise.reject(error);
    for (const given of [token, foreignToken]) {
      for (const path of [...tokenCommands, 'version', 'eventNotify', 'nothing', '%zz', '']) {
        for (const query of ['recordingId=1', 'ani=7777', 'ani=%zz', 'wrong=1', 'token=other']) {
          const method = query.startsWith('r') ? 'GET' : 'POST';
          await house.ask(`${path}?token=${given}&${query}`, { method });
        }
      }
    }
    await house.ask(`login?token=${token}`, { method: 'POST', body });
    await fetch(`${house.base}/Face%zz?token=${token}`);
    await house.ask(`audioRecording/details?token=${token}`, { method: 'PUT', body });
  }
  const faults = house.faults.map(([error, route]) => `${String(error)} ${route}`).join('\n');
  expect(house.faults.length).toBeGreaterThan(20);
  expect(house.log.lines.length).toBeGreaterThan(0);
  for (const hidden of [token, foreignToken, secret]) {
    expect(house.log.text).not.toContain(hidden);
    expect(faults).not.toContain(hidden);
  }
});

it('no refusal quotes the token', async () => {
  for (const path of [
    `audioRecording/details?token=${token}&token=${token}x`,
    `audioRecording/details?token=${token}&wrong=1`,
    `audioRecording/details?token=${token}%zz`,
    `audioRecording/details?token=x${token}`,
    `%zz?token=${token}`,
    `nothing?token=${token}`,
  ]) {
    expect((await house.ask(path)).text, path).not.toContain(token);
  }
});
