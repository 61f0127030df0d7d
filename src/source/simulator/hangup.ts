/**
 * The end of a conversation, however it was reached. Apart from the conversation itself, because a
 * transferred call ends in the same way.
 */
import type { Line } from './stage.ts';
import { blink, type Conversation, seconds, type Story, wrapUp } from './story.ts';

/** One of the two hangs up, the platform ends the other, and both desks are free again. */
export function hangUp(
  story: Story,
  conversation: Conversation,
  atMs: number,
  byDesk: boolean,
): void {
  const { stage } = story;
  const { desk, other, bridge, queue, agent } = conversation;
  const [first, second]: readonly [Line, Line] = byDesk ? [desk, other] : [other, desk];
  const goneMs = atMs + blink(story);
  stage.requestHangup(atMs, first, 'party');
  stage.leave(atMs, bridge, first, second);
  if (queue !== undefined) {
    stage.say(atMs, {
      kind: 'agent.completed',
      leg: other.leg,
      queue: queue.name,
      agent: agent.name,
      agentLeg: desk.leg,
      endedBy: byDesk ? 'agent' : 'caller',
    });
  }
  stage.requestHangup(goneMs, second, 'platform');
  // Real systems report either leg first.
  const [last, lastButOne] = story.dice.chance(0.5) ? [first, second] : [second, first];
  stage.end(goneMs, lastButOne);
  stage.end(goneMs + seconds(story, 0.01), last);
  wrapUp(story, agent, goneMs);
  wrapUp(story, conversation.otherAgent, goneMs);
}
