/**
 * What two people do once they talk: put each other on hold, record, pause the recording, hang up, or pass
 * the other one on. Every conversation that is begun here is brought to its end from here.
 */
import type { AudioSide } from '../../call/signal.ts';
import { hangUp } from './hangup.ts';
import { type Conversation, type Story, talkTime } from './story.ts';
import { attendedTransfer, blindTransfer } from './transfer.ts';

const recordedWithOutside = 0.7;
const recordedInside = 0.2;
const pausedWhenRecorded = 0.45;
const stoppedByHand = 0.3;

/** How many holds a conversation has, by its share of 100. */
const holdsOf100 = [60, 22, 12, 6];

/** Plays the conversation to its end, transfers and all. */
export function converse(story: Story, conversation: Conversation): void {
  const { dice } = story;
  const untilMs = conversation.fromMs + talkTime(story);
  talk(story, conversation, untilMs);
  const fate = dice.roll();
  if (fate < 0.12 && blindTransfer(story, conversation, untilMs)) return;
  if (fate >= 0.12 && fate < 0.24 && attendedTransfer(story, conversation, untilMs)) return;
  hangUp(story, conversation, untilMs, dice.chance(0.5));
}

/** Holds and recording between now and `untilMs`. */
function talk(story: Story, conversation: Conversation, untilMs: number): void {
  const { stage, dice } = story;
  const { desk, fromMs } = conversation;
  const recorded = conversation.otherAgent === undefined ? recordedWithOutside : recordedInside;
  if (dice.chance(recorded)) {
    stage.record(fromMs, desk);
    if (dice.chance(pausedWhenRecorded)) {
      // Mostly all of it, while a card number is read out; now and then only what one side says.
      const side = dice.pick<AudioSide>(['both', 'both', 'both', 'says', 'hears']);
      within(story, fromMs, untilMs, dice.whole(1, 2), (pausedMs, resumedMs) => {
        stage.say(pausedMs, { kind: 'recording.paused', leg: desk.leg, side });
        stage.say(resumedMs, { kind: 'recording.resumed', leg: desk.leg, side });
      });
    }
    if (dice.chance(stoppedByHand)) {
      stage.say(untilMs, { kind: 'recording.stopped', leg: desk.leg });
    }
  }
  within(story, fromMs, untilMs, holds(story), (heldMs, resumedMs) => {
    stage.say(heldMs, { kind: 'leg.held', leg: desk.leg });
    stage.say(resumedMs, { kind: 'leg.resumed', leg: desk.leg });
  });
}

function holds(story: Story): number {
  let left = story.dice.between(0, 100);
  return holdsOf100.findIndex((share) => (left -= share) < 0);
}

/** Lays `times` stretches between two moments, none touching another. */
function within(
  story: Story,
  fromMs: number,
  untilMs: number,
  times: number,
  stretch: (fromMs: number, untilMs: number) => void,
): void {
  const slotMs = (untilMs - fromMs) / Math.max(1, times);
  for (let nth = 0; nth < times; nth++) {
    const slotFromMs = fromMs + nth * slotMs;
    stretch(
      slotFromMs + slotMs * story.dice.between(0.1, 0.4),
      slotFromMs + slotMs * story.dice.between(0.5, 0.9),
    );
  }
}
