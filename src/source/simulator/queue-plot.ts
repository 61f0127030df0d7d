/**
 * A call through a queue: the caller is answered by music, waits for a free agent, is offered to one and
 * perhaps to a second one, and either talks or gives up waiting.
 */
import { outsider, type Queue } from './cast.ts';
import { converse } from './conversation.ts';
import { causes, type Line } from './stage.ts';
import { blink, seconds, type Story, wrapUp } from './story.ts';

const ringsNoAnswer = 0.25;
/** Of those who find everybody busy or nobody answering, most wait about this long, seconds of life. */
const patienceS = 60;

/** Somebody outside calls the queue. Always possible: who finds nobody free gives up in the end. */
export function queued(story: Story, atMs: number): void {
  const { stage, dice, roster, waitingRoom } = story;
  const queue = dice.pick(story.queues);
  const caller = stage.line(outsider(dice));
  const joinedMs = atMs + blink(story);
  const patientUntilMs = joinedMs + seconds(story, 5) + dice.waiting(seconds(story, patienceS));

  stage.placeCall(atMs, caller, queue.number);
  stage.say(joinedMs, { kind: 'leg.connected', leg: caller.leg });
  const position = waitingRoom.positionAt(queue, joinedMs);
  stage.say(joinedMs, { kind: 'queue.joined', leg: caller.leg, queue: queue.name, position });

  let offerMs = joinedMs + blink(story);
  for (;;) {
    let agent = offerMs < patientUntilMs ? roster.take(offerMs, queue) : undefined;
    if (agent === undefined) {
      offerMs = Math.max(offerMs, roster.nextFreeAt(queue));
      agent = offerMs < patientUntilMs ? roster.take(offerMs, queue) : undefined;
    }
    if (agent === undefined) {
      waitingRoom.enter(queue, patientUntilMs);
      return abandon(story, patientUntilMs, caller, queue);
    }

    const desk = stage.line(agent, caller);
    const ofAgent = {
      leg: caller.leg,
      queue: queue.name,
      agent: agent.name,
      agentLeg: desk.leg,
    } as const;
    stage.offer(offerMs, desk);
    stage.say(offerMs, { kind: 'agent.offered', ...ofAgent });
    stage.startDial(offerMs, caller, desk);
    const ringingMs = offerMs + blink(story);
    stage.ring(ringingMs, desk);

    if (dice.chance(ringsNoAnswer)) {
      const missedMs = ringingMs + seconds(story, 8, 12);
      const goneMs = Math.min(missedMs, Math.max(ringingMs, patientUntilMs));
      if (goneMs < missedMs) {
        waitingRoom.enter(queue, goneMs);
        stage.requestHangup(goneMs, caller, 'party');
        stage.giveUp(goneMs, caller, desk, 'cancelled', causes.normal);
        wrapUp(story, agent, goneMs);
        return leaveUnserved(story, goneMs, caller, queue);
      }
      stage.say(missedMs, { kind: 'agent.missed', ...ofAgent });
      stage.giveUp(missedMs, caller, desk, 'no-answer', causes.noAnswer);
      wrapUp(story, agent, missedMs);
      offerMs = missedMs + blink(story);
      continue;
    }

    const answeredMs = ringingMs + seconds(story, 1, 7);
    const bridge = stage.key();
    waitingRoom.enter(queue, answeredMs);
    stage.answer(answeredMs, caller, desk, true);
    stage.say(answeredMs, { kind: 'queue.left', leg: caller.leg, queue: queue.name });
    stage.say(answeredMs, { kind: 'agent.connected', ...ofAgent });
    stage.join(answeredMs, bridge, desk, caller);
    return converse(story, { agent, desk, other: caller, bridge, queue, fromMs: answeredMs });
  }
}

/** The caller hangs up before anybody was free. */
function abandon(story: Story, atMs: number, caller: Line, queue: Queue): void {
  story.stage.requestHangup(atMs, caller, 'party');
  leaveUnserved(story, atMs, caller, queue);
}

function leaveUnserved(story: Story, atMs: number, caller: Line, queue: Queue): void {
  const { stage } = story;
  stage.say(atMs, { kind: 'queue.abandoned', leg: caller.leg, queue: queue.name });
  stage.say(atMs, { kind: 'queue.left', leg: caller.leg, queue: queue.name });
  stage.end(atMs + blink(story), caller);
}
