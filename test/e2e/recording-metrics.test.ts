/**
 * The metrics of recordings of a real server: calls that are recorded, orders, searches, files that are fetched, and
 * users who log in. What was asked for is what came of it and what is under way.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { newFolder } from '../support/data-folder.ts';
import { type Scrape, scrape } from '../support/scrape.ts';
import { startServerProcess } from '../support/server-process.ts';

/** Of "try-offhook". */
const password =
  'scrypt$32768$8$1$VvC9V31MYpvtuqVGwIezOQ$P9N72YGo9x_P3iFR0LJOVwOUCeqgH9v-loEM8LcKT_8';

const dialler = '[[source]]\ntype = "ingest"\nname = "dialler"\n';
const centre =
  '[[source]]\ntype = "simulator"\nname = "centre"\nrate = 20\nagents = 30\ntimeScale = 0.2\n';

interface Served {
  readonly folder: string;
  readonly base: string;
  readonly http: number;
  readonly media: string;
  readonly kill: () => Promise<unknown>;
}

async function serve(folder: string, source = dialler): Promise<Served> {
  const media = join(folder, 'media');
  mkdirSync(media, { recursive: true });
  const server = await startServerProcess(
    folder,
    `
[data]
dir = "${folder}/data"
[feed]
port = 0
[http]
port = 0
[access]
requestRate = 0
[record]
mediaRoots = ["${media}"]
[face]
enabled = true
lockAfter = 2
[[user]]
email = "ann@example.com"
password = "${password}"
[[user]]
email = "bob@example.com"
password = "${password}"
${source}`,
  );
  const kill = (): Promise<unknown> => server.kill('SIGKILL');
  onTestFinished(() => kill().then(() => undefined));
  const http = server.httpPort ?? 0;
  return { folder, base: `http://127.0.0.1:${http}`, http, media, kill };
}

