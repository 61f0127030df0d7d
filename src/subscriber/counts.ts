/**
 * What all feed sessions of a server have in common to be counted, in plain numbers: how they began and
 * ended, how they came back, and what became of the events that passed those that are over.
 */
import type { GoodbyeReason } from './message.ts';
import { addTally, emptyTally, type Tally } from './ledger.ts';
import type { Transport } from './outbound.ts';

/** Why a session ended; `closed`: the peer ended it. */
export type EndReason = GoodbyeReason | 'closed';
export const endReasons = [
  'closed',
  'going-away',
  'slow-consumer',
  'unauthorized',
  'idle',
  'protocol-error',
] as const satisfies readonly EndReason[];

/** What came of a position: what it left open was told, is dropped, or was never of this journal. */
export const resumeResults = ['recovered', 'too-old', 'unknown'] as const;
export type ResumeResult = (typeof resumeResults)[number];

/** What there is to be counted of an open session, at this moment. */
export interface Standing {
  readonly isSubscribed: boolean;
  /** Bytes that wait for the reader in our memory. */
  readonly waitingBytes: number;
  /** Events that it has still to look at while it catches up. */
  readonly behind: number;
  readonly tally: Readonly<Tally>;
}

type Kind = Transport['kind'];

export class SessionCounts {
  readonly opened: Record<Kind, number> = { tcp: 0, websocket: 0 };
  readonly closed: Record<Kind, Record<EndReason, number>> = { tcp: noEnds(), websocket: noEnds() };
  readonly resumes: Record<ResumeResult, number> = { recovered: 0, 'too-old': 0, unknown: 0 };
  /** The sum over all sessions that have ended. */
  readonly past: Tally = emptyTally();
  /** Told of every keep-alive, how long after it was due it was sent, milliseconds. */
  readonly onKeepAlive: (lateMs: number) => void;

  constructor(onKeepAlive: (lateMs: number) => void = () => undefined) {
    this.onKeepAlive = onKeepAlive;
  }

  /** A session is over. @returns its count in the four words of the equation, for the log */
  ended(kind: Kind, reason: EndReason, tally: Readonly<Tally>): Readonly<Record<string, number>> {
    this.closed[kind][reason] += 1;
    addTally(this.past, tally);
    const { passed, delivered, filtered, unrecovered, untold } = tally;
    return { passed, delivered, filtered, lost: unrecovered + untold };
  }
}

function noEnds(): Record<EndReason, number> {
  return {
    closed: 0,
    'going-away': 0,
    'slow-consumer': 0,
    unauthorized: 0,
    idle: 0,
    'protocol-error': 0,
  };
}
