/**
 * The call that never was, as this dialect's models need it: taken by an agent of a queue, at a phone of the
 * house. Pure.
 */
import type { Leg } from '../../call/call.ts';
import type { OfCall } from '../../call/event.ts';

/** Whom it rings, unless a destination is limited to somebody. */
export const trialNumber = '1000';

const agent = 'offhook test';

/** @param number of the agent's phone */
export function atAgent(event: OfCall, number: string): OfCall {
  const { call } = event;
  const legs = call.legs.map((leg): Leg =>
    leg.role === 'caller'
      ? { ...leg, dialled: number }
      : {
          ...leg,
          number,
          device: number,
          agent,
          state: leg.state === 'offered' ? 'ringing' : leg.state,
        },
  );
  const { startedAtMs: joinedAtMs, answeredAtMs: leftAtMs } = call;
  const served = leftAtMs === undefined ? {} : { leftAtMs, result: 'answered' as const, agent };
  return {
    ...event,
    call: {
      ...call,
      legs,
      called: { ...call.called, number },
      dialled: number,
      queue: [{ queue: 'test', joinedAtMs, missedBy: [], ...served }],
      extensions: [...new Set([...call.extensions, number])],
    },
  };
}
