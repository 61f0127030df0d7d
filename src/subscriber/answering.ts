/**
 * Answers to what a client asks of the rest of the house: calls, records, the recorder, the state of
 * things. Knows no session and no wire.
 */
import type { Grant } from '../access/grant.ts';
import { type ExtensionFilter, filterOf, narrowed } from '../call/extension.ts';
import type { Hub } from '../feed/hub.ts';
import type { Log } from '../telemetry/log.ts';
import type { Desk } from './desk.ts';
import type { Answer, RequestHead } from './message.ts';
import type { Ask } from './session.ts';

/** The answer, or a promise where somebody else must be waited for. */
export function answerTo(
  ask: Exclude<Ask, { kind: 'authenticate' }>,
  { name, scope, control }: Grant,
  desk: Desk,
  hub: Pick<Hub, 'ongoing'>,
): Answer | Promise<Answer> {
  const { head } = ask;
  switch (ask.kind) {
    case 'summary':
      return { kind: 'summary', head, summary: desk.summary(scope) };
    case 'ongoing': {
      const filter = narrowed(filterOf(ask.extensions), scope);
      return { kind: 'ongoing', head, calls: hub.ongoing(filter) };
    }
    case 'mute-state': {
      const state = desk.muteState(ask.call, scope);
      return state === undefined ? noCall(head, ask.call) : { kind: 'mute-state', head, ...state };
    }
    case 'detail':
      return detail(head, ask.call, desk.cdr(ask.call, scope));
    case 'mute': {
      if (control) return mute(ask, scope, desk);
      const detail = `The token "${name}" may not mute; one with control = true may.`;
      return { kind: 'failure', head, failure: 'Not Authorized', detail };
    }
  }
}

/** The answer, or the one that says that there is none, the reason being in the log. */
export async function orFailure(
  answering: Promise<Answer>,
  head: RequestHead,
  log: Log,
): Promise<Answer> {
  try {
    return await answering;
  } catch (error) {
    log.error({ err: error, request: head.type }, 'request.failed');
    const detail = 'The server could not answer; the reason is in its log.';
    return { kind: 'failure', head, failure: 'Processing Error', detail };
  }
}

async function detail(
  head: RequestHead,
  callId: string,
  found: Promise<string | undefined>,
): Promise<Answer> {
  const cdr = await found;
  return cdr === undefined ? noCall(head, callId) : { kind: 'detail', head, cdr };
}

async function mute(
  ask: Extract<Ask, { kind: 'mute' }>,
  scope: ExtensionFilter,
  desk: Desk,
): Promise<Answer> {
  const { head, call, callerMuted, calleeMuted } = ask;
  const result = await desk.mute(call, { callerMuted, calleeMuted }, scope);
  switch (result.kind) {
    case 'done':
      return { kind: 'done', head };
    case 'no-such-call':
      return noCall(head, call);
    case 'failed':
      return { kind: 'failure', head, failure: 'Processing Error', detail: result.reason };
  }
}

function noCall(head: RequestHead, id: string): Answer {
  const detail = `No call has the id "${id.slice(0, 80)}" here.`;
  return { kind: 'failure', head, failure: 'Call Not Found', detail };
}
