/**
 * A server beside an Asterisk that answers: muting the real recorder, losing the PBX and finding it again,
 * the record of a call as feed, file and HTTP serve it. The built command as a process throughout.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FeedClient } from '../support/feed-client.ts';
import { channel, LivePbx } from '../support/live-pbx.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';

let folder = '';
let pbx: LivePbx;
let server: ServerProcess;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-e2e-'));
  mkdirSync(join(folder, 'media'));
  pbx = new LivePbx();
  await pbx.listen();
});

afterEach(async () => {
  await server.kill('SIGTERM');
  await pbx.die();
  rmSync(folder, { recursive: true, force: true });
});

const toml = (more = ''): string => `
[feed]
port = 0
[http]
port = 0
[data]
dir = "${join(folder, 'data')}"
[record]
mediaRoots = ["${join(folder, 'media')}"]
[[source]]
type = "ami"
name = "pbx1"
host = "127.0.0.1"
port = ${pbx.port}
username = "offhook"
secret = "secret"
login = "plain"
reconnectMin = 0.1
reconnectMax = 0.2
${more}
`;

const everything =
  'CallStart CallEnd CallAnswer CallUpdate RecordingStart RecordingPause RecordingResume RecordingEnd SourceGap SourceUp';

async function subscriber(): Promise<FeedClient> {
  const client = await FeedClient.tcp({ host: '127.0.0.1', port: server.feedPort });
  client.send(
    `<VerbaApi><Request type="SubscribeOnCallEvent" id="s"><Feed events="${everything}" snapshot="true"/></Request></VerbaApi>`,
  );
  await client.next();
  return client;
}

const told = (client: FeedClient, type: string): Promise<void> =>
  client.until(() => client.messages.some((each) => 'type' in each && each.type === type));

const callId = (client: FeedClient): string => client.calls[0]?.cdr.fields.get('id') ?? '';

async function ready(): Promise<{ status: string; sources: { state: string; reason?: string }[] }> {
  const answer = await fetch(`http://127.0.0.1:${server.httpPort}/readyz`);
  return (await answer.json()) as Awaited<ReturnType<typeof ready>>;
}

/** Asks until it holds: readiness is a state, and nobody pushes it. */
async function untilReady(
  holds: (state: Awaited<ReturnType<typeof ready>>) => boolean,
): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (holds(await ready())) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`still ${JSON.stringify(await ready())}`);
}

/** 1001 calls 1002, who answers; the call is recorded on the caller's channel. */
function recordedCall(): void {
  const caller = channel('1.1', '1001', { Exten: '1002' });
  const callee = channel('1.2', '1002', { Linkedid: '1.1' });
  const dest = Object.fromEntries(Object.entries(callee).map(([k, v]) => [`Dest${k}`, v]));
  pbx.say('Newchannel', caller);
  pbx.say('Newchannel', callee);
  pbx.say('DialBegin', { ...caller, ...dest });
  pbx.say('Newstate', { ...callee, ChannelState: '6' });
  pbx.say('DialEnd', { ...caller, ...dest, DialStatus: 'ANSWER' });
  pbx.say('Newstate', { ...caller, ChannelState: '6' });
  pbx.say('MixMonitorStart', caller);
}

function hangUp(): void {
  pbx.say('HangupRequest', channel('1.1', '1001'));
  pbx.say('Hangup', { ...channel('1.1', '1001'), Cause: '16', 'Cause-txt': 'Normal Clearing' });
  pbx.say('Hangup', { ...channel('1.2', '1002'), Linkedid: '1.1', Cause: '16' });
}

const mute = (id: string, caller: boolean, callee: boolean): string =>
  `<VerbaApi><Request type="MuteChannel" id="m"><Call id="${id}"/><State callerMuted="${caller}" calleeMuted="${callee}"/></Request></VerbaApi>`;

describe('MuteChannel', () => {
  test('drives MixMonitor on the recorded channel, side by side', async () => {
    server = await startServerProcess(folder, toml());
    await untilReady(({ status }) => status === 'ready');
    const client = await subscriber();
    recordedCall();
    await told(client, 'RecordingStart');
    client.send(mute(callId(client), true, false));
    await client.until(
      () => pbx.actions.filter((each) => each['Action'] === 'MixMonitorMute').length === 2,
    );
    const commands = pbx.actions.filter((each) => each['Action'] === 'MixMonitorMute');
    expect(commands.map((each) => [each['Channel'], each['Direction'], each['State']])).toEqual([
      ['PJSIP/1001-0000000a', 'read', '1'],
      ['PJSIP/1001-0000000a', 'write', '0'],
    ]);

    pbx.say('MixMonitorMute', { ...channel('1.1', '1001'), Direction: 'read', State: '1' });
    await told(client, 'RecordingPause');
    client.send(
      `<VerbaApi><Request type="GetMuteState" id="g"><Call id="${callId(client)}"/></Request></VerbaApi>`,
    );
    await client.until(() => client.documents.some((each) => each.includes('id="g"')));
    expect(client.documents.find((each) => each.includes('id="g"'))).toContain(
      '<Request type="MuteState" id="g"/><State callerMuted="true" calleeMuted="false"/>',
    );
  });

  test("passes the PBX's refusal on, in its own words", async () => {
    server = await startServerProcess(folder, toml());
    await untilReady(({ status }) => status === 'ready');
    const client = await subscriber();
    recordedCall();
    await told(client, 'RecordingStart');
    pbx.answers.set('MixMonitorMute', { Response: 'Error', Message: 'Cannot set mute flag' });
    client.send(mute(callId(client), true, true));
    await client.until(() => client.documents.some((each) => each.includes('id="m"')));
    expect(client.documents.find((each) => each.includes('id="m"'))).toContain(
      '<Response code="2" type="MuteChannel" id="m"><ErrorMessage description="Processing Error">Cannot set mute flag</ErrorMessage>',
    );
  });

  test('fails with a reason for a call that is not recorded', async () => {
    server = await startServerProcess(folder, toml());
    await untilReady(({ status }) => status === 'ready');
    const client = await subscriber();
    pbx.say('Newchannel', channel('1.1', '1001', { Exten: '1002' }));
    await told(client, 'CallStart');
    client.send(mute(callId(client), true, true));
    await client.until(() => client.documents.some((each) => each.includes('id="m"')));
    expect(client.documents.find((each) => each.includes('id="m"'))).toContain(
      'not being recorded',
    );
  });
});

