/**
 * Days and time zones as people write them in settings and commands. Pure.
 */

export const dateShape = 'a date in quotes, such as "2027-01-31"';

/** Whether `text` is a day that there is, as `yyyy-mm-dd`. */
export function isDate(text: string): boolean {
  return startOfDate(text) !== undefined;
}

/** When the day begins, UTC, milliseconds since 1970; undefined when there is no such day. */
export function startOfDate(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const atMs = Date.parse(`${text}T00:00:00Z`);
  // Some engines take a 31st of June for the 1st of July.
  if (Number.isNaN(atMs) || new Date(atMs).toISOString().slice(0, 10) !== text) return undefined;
  return atMs;
}

export const timeZoneShape = 'a time zone, such as "UTC" or "Europe/Berlin"';

/** Whether `text` is the name of a time zone of the IANA database that this machine knows. */
export function isTimeZone(text: string): boolean {
  // Offsets such as +01:00 are taken by some versions of Node only.
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(text)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
