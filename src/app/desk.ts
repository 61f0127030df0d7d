/**
 * What feed sessions and the API ask of the rest of the house, answered: calls and their records, the
 * recorder, the state of things.
 */
import type { Hub } from '../feed/hub.ts';
import type { Cdrs } from '../record/cdrs.ts';
import { muteCommands, partiesMuted } from '../record/mute.ts';
import type { Desk, MuteResult, MuteState } from '../subscriber/desk.ts';
import type { Encoder } from '../subscriber/encoding.ts';
import type { SourceStatus, Summary } from '../subscriber/message.ts';
import type { Call } from '../call/call.ts';
import type { Sources } from './sources.ts';

export interface DeskParts {
  readonly hub: Hub;
  readonly cdrs: Cdrs;
  readonly encoder: Encoder;
  readonly sources: Sources;
  readonly version: string;
  /** Our time at the start, and now, milliseconds. */
  readonly startedAtMs: number;
  readonly nowMs: () => number;
  readonly subscribers: () => number;
  readonly isToken: (token: string) => boolean;
}

export class FrontDesk implements Desk {
  readonly #parts: DeskParts;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** A call with its record, ongoing or finished. */
  async find(callId: string): Promise<{ readonly call: Call; readonly xml: string } | undefined> {
    const { hub, cdrs, encoder } = this.#parts;
    const call = hub.call(callId);
    if (call !== undefined) return { call, xml: encoder.cdr(call) };
    const found = await cdrs.find(callId);
    if (found !== undefined) return found;
    // It may have ended, and been told of, while the books were asked.
    const late = hub.call(callId);
    return late === undefined ? undefined : { call: late, xml: encoder.cdr(late) };
  }

  async cdr(callId: string): Promise<string | undefined> {
    return (await this.find(callId))?.xml;
  }

  muteState(callId: string): MuteState | undefined {
    const call = this.#parts.hub.call(callId);
    return call === undefined ? undefined : partiesMuted(call);
  }

  async mute(callId: string, wanted: MuteState): Promise<MuteResult> {
    const { hub, sources } = this.#parts;
    const call = hub.call(callId);
    if (call === undefined) return { kind: 'no-such-call' };
    const commands = muteCommands(call, wanted);
    if (commands.length === 0) return { kind: 'failed', reason: 'The call is not being recorded.' };
    const source = sources.get(call.source);
    if (source?.record === undefined) {
      const reason = `The source "${call.source}" has no recorder that could be driven.`;
      return { kind: 'failed', reason };
    }
    for (const command of commands) {
      const result = await source.record(command);
      if (result.kind !== 'done') return { kind: 'failed', reason: result.reason };
    }
    return { kind: 'done' };
  }

  sources(): readonly SourceStatus[] {
    return this.#parts.sources.reports().map(({ name, state, heardAtMs }) => ({
      name,
      state,
      ...(heardAtMs !== undefined && { heardAtMs }),
    }));
  }

  summary(): Summary {
    const { version, startedAtMs, nowMs, subscribers, hub } = this.#parts;
    return {
      version,
      uptimeS: Math.floor((nowMs() - startedAtMs) / 1_000),
      subscribers: subscribers(),
      ongoingCalls: hub.ongoingCount,
      sources: this.sources(),
    };
  }

  authenticate(token: string): boolean {
    return this.#parts.isToken(token);
  }
}
