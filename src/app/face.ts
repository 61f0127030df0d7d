/**
 * Puts the FACE interface together: the vendor's routes over our books and recorders, and the policies that follow
 * from events, those of recorders of ours among them.
 */
import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import { systemClock } from '../base/clock.ts';
import type { Call } from '../call/call.ts';
import { type CallEvent, isOfCall } from '../call/event.ts';
import type { Config } from '../config/settings.ts';
import { aorList } from '../face/policies.ts';
import type { FacePorts, FaceSettings, LiveCalls } from '../face/ports.ts';
import { answerBadAddress, faceRoutes } from '../face/routes.ts';
import { aorOf, tookPart, ucidOf } from '../record/session.ts';
import type { Log } from '../telemetry/log.ts';
import { Notifications } from './notifications.ts';
import type { PolicySteps, RecordingCounts } from './recording-metrics.ts';
import { RecordingWatch } from './recording-watch.ts';
import type { Recordings } from './recordings.ts';
import type { Webhooks } from './webhooks.ts';

export interface FaceParts {
  readonly recordings: Recordings;
  /** Calls that go on, as the last run left them. */
  readonly open: readonly Call[];
  readonly ongoing: LiveCalls['ongoing'];
  readonly webhooks: Pick<Webhooks, 'tell'>;
  readonly waitMs: FacePorts['waitMs'];
  /** Of this server. */
  readonly version: string;
  readonly log: Log;
  readonly counts: RecordingCounts;
}

export class Face {
  readonly plugin: FastifyPluginCallback;
  /** Answers an address that cannot be decoded, where it is one of these routes'; true when it has. */
  readonly onBadAddress: (request: FastifyRequest, reply: FastifyReply) => boolean;
  readonly #notifications: Notifications;
  readonly #version: string;
  readonly #watch: RecordingWatch;
  #settings: FaceSettings;

  /** Undefined when it is not to be served. */
  static open(config: Config, parts: FaceParts): Face | undefined {
    return config.face.enabled ? new Face(config, parts) : undefined;
  }

  private constructor(
    config: Config,
    { recordings, open, ongoing, webhooks, waitMs, version, log, counts }: FaceParts,
  ) {
    const { books, control, logins, media } = recordings;
    this.#version = version;
    this.#watch = new RecordingWatch(open);
    this.#settings = settingsOf(config, version);
    this.#notifications = new Notifications(config, {
      log,
      tell: (occurrences) => webhooks.tell(occurrences),
    });
    const ports: FacePorts = {
      ...{ books, logins, media, log, waitMs, recorders: control },
      calls: { ongoing, accountOf: (call) => recordings.accountOf(call) },
      policies: this.#notifications.policies,
      settings: () => this.#settings,
      clock: systemClock,
      onFault: (error, route) => log.error({ err: error, request: route }, 'request.failed'),
      onAnswered: (command, code) => counts.answered(command, code),
      onMedia: (outcome) => counts.media(outcome),
    };
    this.plugin = faceRoutes(ports);
    this.onBadAddress = (request, reply) => answerBadAddress(ports, request, reply);
  }

  /** Told of every event once it is on the disk: what our recorders do is an event for policies too. */
  committed(events: readonly CallEvent[]): void {
    for (const event of events) {
      if (!isOfCall(event) || event.call.recordings.length === 0) continue;
      const turns = this.#watch.take(event.call);
      for (const _ of turns.began) this.#notify('AudioRecordingStarted', event.call);
      for (const _ of turns.ended) this.#notify('AudioRecordingEnded', event.call);
    }
  }

  #notify(event: string, call: Call): void {
    const aors = call.legs.filter(tookPart).flatMap((leg) => aorOf(leg) ?? []);
    void this.#notifications.policies.eventNotify(
      new Map([
        ['event', event],
        ['ucid', ucidOf(call) ?? ''],
        ['calledAors', aorList(aors)],
      ]),
    );
  }

  /** What policies wanted since the start, and what is under way. */
  get policySteps(): PolicySteps {
    const { counts, underWay } = this.#notifications;
    return { ...counts, underWay };
  }

  /** From here on these hold. */
  renew(config: Config): void {
    this.#settings = settingsOf(config, this.#version);
    this.#notifications.renew(config);
  }

  stop(): Promise<void> {
    return this.#notifications.stop();
  }
}

function settingsOf({ face, customData }: Config, version: string): FaceSettings {
  return {
    version: face.version === '' ? `offhook ${version}` : face.version,
    strictStatus: face.strictStatus,
    customData,
  };
}
