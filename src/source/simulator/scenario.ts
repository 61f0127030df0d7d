/**
 * The whole play: an endless, timed stream of signals from a contact centre that never existed. Pure: the
 * same settings give the same stream, and nothing here knows what time it is.
 */
import type { CallSignal } from '../../call/signal.ts';
import { agents, type Queue, queues as usualQueues } from './cast.ts';
import { among, seededDice } from './dice.ts';
import { conference, direct, forked, internal, opening, outgoing } from './plots.ts';
import { queued } from './queue-plot.ts';
import { Roster } from './roster.ts';
import { type Cue, Stage } from './stage.ts';
import type { Story } from './story.ts';
import { Timeline } from './timeline.ts';
import { WaitingRoom } from './waiting-room.ts';

export interface ScenarioSettings {
  /** Name of the source that speaks. */
  readonly name: string;
  /** New calls per second on average; 0 plays the opening call only. */
  readonly rate: number;
  /** A whole number; the same seed gives the same calls. */
  readonly seed: number;
  /** How many agents there are, from extension 1001 up; 1 to 8999. */
  readonly agents: number;
  /** Absent: sales on 600, support on 601, billing on 602. */
  readonly queues?: readonly Queue[];
  /** Every length inside a call is multiplied by this; > 0, 1 is life. Absent: 0.25. */
  readonly timeScale?: number;
}

const usualTimeScale = 0.25;

/** When the opening call comes, milliseconds after the start. */
const openingMs = 300;

type Kind = 'queued' | 'internal' | 'outgoing' | 'direct' | 'forked' | 'conference';

const kinds: readonly (readonly [weight: number, kind: Kind])[] = [
  [42, 'queued'],
  [20, 'internal'],
  [14, 'outgoing'],
  [14, 'direct'],
  [7, 'forked'],
  [3, 'conference'],
];

/**
 * The signals in the order of their time. Endless, unless `rate` is 0: take what you need.
 * @param startedAtMs the moment of offset 0, milliseconds since 1970; it is part of every key, so that
 *   a second run's calls are other calls
 */
export function* scenario(settings: ScenarioSettings, startedAtMs: number): Generator<Cue, void> {
  const dice = seededDice(settings.seed);
  const ahead = new Timeline<CallSignal>();
  const queues = settings.queues ?? usualQueues;
  const story: Story = {
    dice,
    queues,
    stage: new Stage({
      source: settings.name,
      startedAtMs,
      write: ({ offsetMs, signal }) => ahead.add(offsetMs, signal),
    }),
    roster: new Roster(agents(settings.agents), queues, dice),
    waitingRoom: new WaitingRoom(),
    timeScale: settings.timeScale ?? usualTimeScale,
  };

  opening(story, openingMs);
  for (let arrivalMs = openingMs; ;) {
    arrivalMs += settings.rate > 0 ? dice.waiting(1000 / settings.rate) : Infinity;
    for (;;) {
      // What is due exactly when the next call arrives waits for it: a plan begins at its arrival.
      const due = ahead.takeUntil(arrivalMs - 1);
      if (due === undefined) break;
      yield { offsetMs: due.offsetMs, signal: due.item };
    }
    if (arrivalMs === Infinity) return;
    playOne(story, arrivalMs);
  }
}

/** A kind that needs a free agent when there is none becomes a call that waits in a queue. */
function playOne(story: Story, atMs: number): void {
  const kind = among(story.dice, kinds);
  const played = kind !== 'queued' && plots[kind](story, atMs);
  if (!played) queued(story, atMs);
}

const plots = { internal, outgoing, direct, forked, conference } as const;
