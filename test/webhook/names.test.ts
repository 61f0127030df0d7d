// Names that cannot be resolved do not hold back those that can.
import { describe, expect, it } from 'vitest';
import { Names } from '../../src/webhook/names.ts';

/** A system whose answers come when the test says so. */
class System {
  nowMs = 0;
  readonly asked: string[] = [];
  readonly #open = new Map<
    string,
    { resolve: (answer: string) => void; reject: (e: Error) => void }
  >();
  readonly names = new Names<string>(
    (name) =>
      new Promise((resolve, reject) => {
        this.asked.push(name);
        this.#open.set(name, { resolve, reject });
      }),
    () => this.nowMs,
  );

  get underWay(): readonly string[] {
    return [...this.#open.keys()];
  }

  async answer(name: string, afterMs = 0): Promise<void> {
    this.nowMs += afterMs;
    this.#open.get(name)?.resolve(`address of ${name}`);
    await this.#settle(name);
  }

  async fail(name: string): Promise<void> {
    this.#open.get(name)?.reject(new Error(name));
    await this.#settle(name);
  }

  async #settle(name: string): Promise<void> {
    this.#open.delete(name);
    await turn();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const quietly = (answer: Promise<string>): void => void answer.catch(() => undefined);

describe('a name', () => {
  it('that is asked for several times at once is looked up once, and anew after that', async () => {
    const system = new System();
    const answers = [system.names.resolve('a'), system.names.resolve('a')];
    expect(system.asked).toEqual(['a']);
    await system.answer('a');
    expect(await Promise.all(answers)).toEqual(['address of a', 'address of a']);
    quietly(system.names.resolve('a'));
    expect(system.asked).toEqual(['a', 'a']);
  });

  it('that fails says so to all who asked', async () => {
    const system = new System();
    const answers = [system.names.resolve('a'), system.names.resolve('a')];
    const settled = Promise.allSettled(answers);
    await system.fail('a');
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('that failed waits for other suspects, and one that did not waits for nobody', async () => {
    const system = new System();
    const bad = Array.from({ length: 50 }, (_, i) => `bad${i}`);
    for (const name of bad) quietly(system.names.resolve(name));
    for (const name of bad) await system.fail(name);
    for (const name of bad) quietly(system.names.resolve(name));
    quietly(system.names.resolve('good'));
    await turn();
    expect([...system.underWay].sort()).toEqual(['bad0', 'good']);
    await system.fail('bad0');
    expect([...system.underWay].sort()).toEqual(['bad1', 'good']);
  });

  it('that was slow is a suspect until it is quick again', async () => {
    const system = new System();
    quietly(system.names.resolve('slow'));
    quietly(system.names.resolve('bad'));
    await system.answer('slow', 1_001);
    await system.fail('bad');
    quietly(system.names.resolve('bad'));
    quietly(system.names.resolve('slow'));
    await turn();
    expect(system.underWay).toEqual(['bad']);
    await system.fail('bad');
    await system.answer('slow', 10);
    quietly(system.names.resolve('bad'));
    quietly(system.names.resolve('slow'));
    await turn();
    expect([...system.underWay].sort()).toEqual(['bad', 'slow']);
  });

  it('that failed once does not wait for those that always fail', async () => {
    const system = new System();
    const dead = Array.from({ length: 20 }, (_, i) => `dead${i}`);
    for (let round = 0; round < 3; round += 1) {
      for (const name of dead) quietly(system.names.resolve(name));
      await turn();
      for (const name of dead) await system.fail(name);
    }
    quietly(system.names.resolve('good'));
    await system.fail('good');
    for (const name of dead) quietly(system.names.resolve(name));
    const answer = system.names.resolve('good');
    await turn();
    await system.fail('dead0');
    expect(system.underWay).toEqual(['good']);
    await system.answer('good');
    expect(await answer).toBe('address of good');
  });
});
