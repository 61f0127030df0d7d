import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Applied } from '../../../src/call/event.ts';
import type { CallSignal } from '../../../src/call/signal.ts';
import { Intake, type IntakePort, usualIntake } from '../../../src/source/ingest/intake.ts';

const noted: Applied = { kind: 'noted' };

function signal(leg: string, id?: string): CallSignal {
  const body = { kind: 'leg.ringing', leg, source: 'pbx', atMs: 1 } as const;
  return id === undefined ? body : { ...body, id };
}

/** A house whose disk is as fast as the test wants. */
class House implements IntakePort {
  readonly handedOn: string[][] = [];
  readonly asked: string[][] = [];
  readonly stored = new Set<string>();
  readonly commits: { ids: string[]; done: () => void; fail: (error: Error) => void }[] = [];
  answer: (signal: CallSignal) => Applied = () => noted;

  accept(signals: readonly CallSignal[]): Promise<readonly Applied[]> {
    this.handedOn.push(signals.map((each) => ('leg' in each ? each.leg : '')));
    return new Promise((resolve, reject) => {
      const ids = signals.flatMap(({ id }) => id ?? []);
      const done = (): void => {
        ids.forEach((id) => this.stored.add(id));
        resolve(signals.map(this.answer));
      };
      this.commits.push({ ids, done, fail: reject });
    });
  }

  seenSignalIds(ids: readonly string[]): Promise<ReadonlySet<string>> {
    this.asked.push([...ids]);
    return Promise.resolve(new Set(ids.filter((id) => this.stored.has(id))));
  }

  async commit(nth: number): Promise<void> {
    await vi.waitFor(() => expect(this.commits.length).toBeGreaterThan(nth));
    this.commits[nth]?.done();
  }
}

/** Whether a promise has settled by the time that everything queued has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  const turn = new Promise((resolve) => setImmediate(() => resolve(pending)));
  return (await Promise.race([promise.catch(() => undefined), turn])) !== pending;
}

describe('the intake', () => {
  let house: House;
  let intake: Intake;
  beforeEach(() => {
    house = new House();
    intake = new Intake(house);
  });

  it('answers when the signals are durable, and not before', async () => {
    const taken = intake.take([signal('a', '1'), signal('b')]);
    expect(await isSettled(taken)).toBe(false);
    await house.commit(0);
    expect(await taken).toEqual({ kind: 'taken', accepted: 2, duplicates: 0, ignored: [] });
    expect(house.handedOn).toEqual([['a', 'b']]);
  });

  it('leaves out what it has seen: in this batch, lately, or by the store', async () => {
    house.stored.add('old');
    const first = intake.take([
      signal('a', '1'),
      signal('b', '1'),
      signal('c', 'old'),
      signal('d'),
    ]);
    await house.commit(0);
    expect(await first).toMatchObject({ accepted: 2, duplicates: 2 });
    expect(house.handedOn).toEqual([['a', 'd']]);

    // All of it is known by now, without asking again.
    expect(await intake.take([signal('a', '1'), signal('c', 'old')])).toMatchObject({
      accepted: 0,
      duplicates: 2,
    });
    expect(house.asked).toEqual([['1', 'old']]);
    expect(house.handedOn).toHaveLength(1);
  });

  it('lets a duplicate wait until the first of its kind is durable', async () => {
    const first = intake.take([signal('a', '1')]);
    const second = intake.take([signal('a', '1')]);
    expect(await isSettled(second)).toBe(false);
    await house.commit(0);
    expect(await second).toMatchObject({ accepted: 0, duplicates: 1 });
    expect(await first).toMatchObject({ accepted: 1 });
    expect(house.handedOn).toEqual([['a']]);
  });

  it('does not call a signal known whose commit failed', async () => {
    const first = intake.take([signal('a', '1')]);
    const second = intake.take([signal('a', '1')]);
    await vi.waitFor(() => expect(house.commits).toHaveLength(1));
    const bothFail = Promise.allSettled([first, second]);
    house.commits[0]?.fail(new Error('disk'));
    expect((await bothFail).map(({ status }) => status)).toEqual(['rejected', 'rejected']);

    const again = intake.take([signal('a', '1')]);
    await house.commit(1);
    expect(await again).toMatchObject({ accepted: 1, duplicates: 0 });
  });

  it('hands batches on in the order in which they came, while earlier ones wait for the disk', async () => {
    const answers: Promise<unknown>[] = [];
    let release: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => (release = resolve));
    const asks = house.seenSignalIds.bind(house);
    // The first question takes longest; the second batch has none to ask.
    house.seenSignalIds = (ids) => slow.then(() => asks(ids));
    answers.push(intake.take([signal('first', '1')]), intake.take([signal('second')]));
    expect(await isSettled(Promise.race(answers))).toBe(false);
    expect(house.handedOn).toEqual([]);
    release();
    await house.commit(1);
    await house.commit(0);
    await Promise.all(answers);
    expect(house.handedOn).toEqual([['first'], ['second']]);
  });

  it('tells what changed nothing, by its place in the batch', async () => {
    house.answer = (each) => {
      const leg = 'leg' in each ? each.leg : '';
      if (leg === 'gone') return { kind: 'ignored', reason: 'unknown-leg' };
      return leg === 'twice' ? { kind: 'ignored', reason: 'duplicate' } : noted;
    };
    const batch = [signal('x', '1'), signal('x', '1'), signal('gone'), signal('twice')];
    const taken = intake.take(batch);
    await house.commit(0);
    expect(await taken).toEqual({
      kind: 'taken',
      accepted: 1,
      duplicates: 2,
      ignored: [{ index: 2, reason: 'unknown-leg' }],
    });
  });

  it('turns senders away while too much waits for the disk', async () => {
    intake = new Intake(house, { ...usualIntake, maxWaiting: 3 });
    const first = intake.take([signal('a'), signal('b')]);
    expect(await intake.take([signal('c'), signal('d')])).toEqual({ kind: 'busy' });
    const third = intake.take([signal('e')]);
    await house.commit(0);
    await house.commit(1);
    await Promise.all([first, third]);
    const fourth = intake.take([signal('f'), signal('g'), signal('h'), signal('i')]);
    await house.commit(2);
    expect(await fourth).toMatchObject({ accepted: 4 });
  });

  it('does not keep a sender longer than its patience, and knows the signals when they come again', async () => {
    intake = new Intake(house, { ...usualIntake, patienceMs: 20 });
    expect(await intake.take([signal('a', '1')])).toEqual({ kind: 'undecided' });
    const again = intake.take([signal('a', '1')]);
    await house.commit(0);
    expect(await again).toMatchObject({ accepted: 0, duplicates: 1 });
  });

  it('remembers a bounded number of ids, and asks the store about the others', async () => {
    intake = new Intake(house, { ...usualIntake, recentIds: 2 });
    for (const [nth, id] of ['1', '2', '3'].entries()) {
      const taken = intake.take([signal('a', id)]);
      await house.commit(nth);
      await taken;
    }
    house.asked.length = 0;
    expect(await intake.take([signal('a', '1'), signal('a', '3')])).toMatchObject({
      duplicates: 2,
    });
    expect(house.asked).toEqual([['1']]);
  });

  it('takes an answer for each signal only', async () => {
    house.accept = () => Promise.resolve([]);
    await expect(intake.take([signal('a')])).rejects.toThrow(
      'seen 0 answers, expected one for each of 1',
    );
  });
});
