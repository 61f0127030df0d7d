import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairTurns } from '../../src/base/fair-turns.ts';

/** Work that ends when it is told to, one piece after another as they began. */
class Bench {
  readonly begun: string[] = [];
  readonly #ends: (() => void)[] = [];

  work(name: string): () => Promise<string> {
    return () => {
      this.begun.push(name);
      return new Promise((resolve) => this.#ends.push(() => resolve(name)));
    };
  }

  /** Ends what began first; what follows from it has happened when this resolves. */
  async end(): Promise<void> {
    await settled();
    this.#ends.shift()?.();
    await settled();
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('turns', () => {
  it('go round among those who wait', async () => {
    const turns = new FairTurns({ atOnce: 1, waiting: 10 });
    const bench = new Bench();
    const names = ['a1', 'a2', 'a3', 'b1', 'a4', 'c1', 'b2'];
    const all = names.map((name) => turns.take(name.slice(0, 1), bench.work(name)));
    for (const _name of names) await bench.end();
    expect(bench.begun).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
    expect(await Promise.all(all)).toEqual(names);
    expect([turns.underWay, turns.waiting]).toEqual([0, 0]);
  });

  it('are refused when too many wait, to whoever has most of them', async () => {
    const turns = new FairTurns({ atOnce: 1, waiting: 3 });
    const bench = new Bench();
    const all = ['a1', 'a2', 'a3', 'a4', 'a5', 'b1', 'b2', 'c1'].map((name) =>
      turns.take(name.slice(0, 1), bench.work(name)),
    );
    await settled();
    expect(turns.waiting).toBe(3);
    for (let n = 0; n < 4; n += 1) await bench.end();
    expect(await Promise.all(all)).toEqual([
      ...['a1', 'a2', undefined, undefined, undefined],
      ...['b1', undefined, 'c1'],
    ]);
  });

  it('go on after work that failed', async () => {
    const turns = new FairTurns({ atOnce: 1, waiting: 1 });
    const failing = turns.take('a', () => Promise.reject(new Error('no memory')));
    const next = turns.take('b', () => Promise.resolve('done'));
    await expect(failing).rejects.toThrow('no memory');
    expect(await next).toBe('done');
  });

  it('never let more be under way or wait than may, and answer everybody', async () => {
    const who = fc.constantFrom('a', 'b', 'c', 'd');
    const bounds = fc.record({ atOnce: fc.integer({ min: 1, max: 3 }), waiting: fc.nat(5) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(who), { maxLength: 60 }), bounds, async (steps, most) => {
        const turns = new FairTurns(most);
        const bench = new Bench();
        const answers: Promise<string | undefined>[] = [];
        for (const step of steps) {
          if (step === null) await bench.end();
          else answers.push(turns.take(step, bench.work(step)));
          expect(turns.underWay).toBeLessThanOrEqual(most.atOnce);
          expect(turns.waiting).toBeLessThanOrEqual(most.waiting);
          // Nobody waits while there is a place.
          if (turns.waiting > 0) expect(turns.underWay).toBe(most.atOnce);
        }
        for (const _step of steps) await bench.end();
        const done = (await Promise.all(answers)).filter((answer) => answer !== undefined);
        expect(done.sort()).toEqual([...bench.begun].sort());
        expect([turns.underWay, turns.waiting]).toEqual([0, 0]);
      }),
      { numRuns: 100 },
    );
  });
});
