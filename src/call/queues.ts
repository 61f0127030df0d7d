/**
 * Queues: who waits where, which agents were rung, and which one answered.
 */
import type { CallDraft, LegDraft, QueueVisitDraft } from './draft.ts';
import { answer } from './links.ts';
import type { QueueSignal } from './signal.ts';

/** Attempts that a visit remembers; beyond it the oldest are forgotten. */
const mostMissed = 100;

function visitOf(call: CallDraft, queue: string): QueueVisitDraft | undefined {
  return call.queue.findLast((visit) => visit.queue === queue);
}

function openVisit(call: CallDraft, queue: string, atMs: number): QueueVisitDraft {
  const visit = visitOf(call, queue);
  if (visit !== undefined && visit.leftAtMs === undefined) return visit;
  const fresh: QueueVisitDraft = { queue, joinedAtMs: atMs, missedBy: [] };
  call.queue.push(fresh);
  return fresh;
}

/** True when the signal changed the call. `agentLeg` is the leg of the agent it speaks of. */
export function wait(
  call: CallDraft,
  signal: QueueSignal,
  agentLeg: LegDraft | undefined,
): boolean {
  const changed = apply(call, signal, agentLeg);
  if (changed) call.touched = true;
  return changed;
}

function apply(call: CallDraft, signal: QueueSignal, agentLeg: LegDraft | undefined): boolean {
  const { queue, atMs } = signal;
  const visit = visitOf(call, queue);
  switch (signal.kind) {
    case 'queue.joined': {
      if (visit !== undefined && visit.leftAtMs === undefined) return false;
      const fresh = openVisit(call, queue, atMs);
      if (signal.position !== undefined) fresh.position = signal.position;
      return true;
    }
    case 'queue.left':
      if (visit === undefined || visit.leftAtMs !== undefined) return false;
      visit.leftAtMs = Math.max(atMs, visit.joinedAtMs);
      visit.result ??= 'left';
      return true;
    case 'queue.abandoned':
      if (visit === undefined || visit.result === 'answered') return false;
      if (visit.result === 'abandoned') return false;
      visit.result = 'abandoned';
      return true;
    case 'agent.offered':
      if (agentLeg === undefined || agentLeg.agent === signal.agent) return false;
      agentLeg.agent = signal.agent;
      return true;
    case 'agent.missed': {
      const attempt = signal.agentLeg ?? `${signal.agent} ${atMs}`;
      if (call.missed.has(attempt)) return false;
      call.missed.add(attempt);
      const [oldest = attempt] = call.missed;
      if (call.missed.size > mostMissed) call.missed.delete(oldest);
      const { missedBy } = visit ?? openVisit(call, queue, atMs);
      missedBy.push(signal.agent);
      if (missedBy.length > mostMissed) missedBy.shift();
      return true;
    }
    case 'agent.connected': {
      // The caller has left the queue by now, so its last visit is the one meant.
      const served = visit ?? openVisit(call, queue, atMs);
      if (served.result === 'answered') return false;
      served.result = 'answered';
      // Who ended an earlier agent's talk has not ended this one.
      delete call.completedBy;
      served.agent = signal.agent;
      served.leftAtMs ??= Math.max(atMs, served.joinedAtMs);
      if (agentLeg !== undefined) agentLeg.agent = signal.agent;
      answer(call, agentLeg, atMs);
      return true;
    }
    case 'agent.completed':
      if (signal.endedBy === 'transfer' || call.completedBy !== undefined) return false;
      call.completedBy = signal.endedBy;
      return true;
  }
}
