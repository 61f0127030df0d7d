/**
 * A desk whose answers the test decides: records, the recorder, the sources, a token.
 */
import { anybody, type Grant } from '../../src/access/grant.ts';
import { type ExtensionFilter, seesAny } from '../../src/call/extension.ts';
import type { Hub } from '../../src/feed/hub.ts';
import type { Desk, MuteResult, MuteState } from '../../src/subscriber/desk.ts';
import type { Encoder } from '../../src/subscriber/encoding.ts';
import type { SourceStatus, Summary } from '../../src/subscriber/message.ts';
import { firstCallAtMs } from './calls.ts';

export const goodToken = 'a-token-that-was-given-out';

export class FakeDesk implements Desk {
  readonly #hub: Hub;
  readonly #encoder: Encoder;
  /** Records of calls that are over, by id. */
  readonly finished = new Map<string, string>();
  readonly mutes: { readonly call: string; readonly wanted: MuteState }[] = [];
  readonly tokens = new Map<string, Grant>([[goodToken, anybody]]);
  /** Grants in use, once for each session. */
  readonly seated: Grant[] = [];
  muteResult: MuteResult = { kind: 'done' };
  /** What detail and mute requests wait for. */
  answers: () => Promise<void> = () => Promise.resolve();
  sourceStates: readonly SourceStatus[] = [
    { name: 'pbx', state: 'up', heardAtMs: firstCallAtMs, lagMs: 7 },
    { name: 'branch', state: 'down' },
  ];
  muted: MuteState = { callerMuted: true, calleeMuted: false };
  subscribers: () => number = () => 0;

  constructor(hub: Hub, encoder: Encoder) {
    this.#hub = hub;
    this.#encoder = encoder;
  }

  async cdr(callId: string, scope: ExtensionFilter): Promise<string | undefined> {
    await this.answers();
    const call = this.#hub.call(callId);
    if (call === undefined) return this.finished.get(callId);
    return seesAny(scope, call.extensions) ? this.#encoder.cdr(call) : undefined;
  }

  #seen(callId: string, scope: ExtensionFilter): boolean {
    const call = this.#hub.call(callId);
    return call !== undefined && seesAny(scope, call.extensions);
  }

  async mute(callId: string, wanted: MuteState, scope: ExtensionFilter): Promise<MuteResult> {
    await this.answers();
    if (!this.#seen(callId, scope)) return { kind: 'no-such-call' };
    this.mutes.push({ call: callId, wanted });
    if (this.muteResult.kind === 'done') this.muted = wanted;
    return this.muteResult;
  }

  muteState(callId: string, scope: ExtensionFilter): MuteState | undefined {
    return this.#seen(callId, scope) ? this.muted : undefined;
  }

  summary(): Summary {
    return {
      version: '9.8.7',
      uptimeS: 61,
      subscribers: this.subscribers(),
      ongoingCalls: this.#hub.ongoingCount,
      sources: this.sources(),
    };
  }

  sources(): readonly SourceStatus[] {
    return this.sourceStates;
  }

  authenticate(token: string): Grant | string {
    const grant = this.tokens.get(token);
    if (grant === undefined)
      return 'The token is not known here; ask the administrator for a valid one.';
    this.seated.push(grant);
    return grant;
  }

  letGo(grant: Grant): void {
    this.seated.splice(this.seated.indexOf(grant), 1);
  }
}
