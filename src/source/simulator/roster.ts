/**
 * Who is free when. An agent is in one story at a time: taken when a story needs one, given back when the
 * story lets go. Stories are planned ahead, so "free" means free at that moment of the plan.
 */
import type { Agent, Queue } from './cast.ts';
import type { Dice } from './dice.ts';

/** How often the first desk is chosen when it could be: somebody watching 1001 should see life there. */
const favourOfFirst = 0.3;

export class Roster {
  readonly #agents: readonly Agent[];
  readonly #byQueue: ReadonlyMap<Queue, readonly Agent[]>;
  readonly #dice: Dice;
  /** When each agent is free again; Infinity while taken. */
  readonly #freeAtMs: number[];

  /** Each agent serves one queue; in a centre too small for that, everybody serves all. */
  constructor(agents: readonly Agent[], queues: readonly Queue[], dice: Dice) {
    this.#agents = agents;
    this.#dice = dice;
    this.#freeAtMs = agents.map(() => 0);
    const share = agents.length >= 2 * queues.length;
    this.#byQueue = new Map(
      queues.map((queue, position) => {
        const own = agents.filter(({ index }) => index % queues.length === position);
        return [queue, share ? own : agents];
      }),
    );
  }

  /** An agent (of that queue, when one is named) who is free at `atMs`; now taken. */
  take(atMs: number, queue?: Queue): Agent | undefined {
    const able = this.#able(queue);
    const [first] = able;
    if (first === undefined) return undefined;
    if (first.index === 0 && this.#isFree(first, atMs) && this.#dice.chance(favourOfFirst)) {
      return this.#taken(first);
    }
    // From somewhere in the round on: soon done where many are free, and fair enough.
    const start = this.#dice.whole(0, able.length - 1);
    for (let step = 0; step < able.length; step++) {
      const agent = able[(start + step) % able.length];
      if (agent !== undefined && this.#isFree(agent, atMs)) return this.#taken(agent);
    }
    return undefined;
  }

  /** The first agent of all, for the call that opens the play. */
  takeFirst(): Agent | undefined {
    const [first] = this.#agents;
    return first === undefined ? undefined : this.#taken(first);
  }

  /** When the next agent of the queue is free; Infinity when all of them are taken without an end. */
  nextFreeAt(queue: Queue): number {
    let soonest = Infinity;
    for (const { index } of this.#able(queue)) {
      soonest = Math.min(soonest, this.#freeAtMs[index] ?? Infinity);
    }
    return soonest;
  }

  /** Gives an agent back; free again at `atMs`. */
  release(agent: Agent, atMs: number): void {
    this.#freeAtMs[agent.index] = atMs;
  }

  #able(queue: Queue | undefined): readonly Agent[] {
    return queue === undefined ? this.#agents : (this.#byQueue.get(queue) ?? []);
  }

  #isFree(agent: Agent, atMs: number): boolean {
    return (this.#freeAtMs[agent.index] ?? Infinity) <= atMs;
  }

  #taken(agent: Agent): Agent {
    this.#freeAtMs[agent.index] = Infinity;
    return agent;
  }
}
