/**
 * The rules of one AMI conversation: greet, log in, take stock, listen, ping. Pure: a message or the time
 * goes in, what to send, to tell and to change comes out, in order. It owns no socket, timer or clock.
 */
import { createHash } from 'node:crypto';
import { SourceError } from '../../base/errors.ts';
import type { CallSignal, RecordingSignal } from '../../call/signal.ts';
import type { RecorderCommand } from '../source.ts';
import type { AmiEffect } from './effect.ts';
import { Inventory } from './inventory.ts';
import { type AmiAction, type AmiMessage, field, type Fields } from './message.ts';
import { type Question, Questions } from './questions.ts';
import { RecordingOrders } from './recording-orders.ts';
import {
  stampOf,
  translate,
  translateBridge,
  translateListed,
  unneededEvents,
} from './translate.ts';

export interface AmiSessionSettings {
  readonly source: string;
  readonly username: string;
  readonly secret: string;
  /** `md5` proves the secret without sending it. */
  readonly login: 'md5' | 'plain';
  /** Quiet for this long, we ask whether the server is still there; for twice as long, it is gone. */
  readonly pingIntervalMs: number;
  /** File extension of recordings started by us, without the dot. */
  readonly recordingFormat: string;
}

/** The server must greet, let us in or answer a recorder command within this time. */
const answerTimeoutMs = 10_000;
/** An unanswered request for the list of channels is made again after this time. */
const listTimeoutMs = 30_000;
/** One that was refused is made again after this time. */
const listRetryMs = 2_000;

type Phase = 'greeting' | 'challenged' | 'logging-in' | 'syncing' | 'up';

export class AmiSession {
  readonly #settings: AmiSessionSettings;
  #phase: Phase = 'greeting';
  #phaseSinceMs: number;
  #heardAtMs: number;
  #pingSentAtMs = 0;
  #actions = 0;
  #listedSinceMs = 0;
  readonly #inventory = new Inventory();
  /** Our time of day at the last message. */
  #dayMs: number;
  /** The PBX's time of day minus our steady clock, once it has been seen. */
  #aheadMs: number | undefined;
  readonly #questions = new Questions<readonly AmiEffect[]>(answerTimeoutMs);
  readonly #orders: RecordingOrders;
  /** Actions address a channel by name, signals by Uniqueid. */
  readonly #channels = new Map<string, string>();

