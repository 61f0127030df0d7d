/**
 * The configuration as the rooms want it: each its own slice, and the rooms that are made of nothing else.
 */
import { hostname } from 'node:os';
import type { GateSettings } from '../access/gate.ts';
import type { TokenGrant } from '../access/grant.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Config } from '../config/settings.ts';
import { Retention } from '../journal/retention.ts';
import type { CdrSite } from '../record/cdr-xml.ts';
import { Filing } from '../record/filing.ts';
import type { StoreClient } from '../store/client.ts';
import { bounds } from '../subscriber/message.ts';
import type { SessionSettings } from '../subscriber/session.ts';
import type { Log } from '../telemetry/log.ts';
import { patientClock } from './patient-clock.ts';
import { steadyClock } from './steady-clock.ts';

/** Signal ids are remembered for a day: senders repeat within minutes. */
const signalIdsMaxAgeMs = 24 * 3_600_000;
/** A clock set ahead drops nothing before it has stood so for an hour. */
const patienceMs = 3_600_000;

export function siteOf({ site }: Config): CdrSite {
  const location = site.location === '' ? hostname() : site.location;
  return { location, recorderServiceId: site.recorderServiceId, times: site.times };
}

/** @param pingMs between pings, milliseconds; 0 for none */
export function sessionOf({ feed, access }: Config, pingMs: number): SessionSettings {
  const { keepAliveMs, idleTimeoutMs, drainTimeoutMs, closeAfterResponse } = feed;
  const { requireToken, authTimeoutMs, authBytes, documentRate } = access;
  const { halfMessageMs } = bounds;
  return {
    keepAliveMs,
    idleTimeoutMs,
    drainTimeoutMs,
    requireToken,
    authTimeoutMs,
    authBytes,
    documentRate,
    closeAfterResponse,
    halfMessageMs,
    pingMs,
  };
}

export function gateOf({ access }: Config): GateSettings {
  const { allow, maxPerAddress, maxPerToken, acceptRate, requestRate } = access;
  return { allow, maxPerAddress, maxPerToken, acceptRate, requestRate };
}

/** Every token there is: those of the configuration and those of the tokens file. */
export function tokensOf({ tokens, filedTokens }: Config): readonly TokenGrant[] {
  return [...tokens, ...filedTokens];
}

export function filingOf(config: Config, store: StoreClient, log: Log): Filing | undefined {
  if (!config.record.metadataFiles) return undefined;
  return new Filing({
    store,
    dataFolder: config.data.dir,
    mediaRoots: config.record.mediaRoots,
    onFailure: ({ callId, error }) =>
      log.error({ call: callId, err: error }, 'metadata-file.failed'),
    onTrouble: (error) => log.error({ err: error }, 'metadata-file.failed'),
  });
}

/** The time of day for what drops things. */
export function believedClock(): Clock {
  return patientClock(systemClock, steadyClock, patienceMs);
}

export function retentionOf(config: Config, store: StoreClient, log: Log): Retention {
  return new Retention({
    store,
    clock: believedClock(),
    settings: {
      eventsMaxAgeMs: config.journal.maxAgeMs,
      eventsMaxBytes: config.journal.maxSizeBytes,
      cdrsMaxAgeMs: config.record.maxAgeMs,
      signalIdsMaxAgeMs,
    },
    onReport: (report) => {
      if (report.kind === 'failed') log.error({ err: report.error }, 'retention.failed');
      else log.debug({ ...report }, 'retention.done');
    },
  });
}
