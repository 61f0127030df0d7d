/**
 * Passing a caller on: blind, where the caller is sent to a number and the agent is gone at once, and
 * attended, where the agent asks a colleague first, in a call of its own that then becomes part of the
 * first one. Both return false, having done nothing, when nobody is free to take the caller.
 */
import { hangUp } from './hangup.ts';
import { causes } from './stage.ts';
import { blink, type Conversation, seconds, type Story, talkTime, wrapUp } from './story.ts';

const answeredAfterTransfer = 0.8;

export function blindTransfer(story: Story, conversation: Conversation, atMs: number): boolean {
  const { stage, dice, roster } = story;
  const { agent, desk, other, otherAgent, bridge } = conversation;
  const target = roster.take(atMs);
  if (target === undefined) return false;

  stage.say(atMs, {
    kind: 'transfer.completed',
    leg: desk.leg,
    style: 'blind',
    transferee: other.leg,
    to: target.number,
  });
  stage.leave(atMs, bridge, other, desk);
  completeForTransfer(story, conversation, atMs);
  const goneMs = atMs + blink(story);
  stage.requestHangup(goneMs, desk, 'platform');
  stage.end(goneMs, desk);
  wrapUp(story, agent, goneMs);

  const line = stage.line(target, other);
  const dialledMs = goneMs + blink(story);
  const ringingMs = dialledMs + blink(story);
  stage.dial(dialledMs, other, line);
  stage.ring(ringingMs, line);
  if (dice.chance(answeredAfterTransfer)) {
    const answeredMs = ringingMs + seconds(story, 2, 12);
    const next = stage.key();
    stage.answer(answeredMs, other, line, true);
    stage.join(answeredMs, next, line, other);
    const passedOn = { agent: target, desk: line, other, bridge: next, fromMs: answeredMs };
    hangUp(
      story,
      otherAgent === undefined ? passedOn : { ...passedOn, otherAgent },
      answeredMs + talkTime(story),
      dice.chance(0.5),
    );
  } else {
    const gaveUpMs = ringingMs + seconds(story, 15, 25);
    stage.giveUp(gaveUpMs, other, line, 'no-answer', causes.noAnswer);
    stage.requestHangup(gaveUpMs, other, 'platform');
    stage.end(gaveUpMs + blink(story), other, causes.noAnswer);
    wrapUp(story, target, gaveUpMs);
    wrapUp(story, otherAgent, gaveUpMs);
  }
  return true;
}

export function attendedTransfer(story: Story, conversation: Conversation, atMs: number): boolean {
  const { stage, dice, roster } = story;
  const { agent, desk, other, otherAgent, bridge } = conversation;
  const target = roster.take(atMs);
  if (target === undefined) return false;

  stage.say(atMs, { kind: 'leg.held', leg: desk.leg });
  const consultLine = stage.line(agent);
  const targetLine = stage.line(target, consultLine);
  const consultBridge = stage.key();
  const dialledMs = atMs + seconds(story, 1, 4);
  const ringingMs = dialledMs + blink(story);
  const answeredMs = ringingMs + seconds(story, 2, 8);
  stage.placeCall(dialledMs, consultLine, target.number);
  stage.dial(dialledMs, consultLine, targetLine);
  stage.ring(ringingMs, targetLine);
  stage.answer(answeredMs, consultLine, targetLine);
  stage.join(answeredMs, consultBridge, targetLine, consultLine);

  const completedMs = answeredMs + seconds(story, 5, 30);
  stage.leave(completedMs, consultBridge, consultLine, targetLine);
  // The target's leg now belongs to the first call; where it joins is the first place to say so.
  stage.say(completedMs, {
    kind: 'bridge.joined',
    leg: targetLine.leg,
    bridge,
    facts: { call: desk.call },
  });
  stage.say(completedMs, {
    kind: 'transfer.completed',
    leg: desk.leg,
    style: 'attended',
    consultLeg: consultLine.leg,
    transferee: other.leg,
    target: targetLine.leg,
  });
  stage.leave(completedMs, bridge, desk);
  completeForTransfer(story, conversation, completedMs);
  const goneMs = completedMs + blink(story);
  stage.requestHangup(goneMs, consultLine, 'platform');
  stage.end(goneMs, consultLine);
  stage.requestHangup(goneMs, desk, 'platform');
  stage.end(goneMs, desk);
  wrapUp(story, agent, goneMs);

  const passedOn = { agent: target, desk: targetLine, other, bridge, fromMs: completedMs };
  hangUp(
    story,
    otherAgent === undefined ? passedOn : { ...passedOn, otherAgent },
    goneMs + talkTime(story),
    dice.chance(0.5),
  );
  return true;
}

/** The queue's books close for this agent when the caller is passed on. */
function completeForTransfer(story: Story, conversation: Conversation, atMs: number): void {
  const { agent, desk, other, queue } = conversation;
  if (queue === undefined) return;
  story.stage.say(atMs, {
    kind: 'agent.completed',
    leg: other.leg,
    queue: queue.name,
    agent: agent.name,
    agentLeg: desk.leg,
    endedBy: 'transfer',
  });
}