  constructor(settings: AmiSessionSettings, nowMs: number) {
    this.#settings = settings;
    this.#phaseSinceMs = nowMs;
    this.#heardAtMs = nowMs;
    this.#dayMs = nowMs;
    this.#orders = new RecordingOrders({
      source: settings.source,
      format: settings.recordingFormat,
      ask: (action, atMs, question) => this.#ask(action, atMs, question),
      dayThere: (atMs) => this.#dayThere(atMs),
    });
  }

  /**
   * @param nowMs of the clock that all methods are given, one that nobody sets: waiting is measured by it
   * @param dayMs our time of day, for what is told and has no time of Asterisk's own
   */
  receive(message: AmiMessage, nowMs: number, dayMs = nowMs): readonly AmiEffect[] {
    this.#heardAtMs = nowMs;
    this.#dayMs = dayMs;
    switch (message.kind) {
      case 'banner':
        return this.#begin(nowMs);
      case 'response':
        return this.#response(message.result, message.fields, nowMs);
      case 'event':
        return this.#event(message.name, message.fields, nowMs);
    }
  }

  /** To be called about once a second. */
  tick(nowMs: number): readonly AmiEffect[] {
    const silentMs = nowMs - this.#heardAtMs;
    const { pingIntervalMs } = this.#settings;
    const waits = this.#phase !== 'up' && this.#phase !== 'syncing';
    if (waits && nowMs - this.#phaseSinceMs > answerTimeoutMs) {
      const seconds = answerTimeoutMs / 1_000;
      return [this.#silent(`Asterisk did not answer within ${seconds} s while ${this.#phase}.`)];
    }
    if (waits) return [];
    // Never before it was asked: who was held up would take its own silence for theirs.
    if (silentMs > 2 * pingIntervalMs && this.#pingSentAtMs > this.#heardAtMs) {
      return [this.#silent(`Nothing was heard from Asterisk for ${Math.round(silentMs / 1e3)} s.`)];
    }
    const effects = [...this.#questions.expire(nowMs).flat(), ...this.#orders.expire(nowMs)];
    if (silentMs >= pingIntervalMs && nowMs - this.#pingSentAtMs >= pingIntervalMs) {
      this.#pingSentAtMs = nowMs;
      effects.push(this.#send(['Action', 'Ping']));
    }
    if (this.#phase === 'syncing' && nowMs - this.#listedSinceMs > listTimeoutMs) {
      effects.push(...this.#askForList(nowMs));
    }
    return effects;
  }

  /** We did not listen for a while, so that silence is not the server's. */
  listenAgain(nowMs: number): void {
    this.#heardAtMs = nowMs;
    this.#phaseSinceMs = nowMs;
  }

  /** Drives the recorder; the answer comes as a `result` effect with the same number. */
  command(command: RecorderCommand, number: number, nowMs: number): readonly AmiEffect[] {
    if (this.#phase !== 'up' && this.#phase !== 'syncing') {
      const reason = 'There is no connection to Asterisk now.';
      return [{ kind: 'result', command: number, result: { kind: 'unavailable', reason } }];
    }
    const channel = this.#channels.get(command.leg) ?? command.leg;
    return this.#orders.command(command, number, channel, nowMs);
  }

  /** The connection is gone: what is known, and has not been told yet. */
  lost(nowMs: number): readonly AmiEffect[] {
    return this.#orders.lost(nowMs);
  }

  #begin(nowMs: number): readonly AmiEffect[] {
    if (this.#settings.login === 'plain')
      return [this.#login(['Secret', this.#settings.secret], nowMs)];
    this.#enter('challenged', nowMs);
    return [this.#send(['Action', 'Challenge'], ['AuthType', 'MD5'])];
  }

  #login(proof: readonly [string, string], nowMs: number, ...more: [string, string][]): AmiEffect {
    this.#enter('logging-in', nowMs);
    // `dialplan` is left out on purpose: VarSet alone is half of all traffic.
    return this.#send(['Action', 'Login'], ['Username', this.#settings.username], ...more, proof, [
      'Events',
      'system,call,agent',
    ]);
  }

  #response(result: string, fields: Fields, nowMs: number): readonly AmiEffect[] {
    const ok = result === 'Success';
    switch (this.#phase) {
      case 'greeting':
        return [];
      case 'challenged': {
        const challenge = field(fields, 'Challenge');
        // A server that lets us in without a challenge has no need of one.
        if (ok && challenge === undefined) return this.#loggedIn(nowMs);
        if (challenge === undefined) return [this.#rejected(fields)];
        const key = createHash('md5')
          .update(challenge + this.#settings.secret)
          .digest('hex');
        return [this.#login(['Key', key], nowMs, ['AuthType', 'MD5'])];
      }
      case 'logging-in':
        return ok ? this.#loggedIn(nowMs) : [this.#rejected(fields)];
      case 'syncing':
      case 'up': {
        const id = field(fields, 'ActionID') ?? '';
        return this.#questions.answer(id, fields, ok, nowMs) ?? [];
      }
    }
  }

  #loggedIn(nowMs: number): readonly AmiEffect[] {
    this.#enter('syncing', nowMs);
    const { source } = this.#settings;
    return [
      { kind: 'state', state: 'syncing' },
      { kind: 'signal', signal: { kind: 'source.connected', source, atMs: this.#dayMs } },
      // Refused without the `system` class; then these events come and are dropped here.
      this.#send(
        ['Action', 'Filter'],
        ['Operation', 'Add'],
        ['Filter', `!Event: (${unneededEvents.join('|')})`],
      ),
      ...this.#askForList(nowMs),
    ];
  }

  /** Bridges first: who is listed in one that only lets people wait does not talk. */
  #askForList(nowMs: number): readonly AmiEffect[] {
    this.#listedSinceMs = nowMs;
    this.#inventory.take();
    return [
      this.#send(['Action', 'BridgeList']),
      this.#ask([['Action', 'CoreShowChannels']], nowMs, {
        done: (fields, ok) => (ok ? [] : this.#listRefused(fields, nowMs)),
        expired: () => [],
      }),
    ];
  }

  /** An Asterisk that is still starting refuses for a moment; one that forbids it does so for ever. */
  #listRefused(fields: Fields, nowMs: number): readonly AmiEffect[] {
    this.#listedSinceMs = nowMs - listTimeoutMs + listRetryMs;
    const said = field(fields, 'Message') ?? 'no reason given';
    const reason = `Asterisk refuses to list its channels: ${said}. The manager user needs write = reporting.`;
    return [{ kind: 'state', state: 'syncing', reason }];
  }

  #event(name: string, fields: Fields, nowMs: number): readonly AmiEffect[] {
    if (this.#phase !== 'syncing' && this.#phase !== 'up') return [];
    // List entries are taken by their name, whatever ActionID they carry: relays in between rewrite it,
    // and nobody else's list can come over this connection.
    if (name === 'CoreShowChannel') return this.#list(fields);
    if (name === 'BridgeListItem') return this.#listBridge(fields);
    if (name === 'CoreShowChannelsComplete') return this.#listComplete(nowMs);
    const stampMs = stampOf(fields);
    if (stampMs !== undefined) this.#aheadMs = stampMs - nowMs;
    const channel = field(fields, 'Channel');
    const leg = field(fields, 'Uniqueid');
    if (leg !== undefined && channel !== undefined) {
      // A channel may be renamed; whatever is told of it later carries the new name.
      if (name === 'Newchannel' || this.#channels.has(leg)) this.#channels.set(leg, channel);
    }
    const effects: AmiEffect[] = [];
    if (name === 'Hangup' && leg !== undefined) {
      this.#channels.delete(leg);
      effects.push(...this.#orders.ended(leg, nowMs));
    }
    for (const signal of translate(this.#settings.source, name, fields, this.#dayMs)) {
      if (isOfRecording(signal)) {
        effects.push(...this.#orders.heard(signal, channel ?? signal.leg, nowMs));
      } else effects.push({ kind: 'signal', signal });
    }
    return effects;
  }

  #list(fields: Fields): readonly AmiEffect[] {
    const leg = translateListed(fields);
    const channel = field(fields, 'Channel');
    if (leg === undefined || channel === undefined) return [];
    this.#channels.set(leg.leg, channel);
    if (this.#phase === 'syncing') this.#inventory.addLeg(leg);
    return [];
  }

  #listBridge(fields: Fields): readonly AmiEffect[] {
    const bridge = translateBridge(fields);
    if (bridge !== undefined && this.#phase === 'syncing') this.#inventory.addBridge(bridge);
    return [];
  }

  #listComplete(nowMs: number): readonly AmiEffect[] {
    if (this.#phase !== 'syncing') return [];
    this.#enter('up', nowMs);
    const legs = this.#inventory.take();
    const { source } = this.#settings;
    const atMs = this.#dayThere(nowMs);
    return [
      { kind: 'signal', signal: { kind: 'source.snapshot', source, atMs, legs } },
      { kind: 'state', state: 'up' },
    ];
  }

  /** Asterisk's time of day, or ours while its own is not known. */
  #dayThere(nowMs: number): number {
    return this.#aheadMs === undefined ? this.#dayMs : nowMs + this.#aheadMs;
  }

  #ask(action: AmiAction, nowMs: number, question: Question<readonly AmiEffect[]>): AmiEffect {
    const effect = this.#send(...action);
    this.#questions.ask(`offhook-${this.#actions}`, nowMs, question);
    return effect;
  }

  #send(...action: AmiAction): AmiEffect & { kind: 'send' } {
    this.#actions += 1;
    return { kind: 'send', action: [...action, ['ActionID', `offhook-${this.#actions}`]] };
  }

  #enter(phase: Phase, nowMs: number): void {
    this.#phase = phase;
    this.#phaseSinceMs = nowMs;
  }

  #rejected(fields: Fields): AmiEffect {
    const said = field(fields, 'Message') ?? 'no reason given';
    const { username, login } = this.#settings;
    const message = `Asterisk refused the ${login} login of "${username}": ${said}. Check manager.conf.`;
    return { kind: 'close', error: new SourceError('AMI_LOGIN_REJECTED', message, false) };
  }

  #silent(message: string): AmiEffect {
    return { kind: 'close', error: new SourceError('AMI_SILENT', message, true) };
  }
}

function isOfRecording(signal: CallSignal): signal is RecordingSignal {
  return signal.kind.startsWith('recording.');
}