test('serves the same record over the feed, as a file beside the recording, and over HTTP', async () => {
  const media = join(folder, 'media', 'call.wav');
  writeFileSync(media, 'RIFF');
  pbx.answers.set('Getvar', { Variable: 'MIXMONITOR_FILENAME', Value: media });
  server = await startServerProcess(folder, toml());
  await untilReady(({ status }) => status === 'ready');
  const client = await subscriber();
  recordedCall();
  await told(client, 'RecordingStart');
  await client.until(() => client.calls.some(({ view }) => view?.recordings[0]?.file === media));
  hangUp();
  await told(client, 'CallEnd');
  client.send(
    `<VerbaApi><Request type="GetCallDetail" id="d"><Call id="${callId(client)}"/></Request></VerbaApi>`,
  );
  await client.until(() => client.documents.some((each) => each.includes('id="d"')));

  const verbacdr = (text: string): string => /<verbacdr.*<\/verbacdr>/.exec(text)?.[0] ?? 'none';
  const end = client.documents.find((each) => each.includes('type="CallEnd"')) ?? '';
  const detail = client.documents.find((each) => each.includes('id="d"')) ?? '';
  const http = await fetch(`http://127.0.0.1:${server.httpPort}/v1/cdrs/${callId(client)}`);
  const overHttp = await http.text();
  for (let tries = 0; tries < 200 && !existsSync(join(folder, 'media', 'call.xml')); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const file = readFileSync(join(folder, 'media', 'call.xml'), 'utf8');

  expect(verbacdr(end)).toContain('<cause_id>1</cause_id>');
  expect(verbacdr(detail)).toBe(verbacdr(end));
  expect(file).toBe(`<?xml version="1.0" encoding="UTF-8"?>${verbacdr(end)}\n`);
  expect(overHttp).toBe(file);
});

describe('a PBX that goes away', () => {
  test('is a stated gap, shows in readiness, and its lost calls end reconciled when it is back', async () => {
    server = await startServerProcess(folder, toml());
    await untilReady(({ status }) => status === 'ready');
    const client = await subscriber();
    recordedCall();
    await told(client, 'RecordingStart');
    const { port } = pbx;
    await pbx.die();
    await told(client, 'SourceGap');
    await untilReady(({ status, sources }) => status === 'not ready' && sources[0]?.state !== 'up');

    pbx = new LivePbx();
    await pbx.listen(port);
    await told(client, 'CallEnd');
    expect(client.calls.at(-1)?.view?.ending).toBe('reconciled');
    const kinds = client.messages.flatMap((each) => ('type' in each ? [each.type] : []));
    expect(kinds.indexOf('SourceGap')).toBeLessThan(kinds.indexOf('SourceUp'));
    expect(kinds.indexOf('SourceUp')).toBeLessThan(kinds.indexOf('CallEnd'));
  });

  test('has its call go on when it still lists it, even over a kill of the server', async () => {
    server = await startServerProcess(folder, toml());
    await untilReady(({ status }) => status === 'ready');
    const client = await subscriber();
    recordedCall();
    await told(client, 'RecordingStart');
    await server.kill('SIGKILL');
    pbx.channels = [
      channel('1.1', '1001', { ChannelState: '6', Duration: '00:00:05' }),
      channel('1.2', '1002', { ChannelState: '6', Linkedid: '1.1', Duration: '00:00:05' }),
    ];
    server = await startServerProcess(folder, toml());
    await untilReady(({ status }) => status === 'ready');
    const again = await subscriber();
    hangUp();
    await told(again, 'CallEnd');
    expect(callId(again)).toBe(callId(client));
    expect(again.calls.filter((each) => each.type === 'CallEnd')).toHaveLength(1);
    expect(again.calls.at(-1)?.view).toMatchObject({ ending: 'observed', endedBy: 'caller' });
  });

  test('has its calls given up when it stays away longer than allowed', async () => {
    server = await startServerProcess(folder, toml('giveUpAfter = 1'));
    await untilReady(({ status }) => status === 'ready');
    const client = await subscriber();
    recordedCall();
    await told(client, 'RecordingStart');
    await pbx.die();
    await told(client, 'CallEnd');
    expect(client.calls.at(-1)?.view?.ending).toBe('timed-out');
    expect(client.calls.at(-1)?.cdr.fields.get('cause_id')).toBe('500');
  });
});
