/**
 * Values on their way into the tables of recordings. A commit holds everybody's events: it must not fail because
 * one text or time of one call is odd, and what is kept must be readable.
 */

/** Halves of surrogate pairs cannot be written as UTF-8; they are kept as U+FFFD. */
export function kept(text: string): string;
export function kept(text: string | null): string | null;
export function kept(text: string | null): string | null {
  return text === null ? null : text.replaceAll(/\p{Cs}/gu, '\ufffd');
}

/** A whole number that the database can hold; what is none becomes 0. */
export function whole(value: number): number {
  if (Number.isNaN(value)) return 0;
  const most = Number.MAX_SAFE_INTEGER;
  return Math.min(Math.max(Math.trunc(value), -most), most);
}

export function wholeOrNull(value: number | null): number | null {
  return value === null ? null : whole(value);
}

/** Whether it can be the number of a row. */
export function isNumber(id: number): boolean {
  return Number.isSafeInteger(id) && id > 0;
}
