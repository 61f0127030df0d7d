/**
 * Recordings of a server that is killed without warning: in the middle of one, in the middle of a split, and again and
 * again under load; and of an Asterisk that is lost. What anybody was told of is in the books, under the numbers that were told.
 */
import { basename } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Receiver } from '../../src/receiver/receiver.ts';
import type { ServerMessage } from '../../src/subscriber/reading.ts';
import { newFolder } from '../support/data-folder.ts';
import { FaceClient } from '../support/face-client.ts';
import { startReceiver } from '../support/receivers.ts';
import {
  isrDestinations,
  password,
  RecordingSite,
  toldTo,
  userTable,
} from '../support/recording-site.ts';
import { scrape } from '../support/scrape.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { until } from '../support/until.ts';
import { Witness } from '../support/witness.ts';

const ann = 'ann@example.org';

/** Kills the server and starts it again, on another port. @returns the client, whose token must still hold */
async function killed(site: RecordingSite, toml: string, face: FaceClient): Promise<FaceClient> {
  await site.server.kill('SIGKILL');
  const { httpPort } = await site.start(toml);
  return face.at(httpPort);
}

const eventsOf = (receiver: Receiver, recording: string): string[] =>
  toldTo(receiver)
    .filter((each) => each['TMP_RECORDING_ID'] === recording && each['RESULT'] === 'SUCCESS')
    .map(({ event = '' }) => event)
    .sort();

test(
  'a recording goes on over kills, under its numbers, with what people have changed',
  {
    timeout: 60_000,
  },
  async () => {
    const site = await RecordingSite.open();
    const { pbx } = site;
    const receiver = await startReceiver();
    const toml = site.sections() + (await userTable(ann)) + isrDestinations(receiver);
    await site.start(toml);
    let face = await site.client(ann);
    const first = await site.connect('1001', '1002');
    const of = { isrUcid: first.isrUcid };
    const beganMs = pbx.nowMs;
    const begun = await face.post('audioRecording/start', of, { agentId: '77', Ticket: 'T-1' });
    const id = begun.recording?.tmpRecordingId ?? expect.fail('it did not start');
    const expected = {
      tmpRecordingId: id,
      agentId: '77',
      customData: [{ customDataId: '7', name: 'Ticket', value: 'T-1' }],
      startTime: begun.recording?.startTime,
    };

    face = await killed(site, toml, face);
    expect(await face.get('audioRecording/details', of)).toMatchObject({ recording: expected });
    pbx.pass(1_000);
    expect(await face.post('audioRecording/pause', of)).toMatchObject({ code: 0 });
    pbx.pass(300);
    face = await killed(site, toml, face);
    // It is paused still, and the recorder is told to go on rather than to pause again.
    expect(await face.post('audioRecording/pause', of)).toMatchObject({ code: 12 });
    pbx.pass(200);
    expect(await face.post('audioRecording/resume', of)).toMatchObject({ code: 0 });
    pbx.pass(700);

    // Of another call: a number that nobody has, whatever has been killed in between.
    const other = await site.connect('1003', '1004');
    const next = await face.post('audioRecording/start', { isrUcid: other.isrUcid });
    const nextId = next.recording?.tmpRecordingId ?? expect.fail('it did not start');
    expect(Number(nextId)).toBeGreaterThan(Number(id));
    face = await killed(site, toml, face);
    const third = await site.connect('1005', '1006');
    const last = await face.post('audioRecording/start', { isrUcid: third.isrUcid });
    expect(Number(last.recording?.tmpRecordingId)).toBeGreaterThan(Number(nextId));

    expect(await face.post('audioRecording/stop', of)).toMatchObject({ code: 0 });
    const { tmpRecordingId: _, ...kept } = expected;
    const over = await face.get('audioRecording/details', { recordingId: id });
    expect(over.recording).toMatchObject({
      ...kept,
      ...{ recordingId: id, duration: String(pbx.nowMs - beganMs) },
      segments: [{ segmentId: id, pauseLength: '500' }],
    });
    const lived = [
      'RECORDING_ENDED_EVENT',
      'RECORDING_PAUSED_EVENT',
      'RECORDING_RESUMED_EVENT',
      'RECORDING_STARTED_EVENT',
      'SEGMENT_ENDED_EVENT',
      'SEGMENT_STARTED_EVENT',
    ];
    await until(
      'all of its life has been told',
      () => eventsOf(receiver, id).length >= lived.length,
    );
    expect(eventsOf(receiver, id)).toEqual(lived);

    // A call that ended while nobody watched: its recording has ended, too.
    await site.server.kill('SIGKILL');
    pbx.hangUp(other);
    const { httpPort } = await site.start(toml);
    face = face.at(httpPort);
    await until('its recording has ended', async () => {
      const { code } = await face.get('audioRecording/details', { recordingId: nextId });
      return code === 0;
    });

    // The newest number is of a call that is over: nothing that goes on remembers it, and it is not given again.
    expect(await face.post('audioRecording/stop', { isrUcid: third.isrUcid })).toMatchObject({
      code: 0,
    });
    for (const talk of [first, third]) pbx.hangUp(talk);
    await until('all calls are over', async () => (await site.calls()) === 0);
    face = await killed(site, toml, face);
    const fourth = await site.connect('1007', '1008');
    const fresh = await face.post('audioRecording/start', { isrUcid: fourth.isrUcid });
    expect(Number(fresh.recording?.tmpRecordingId)).toBeGreaterThan(
      Number(last.recording?.tmpRecordingId),
    );
  },
);

