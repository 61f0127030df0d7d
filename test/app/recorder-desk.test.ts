// Orders for recorders, carried out by the simulator's recorder, with registry, journal and store as they are.
import { describe, expect, it, onTestFinished } from 'vitest';
import { Pipeline } from '../../src/app/pipeline.ts';
import type { Refusal } from '../../src/app/desk.ts';
import { mostSegments, RecorderDesk } from '../../src/app/recorder-desk.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { Call } from '../../src/call/call.ts';
import { type CallEvent, isOfCall } from '../../src/call/event.ts';
import { filterOf } from '../../src/call/extension.ts';
import { Registry } from '../../src/call/registry.ts';
import { Hub } from '../../src/feed/hub.ts';
import type { Ordered, RecorderOrder } from '../../src/record/control.ts';
import { scenario } from '../../src/source/simulator/scenario.ts';
import { Simulator } from '../../src/source/simulator/simulator.ts';
import type { RecorderCommand, RecorderResult, Source } from '../../src/source/source.ts';
import { newFolder } from '../support/data-folder.ts';
import { openEmbeddedJournal } from '../support/house.ts';
import { connectedCall } from '../support/calls.ts';
import { anna, ben, Exchange, zoe } from '../support/signals.ts';
import { until } from '../support/until.ts';

/** A house with its recorders: signals go in, events come back from the disk. */
async function newHouse(build: (hear: Pipeline['signal']) => Source | undefined) {
  const { journal } = await openEmbeddedJournal(await newFolder());
  const pipeline = new Pipeline(new Registry(), journal, systemClock, () => undefined);
  const hub = new Hub((flush) => void setImmediate(flush), 0, []);
  const source = build((signal) => pipeline.signal(signal));
  const refusals: Refusal[] = [];
  const events: CallEvent[] = [];
  /** Paths of media files that are there. */
  const files = new Set<string>();
  const desk = new RecorderDesk({
    call: (id) => hub.call(id),
    ongoing: [],
    source: () => source,
    isThere: (file) => Promise.resolve(files.has(file)),
    nowMs: () => Date.now(),
    onRefused: (refusal) => void refusals.push(refusal),
  });
  journal.onCommitted((entries) => {
    hub.publish(entries);
    events.push(...entries.map(({ event }) => event));
    desk.committed(entries.map(({ event }) => event));
  });
  const ongoing = (): Call[] => hub.ongoing(filterOf([]));
  return { desk, refusals, events, ongoing, journal, pipeline, files };
}

/** A play in which the opening call is answered soon, goes on for long, and is not recorded by itself. */
function playWithLongTalk() {
  for (let seed = 1; seed <= 2_000; seed += 1) {
    const play = { name: 'demo', rate: 0, seed, agents: 2, timeScale: 0.1 };
    const cues = [...scenario(play, 0)];
    const first = (kind: string): number | undefined =>
      cues.find(({ signal }) => signal.kind === kind)?.offsetMs;
    const talkMs = (first('leg.ended') ?? 0) - (first('leg.connected') ?? Infinity);
    if (talkMs > 25_000 && first('recording.started') === undefined) return play;
  }
  throw new Error('no play has a long talk');
}

async function simulated() {
  let simulator: Simulator | undefined;
  const house = await newHouse((signal) => {
    const port = { signal, state: () => undefined, heard: () => undefined };
    return (simulator = new Simulator(playWithLongTalk(), port, systemClock));
  });
  simulator?.start();
  onTestFinished(() => simulator?.stop());
  const talking = (): Call | undefined =>
    house.ongoing().find(({ state }) => state === 'connected');
  await until('two people talk', () => talking() !== undefined);
  const call = talking();
  if (call === undefined) throw new Error('nobody talks');
  return { ...house, call };
}

function numbersOf(ordered: Ordered): { recording: number; segment: number } {
  const { kind } = ordered;
  if (kind !== 'done' || ordered.recording === undefined || ordered.segment === undefined) {
    throw new Error(`not shown as done: ${JSON.stringify(ordered)}`);
  }
  return { recording: ordered.recording, segment: ordered.segment };
}

