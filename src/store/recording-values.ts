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

/** The last time there is, milliseconds since 1970; the first one lies as far before. */
export const lastMs = 8.64e15;

/** A whole number no further from 0 than times are; what is none becomes 0. */
export function whole(value: number): number {
  return Number.isNaN(value) ? 0 : Math.min(Math.max(Math.trunc(value), -lastMs), lastMs);
}

export function wholeOrNull(value: number | null): number | null {
  return value === null ? null : whole(value);
}

/** Whether it can be the number of a row. */
export function isNumber(id: number): boolean {
  return Number.isSafeInteger(id) && id > 0;
}
