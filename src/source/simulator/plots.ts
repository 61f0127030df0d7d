/**
 * The kinds of calls that one dialled number brings: somebody calls somebody, somebody calls a group, some
 * meet in a conference. What happens once two people talk is not decided here.
 */
import type { Cause, DialResult } from '../../call/signal.ts';
import { type Agent, conferenceNumber, outsider, type Person, ringGroup } from './cast.ts';
import { converse } from './conversation.ts';
import { among } from './dice.ts';
import { causes, type Line } from './stage.ts';
import { blink, seconds, type Story, talkTime, wrapUp } from './story.ts';

type Outcome = 'answered' | 'missed' | 'busy' | 'rejected' | 'cancelled';

const outcomes: readonly (readonly [weight: number, outcome: Outcome])[] = [
  [66, 'answered'],
  [11, 'missed'],
  [7, 'busy'],
  [6, 'rejected'],
  [10, 'cancelled'],
];

/** A colleague calls a colleague. False when no two are free. */
export function internal(story: Story, atMs: number): boolean {
  const caller = story.roster.take(atMs);
  if (caller === undefined) return false;
  const called = story.roster.take(atMs);
  if (called === undefined) {
    story.roster.release(caller, atMs);
    return false;
  }
  oneCallsAnother(
    story,
    atMs,
    { person: caller, agent: caller },
    { person: called, agent: called },
  );
  return true;
}

/** An agent calls somebody outside. False when nobody is free. */
export function outgoing(story: Story, atMs: number): boolean {
  const caller = story.roster.take(atMs);
  if (caller === undefined) return false;
  const called = { person: outsider(story.dice) };
  oneCallsAnother(story, atMs, { person: caller, agent: caller }, called);
  return true;
}

/** Somebody outside dials an agent's own number. False when nobody is free. */
export function direct(story: Story, atMs: number): boolean {
  const called = story.roster.take(atMs);
  if (called === undefined) return false;
  const caller = { person: outsider(story.dice) };
  oneCallsAnother(story, atMs, caller, { person: called, agent: called });
  return true;
}

/** The first call of all: the first agent's telephone rings at once, and is answered. */
export function opening(story: Story, atMs: number): void {
  const called = story.roster.takeFirst();
  if (called === undefined) return;
  const caller = { person: outsider(story.dice) };
  oneCallsAnother(story, atMs, caller, { person: called, agent: called }, 'answered');
}

/** Somebody calls a number that rings several desks; the first to answer has the call. */
export function forked(story: Story, atMs: number): boolean {
  const { stage, dice, roster } = story;
  const desks: Agent[] = [];
  while (desks.length < 3) {
    const agent = roster.take(atMs);
    if (agent === undefined) break;
    desks.push(agent);
  }
  const winner = desks[0];
  if (winner === undefined) return false;

  const from = stage.line(outsider(dice));
  stage.placeCall(atMs, from, ringGroup);
  const rung = desks.map((agent) => ({ agent, line: stage.line(agent, from) }));
  for (const { line } of rung) stage.dial(atMs, from, line);
  const ringingMs = atMs + blink(story);
  for (const { line } of rung) stage.ring(ringingMs, line);
  const answeredMs = ringingMs + seconds(story, 2, 10);
  const [first, ...others] = dice.chance(0.5) ? rung : [...rung].reverse();
  if (first === undefined) return false;
  for (const { agent, line } of others) {
    stage.giveUp(answeredMs, from, line, 'cancelled', causes.elsewhere);
    wrapUp(story, agent, answeredMs);
  }
  stage.answer(answeredMs, from, first.line);
  const bridge = stage.key();
  stage.join(answeredMs, bridge, first.line, from);
  converse(story, {
    agent: first.agent,
    desk: first.line,
    other: from,
    bridge,
    fromMs: answeredMs,
  });
  return true;
}

