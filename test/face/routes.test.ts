/** Addresses, methods and bodies: whatever comes is answered in the vendor's envelope. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { dossierOf } from './support/dossiers.ts';
import { FaceHouse, token, verdictIn } from './support/face-house.ts';

let house: FaceHouse;
beforeAll(async () => {
  house = await FaceHouse.open();
  house.books.add(dossierOf(1));
});
afterAll(() => house.close());

const missing = [4, 'Missing Command - command parameter is required'];
const invalid = [5, 'Invalid Command'];

describe('an address', () => {
  it.each([
    '',
    'audioRecording',
    'audioRecording/',
    'audioRecording/segment',
    'audioRecording/segment/',
    'file',
    'file/',
  ])('"%s" lacks a command', async (path) => {
    expect(verdictIn(await house.command(path))).toEqual(missing);
  });

  it.each([
    ...['audiorecording/details', 'audioRecording/Details', 'audioRecording/details/', 'Login'],
    ...[
      'audioRecording/segment/stop',
      'audioRecording//details',
      'details',
      'a/b/c/d',
      'version/x',
    ],
    ...['audioRecording/../version/..%2f', 'file/upload', '%E2%82%AC', 'constructor', '__proto__'],
    'x'.repeat(5_000),
  ])('"%s" is no command', async (path) => {
    expect(verdictIn(await house.command(path))).toEqual(invalid);
  });

  it('without anything below /Face is answered, too', async () => {
    const text = await (await fetch(`${house.base}/Face`)).text();
    expect(text).toContain('<code>4</code>');
  });

  it('that cannot be decoded is answered in the envelope', async () => {
    const answer = await house.command('audioRecording/det%ZZails');
    expect(verdictIn(answer)).toEqual([
      -1,
      'seen a path that is not percent-encoded UTF-8, expected that of a command',
    ]);
    expect(answer.status).toBe(200);
    const elsewhere = await fetch(`${house.base}/v1/%ZZ`);
    expect(elsewhere.status).toBe(400);
    expect(elsewhere.headers.get('content-type')).toContain('application/problem+json');
  });

  it('of another case is not ours', async () => {
    const response = await fetch(`${house.base}/face/version`);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
  });

  it('with an encoded letter is the same address', async () => {
    expect((await house.ask('versio%6e')).text).toContain('<version>');
  });
});

it('is told to who counts by its pattern, whatever comes', async () => {
  const own = await FaceHouse.open();
  onTestFinished(() => own.close());
  const bad = 'audioRecording/det%ZZails';
  const strange = ['', 'a/b?"\n', 'x'.repeat(5_000), bad, 'file', '*', 'login/x', '__proto__'];
  for (const path of strange) await own.ask(path);
  await own.command('audioRecording/details', '', { method: 'PUT' });
  expect(own.answered).toHaveLength(strange.length + 1);
  expect(new Set(own.answered.map(([command]) => command))).toEqual(new Set([undefined]));
  await own.ask('version', { headers: { 'x-forwarded-for': 'x' } });
  await own.ask('audioRecording/details?"=%0A');
  await own.ask('login', { method: 'POST', body: new URLSearchParams({ userEmail: 'a\n"b' }) });
  expect(own.answered.slice(-3)).toEqual([
    ['/Face/version', undefined],
    ['/Face/audioRecording/details', 27],
    ['/Face/login', 27],
  ]);
});

describe('a method', () => {
  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is none of ours', async (method) => {
    const answer = await house.command('audioRecording/details', 'recordingId=1', { method });
    expect(verdictIn(answer)).toEqual([-1, `seen ${method}, expected one of GET, POST`]);
    expect(answer.headers.get('allow')).toBe('GET, POST');
  });

  it('HEAD changes nothing', async () => {
    const answer = await house.command('audioRecording/delete', 'recordingId=1', {
      method: 'HEAD',
    });
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(house.books.dossiers.get(1)?.recording.deleteFlag).toBe(false);
  });

  it.each(['GET', 'POST'])('%s does for every command', async (method) => {
    for (const path of ['version', 'eventNotify', 'StartScreenCapture', 'StopScreenCapture']) {
      expect((await house.ask(path, { method })).text).toMatch(/<(result|response)>/);
    }
    const answer = await house.command('audioRecording/details', 'recordingId=1', { method });
    expect(verdictIn(answer)).toEqual([0, 'ACK']);
  });
});

describe('an address that asks too often', () => {
  it('is told to come later, whatever it asks, and nothing is done', async () => {
    const usual = house.settings;
    onTestFinished(() => {
      house.addressWaitMs = 0;
      house.settings = usual;
    });
    const before = house.logins.length;
    house.addressWaitMs = 1_500;
    const busy = [-1, 'Too many requests of this address; expected the next one a little later'];
    for (const path of ['login', 'version', 'audioRecording/details?token=x', 'no/such']) {
      const answer = await house.ask(path, {
        method: 'POST',
        body: new URLSearchParams({ a: '1' }),
      });
      expect([path, answer.status, answer.headers.get('retry-after')]).toEqual([path, 200, '2']);
      expect(verdictIn(answer)).toEqual(busy);
    }
    expect(house.logins).toHaveLength(before);
    house.settings = { ...usual, strictStatus: true };
    expect((await house.ask('version')).status).toBe(429);
  });
});

describe('parameters of events', () => {
  it('come from the address and from a form, and the address outranks', async () => {
    const body = new URLSearchParams({ event: 'B', ucid: 'u' });
    await house.ask('eventNotify?event=A', { method: 'POST', body });
    expect(house.notified.at(-1)).toEqual(['eventNotify', { event: 'A', ucid: 'u' }]);
  });

  it('that are broken are refused in the envelope of events', async () => {
    const answer = await house.ask('eventNotify?event=%zz');
    expect(answer.flat).toContain('<response><Code>-1</Code><message>seen a value');
    const json = await house.ask('eventNotify?event=%zz', {
      headers: { accept: 'application/json' },
    });
    expect(JSON.parse(json.text)).toMatchObject({ response: { Code: -1 } });
  });
});

describe('what goes wrong', () => {
  it('is answered in the form that was asked for', async () => {
    const headers = { accept: 'application/json' };
    const { text } = await house.ask('nothing', { headers });
    expect(text).toBe('{"result":{"code":5,"message":"Invalid Command"}}\n');
  });

  it('as a fault of ours is logged with its route alone', async () => {
    house.books.fails = new Error('ours');
    const answer = await house.command('audioRecording/details', 'ani=1');
    house.books.fails = undefined;
    expect(verdictIn(answer)).toEqual([-1, 'NACK']);
    expect(house.faults.splice(0)).toEqual([
      [new Error('ours'), 'GET /Face/audioRecording/details'],
    ]);
  });

  it.each([
    [
      'a form of 65 KiB',
      'x='.padEnd(65 * 1024, 'y'),
      'seen a larger body, expected at most 65536 bytes',
    ],
    [
      'a form of 101 fields',
      Array.from({ length: 101 }, (_, n) => `f${n}=1`).join('&'),
      'seen more than 100 parameters',
    ],
    ['a form with broken encoding', 'agentId=%E0%A4%A', 'seen a value of "agentId" that is not'],
    [
      'a form of bytes that are no UTF-8',
      Buffer.from([0x61, 0x3d, 0xff]),
      'seen bytes that are no UTF-8',
    ],
    ['a field twice', 'agentId=1&agentId=2', 'seen "agentId" twice with different values'],
  ])('with %s', async (_, body, message) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await house.command('audioRecording/details', 'recordingId=1', {
      ...{ method: 'POST', headers },
      body: typeof body === 'string' ? body : new Uint8Array(body),
    });
    expect(verdictIn(answer)[0]).toBe(-1);
    expect(verdictIn(answer)[1]).toContain(message);
    expect(house.books.dossiers.get(1)).toEqual(dossierOf(1));
  });

  it('with a content type that is none', async () => {
    const headers = { 'content-type': ';;;' };
    const init = { method: 'POST', headers, body: 'agentId=x' };
    const answer = await house.command('audioRecording/details', 'recordingId=1', init);
    expect(verdictIn(answer)[0]).toBe(-1);
  });
});

it('what is asked for twice at a time is answered twice', async () => {
  const many = Array.from({ length: 50 }, () => house.ask(`version?token=${token}`));
  for (const { text } of await Promise.all(many)) expect(text).toContain('5.2.0M0P0');
});

describe('a page of somebody else', () => {
  const commands = [
    'eventNotify?event=AudioRecordingStarted',
    'StartScreenCapture?IsrId=1&AgentId=2',
    'StopScreenCapture?AgentId=2',
    'login',
  ];
  const form = { method: 'POST', body: 'userEmail=ann@example.org&password=x' } as const;
  const type = 'application/x-www-form-urlencoded';

  it.each(commands)('has no browser send %s', async (command) => {
    const [notified, logins] = [house.notified.length, house.logins.length];
    const sent: Record<string, string>[] = [
      { origin: 'https://page.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' },
    ];
    for (const headers of sent) {
      const init = command === 'login' ? form : {};
      const answer = await house.ask(command, {
        ...init,
        headers: { ...headers, 'content-type': type },
      });
      expect(verdictIn(answer)).toEqual([2, 'Host Not Authorized']);
      expect(answer.text).toContain(command === 'login' ? '<result>' : '<response>');
    }
    expect([house.notified.length, house.logins.length]).toEqual([notified, logins]);
  });

  it.each(commands)('is not whoever sends %s from here, or from no page', async (command) => {
    const init = command === 'login' ? form : {};
    for (const headers of [{ origin: house.base }, { 'sec-fetch-site': 'none' }, {}]) {
      const answer = await house.ask(command, {
        ...init,
        headers: { ...headers, 'content-type': type },
      });
      expect(verdictIn(answer)[0]).toBe(0);
    }
  });
});
