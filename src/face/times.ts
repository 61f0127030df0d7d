/**
 * Times as the vendor's interface writes and reads them, in the time zone of whoever asks. Pure.
 */
import type { Span } from '../store/recording-messages.ts';

/** 9999-12-31 23:59:59.999, the last moment that the format can tell. */
const lastMs = 253_402_300_799_999;

/** `yyyy-MM-dd HH:mm:ss`, as rows of lists have it. */
export function secondsText(atMs: number, timeZone: string): string {
  const local = new Date(Math.min(localMs(within(atMs), timeZone), lastMs)).toISOString();
  return `${local.slice(0, 10)} ${local.slice(11, 19)}`;
}

/** `yyyy-MM-dd HH:mm:ss.f`, with one to three digits of a second: zeros at the end are dropped. */
export function momentText(atMs: number, timeZone: string): string {
  const ms = String(within(atMs) % 1_000).padStart(3, '0');
  return `${secondsText(atMs, timeZone)}.${ms.replace(/0{1,2}$/, '')}`;
}

/** `yyyy-MM-ddTHH:mm:ss.fff` with the offset from UTC, `Z` for none. */
export function isoText(atMs: number, timeZone: string): string {
  const ms = within(atMs);
  const offset = offsetMinutes(ms, timeZone);
  const local = new Date(Math.min(ms + offset * 60_000, lastMs)).toISOString().slice(0, 23);
  if (offset === 0) return `${local}Z`;
  const size = Math.abs(offset);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${local}${offset < 0 ? '-' : '+'}${two(Math.trunc(size / 60))}:${two(size % 60)}`;
}

/** How far the zone is ahead of UTC at that moment, whole minutes. */
export function offsetMinutes(atMs: number, timeZone: string): number {
  return Math.round((localMs(atMs, timeZone) - atMs) / 60_000);
}

export const timeShape =
  'yyyy-MM-dd HH:mm:ss, with or without fractions of a second and an offset from UTC, or milliseconds since 1970';

/**
 * The moments that a text means: one that is given to the second means all of that second.
 * @returns undefined for what is no time
 */
export function readTime(text: string, timeZone: string): Required<Span> | undefined {
  if (/^\d{1,15}$/.test(text)) {
    const atMs = Number(text);
    return atMs <= lastMs ? { from: atMs, through: atMs } : undefined;
  }
  const parts =
    /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(Z|[+ -]\d\d:?\d\d)?$/.exec(text);
  if (parts === null) return undefined;
  const [, date = '', time = '', fraction, zone] = parts;
  const ms = (fraction ?? '').padEnd(3, '0').slice(0, 3);
  const wall = `${date}T${time}.${ms}Z`;
  const wallMs = Date.parse(wall);
  // Engines carry a 31st of June over into July.
  if (Number.isNaN(wallMs) || new Date(wallMs).toISOString() !== wall) return undefined;
  const offset = zone === undefined ? undefined : readOffset(zone);
  if (Number.isNaN(offset)) return undefined;
  const atMs = offset === undefined ? fromLocal(wallMs, timeZone) : wallMs - offset * 60_000;
  return { from: atMs, through: fraction === undefined ? atMs + 999 : atMs };
}

/** Minutes; a "+" that nobody encoded arrives as a space. */
function readOffset(zone: string): number {
  if (zone === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  if (hours > 18 || minutes > 59) return NaN;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

/**
 * The moment at which a clock in the zone shows this; of two the earlier one, and where clocks were put forward
 * past it, the moment at which it would have been without that.
 */
function fromLocal(wallMs: number, timeZone: string): number {
  const dayMs = 86_400_000;
  const before = offsetMinutes(Math.max(0, wallMs - dayMs), timeZone);
  const after = offsetMinutes(Math.min(lastMs, wallMs + dayMs), timeZone);
  const found = [before, after]
    .map((offset) => wallMs - offset * 60_000)
    .filter((atMs) => localMs(atMs, timeZone) === wallMs);
  return found.length > 0 ? Math.min(...found) : wallMs - before * 60_000;
}

/** What a clock in the zone shows, as the moment at which one at UTC shows the same. */
function localMs(atMs: number, timeZone: string): number {
  if (timeZone === 'UTC') return atMs;
  const part: Record<string, number> = {};
  for (const { type, value } of formatOf(timeZone).formatToParts(atMs)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  const ms = ((atMs % 1_000) + 1_000) % 1_000;
  return Date.UTC(year, month - 1, day, hour, minute, second, ms);
}

const formats = new Map<string, Intl.DateTimeFormat>();
/** Zones are of users as configured; more of them than this are made anew. */
const mostFormats = 600;

/** Making one takes long. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const whole = { year: 'numeric', month: 'numeric', day: 'numeric' } as const;
  const time = { hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23' } as const;
  const calendar = { calendar: 'iso8601', numberingSystem: 'latn' } as const;
  const made = new Intl.DateTimeFormat('en', { timeZone, ...whole, ...time, ...calendar });
  if (formats.size >= mostFormats) formats.clear();
  formats.set(timeZone, made);
  return made;
}

/** NaN too becomes the beginning. */
function within(atMs: number): number {
  return atMs >= 0 ? Math.min(Math.trunc(atMs), lastMs) : 0;
}
