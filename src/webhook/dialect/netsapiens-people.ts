/**
 * The models `agent` and `presence` of the dialect `netsapiens`: what a call shows of who is rung, talks, or is
 * free again. Each object speaks of one call; who takes part in two at once has an object of each. Pure.
 */
import type { Call, Leg } from '../../call/call.ts';
import type { LiveModel, Row } from './netsapiens-live.ts';
import {
  infoOf,
  isOurs,
  keyText,
  namesAt,
  type Site,
  type Texts,
  timeOf,
} from './netsapiens-words.ts';

/** An agent in a call. */
interface AgentHere {
  readonly agent: string;
  readonly queue: string;
  readonly leg: Leg | undefined;
}

function agentsIn(call: Call): AgentHere[] {
  if (call.state === 'ended') return [];
  const found = new Map<string, AgentHere>();
  for (const leg of call.legs) {
    if (leg.agent === undefined || !leg.party || leg.state === 'ended') continue;
    const queue = queueOf(call, leg.agent);
    if (queue !== undefined) found.set(leg.agent, { agent: leg.agent, queue, leg });
  }
  // A source may tell who answered without telling at which leg.
  const last = call.queue.at(-1);
  const isKnown = call.legs.some((leg) => leg.agent === last?.agent);
  if (last?.agent !== undefined && !isKnown) {
    found.set(last.agent, { agent: last.agent, queue: last.queue, leg: undefined });
  }
  return [...found.values()];
}

function queueOf(call: Call, agent: string): string | undefined {
  const visit =
    call.queue.findLast((each) => each.agent === agent) ??
    call.queue.findLast((each) => each.leftAtMs === undefined);
  return (visit ?? call.queue.at(-1))?.queue;
}

interface AgentState {
  readonly queue: string;
  readonly name: string;
  readonly calls: 0 | 1;
  readonly message: string;
}

function agentObject(agent: string, state: AgentState, site: Site, atMs: number): Texts {
  return {
    'callqueue-agent-id': agent,
    callqueue: state.queue,
    domain: site.domain,
    // Whoever a queue rings has logged in; logging out is not seen.
    'callqueue-agent-availability-type': 'automatic',
    'callqueue-agent-availability-for-dispatch': state.calls === 0 ? 'yes' : 'no',
    'callqueue-agent-wrap-up-allowance-seconds': '',
    'active-calls-total-current': String(state.calls),
    'limits-max-active-calls-total': '',
    'callqueue-agent-entry-type': '',
    'last-modified-datetime': timeOf(atMs),
    'name-full-name': state.name,
    'agent-status-message': state.message,
  };
}

export const agentModel: LiveModel = {
  rows: (call, site, atMs) =>
    agentsIn(call).map(({ agent, queue, leg }): Row => {
      const message = leg === undefined ? 'active' : infoOf(call, leg);
      const state = { queue, name: leg?.name ?? agent, calls: 1, message } as const;
      const object = agentObject(agent, state, site, atMs);
      return { id: [keyText(agent), keyText(queue)], users: [agent, ...namesAt(leg)], object };
    }),
  gone: ([agent = '', queue = ''], call, site, atMs) => {
    const leg = call.legs.findLast((each) => keyText(each.agent ?? '') === agent);
    const state = { queue, name: leg?.name ?? agent, calls: 0, message: '' } as const;
    return agentObject(agent, state, site, atMs);
  },
};

/** Of somebody with several legs in a call, the one that counts most. */
const weights: readonly string[] = ['progressing', 'alerting', 'held', 'active'];

function presenceObject(
  user: string,
  name: string,
  status: string,
  site: Site,
  atMs: number,
): Texts {
  const space = name.lastIndexOf(' ');
  return {
    user,
    domain: site.domain,
    'name-first-name': space < 0 ? name : name.slice(0, space),
    'name-last-name': space < 0 ? '' : name.slice(space + 1),
    'presence-status': status,
    'status-message': '',
    'last-modified-datetime': timeOf(atMs),
  };
}

/** The extension at a leg; undefined for somebody outside. */
function extensionAt(leg: Leg): string | undefined {
  return leg.party && isOurs(leg) ? (leg.number ?? leg.device) : undefined;
}

export const presenceModel: LiveModel = {
  rows: (call, site, atMs) => {
    const found = new Map<string, Leg>();
    for (const leg of call.legs) {
      const user = extensionAt(leg);
      if (user === undefined || leg.state === 'ended') continue;
      const other = found.get(user);
      const weight = (each: Leg): number => weights.indexOf(infoOf(call, each));
      if (other === undefined || weight(leg) > weight(other)) found.set(user, leg);
    }
    return Array.from(found, ([user, leg]): Row => {
      const object = presenceObject(user, leg.name ?? '', infoOf(call, leg), site, atMs);
      return { id: [keyText(user)], users: namesAt(leg), object };
    });
  },
  gone: ([user = ''], call, site, atMs) => {
    const leg = call.legs.findLast((each) => keyText(extensionAt(each) ?? '') === user);
    return presenceObject(user, leg?.name ?? '', 'inactive', site, atMs);
  },
};
