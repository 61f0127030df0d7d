/**
 * The leg's state machine as a table: one row per state, one column per thing that can happen to a leg.
 * Nothing else moves a leg's state. What is not in the table does not happen: the signal is ignored.
 */

export type LegState = 'offered' | 'ringing' | 'connected' | 'held' | 'ended';
export type LegMove = 'ring' | 'connect' | 'hold' | 'resume' | 'end';

type Table = Readonly<Record<LegState, Readonly<Partial<Record<LegMove, LegState>>>>>;

/** `held` is the state of the party that put the other one on hold. */
export const transitions: Table = {
  offered: { ring: 'ringing', connect: 'connected', end: 'ended' },
  ringing: { connect: 'connected', end: 'ended' },
  connected: { hold: 'held', end: 'ended' },
  held: { resume: 'connected', end: 'ended' },
  ended: {},
};

/** The state after `move`, or undefined when a leg in `state` cannot make it. */
export function nextState(state: LegState, move: LegMove): LegState | undefined {
  return transitions[state][move];
}
