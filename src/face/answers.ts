/**
 * What commands answer, before it is written: a verdict with what it brings along, or a file. Pure.
 */
import type { Media } from '../record/media.ts';
import type { List, Member, Tree } from './answer-tree.ts';
import { allMatches, someMatches, type Verdict } from './codes.ts';

export type Answer =
  | {
      readonly kind: 'result';
      readonly verdict: Verdict;
      /** After code and message. */
      readonly members: readonly Member[];
    }
  /** The other envelope, of events and screen captures. */
  | { readonly kind: 'response'; readonly verdict: Verdict }
  /** A document without a verdict. */
  | { readonly kind: 'document'; readonly root: string; readonly members: readonly Member[] }
  | { readonly kind: 'media'; readonly media: Media }
  /** Relative to the address of the request. */
  | { readonly kind: 'redirect'; readonly location: string };

/** Which of the two envelopes a route answers in, also when it refuses. */
export type Envelope = 'result' | 'response';

export function told(verdict: Verdict, name?: string, value?: Tree): Answer {
  const members = name === undefined || value === undefined ? [] : [{ name, value }];
  return { kind: 'result', verdict, members };
}

export function severalMatches(isCut: boolean, matches: List): Answer {
  return told(isCut ? someMatches : allMatches, 'matches', matches);
}
