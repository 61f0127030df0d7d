/**
 * Which of the calls that go on the criteria select. Pure.
 */
import type { ApiUser } from '../access/users.ts';
import type { Call } from '../call/call.ts';
import {
  aniOf,
  aorOf,
  dnisOf,
  egressCallIdOf,
  ingressCallIdOf,
  ucidOf,
} from '../record/session.ts';
import type { RecordingCriteria } from '../store/recording-messages.ts';
import type { LiveCalls } from './ports.ts';

type Names = 'isrUcid' | 'ingressCallId' | 'egressCallId' | 'ani' | 'dnis' | 'aor';

const has: Readonly<Record<Names, (call: Call, value: string) => boolean>> = {
  // Either id may be given where a UCID is asked for.
  isrUcid: (call, value) => ucidOf(call) === value || ingressCallIdOf(call) === value,
  ingressCallId: (call, value) => ingressCallIdOf(call) === value,
  egressCallId: (call, value) => egressCallIdOf(call) === value,
  ani: (call, value) => aniOf(call) === value,
  dnis: (call, value) => dnisOf(call) === value,
  aor: ({ caller, called, legs }, value) =>
    [caller, called, ...legs.filter(({ party }) => party)].some((each) => aorOf(each) === value),
};

/** What a call can be selected by, as people are told. */
export const callCriteria =
  'isrUcid, ingressCallId, egressCallId, ani, dnis and aor, by which a call that goes on is found';

/** The criteria that say something of a call; undefined when others are among them. */
export function callCriteriaOf(
  criteria: RecordingCriteria,
): readonly (readonly [Names, string])[] | undefined {
  const found: [Names, string][] = [];
  for (const [name, value] of Object.entries(criteria)) {
    if (!isName(name) || typeof value !== 'string') return undefined;
    found.push([name, value]);
  }
  return found;
}

function isName(name: string): name is Names {
  return Object.hasOwn(has, name);
}

/** Those that the user may see, in the order in which they began. */
export function selectCalls(
  calls: LiveCalls,
  { account }: ApiUser,
  criteria: readonly (readonly [Names, string])[],
): readonly Call[] {
  const found: Call[] = [];
  for (const call of calls.ongoing()) {
    if (call.state === 'ended' || !criteria.every(([name, value]) => has[name](call, value)))
      continue;
    if (account === undefined || calls.accountOf(call) === account) found.push(call);
  }
  return found.sort((one, other) => one.startedAtMs - other.startedAtMs);
}