describe('a simulated call', () => {
  it('is recorded, paused in both ways, split and stopped, and each answer comes with what is on the disk', async () => {
    const { desk, call, events, ongoing, refusals } = await simulated();
    const now = (): Call => ongoing()[0] ?? call;
    const started = numbersOf(await desk.order({ kind: 'start', callId: call.id }));
    expect(started).toEqual({ recording: 1, segment: 1 });
    const caller = call.legs.find(({ role }) => role === 'caller');
    expect(now().recordings).toMatchObject([
      { id: 1, leg: caller?.key, file: expect.stringMatching(/^sim\/\d{4}-\d\d-\d\d\/.*\.wav$/) },
    ]);
    const of = { recording: 1 };
    const done = async (order: RecorderOrder): Promise<Call['recordings']> => {
      expect(numbersOf(await desk.order(order)).recording).toBe(1);
      return now().recordings;
    };
    const [silent] = await done({ kind: 'pause', silence: true, ...of });
    expect(silent?.pauses).toEqual([{ side: 'both', fromMs: expect.any(Number) }]);
    // Who is muted stays so in the next file.
    const [was, split] = await done({ kind: 'split', ...of });
    expect(was).toMatchObject({ id: 1, goesOn: true, endedAtMs: expect.any(Number) });
    expect(split).toMatchObject({ id: 2, of: 1, file: was?.file?.replace('.wav', '.seg1.wav') });
    expect(split?.pauses).toHaveLength(1);
    await done({ kind: 'resume', ...of });
    const [, cut] = await done({ kind: 'pause', silence: false, ...of });
    expect(cut?.pauses.at(-1)).toMatchObject({ side: 'both', cut: true });
    const [, again] = await done({ kind: 'resume', ...of });
    expect(again?.pauses.map(({ toMs }) => toMs === undefined)).toEqual([false, false]);
    await done({ kind: 'split', file: 'own/name.wav', ...of });
    const all = await done({ kind: 'stop', ...of });
    expect(all.map(({ id, file }) => [id, file?.split('/').slice(2).join('/') ?? ''])).toEqual([
      [1, `${caller?.key}.wav`],
      [2, `${caller?.key}.seg1.wav`],
      [3, ''],
    ]);
    expect(all.at(-1)).toMatchObject({
      of: 1,
      file: 'own/name.wav',
      endedAtMs: expect.any(Number),
    });
    // Another recording of the leg must not overwrite the first.
    const next = numbersOf(await desk.order({ kind: 'start', callId: call.id, format: 'mp3' }));
    expect(next).toEqual({ recording: 4, segment: 4 });
    expect(now().recordings.at(-1)?.file).toBe('own/name-2.mp3');
    const kinds = events.flatMap(({ kind }) =>
      kind.startsWith('recording') ? [kind.slice(10)] : [],
    );
    expect(kinds).toEqual([
      ...['started', 'paused', 'ended', 'started', 'resumed', 'paused', 'resumed'],
      ...['ended', 'started', 'ended', 'started'],
    ]);
    expect(refusals).toEqual([]);
  });

  it('refuses what its state does not allow, and tells of it once', async () => {
    const { desk, call, refusals } = await simulated();
    const { id: callId } = call;
    const leg = call.legs.find(({ role }) => role !== 'caller')?.key ?? '';
    expect(await desk.order({ kind: 'stop', recording: 1 })).toMatchObject({ kind: 'unknown' });
    expect(await desk.order({ kind: 'start', callId: 'nobody' })).toMatchObject({
      kind: 'unknown',
    });
    expect(refusals).toEqual([]);
    await desk.order({ kind: 'start', callId, leg });

    const wrong: [RecorderOrder, string][] = [
      [{ kind: 'start', callId }, 'started'],
      [{ kind: 'start', callId, leg }, 'started'],
      [{ kind: 'resume', recording: 1 }, 'not-paused'],
      [{ kind: 'pause', recording: 1, silence: false }, ''],
      [{ kind: 'pause', recording: 1, silence: false }, 'paused'],
      [{ kind: 'pause', recording: 1, silence: true }, 'paused'],
      [{ kind: 'split', recording: 1 }, 'paused'],
      [{ kind: 'stop', recording: 1 }, ''],
      [{ kind: 'stop', recording: 1 }, 'not-started'],
      [{ kind: 'pause', recording: 1, silence: true }, 'not-started'],
      [{ kind: 'split', recording: 1 }, 'not-started'],
    ];
    for (const [order, state] of wrong) {
      const expected = state === '' ? { kind: 'done' } : { kind: 'wrong-state', state };
      expect(await desk.order(order), JSON.stringify(order)).toMatchObject(expected);
    }
    const failed = wrong.filter(([, state]) => state !== '');
    expect(refusals.map(({ command }) => command)).toEqual(failed.map(([{ kind }]) => kind));
    expect(new Set(refusals.map(({ id }) => id)).size).toBe(failed.length);
    expect(refusals.map((each) => each.call.id)).toEqual(failed.map(() => callId));
    expect(refusals.slice(2).map((each) => each.leg)).toEqual(failed.slice(2).map(() => leg));
  });

  it('is not recorded into a file outside the folder of recordings', async () => {
    const { desk, call, refusals, ongoing } = await simulated();
    const outside = ['../x.wav', 'a/../../x.wav', '/etc/x.wav', '', 'x'.repeat(256), 'a\\..\\x'];
    for (const file of outside) {
      const order = { kind: 'start', callId: call.id, file } as const;
      expect(await desk.order(order), file).toMatchObject({ kind: 'refused' });
    }
    expect(refusals).toHaveLength(outside.length);
    expect(ongoing()[0]?.recordings).toEqual([]);
    await desk.order({ kind: 'start', callId: call.id });
    const split = { kind: 'split', recording: 1, file: '../x.wav' } as const;
    expect(await desk.order(split)).toMatchObject({ kind: 'refused' });
    expect(ongoing()[0]?.recordings).toHaveLength(1);
  });

  it('is not recorded over a file that is there', async () => {
    const { desk, call, refusals, files } = await simulated();
    files.add('old.wav');
    const reason = 'A file "old.wav" is there already; give another name.';
    const start = { kind: 'start', callId: call.id } as const;
    expect(await desk.order({ ...start, file: 'old.wav' })).toEqual({ kind: 'refused', reason });
    const { recording } = numbersOf(await desk.order({ ...start, file: 'new.wav' }));
    const split = { kind: 'split', recording } as const;
    expect(await desk.order({ ...split, file: 'old.wav' })).toEqual({ kind: 'refused', reason });
    // Nor under the name that would follow by itself.
    files.add('new.seg1.wav');
    expect(await desk.order(split)).toMatchObject({ kind: 'refused' });
    expect(refusals.map(({ command }) => command)).toEqual(['start', 'split', 'split']);
    files.delete('new.seg1.wav');
    expect(await desk.order(split)).toMatchObject({ kind: 'done' });
  });

  it('obeys orders for one call one after the other', async () => {
    const { desk, call, refusals } = await simulated();
    const answers = await Promise.all([
      desk.order({ kind: 'start', callId: call.id }),
      desk.order({ kind: 'start', callId: call.id }),
    ]);
    expect(answers).toMatchObject([{ kind: 'done' }, { kind: 'wrong-state', state: 'started' }]);
    const both = await Promise.all([
      desk.order({ kind: 'split', recording: 1 }),
      desk.order({ kind: 'split', recording: 1 }),
      desk.order({ kind: 'stop', recording: 1 }),
      desk.order({ kind: 'pause', recording: 1, silence: true }),
    ]);
    expect(both).toMatchObject([
      { kind: 'done', segment: 2 },
      { kind: 'done', segment: 3 },
      { kind: 'done', segment: 3 },
      { kind: 'wrong-state', state: 'not-started' },
    ]);
    expect(refusals).toHaveLength(2);
  });
});

