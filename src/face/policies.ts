/**
 * What follows from an event that somebody notifies us of: the policies that were set, read as steps to be
 * taken. Pure; `notifying.ts` has the steps carried out.
 */
import type { PolicySettings } from '../config/settings.ts';
import { missing, nack } from './codes.ts';
import type { Parameters } from './parameters.ts';
import type { Told } from './ports.ts';

/** What a screen capture is about: a session, and the agent or the screen. */
export interface CaptureTarget {
  /** The UCID of the session. */
  readonly isrId?: string;
  /** Number or name of the agent. */
  readonly agentId?: string;
  /** Address of the agent's screen. */
  readonly screenIp?: string;
}

export type Step =
  | {
      readonly kind: 'capture';
      readonly action: 'start' | 'stop';
      readonly target: CaptureTarget;
    }
  | { readonly kind: 'webhook' | 'log' };

/** An event as it was told to us. */
export interface Notification {
  /** Its name; case makes a difference. */
  readonly event: string;
  /** Everything else that was told, but for the caller's token. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** How many agents one notification may be about. */
export const mostAgents = 32;
const mostParameters = 64;
/** Characters of a parameter. */
export const longestValue = 4_096;

/** The notification in the parameters of a request, or why there is none. */
export function readNotification(
  parameters: Parameters,
):
  | { readonly kind: 'notification'; readonly notification: Notification }
  | { readonly kind: 'refused'; readonly answer: Told } {
  const event = parameters.get('event') ?? '';
  if (event === '') return { kind: 'refused', answer: missing('event') };
  const others = [...parameters].filter(([name]) => name !== 'event' && name !== 'token');
  const message = faultOf(event, others);
  if (message !== undefined) return { kind: 'refused', answer: nack(message) };
  // Names are the caller's: none of them may be one that every object has.
  const told: Record<string, string> = Object.create(null);
  for (const [name, value] of others) told[name] = value;
  return { kind: 'notification', notification: { event, parameters: told } };
}

function faultOf(
  event: string,
  others: readonly (readonly [name: string, value: string])[],
): string | undefined {
  if (others.length > mostParameters) return `An event has at most ${mostParameters} parameters`;
  const texts = [event, ...others.flat()];
  if (texts.some((text) => text.length > longestValue)) {
    return `A parameter of an event has at most ${longestValue} characters`;
  }
  const aors = others.find(([name]) => name === 'calledAors')?.[1] ?? '';
  const { length } = agentsIn(aors);
  if (length <= mostAgents) return undefined;
  return `calledAors names ${length} parties, expected at most ${mostAgents}`;
}

/** What the policies want done about it, in their order; nothing for an event that none of them names. */
export function stepsOf(
  policies: readonly PolicySettings[],
  { event, parameters }: Notification,
): readonly Step[] {
  const actions = policies
    .filter((policy) => policy.event === event)
    .flatMap((each) => each.actions);
  return actions.flatMap((action): readonly Step[] => {
    switch (action) {
      case 'startScreenCapture':
        return captures('start', parameters);
      case 'stopScreenCapture':
        return captures('stop', parameters);
      case 'webhook':
      case 'log':
        return [{ kind: action }];
    }
  });
}

/** One capture for each agent that was called; events of others may name agent and screen as commands do. */
function captures(
  action: 'start' | 'stop',
  parameters: Notification['parameters'],
): readonly Step[] {
  const { ucid, IsrId, AgentId, ScreenIP, calledAors } = parameters;
  const isrId = ucid ?? IsrId;
  const session = isrId === undefined || isrId === '' ? {} : { isrId };
  const named = AgentId === undefined || AgentId === '' ? [] : [AgentId];
  const agents = [...new Set([...agentsIn(calledAors ?? ''), ...named])];
  const targets: CaptureTarget[] = agents.map((agentId) => ({ ...session, agentId }));
  if (ScreenIP !== undefined && ScreenIP !== '') targets.push({ ...session, screenIp: ScreenIP });
  return targets.map((target) => ({ kind: 'capture', action, target }));
}

/** The users in a list of addresses of record, such as `agentX` of `sip:agentX@192.0.2.7`, each once. */
export function agentsIn(aors: string): readonly string[] {
  // A comma in a name that is shown separates nothing.
  const plain = aors.replaceAll(/"[^"]*"/g, '');
  const users = plain.split(',').flatMap((aor) => userOf(aor) ?? []);
  return [...new Set(users)];
}

/** `sip:`, `sips:` and `tel:` addresses, in angle brackets or not; a number alone is taken as it is. */
function userOf(aor: string): string | undefined {
  const inside = aor.slice(aor.lastIndexOf('<') + 1);
  const [address = ''] = inside.trim().split('>', 1);
  const [scheme = ''] = /^(sips?|tel):/i.exec(address) ?? [];
  const rest = address.slice(scheme.length);
  const at = rest.lastIndexOf('@');
  const [user = ''] = (at < 0 ? rest : rest.slice(0, at)).split(/[;:]/, 1);
  const name = decoded(user);
  // A SIP address without a user is that of a machine; but a number is one whose machine nobody knows.
  if (name === '' || (at < 0 && /^sip/i.test(scheme) && !/^[+*#\d]+$/.test(name))) return undefined;
  return name;
}

/** Addresses of record as the list that a notification tells: each once, and as many as one may tell. */
export function aorList(aors: Iterable<string>): string {
  const told: string[] = [];
  let length = 0;
  for (const aor of new Set(aors)) {
    length += aor.length + 1;
    if (told.length >= mostAgents || length > longestValue) break;
    told.push(aor);
  }
  return told.join(',');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
