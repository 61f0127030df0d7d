/** Lets a recording be heard the way a live Asterisk would be, and says what came of it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isOfCall, type OfCall } from '../../../src/call/event.ts';
import { type Account, accountOf, storyOf } from '../../support/account.ts';
import { type AmiListener, listenTo } from '../../support/ami-listener.ts';
import type { Cut } from '../../support/scripted-pbx.ts';

const folder = fileURLToPath(new URL('../../fixtures/ami/', import.meta.url));

export const readRecording = (name: string): Buffer => readFileSync(`${folder}${name}.txt`);

export interface Heard {
  readonly account: Account;
  readonly story: readonly string[];
  readonly extensions: readonly string[];
  readonly events: readonly OfCall[];
}

/** Hears a recording that holds a single call. */
export async function hearCall(name: string, cut?: Cut): Promise<Heard> {
  const listener = await hear(name, cut);
  const [call, ...others] = listener.calls;
  if (call === undefined || others.length > 0) {
    throw new Error(`Expected one call in ${name}, but there are ${listener.calls.length}.`);
  }
  const events = listener.ofCalls;
  const { extensions } = call;
  return { account: accountOf(call), story: storyOf(events), extensions, events };
}

export function hear(name: string, cut?: Cut): Promise<AmiListener> {
  return listenTo({ say: readRecording(name), ...(cut !== undefined && { cut }) });
}

/** The events of calls without our own clock's times, to compare what two hearings told. */
export function toldBy(listener: AmiListener): readonly object[] {
  return listener.events.filter(isOfCall).map((event) => ({ ...event, seenAtMs: 0 }));
}
