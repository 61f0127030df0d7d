/**
 * What feed sessions and the API ask of the rest of the house, answered: calls and their records, the
 * recorder, the state of things.
 */
import { nanoid } from 'nanoid';
import type { Gate } from '../access/gate.ts';
import type { Grant, Grants } from '../access/grant.ts';
import { type ExtensionFilter, seesAny } from '../call/extension.ts';
import type { Hub } from '../feed/hub.ts';
import type { Cdrs } from '../record/cdrs.ts';
import { muteCommands, partiesMuted } from '../record/mute.ts';
import type { Desk, MuteResult, MuteState } from '../subscriber/desk.ts';
import type { Encoder } from '../subscriber/encoding.ts';
import type { SourceStatus, Summary } from '../subscriber/message.ts';
import type { Call } from '../call/call.ts';
import type { RecorderCommand } from '../webhook/occurrence.ts';
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
  readonly grants: Grants;
  readonly gate: Pick<Gate, 'seat' | 'unseat'>;
  /** Told when a recorder did not do what it was told. */
  readonly onRefused: (refusal: Refusal) => void;
}

/** A recorder that did not do what it was told. */
export interface Refusal {
  readonly id: string;
  /** Our time, milliseconds since 1970. */
  readonly atMs: number;
  readonly command: RecorderCommand;
  readonly reason: string;
  readonly call: Call;
  /** Key of the leg that was meant, where one was. */
  readonly leg?: string;
}

export class FrontDesk implements Desk {
  readonly #parts: DeskParts;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** A call with its record, ongoing or finished, where the scope sees it. */
  async find(
    callId: string,
    scope: ExtensionFilter,
  ): Promise<{ readonly call: Call; readonly xml: string } | undefined> {
    const found = await this.#find(callId);
    return found !== undefined && seesAny(scope, found.call.extensions) ? found : undefined;
  }

  async #find(callId: string): Promise<{ readonly call: Call; readonly xml: string } | undefined> {
    const { hub, cdrs, encoder } = this.#parts;
    const call = hub.call(callId);
    if (call !== undefined) return { call, xml: encoder.cdr(call) };
    const found = await cdrs.find(callId);
    if (found !== undefined) return found;
    // It may have ended, and been told of, while the books were asked.
    const late = hub.call(callId);
    return late === undefined ? undefined : { call: late, xml: encoder.cdr(late) };
  }

  async cdr(callId: string, scope: ExtensionFilter): Promise<string | undefined> {
    return (await this.find(callId, scope))?.xml;
  }

  muteState(callId: string, scope: ExtensionFilter): MuteState | undefined {
    const call = this.#ongoing(callId, scope);
    return call === undefined ? undefined : partiesMuted(call);
  }

  async mute(callId: string, wanted: MuteState, scope: ExtensionFilter): Promise<MuteResult> {
    const { sources, nowMs } = this.#parts;
    const call = this.#ongoing(callId, scope);
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
      if (result.kind === 'done') continue;
      const { reason } = result;
      this.#parts.onRefused({
        ...{ id: nanoid(), atMs: nowMs(), reason, call, leg: command.leg },
        command: command.muted ? 'pause' : 'resume',
      });
      return { kind: 'failed', reason };
    }
    return { kind: 'done' };
  }

  sources(): readonly SourceStatus[] {
    return this.#parts.sources.reports().map(({ name, state, heardAtMs, lagMs }) => ({
      name,
      state,
      ...(heardAtMs !== undefined && { heardAtMs }),
      ...(lagMs !== undefined && { lagMs }),
    }));
  }

  #ongoing(callId: string, scope: ExtensionFilter): Call | undefined {
    const call = this.#parts.hub.call(callId);
    return call !== undefined && seesAny(scope, call.extensions) ? call : undefined;
  }

  summary(scope: ExtensionFilter): Summary {
    const { version, startedAtMs, nowMs, subscribers, hub } = this.#parts;
    return {
      version,
      uptimeS: Math.floor((nowMs() - startedAtMs) / 1_000),
      subscribers: subscribers(),
      ongoingCalls: scope.all ? hub.ongoingCount : hub.ongoing(scope).length,
      sources: this.sources(),
    };
  }

  authenticate(token: string): Grant | string {
    const { grants, gate } = this.#parts;
    const grant = grants.verify(token);
    if (grant === undefined) {
      return 'The token is not known here; ask the administrator for a valid one.';
    }
    if (gate.seat(grant)) return grant;
    return `The token "${grant.name}" is in use by as many sessions as it may; end one of them first.`;
  }

  letGo(grant: Grant): void {
    this.#parts.gate.unseat(grant);
  }
}
