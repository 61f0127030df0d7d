/**
 * What every plot is given to work with, and how it measures time. Lengths are thought in the seconds of
 * life and scaled once, here, so that a demonstration need not wait three minutes for a hangup.
 */
import type { Agent, Queue } from './cast.ts';
import type { Dice } from './dice.ts';
import type { Roster } from './roster.ts';
import type { Line, Stage } from './stage.ts';
import type { WaitingRoom } from './waiting-room.ts';

export interface Story {
  readonly stage: Stage;
  readonly dice: Dice;
  readonly roster: Roster;
  readonly waitingRoom: WaitingRoom;
  /** At least one. */
  readonly queues: readonly Queue[];
  /** Every length is multiplied by this; > 0, 1 is life. */
  readonly timeScale: number;
}

/** A conversation: an agent's line and whoever is at the other end, on one bridge. */
export interface Conversation {
  readonly agent: Agent;
  readonly desk: Line;
  readonly other: Line;
  /** Set when the other end is an agent too. */
  readonly otherAgent?: Agent;
  readonly bridge: string;
  /** Set when the other end came through a queue. */
  readonly queue?: Queue;
  readonly fromMs: number;
}

/** A length of `from` to `to` seconds of life, in scaled milliseconds. */
export function seconds(story: Story, from: number, to = from): number {
  return story.dice.between(from, to) * 1000 * story.timeScale;
}

/** How long people talk: mostly a minute or so, sometimes much longer. */
export function talkTime(story: Story): number {
  const life = Math.min(400, 15 + story.dice.waiting(60));
  return life * 1000 * story.timeScale;
}

/** What a telephone system itself takes between one thing and the next. */
export function blink(story: Story): number {
  return seconds(story, 0.2, 0.8);
}

/** The agent is free again after the work that follows a call. */
export function wrapUp(story: Story, agent: Agent | undefined, atMs: number): void {
  if (agent !== undefined) story.roster.release(agent, atMs + seconds(story, 4, 20));
}
