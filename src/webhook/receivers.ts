/**
 * The receivers of one destination, in order of preference, and which of them is tried next: the first one
 * that works. One that fails is left alone for a while, longer each time, then tried with one request. Pure.
 */

export type Pick =
  /** `probe`: nothing else is sent to it until this one's outcome is known. */
  | { readonly kind: 'use'; readonly index: number; readonly probe: boolean }
  | { readonly kind: 'wait'; readonly untilMs: number };

export class Receivers {
  /** @param count how many there are, from 1 */
  constructor(count: number) {
    void count;
  }

  /** True while none of them is believed to work. */
  get areDown(): boolean {
    return false;
  }

  pick(nowMs: number): Pick {
    void nowMs;
    return { kind: 'use', index: 0, probe: false };
  }

  works(index: number): void {
    void index;
  }

  /** @param random in [0, 1) */
  fails(index: number, nowMs: number, random: number): void {
    void [index, nowMs, random];
  }

  /** It asked to be left alone. */
  hold(index: number, untilMs: number): void {
    void [index, untilMs];
  }
}
