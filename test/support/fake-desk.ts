/**
 * A desk whose answers the test decides: records, the recorder, the sources, a token.
 */
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
  muteResult: MuteResult = { kind: 'done' };
  /** What detail and mute requests wait for. */
  answers: () => Promise<void> = () => Promise.resolve();
  sourceStates: readonly SourceStatus[] = [
    { name: 'pbx', state: 'up', heardAtMs: firstCallAtMs },
    { name: 'branch', state: 'down' },
  ];
  muted: MuteState = { callerMuted: true, calleeMuted: false };
  subscribers: () => number = () => 0;

  constructor(hub: Hub, encoder: Encoder) {
    this.#hub = hub;
    this.#encoder = encoder;
  }

  async cdr(callId: string): Promise<string | undefined> {
    await this.answers();
    const call = this.#hub.call(callId);
    return call === undefined ? this.finished.get(callId) : this.#encoder.cdr(call);
  }

  async mute(callId: string, wanted: MuteState): Promise<MuteResult> {
    await this.answers();
    if (this.#hub.call(callId) === undefined) return { kind: 'no-such-call' };
    this.mutes.push({ call: callId, wanted });
    if (this.muteResult.kind === 'done') this.muted = wanted;
    return this.muteResult;
  }

  muteState(callId: string): MuteState | undefined {
    return this.#hub.call(callId) === undefined ? undefined : this.muted;
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

  authenticate(token: string): boolean {
    return token === goodToken;
  }
}