/** Two or three agents, and often somebody outside, dial into one room; each leaves when they like. */
export function conference(story: Story, atMs: number): boolean {
  const { stage, dice, roster } = story;
  const first = roster.take(atMs);
  if (first === undefined) return false;
  const guests: { person: Person; agent?: Agent }[] = [{ person: first, agent: first }];
  for (let more = dice.whole(1, 2); more > 0; more--) {
    const agent = roster.take(atMs);
    if (agent !== undefined) guests.push({ person: agent, agent });
  }
  if (guests.length < 2 || dice.chance(0.6)) guests.push({ person: outsider(dice) });

  const bridge = stage.key();
  const room = `room-${conferenceNumber}`;
  let joinMs = atMs;
  const joined: { line: Line; agent?: Agent; joinedMs: number }[] = [];
  for (const guest of guests) {
    const line = stage.line(guest.person);
    stage.placeCall(joinMs, line, conferenceNumber);
    const joinedMs = joinMs + blink(story);
    stage.say(joinedMs, { kind: 'leg.connected', leg: line.leg });
    stage.say(joinedMs, { kind: 'bridge.joined', leg: line.leg, bridge, conference: room });
    joined.push({ ...guest, line, joinedMs });
    joinMs = joinedMs + seconds(story, 1, 10);
  }
  for (const { line, agent } of joined) {
    const leftMs = joinMs + talkTime(story);
    stage.requestHangup(leftMs, line, 'party');
    stage.leave(leftMs, bridge, line);
    stage.end(leftMs + blink(story), line);
    wrapUp(story, agent, leftMs + blink(story));
  }
  return true;
}

interface Party {
  readonly person: Person;
  /** Set when this is an agent; then it is given back when the call is over. */
  readonly agent?: Agent;
}

function oneCallsAnother(
  story: Story,
  atMs: number,
  caller: Party,
  called: Party,
  outcome: Outcome = among(story.dice, outcomes),
): void {
  const { stage } = story;
  const from = stage.line(caller.person);
  const to = stage.line(called.person, from);
  stage.placeCall(atMs, from, to.person.number);
  const dialledMs = atMs + blink(story);
  stage.dial(dialledMs, from, to);
  const ringingMs = dialledMs + blink(story);

  function fail(failedMs: number, result: DialResult, cause: Cause): void {
    const overMs = failedMs + blink(story);
    if (result === 'cancelled') stage.requestHangup(failedMs, from, 'party');
    stage.giveUp(failedMs, from, to, result, cause);
    if (result !== 'cancelled') stage.requestHangup(failedMs, from, 'platform');
    stage.end(overMs, from, cause);
    wrapUp(story, caller.agent, overMs);
    wrapUp(story, called.agent, overMs);
  }

  if (outcome !== 'busy') stage.ring(ringingMs, to);
  switch (outcome) {
    case 'busy':
      return fail(ringingMs, 'busy', causes.busy);
    case 'missed':
      return fail(ringingMs + seconds(story, 15, 25), 'no-answer', causes.noAnswer);
    case 'rejected':
      return fail(ringingMs + seconds(story, 1, 6), 'rejected', causes.rejected);
    case 'cancelled':
      return fail(ringingMs + seconds(story, 3, 15), 'cancelled', causes.normal);
    case 'answered': {
      const answeredMs = ringingMs + seconds(story, 2, 12);
      const bridge = stage.key();
      stage.answer(answeredMs, from, to);
      stage.join(answeredMs, bridge, to, from);
      // Who has the desk can hold and transfer: the agent; between two agents, the one who was called.
      const meeting = { bridge, fromMs: answeredMs };
      if (called.agent === undefined) {
        if (caller.agent === undefined) throw new Error('a call between two outsiders was planned');
        return converse(story, { ...meeting, agent: caller.agent, desk: from, other: to });
      }
      const answered = { ...meeting, agent: called.agent, desk: to, other: from };
      return converse(
        story,
        caller.agent === undefined ? answered : { ...answered, otherAgent: caller.agent },
      );
    }
  }
}
