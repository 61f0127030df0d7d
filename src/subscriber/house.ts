/**
 * Everything that all connections share.
 */
import type { Clock } from '../base/clock.ts';
import type { Deadlines } from '../base/deadlines.ts';
import type { CdrTimes } from '../record/cdr-xml.ts';
import type { Connection } from './connection.ts';
import type { Desk } from './desk.ts';
import type { Stock } from './subscribing.ts';
import type { Turns } from './turns.ts';

export interface House extends Stock {
  readonly desk: Desk;
  readonly deadlines: Deadlines<Connection>;
  readonly clock: Clock;
  readonly times: CdrTimes;
  /** Reading takes its turns, so that nobody's flood holds up those who listen. */
  readonly turns: Turns;
  /** Bytes that may wait for one reader before it counts as slow. */
  readonly queueBytes: number;
}