/** @param balances of recordings that began before the server did, how these must add up */
async function scrapeUntil(
  http: number,
  holds: (all: Scrape) => boolean,
  balances?: (all: Scrape) => boolean,
): Promise<Scrape> {
  const endMs = Date.now() + 45_000;
  for (;;) {
    const all = await scrape(http);
    if (balances === undefined) expectBalance(all);
    else expect(balances(all)).toBe(true);
    if (holds(all)) return all;
    if (Date.now() > endMs) throw new Error('what was expected was not scraped in time');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What is not 0, by the values of its labels. */
function valuesOf(all: Scrape, name: string): Record<string, number> {
  return Object.fromEntries(
    [...(all.families.get(`offhook_${name}`)?.values ?? [])]
      .filter(([, value]) => value !== 0)
      .map(([labels, value]) => [labels.replaceAll(/\w+=|"/g, ''), value]),
  );
}

/** A call with two segments, of which one has a file, and one that goes on and is paused. */
async function record({ base, http, media }: Served): Promise<Scrape> {
  writeFileSync(join(media, 'a.wav'), 'x'.repeat(1_000));
  const atMs = Date.now() - 5_000;
  const call = (leg: string) => [
    { kind: 'leg.offered', atMs, leg, facts: { call: `c-${leg}`, number: '1001' } },
    { kind: 'leg.connected', atMs, leg },
    { kind: 'recording.started', atMs, leg, file: `${leg}.wav` },
  ];
  const sent = await fetch(`${base}/v1/signals`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([
      ...call('a'),
      { kind: 'recording.split', atMs: atMs + 1, leg: 'a', file: 'b.wav' },
      { kind: 'leg.ended', atMs: atMs + 2, leg: 'a', cause: { code: 16 } },
      ...call('c'),
      { kind: 'recording.paused', atMs: atMs + 2, leg: 'c', side: 'both' },
    ]),
  });
  expect(sent.status).toBe(200);
  return scrapeUntil(http, (all) => all.value('offhook_recording_segments_begun_total') === 3);
}

function expectBalance(all: Scrape): void {
  const of = (name: string): number => all.sum(`offhook_${name}`);
  expect(of('recorder_orders_taken_total')).toBe(
    of('recorder_orders_total') + of('recorder_orders_under_way'),
  );
  expect(of('searches_asked_total')).toBe(of('searches_total') + of('searches_under_way'));
  expect(of('recording_segments_begun_total')).toBe(
    of('recording_segments_ended_total') + of('recordings_in_progress'),
  );
}

test('a scrape tells what is recorded, asked for and given out', { timeout: 60_000 }, async () => {
  const served = await serve(await newFolder());
  const { base, http } = served;
  const none = await scrape(http);
  expectBalance(none);
  for (const name of ['orders_taken', 'orders'].map((each) => `offhook_recorder_${each}_total`)) {
    expect([name, none.sum(name)]).toEqual([name, 0]);
  }
  // What may happen is there from the beginning, so that a rate sees the first one.
  expect(none.value('offhook_recorder_orders_total', 'command="stop",result="done"')).toBe(0);
  expect(none.value('offhook_media_answers_total', 'answer="missing"')).toBe(0);

  const recorded = await record(served);
  expect(recorded.value('offhook_recordings_in_progress')).toBe(1);
  expect(recorded.value('offhook_recording_segments_ended_total')).toBe(2);

  const face = (command: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${base}/Face/${command}`, init);
  const login = (email: string, word: string): Promise<Response> =>
    face('login', {
      method: 'POST',
      body: new URLSearchParams({ userEmail: email, password: word }),
    });
  const token =
    /<token>(.*)<\/token>/.exec(
      await (await login('ann@example.com', 'try-offhook')).text(),
    )?.[1] ?? '';
  expect(token).not.toBe('');
  // The second one locks, and the third is right and is refused all the same.
  for (const word of ['a', 'b', 'try-offhook']) await login('bob@example.com', word);

  // Both recordings match; one matches; none does; and a command that there is not.
  const of = `token=${token}`;
  await face(`audioRecording/details?${of}`);
  await face(`audioRecording/details?${of}&tmpRecordingId=3`);
  await face(`audioRecording/details?${of}&recordingId=99`);
  await face('audioRecording/details');
  await face('nothing/of/the/kind?x=%22%0A');
  await face('%zz');
  await face('version');
  // The source cannot be driven; what is not there cannot be either.
  await face(`audioRecording/stop?${of}&tmpRecordingId=3`);
  const stop = (id: number): Promise<Response> =>
    fetch(`${base}/v1/recordings/${id}/stop`, { method: 'POST' });
  await stop(3);
  await face('eventNotify?event=CallFlagged&ucid=u1&calledAors=sip:6789@pbx,sip:6790@pbx');
  await face('StartScreenCapture?IsrId=u1&AgentId=6789');

  const fetched = async (path: string, headers: Record<string, string> = {}): Promise<Response> => {
    const response = await fetch(`${base}${path}`, { headers });
    await response.arrayBuffer();
    return response;
  };
  const whole = await fetched('/v1/recordings/1/segments/1/media');
  const etag = whole.headers.get('etag') ?? '';
  expect(whole.status).toBe(200);
  await fetched('/v1/recordings/1/segments/1/media', { range: 'bytes=0-99' });
  await fetched('/v1/recordings/1/segments/1/media', { 'if-none-match': etag });
  await fetched('/v1/recordings/1/segments/1/media', { range: 'bytes=2000-' });
  await fetched('/v1/recordings/1/segments/2/media');
  await fetched(`/Face/audioRecording/segment/download?${of}&segmentId=1`, { range: 'bytes=-10' });
  await fetched(`/Face/audioRecording/segment/download?${of}&segmentId=2`);

  const all = await scrape(http);
  expectBalance(all);
  const values = (name: string): Record<string, number> => valuesOf(all, name);
  expect(values('logins_total')).toEqual({ token: 1, refused: 3 });
  expect(all.value('offhook_users_locked')).toBe(1);
  expect(all.value('offhook_face_tokens')).toBe(1);
  expect(all.value('offhook_logins_waiting')).toBe(0);
  expect(values('face_answers_total')).toEqual({
    'login,0': 1,
    'login,-1': 3,
    'audioRecording/details,-1': 1,
    'audioRecording/details,0': 1,
    'audioRecording/details,19': 1,
    'audioRecording/details,27': 1,
    'none,5': 1,
    'none,-1': 1,
    'version,none': 1,
    'audioRecording/stop,20': 1,
    'eventNotify,0': 1,
    'StartScreenCapture,-1': 1,
    'audioRecording/segment/download,none': 1,
    'audioRecording/segment/download,11': 1,
  });
  expect(values('recorder_orders_total')).toEqual({ 'stop,unavailable': 2 });
  expect(all.value('offhook_recorder_order_duration_seconds', '_count')).toBe(2);
  const { complete = 0, ...others } = values('searches_total');
  expect([complete > 3, others]).toEqual([true, {}]);
  expect(all.value('offhook_search_duration_seconds', '_count')).toBe(complete);
  expect(values('media_answers_total')).toEqual({ 200: 1, 206: 2, 304: 1, 416: 1, missing: 2 });
  expect(all.value('offhook_media_given_bytes_total')).toBe(1_000 + 100 + 10);
  expect(values('policy_steps_total')).toEqual({ undone: 1 });
});

test(
  'files that are looked for, removed, or cannot be, are counted',
  { timeout: 60_000 },
  async () => {
    const first = await serve(await newFolder());
    await record(first);
    await first.kill();
    // A start looks at the files that there are; the other one may come yet.
    const { base, http, media } = await serve(first.folder);
    const balanced = (all: Scrape): boolean => {
      // Nothing has begun since the start; what was in progress is so still, or has ended.
      const ended = all.sum('offhook_recording_segments_ended_total');
      return ended + all.sum('offhook_recordings_in_progress') === 1;
    };
    const looked = await scrapeUntil(
      http,
      (all) => all.value('offhook_media_known_bytes') === 1_000,
      balanced,
    );
    expect(valuesOf(looked, 'media_files_surveyed_total')).toEqual({ present: 1 });

    const remove = async (): Promise<void> => {
      const { status } = await fetch(`${base}/v1/recordings/1`, { method: 'DELETE' });
      expect(status).toBeLessThan(300);
    };
    renameSync(media, `${media}-away`);
    await remove();
    const kept = await scrapeUntil(
      http,
      (all) => all.value('offhook_recordings_kept') === 1,
      balanced,
    );
    expect(kept.value('offhook_recordings_reaped_total')).toBe(0);
    renameSync(`${media}-away`, media);
    await remove();
    const reaped = await scrapeUntil(
      http,
      (all) =>
        all.value('offhook_recordings_reaped_total') === 1 &&
        all.value('offhook_media_known_bytes') === 0,
      balanced,
    );
    expect(reaped.value('offhook_media_files_removed_total')).toBe(1);
    expect(reaped.value('offhook_recordings_kept')).toBe(0);
    expect(reaped.value('offhook_reaping_failures_total')).toBe(0);
  },
);

test('while calls come and go, every scrape adds up', { timeout: 60_000 }, async () => {
  const { base, http } = await serve(await newFolder(), centre);
  let isOver = false;
  let searched = 0;
  const search = async (): Promise<void> => {
    while (!isOver) {
      const response = await fetch(`${base}/v1/recordings?limit=5`);
      await response.text();
      if (response.status === 200) searched += 1;
    }
  };
  const order = async (path: string): Promise<void> => {
    await (await fetch(`${base}${path}`, { method: 'POST' })).text();
  };
  const drive = async (): Promise<void> => {
    while (!isOver) {
      // Parse door: our own answer.
      const { calls } = (await (await fetch(`${base}/v1/calls`)).json()) as {
        readonly calls: readonly { readonly id: string; readonly state: string }[];
      };
      const talks = calls.filter(({ state }) => state === 'connected').slice(0, 3);
      // Twice each: what is recorded cannot be told to begin.
      const path = (id: string): string => `/v1/calls/${encodeURIComponent(id)}/recording`;
      await Promise.all(talks.flatMap(({ id }) => [order(path(id)), order(path(id))]));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const clients = Promise.all([search(), search(), drive()]);
  const orders = (all: Scrape, result: string): number =>
    all.value('offhook_recorder_orders_total', `command="start",result="${result}"`) ?? 0;
  try {
    await scrapeUntil(
      http,
      (all) =>
        orders(all, 'done') >= 5 &&
        orders(all, 'wrong-state') >= 5 &&
        all.sum('offhook_recording_segments_ended_total') >= 5 &&
        all.sum('offhook_searches_total') >= 20,
    );
  } finally {
    isOver = true;
    await clients;
  }
  const all = await scrape(http);
  expectBalance(all);
  expect(all.value('offhook_searches_total', 'result="complete"')).toBe(searched);
  expect(all.sum('offhook_searches_under_way') + all.sum('offhook_recorder_orders_under_way')).toBe(
    0,
  );
});
