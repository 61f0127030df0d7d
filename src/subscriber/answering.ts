/**
 * Answers to what a client asks of the rest of the house: calls, records, the recorder, the state of
 * things. Knows no session and no wire.
 */
import { filterOf } from '../call/extension.ts';
import type { Hub } from '../feed/hub.ts';
import type { Desk } from './desk.ts';
import type { Answer, RequestHead } from './message.ts';
import type { Ask } from './session.ts';

/** The answer, or a promise where somebody else must be waited for. */
export function answerTo(
  ask: Exclude<Ask, { kind: 'authenticate' }>,
  desk: Desk,
  hub: Pick<Hub, 'ongoing'>,
): Answer | Promise<Answer> {
  const { head } = ask;
  switch (ask.kind) {
    case 'summary':
      return { kind: 'summary', head, summary: desk.summary() };
    case 'ongoing':
      return { kind: 'ongoing', head, calls: hub.ongoing(filterOf(ask.extensions)) };
    case 'mute-state': {
      const state = desk.muteState(ask.call);
      return state === undefined ? noCall(head, ask.call) : { kind: 'mute-state', head, ...state };
    }
    case 'detail':
      return detail(head, ask.call, desk);
    case 'mute':
      return mute(ask, desk);
  }
}

async function detail(head: RequestHead, callId: string, desk: Desk): Promise<Answer> {
  const cdr = await desk.cdr(callId);
  return cdr === undefined ? noCall(head, callId) : { kind: 'detail', head, cdr };
}

async function mute(ask: Extract<Ask, { kind: 'mute' }>, desk: Desk): Promise<Answer> {
  const { head, call, callerMuted, calleeMuted } = ask;
  const result = await desk.mute(call, { callerMuted, calleeMuted });
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