test(
  'a kill in the middle of a split leaves one recording, which ends once',
  {
    timeout: 60_000,
  },
  async () => {
    const site = await RecordingSite.open();
    const { pbx } = site;
    const receiver = await startReceiver();
    const toml = site.sections() + (await userTable(ann)) + isrDestinations(receiver);
    await site.start(toml);
    let face = await site.client(ann);
    const ids = new Set<string>();
    for (const [nth, holdUp] of [
      // The old file has not been closed; it has, and the next one has not begun; it has, and nobody was told.
      (): unknown => pbx.ignoring.add('StopMixMonitor'),
      (): unknown => pbx.ignoring.add('MixMonitor'),
      (): unknown => pbx.unanswered.add('MixMonitor'),
    ].entries()) {
      const talk = await site.connect(`10${nth}1`, `10${nth}2`);
      const of = { isrUcid: talk.isrUcid };
      const begun = await face.post('audioRecording/start', of, { agentId: `agent ${nth}` });
      const id = begun.recording?.tmpRecordingId ?? expect.fail('it did not start');
      pbx.pass(500);
      holdUp();
      const awaited = nth === 0 ? 'StopMixMonitor' : 'MixMonitor';
      const count = (): number => pbx.actions.filter(({ Action }) => Action === awaited).length;
      const before = count();
      const splitting = face.post('audioRecording/split', of).catch(() => 'cut');
      await until('the split is under way', () => count() > before);
      face = await killed(site, toml, face);
      expect(await splitting).toBe('cut');
      pbx.ignoring.clear();
      pbx.unanswered.clear();
      const live = await face.get('audioRecording/details', of);
      expect(live.recording).toMatchObject({ tmpRecordingId: id, agentId: `agent ${nth}` });
      pbx.pass(500);
      pbx.hangUp(talk);
      await until('it has ended', async () => {
        const { code } = await face.get('audioRecording/details', { recordingId: id });
        return code === 0;
      });
      const over = await face.get('audioRecording/details', { recordingId: id });
      const { segments = [] } = over.recording ?? {};
      for (const number of [id, ...segments.slice(1).map(({ segmentId = '' }) => segmentId)]) {
        expect(ids, number).not.toContain(number);
        ids.add(number);
      }
      await until('its end has been told', () =>
        eventsOf(receiver, id).includes('RECORDING_ENDED_EVENT'),
      );
      const told = eventsOf(receiver, id);
      const times = (event: string): number => told.filter((each) => each === event).length;
      expect(times('RECORDING_STARTED_EVENT')).toBe(1);
      expect(times('RECORDING_ENDED_EVENT')).toBe(1);
      expect(times('SEGMENT_STARTED_EVENT')).toBe(segments.length);
    }
  },
);

/** A segment as somebody was told of it. */
interface ToldSegment {
  readonly id: number;
  readonly recording: number;
  readonly started: string;
  readonly ended?: string;
}

interface Envelope {
  readonly type: string;
  readonly data: { readonly call: { readonly recordings: readonly ToldSegment[] } };
}

interface Shown {
  readonly id: number;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly agentId?: string;
  readonly segments: readonly {
    readonly id: number;
    readonly startedAt: string;
    readonly endedAt?: string;
  }[];
}

/** What has been told, the latest of each segment; told under one number is one segment. */
class Ledger {
  readonly segments = new Map<number, ToldSegment>();
  readonly contradictions: string[] = [];

  take(body: string): void {
    const { type, data } = JSON.parse(body) as Envelope;
    if (!type.startsWith('recording.')) return;
    for (const segment of data.call.recordings) this.#note(segment);
  }

