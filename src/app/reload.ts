/**
 * Which settings a running server cannot take up: those that its sockets, its store and its rooms were
 * made with.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/settings.ts';

/** What holds only after a restart; everything else at once, or for the next session that opens. */
export const fixed = {
  feed: ['host', 'port', 'tls', 'queueBytes'],
  http: ['enabled', 'host', 'port', 'tls', 'bodyLimitBytes'],
  data: ['dir'],
  journal: ['maxAgeMs', 'maxSizeBytes'],
  record: ['maxAgeMs', 'mediaRoots', 'metadataFiles', 'mediaMaxAgeMs', 'mediaMaxSpaceBytes'],
  face: ['enabled'],
  webhooks: ['concurrency', 'perHost', 'keepForMs'],
  site: ['location', 'recorderServiceId', 'times'],
} as const;

/**
 * The settings that differ between the two and hold only after a restart, as `section.name`.
 * @param current what the server was started with
 */
export function needingRestart(current: Config, renewed: Config): readonly string[] {
  const found = Object.entries(fixed).flatMap(([section, names]) => {
    const before = Object.entries(current[section as keyof typeof fixed]);
    const after = new Map<string, unknown>(Object.entries(renewed[section as keyof typeof fixed]));
    return before
      .filter(([name]) => (names as readonly string[]).includes(name))
      .filter(([name, value]) => !isDeepStrictEqual(value, after.get(name)))
      .map(([name]) => `${section}.${name}`);
  });
  // Whether clients are asked for a certificate is settled with the socket; by which authorities is not.
  if ((current.tls.clientCa === undefined) !== (renewed.tls.clientCa === undefined)) {
    found.push('tls.clientCa');
  }
  const ingests = (config: Config): unknown =>
    config.sources.filter(({ type, enabled }) => type === 'ingest' && enabled);
  return isDeepStrictEqual(ingests(current), ingests(renewed))
    ? found
    : [...found, 'source.ingest'];
}