/** A recorder that the test answers for. */
class TestRecorder implements Source {
  readonly name = 'pbx';
  readonly type = 'test';
  readonly asked: { command: RecorderCommand; answer: (result: RecorderResult) => void }[] = [];
  start(): void {}
  stop(): Promise<void> {
    return Promise.resolve();
  }
  record(command: RecorderCommand): Promise<RecorderResult> {
    return new Promise((answer) => this.asked.push({ command, answer }));
  }
}

describe('a recorder', () => {
  async function talk(recorder: Source) {
    const house = await newHouse(() => recorder);
    const pbx = new Exchange();
    const { from, to } = pbx.talk(zoe, anna);
    let said = 0;
    const tell = async (): Promise<void> => {
      for (const signal of pbx.said.slice(said)) house.pipeline.signal(signal);
      said = pbx.said.length;
      await house.journal.settled();
    };
    await tell();
    const [call] = house.ongoing();
    if (call === undefined) throw new Error('nobody talks');
    return { ...house, pbx, from, to, tell, call };
  }

  it('that is slow to show what it did is not waited for long', async () => {
    const recorder = new TestRecorder();
    const { desk, call, refusals } = await talk(recorder);
    const ordered = desk.order({ kind: 'start', callId: call.id });
    await until('it is asked', () => recorder.asked.length > 0);
    recorder.asked[0]?.answer({ kind: 'done' });
    expect(await ordered).toEqual({ kind: 'done' });
    expect(refusals).toEqual([]);
  });

  it('may show what it did before it answers', async () => {
    const recorder = new TestRecorder();
    const { desk, call, pbx, from, tell } = await talk(recorder);
    const ordered = desk.order({ kind: 'start', callId: call.id });
    await until('it is asked', () => recorder.asked.length > 0);
    pbx.records(from, '/var/spool/a.wav');
    await tell();
    recorder.asked[0]?.answer({ kind: 'done' });
    expect(await ordered).toEqual({ kind: 'done', recording: 1, segment: 1 });
  });

  it('is told what it cannot know: what was suspended, what is muted, what files there are', async () => {
    const recorder = new TestRecorder();
    const { desk, pbx, from, tell } = await talk(recorder);
    pbx.records(from, '/spool/a.wav');
    pbx.pauses(from, 'says');
    await tell();
    const commandOf = async (order: RecorderOrder): Promise<RecorderCommand | undefined> => {
      const ordered = desk.order(order);
      const count = recorder.asked.length + 1;
      await until('it is asked', () => recorder.asked.length === count);
      recorder.asked.at(-1)?.answer({ kind: 'refused', reason: 'just looking' });
      await ordered;
      return recorder.asked.at(-1)?.command;
    };
    const { leg } = from;
    expect(await commandOf({ kind: 'split', recording: 1 })).toEqual({
      ...{ kind: 'split', leg, file: '/spool/a.seg1.wav', muted: 'says' },
    });
    expect(await commandOf({ kind: 'resume', recording: 1 })).toEqual({
      ...{ kind: 'mute', leg, side: 'both', muted: false },
    });
    pbx.say({ kind: 'recording.paused', leg, side: 'both', cut: true });
    await tell();
    expect(await commandOf({ kind: 'resume', recording: 1 })).toEqual({
      ...{ kind: 'continue', leg, file: '/spool/a.wav' },
    });
    expect(await commandOf({ kind: 'stop', recording: 1 })).toEqual({
      ...{ kind: 'stop', leg, suspended: true },
    });
  });

  it('that refuses, is not there, fails or does not exist: the reason is answered, and told once', async () => {
    for (const [record, kind, reason] of [
      [() => Promise.resolve({ kind: 'refused', reason: 'No.' }), 'refused', 'No.'],
      [() => Promise.resolve({ kind: 'unavailable', reason: 'Gone.' }), 'unavailable', 'Gone.'],
      [() => Promise.reject(new Error('broken')), 'unavailable', 'broken'],
      [undefined, 'unavailable', 'The source "pbx" has no recorder that could be driven.'],
    ] as const) {
      const { desk, call, refusals, from } = await talk(
        Object.assign(new TestRecorder(), { record }),
      );
      const answer = await desk.order({ kind: 'start', callId: call.id });
      expect(answer).toEqual({ kind, reason });
      expect(refusals).toMatchObject([{ command: 'start', reason, call: { id: call.id } }]);
      if (kind === 'refused') expect(refusals[0]?.leg).toBe(from.leg);
    }
  });

  it('has so many orders at one time, and no more', async () => {
    const recorder = new TestRecorder();
    const { desk, call, refusals } = await talk(recorder);
    const orders = Array.from({ length: 9 }, () => desk.order({ kind: 'start', callId: call.id }));
    expect(await orders[8]).toMatchObject({ kind: 'unavailable' });
    expect(refusals).toHaveLength(1);
    for (let nth = 0; nth < 8; nth += 1) {
      await until('it is asked', () => recorder.asked.length > nth);
      recorder.asked[nth]?.answer({ kind: 'refused', reason: 'no' });
    }
    expect((await Promise.all(orders.slice(0, 8))).map(({ kind }) => kind)).toEqual(
      Array.from({ length: 8 }, () => 'refused'),
    );
  });

  /** The later of two calls goes into the earlier one; a leg of it is recorded. */
  async function movingTalk(recorder: Source) {
    const house = await talk(recorder);
    const { pbx, to, tell } = house;
    const second = pbx.talk(ben, zoe);
    pbx.records(second.from, 'a.wav');
    await tell();
    const moves = async (): Promise<void> => {
      pbx.after(10).meet(to, second.from);
      await tell();
    };
    return { ...house, second, moves };
  }

  it('is found for a recording whose leg has gone into another call', async () => {
    const recorder = new TestRecorder();
    const { desk, ongoing, pbx, call, from, to, second, tell, moves } = await movingTalk(recorder);
    expect(ongoing()[1]?.recordings).toMatchObject([{ id: 1 }]);
    await moves();
    expect(ongoing()[0]).toMatchObject({ id: call.id, recordings: [{ id: 2, of: 1 }] });
    const ordered = desk.order({ kind: 'pause', recording: 1, silence: true });
    await until('it is asked', () => recorder.asked.length > 0);
    expect(recorder.asked[0]?.command).toMatchObject({ leg: second.from.leg });
    pbx.pauses(second.from, 'both');
    await tell();
    recorder.asked[0]?.answer({ kind: 'done' });
    expect(await ordered).toEqual({ kind: 'done', recording: 1, segment: 2 });
    pbx.stopsRecording(second.from);
    pbx.hangsUp(to, from, second.from, second.to);
    await tell();
    expect(await desk.order({ kind: 'stop', recording: 1 })).toMatchObject({ kind: 'unknown' });
  });

  it('that is to stop has not done so when the leg goes into another call', async () => {
    const recorder = new TestRecorder();
    const { desk, pbx, second, tell, moves } = await movingTalk(recorder);
    const ordered = desk.order({ kind: 'stop', recording: 1 });
    await until('it is asked', () => recorder.asked.length > 0);
    await moves();
    pbx.after(10).stopsRecording(second.from);
    await tell();
    recorder.asked[0]?.answer({ kind: 'done' });
    expect(await ordered).toEqual({ kind: 'done', recording: 1, segment: 2 });
  });

  it('records the caller, where the caller talks, else who does', async () => {
    const recorder = new TestRecorder();
    const { desk, call, refusals, pbx, from, to, tell, events } = await talk(recorder);
    pbx.asksForTheEnd(from);
    pbx.ends(from);
    await tell();
    const ordered = desk.order({ kind: 'start', callId: call.id });
    await until('it is asked', () => recorder.asked.length > 0);
    expect(recorder.asked[0]?.command).toEqual({ kind: 'start', leg: to.leg });
    recorder.asked[0]?.answer({ kind: 'refused', reason: 'no' });
    await ordered;
    const gone = { kind: 'start', callId: call.id, leg: from.leg } as const;
    expect(await desk.order(gone)).toMatchObject({ kind: 'refused' });
    expect(refusals.map(({ leg }) => leg)).toEqual([to.leg, from.leg]);
    expect(events.every((event) => isOfCall(event))).toBe(true);
  });
});

