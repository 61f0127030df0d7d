/**
 * Event policies as they are set, and what carries them out: screen captures, webhooks and the log. What of the
 * configuration can change while the server runs is held here.
 */
import { randomUUID } from 'node:crypto';
import { systemClock } from '../base/clock.ts';
import type { Config } from '../config/settings.ts';
import { Notifying } from '../face/notifying.ts';
import type { PolicyPort } from '../face/ports.ts';
import type { Log } from '../telemetry/log.ts';
import type { Notified } from '../webhook/occurrence.ts';
import { ScreenCapture } from './screen-capture.ts';

export interface NotificationsParts {
  readonly log: Log;
  /** Has destinations told; resolves when that is on the disk. */
  readonly tell: (occurrences: readonly Notified[]) => Promise<void>;
}

export class Notifications {
  readonly #capture: ScreenCapture;
  readonly #notifying: Notifying;

  constructor(config: Config, { log, tell }: NotificationsParts) {
    this.#capture = new ScreenCapture(config.screenCapture);
    this.#notifying = new Notifying(config.policies, {
      capture: (action, target) => this.#capture.capture(action, target),
      tell: ({ event, parameters }) =>
        tell([{ kind: 'notified', id: randomUUID(), atMs: systemClock.now(), event, parameters }]),
      // Parameters name those who talk: they are written only where parties may be.
      log: ({ event, parameters: party }) => log.info({ notified: event, party }, 'policy.log'),
      onNotDone: (action, notified, reason) => {
        const { startUrl, stopUrl } = this.#capture.settings;
        // The usual policies hold for everybody, also for who captures no screens.
        const isUnused = action === 'capture' && startUrl === undefined && stopUrl === undefined;
        const fields = { action, ...(notified !== undefined && { notified }), reason };
        log[isUnused ? 'debug' : 'warn'](fields, 'policy.undone');
      },
    });
  }

  get policies(): PolicyPort {
    return this.#notifying;
  }

  /** What was carried out since the start, and what was not. */
  get counts(): Readonly<Notifying['counts']> {
    return this.#notifying.counts;
  }

  /** Captures and webhooks that wait or are under way. */
  get underWay(): number {
    return this.#notifying.underWay;
  }

  /** From here on these policies and this place for screen captures hold. */
  renew(config: Config): void {
    this.#capture.settings = config.screenCapture;
    this.#notifying.policies = config.policies;
  }

  /** Screen captures under way are cut. */
  stop(): Promise<void> {
    return this.#capture.close();
  }
}
