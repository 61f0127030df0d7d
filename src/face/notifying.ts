/**
 * Notifications of events and commands for screen captures, carried out through ports: what concerns one screen in
 * the order in which it came, everything within bounds. Knows no socket and no clock.
 */
import type { PolicySettings } from '../config/settings.ts';
import { missing, nack, verdicts } from './codes.ts';
import type { Parameters } from './parameters.ts';
import {
  type CaptureTarget,
  longestValue,
  type Notification,
  readNotification,
  type Step,
  stepsOf,
} from './policies.ts';
import type { PolicyPort, Told } from './ports.ts';

export type CaptureOutcome =
  | { readonly kind: 'done' }
  /** Nobody has said where captures are asked for. */
  | { readonly kind: 'not-configured' }
  | {
      readonly kind: 'failed';
      /** A sentence for whoever asked, without anything of our own network. */
      readonly reason: string;
      /** The same for the operator, with what was tried. */
      readonly detail: string;
      /** HTTP status of a strict answer. */
      readonly status: number;
    };

export interface NotifyingPorts {
  /** Asks for a capture to begin or end. Never rejects. */
  capture(action: 'start' | 'stop', target: CaptureTarget): Promise<CaptureOutcome>;
  /** Has the destinations of webhooks told; resolves when that is on the disk. */
  tell(notification: Notification): Promise<void>;
  log(notification: Notification): void;
  /** Something that a policy wanted was not done, and why; `event` is undefined for a command. */
  onNotDone(what: Step['kind'], event: string | undefined, why: string): void;
}

/** Captures, and likewise webhooks, under way or waiting at one time; whatever comes beyond is not done. */
export const mostUnderWay = 512;
/** How many of these captures may be of one screen. */
export const mostOfScreen = 4;

/** The word of this command alone; all others say "ACK". */
const success: Told = { code: 0, message: 'success' };
const tooMany = 'Too many screen captures are asked for at the same time.';

export class Notifying implements PolicyPort {
  readonly #ports: NotifyingPorts;
  /** From here on these hold, for what comes now. */
  policies: readonly PolicySettings[];
  /** Steps and commands that were carried out, and those that were not. */
  readonly counts = { done: 0, notDone: 0 };
  /** The last of what was asked for each screen. */
  readonly #lines = new Map<string, { last: Promise<unknown>; length: number }>();
  #captures = 0;
  #tellings = 0;

  constructor(policies: readonly PolicySettings[], ports: NotifyingPorts) {
    this.policies = policies;
    this.#ports = ports;
  }

  /** Captures and webhooks that are under way or wait. */
  get underWay(): number {
    return this.#captures + this.#tellings;
  }

  /** `eventNotify`: answered at once; what the policies want follows. */
  eventNotify(parameters: Parameters): Told {
    const read = readNotification(parameters);
    if (read.kind === 'refused') return read.answer;
    for (const step of stepsOf(this.policies, read.notification)) {
      void this.#take(step, read.notification);
    }
    return success;
  }

  /** `StartScreenCapture`: answered when it has been done. */
  startScreenCapture(parameters: Parameters): Promise<Told> {
    return this.#command('start', parameters);
  }

  /** `StopScreenCapture`, likewise. */
  stopScreenCapture(parameters: Parameters): Promise<Told> {
    return this.#command('stop', parameters);
  }

  async #command(action: 'start' | 'stop', parameters: Parameters): Promise<Told> {
    const read = targetOf(action, parameters);
    if ('code' in read) return read;
    const outcome = await this.#capture(action, read);
    if (outcome.kind === 'done') return verdicts.ack;
    if (outcome.kind === 'failed') {
      this.#missed('capture', undefined, outcome.detail);
      return nack(outcome.reason, outcome.status);
    }
    const message = 'No screen capture is configured';
    this.#missed('capture', undefined, message);
    return nack(message, 501);
  }

  async #take(step: Step, notification: Notification): Promise<void> {
    const { event } = notification;
    switch (step.kind) {
      case 'log':
        this.#ports.log(notification);
        this.counts.done += 1;
        return;
      case 'webhook':
        return this.#tell(notification);
      case 'capture': {
        const outcome = await this.#capture(step.action, step.target);
        if (outcome.kind === 'failed') this.#missed('capture', event, outcome.detail);
        else if (outcome.kind === 'not-configured') {
          this.#missed('capture', event, 'no screen capture is configured');
        }
      }
    }
  }

  async #tell(notification: Notification): Promise<void> {
    const { event } = notification;
    if (this.#tellings >= mostUnderWay) {
      return this.#missed('webhook', event, 'too many are told at the same time');
    }
    this.#tellings += 1;
    try {
      await this.#ports.tell(notification);
      this.counts.done += 1;
    } catch (error) {
      this.#missed('webhook', event, error instanceof Error ? error.message : String(error));
    } finally {
      this.#tellings -= 1;
    }
  }

  /** A capture ends after it has begun: what concerns one screen waits for what was asked before. */
  async #capture(action: 'start' | 'stop', target: CaptureTarget): Promise<CaptureOutcome> {
    const key = JSON.stringify([target.agentId, target.screenIp]);
    const line = this.#lines.get(key) ?? { last: Promise.resolve(), length: 0 };
    if (this.#captures >= mostUnderWay || line.length >= mostOfScreen) {
      return { kind: 'failed', reason: tooMany, detail: tooMany, status: 503 };
    }
    const outcome = line.last.then(() => this.#ports.capture(action, target));
    this.#lines.set(key, line);
    line.last = outcome;
    line.length += 1;
    this.#captures += 1;
    const found = await outcome;
    this.#captures -= 1;
    line.length -= 1;
    if (line.length === 0) this.#lines.delete(key);
    if (found.kind === 'done') this.counts.done += 1;
    return found;
  }

  #missed(what: Step['kind'], event: string | undefined, why: string): void {
    this.counts.notDone += 1;
    this.#ports.onNotDone(what, event, why);
  }
}

/** What a command is about, or which of its parameters is missing. */
function targetOf(action: 'start' | 'stop', parameters: Parameters): CaptureTarget | Told {
  // The vendor's own examples have a blank before the value.
  const given = (name: string): string | undefined => parameters.get(name)?.trim() || undefined;
  const [isrId, agentId, screenIp] = [given('IsrId'), given('AgentId'), given('ScreenIP')];
  if (action === 'start' && isrId === undefined) return missing('IsrId');
  if (agentId === undefined && screenIp === undefined) return missing('AgentId or ScreenIP');
  const texts = [isrId, agentId, screenIp];
  if (texts.some((text) => text !== undefined && text.length > longestValue)) {
    return nack(`A parameter has at most ${longestValue} characters`);
  }
  return {
    ...(isrId !== undefined && { isrId }),
    ...(agentId !== undefined && { agentId }),
    ...(screenIp !== undefined && { screenIp }),
  };
}