  #note(segment: ToldSegment): void {
    const before = this.segments.get(segment.id);
    const isOther =
      before !== undefined &&
      (before.recording !== segment.recording || before.started !== segment.started);
    if (isOther) this.contradictions.push(`${JSON.stringify(before)} ${JSON.stringify(segment)}`);
    // Notifications of several calls come in any order, and one that has ended stays so.
    if (before?.ended === undefined || segment.ended !== undefined) {
      this.segments.set(segment.id, segment);
    }
  }
}

const recordingsOf = (messages: readonly ServerMessage[]) =>
  messages.flatMap((message) => (message.kind === 'call' ? (message.view?.recordings ?? []) : []));

test(
  'whatever was told of recordings is in the books, over six kills under load',
  {
    timeout: 120_000,
  },
  async () => {
    const folder = await newFolder();
    const ledger = new Ledger();
    const receiver = await startReceiver({ onRequest: ({ body }) => ledger.take(body) });
    const server = `
[feed]
port = 0
[http]
port = 0
[access]
requestRate = 0
[data]
dir = "data"
[record]
metadataFiles = false
[face]
enabled = true
requestRate = 0
${await userTable(ann)}
[[destination]]
id = "books"
dialect = "standard"
url = "${receiver.url}"
allowAddresses = ["127.0.0.0/8"]
retries = [${Array.from({ length: 20 }, () => '0.03').join(', ')}]
[destination.standard]
secrets = ["whsec_${Buffer.alloc(32, 7).toString('base64')}"]
events = ["recording.*"]
`;
    const busy = (seed: number): string => `${server}
[[source]]
type = "simulator"
name = "centre"
rate = 100
seed = ${seed}
agents = 300
timeScale = 0.03
`;
    const witness = new Witness();
    let face: FaceClient | undefined;
    const agents = new Map<string, string>();
    let running: ServerProcess | undefined;
    onTestFinished(() => running?.kill('SIGKILL').then(() => undefined));
    for (let kill = 1; kill <= 6; kill += 1) {
      running = await startServerProcess(folder, busy(kill));
      face = face?.at(running.httpPort) ?? new FaceClient(running.httpPort);
      if (face.token === '') expect(await face.login(ann, password)).toMatchObject({ code: 0 });
      await witness.attend(running.feedPort);
      // At another moment each time, in the middle of what people do.
      const [enough, changed] = [witness.seqs.length + 100 + kill * 41, agents.size + 2 + kill];
      const day = { face, agents, name: `day ${kill}` };
      const people = Promise.all([1, 2, 3].map((nth) => work(day, nth)));
      await until(
        'enough has happened',
        () => witness.seqs.length >= enough && agents.size >= changed,
        60_000,
      );
      await running.kill('SIGKILL');
      await people;
    }
    // A run without the source gives its calls up, and their recordings with them.
    const last = await startServerProcess(folder, server);
    running = last;
    await witness.attend(last.feedPort);
    await witness.until(() => witness.ends.length >= witness.starts.length, 60_000);
    const base = `http://127.0.0.1:${last.httpPort}/v1`;
    await until('everything has been delivered', async () => {
      const metrics = await scrape(last.httpPort ?? 0);
      const labels = 'dialect="standard",state="waiting"';
      return metrics.value('offhook_webhook_deliveries', labels) === 0;
    });

    const books = await allOf(base);
    const kept = new Map(
      books.flatMap((recording) =>
        recording.segments.map((segment) => [segment.id, { recording, segment }] as const),
      ),
    );
    expect(ledger.contradictions).toEqual([]);
    expect(ledger.segments.size).toBeGreaterThan(50);
    for (const told of ledger.segments.values()) {
      const { recording, segment } = kept.get(told.id) ?? expect.fail(`segment ${told.id} is gone`);
      expect({
        ...told,
        recording: recording.id,
        started: segment.startedAt,
        ended: segment.endedAt,
      }).toEqual(told);
    }
    // Nothing goes on in the books, either, and all of them have been told of.
    expect(books.filter(({ endedAt }) => endedAt === undefined)).toEqual([]);
    expect([...kept.keys()].sort()).toEqual([...ledger.segments.keys()].sort());
    // The feed, which tells no numbers, has told of the same recordings at the same times.
    const starts = new Set([...kept.values()].map(({ segment }) => segment.startedAt));
    const seen = recordingsOf(witness.messages);
    expect(seen.length).toBeGreaterThan(50);
    expect(
      seen.filter(({ started }) => !starts.has(new Date(started ?? '').toISOString())),
    ).toEqual([]);
    // What people have changed, and were told that it was, is there.
    expect(agents.size).toBeGreaterThan(8);
    const byId = new Map(books.map((recording) => [String(recording.id), recording]));
    for (const [id, agent] of agents) expect(byId.get(id), id).toMatchObject({ agentId: agent });
    expect(await last.kill('SIGTERM')).toBe(0);
  },
);

