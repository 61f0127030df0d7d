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
  readonly #queues: readonly Queue[];
  readonly #dice: Dice;
  /** When each agent is free again; Infinity while taken. */
  readonly #freeAtMs: number[];

  constructor(agents: readonly Agent[], queues: readonly Queue[], dice: Dice) {
    this.#agents = agents;
    this.#queues = queues;
    this.#dice = dice;
    this.#freeAtMs = agents.map(() => 0);
  }

  /** An agent (of that queue, when one is named) who is free at `atMs`; now taken. */
  take(atMs: number, queue?: Queue, which: 'any' | 'first' = 'any'): Agent | undefined {
    const free = this.#serving(queue).filter((agent) => this.#freeAt(agent) <= atMs);
    const first = free[0];
    if (first === undefined) return undefined;
    const favoured = which === 'first' || (first.index === 0 && this.#dice.chance(favourOfFirst));
    const chosen = favoured ? first : this.#dice.pick(free);
    this.#freeAtMs[chosen.index] = Infinity;
    return chosen;
  }

  /** When the next agent of the queue is free; Infinity when all of them are taken without an end. */
  nextFreeAt(queue: Queue): number {
    return this.#serving(queue).reduce((soonest, agent) => {
      return Math.min(soonest, this.#freeAt(agent));
    }, Infinity);
  }

  /** Gives an agent back; free again at `atMs`. */
  release(agent: Agent, atMs: number): void {
    this.#freeAtMs[agent.index] = atMs;
  }

  /** Each agent serves one queue; in a centre too small for that, everybody serves all. */
  #serving(queue: Queue | undefined): readonly Agent[] {
    if (queue === undefined || this.#agents.length < 2 * this.#queues.length) return this.#agents;
    const position = this.#queues.indexOf(queue);
    return this.#agents.filter((agent) => agent.index % this.#queues.length === position);
  }

  #freeAt(agent: Agent): number {
    return this.#freeAtMs[agent.index] ?? Infinity;
  }
}