it('a call with as many segments as it may have gets no more, and can still be stopped', async () => {
  const recordings = Array.from({ length: mostSegments }, (_, nth) => ({
    ...{ id: nth + 1, leg: 'a', startedAtMs: 1, pauses: [] },
    ...(nth > 0 && { of: 1 }),
    ...(nth < mostSegments - 1 && { endedAtMs: 2, goesOn: true as const }),
  }));
  const call = connectedCall(1, { recordings });
  const commands: string[] = [];
  const refusals: Refusal[] = [];
  const desk = new RecorderDesk({
    ...{ call: () => call, ongoing: [call], nowMs: () => 0, isThere: () => Promise.resolve(false) },
    source: () => ({
      ...{ name: 'pbx', type: 'test', start: () => undefined, stop: () => Promise.resolve() },
      record: ({ kind }) => {
        commands.push(kind);
        return Promise.resolve({ kind: 'refused', reason: 'seen' });
      },
    }),
    onRefused: (refusal) => void refusals.push(refusal),
  });
  const reason = `The call has ${mostSegments} recorded segments, which is as many as it may have.`;
  expect(await desk.order({ kind: 'split', recording: 1 })).toEqual({ kind: 'refused', reason });
  expect(await desk.order({ kind: 'stop', recording: 1 })).toMatchObject({ reason: 'seen' });
  expect([commands, refusals.length]).toEqual([['stop'], 2]);
});