interface Day {
  readonly face: FaceClient;
  /** What has been noted, by number of the recording. */
  readonly agents: Map<string, string>;
  readonly name: string;
}

/** Somebody at work: notes agents of what is being recorded, and splits it, until the server is gone. */
async function work({ face, agents, name }: Day, nth: number): Promise<void> {
  try {
    for (;;) {
      const list = { inProgress: true, maxListLength: 50 };
      const { matches } = await face.get('audioRecording/details', list);
      const ids = matches.map(({ tmpRecordingId = '' }) => tmpRecordingId);
      // Each has recordings of their own, so that none is noted twice.
      const id = ids.find((each) => Number(each) % 3 === nth % 3 && !agents.has(each));
      if (id === undefined) continue;
      const of = { tmpRecordingId: id };
      const agent = `${name}, recording ${id}`;
      const { code } = await face.post('audioRecording/details', of, { agentId: agent });
      if (code === 0) agents.set(id, agent);
      await face.post('audioRecording/split', of);
    }
  } catch (error) {
    // The server has been killed; anything else is a fault.
    if (!(error instanceof TypeError)) throw error;
  }
}

/** Every recording in the books, with its segments. */
async function allOf(base: string): Promise<Shown[]> {
  const all: Shown[] = [];
  let cursor = '';
  do {
    const url = `${base}/recordings?limit=500${cursor === '' ? '' : `&cursor=${cursor}`}`;
    const page = (await (await fetch(url)).json()) as {
      readonly recordings: readonly { readonly id: number }[];
      readonly next?: string;
    };
    for (const { id } of page.recordings) {
      all.push((await (await fetch(`${base}/recordings/${id}`)).json()) as Shown);
    }
    cursor = page.next ?? '';
  } while (cursor !== '');
  return all;
}

test(
  'an Asterisk that is lost in the middle of a split has done what it told of',
  {
    timeout: 60_000,
  },
  async () => {
    const site = await RecordingSite.open();
    const { pbx } = site;
    const receiver = await startReceiver();
    await site.start(site.sections() + (await userTable(ann)) + isrDestinations(receiver));
    const face = await site.client(ann);
    const { isrUcid } = await site.connect('1001', '1002');
    const of = { isrUcid };
    const lostDuring = async (tmpRecordingId: string): Promise<void> => {
      const count = (): number =>
        pbx.actions.filter(({ Action }) => Action === 'MixMonitor').length;
      const before = count();
      const splitting = face.post('audioRecording/split', of);
      await until('the next file is asked for', () => count() > before);
      await pbx.down();
      expect(await splitting).toMatchObject({
        code: 20,
        message: 'RSS could not successfully perform the operation',
      });
      await until('it is told that it failed', () =>
        toldTo(receiver).some(
          (each) =>
            each['event'] === 'SEGMENT_ENDED_EVENT' &&
            each['RESULT'] === 'FAILURE' &&
            each['TMP_RECORDING_ID'] === tmpRecordingId,
        ),
      );
      await pbx.up();
      await site.sourceUp();
    };
    const idOf = async (): Promise<string> => {
      const { recording } = await face.post('audioRecording/start', of);
      return recording?.tmpRecordingId ?? expect.fail('it did not start');
    };

    // The old file is closed, and the next one never began.
    const closed = await idOf();
    pbx.ignoring.add('MixMonitor');
    await lostDuring(closed);
    pbx.ignoring.clear();
    expect(await face.get('audioRecording/details', { recordingId: closed })).toMatchObject({
      code: 0,
      recording: { recordingId: closed, segments: [{ segmentId: closed }] },
    });

    // The next one has begun, and nobody was answered.
    const split = await idOf();
    expect(Number(split)).toBeGreaterThan(Number(closed));
    pbx.unanswered.add('MixMonitor');
    await lostDuring(split);
    pbx.unanswered.clear();
    const live = await face.get('audioRecording/details', { tmpRecordingId: split });
    expect(live.recording?.segments).toHaveLength(2);
    expect(pbx.writing.map((path) => basename(path))).toEqual([
      live.recording?.segments[1]?.filename,
    ]);
    expect(await face.post('audioRecording/stop', of)).toMatchObject({
      code: 0,
      recording: { recordingId: split },
    });
  },
);
