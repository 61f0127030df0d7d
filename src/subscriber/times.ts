/**
 * How times are told on the wire: as the record tells them, or as ISO 8601 for clients that speak JSON.
 */
import { cdrTime, type CdrTimes } from '../record/cdr-xml.ts';

export type Times = CdrTimes | 'iso';

/**
 * `YYYY-MM-DD hh:mm:ss.SSS`, or `YYYY-MM-DDThh:mm:ss.SSSZ` which is always UTC.
 * @param atMs milliseconds since 1970; what lies outside 1970..9999 is moved to the nearer end
 */
export function timeText(atMs: number, times: Times): string {
  if (times !== 'iso') return cdrTime(atMs, times);
  const text = cdrTime(atMs, 'utc');
  return `${text.slice(0, 10)}T${text.slice(11)}Z`;
}
