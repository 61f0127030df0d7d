/**
 * The stage directions: what one moment of a call looks like as signals, in the order in which a telephony
 * system reports it (offered, dialled, ringing, answered, bridged, hung up, unbridged, ended). Knows nothing
 * of who calls whom, or why.
 */
import type { CallSignal, Cause, DialResult, LegFacts } from '../../call/signal.ts';
import type { Person } from './cast.ts';
import { mediaFile } from './media-file.ts';

/** One signal and when it is due, milliseconds after the start. */
export interface Cue {
  readonly offsetMs: number;
  readonly signal: CallSignal;
}

/** A person at one leg of a call. */
export interface Line {
  readonly leg: string;
  /** Key of the call that the leg began in. */
  readonly call: string;
  readonly person: Person;
}

/** A signal before it is known who says it and when. */
type Body<S extends CallSignal = CallSignal> = S extends CallSignal
  ? Omit<S, 'source' | 'atMs'>
  : never;

export const causes = {
  normal: { code: 16, text: 'Normal Clearing' },
  busy: { code: 17, text: 'User busy' },
  noAnswer: { code: 19, text: 'User alerting, no answer' },
  rejected: { code: 21, text: 'Call Rejected' },
  elsewhere: { code: 26, text: 'Answered elsewhere' },
} as const satisfies Readonly<Record<string, Cause>>;

export interface StageSettings {
  /** Name of the source. */
  readonly source: string;
  /** Moment of offset 0, milliseconds since 1970; part of every key, so that no two runs share one. */
  readonly startedAtMs: number;
  /** Takes what is said, in the order in which it is said. */
  readonly write: (cue: Cue) => void;
}

/** All moments are milliseconds after the start. */
export class Stage {
  readonly #settings: StageSettings;
  readonly #prefix: string;
  #keys = 0;

  constructor(settings: StageSettings) {
    this.#settings = settings;
    this.#prefix = `sim-${settings.startedAtMs.toString(36)}`;
  }

  /** A key that was never used before: of a leg or a bridge. */
  key(): string {
    return `${this.#prefix}.${++this.#keys}`;
  }

  /** A new leg for `person`, in the call of `beside`, or beginning a call of its own. */
  line(person: Person, beside?: Line): Line {
    const leg = this.key();
    return { leg, call: beside?.call ?? leg, person };
  }

  say(atMs: number, body: Body): void {
    const offsetMs = Math.round(atMs);
    const { source, startedAtMs } = this.#settings;
    this.#settings.write({
      offsetMs,
      signal: { ...body, source, atMs: startedAtMs + offsetMs },
    });
  }

  /** The line lifts the receiver and dials. */
  placeCall(atMs: number, line: Line, dialled: string): void {
    this.say(atMs, {
      kind: 'leg.offered',
      leg: line.leg,
      facts: { ...factsOf(line), dialled },
    });
  }

  /** `from` dials `to`; the leg exists, nothing rings yet. */
  dial(atMs: number, from: Line, to: Line): void {
    this.offer(atMs, to);
    this.startDial(atMs, from, to);
  }

  /** The leg is there. */
  offer(atMs: number, line: Line): void {
    this.say(atMs, { kind: 'leg.offered', leg: line.leg, facts: factsOf(line) });
  }

  startDial(atMs: number, from: Line, to: Line): void {
    this.say(atMs, { kind: 'dial.started', leg: to.leg, from: from.leg });
  }

  ring(atMs: number, line: Line): void {
    this.say(atMs, { kind: 'leg.ringing', leg: line.leg });
  }

  /** `to` takes the call of `from`; `from` is connected by it, unless it was before. */
  answer(atMs: number, from: Line, to: Line, fromIsConnected = false): void {
    this.say(atMs, { kind: 'dial.ended', leg: to.leg, from: from.leg, result: 'answered' });
    this.say(atMs, { kind: 'leg.connected', leg: to.leg });
    if (!fromIsConnected) this.say(atMs, { kind: 'leg.connected', leg: from.leg });
  }

  /** The dialling came to nothing, and the dialled leg with it. */
  giveUp(atMs: number, from: Line, to: Line, result: DialResult, cause: Cause): void {
    this.say(atMs, { kind: 'dial.ended', leg: to.leg, from: from.leg, result });
    this.end(atMs, to, cause);
  }

  join(atMs: number, bridge: string, ...lines: readonly Line[]): void {
    for (const { leg } of lines) this.say(atMs, { kind: 'bridge.joined', leg, bridge });
  }

  leave(atMs: number, bridge: string, ...lines: readonly Line[]): void {
    for (const { leg } of lines) this.say(atMs, { kind: 'bridge.left', leg, bridge });
  }

  record(atMs: number, { leg }: Line): void {
    const file = mediaFile(leg, this.#settings.startedAtMs + Math.round(atMs));
    this.say(atMs, { kind: 'recording.started', leg, file });
  }

  requestHangup(atMs: number, line: Line, by: 'party' | 'platform'): void {
    this.say(atMs, { kind: 'leg.hangup-requested', leg: line.leg, by });
  }

  end(atMs: number, line: Line, cause: Cause = causes.normal): void {
    this.say(atMs, { kind: 'leg.ended', leg: line.leg, cause });
  }
}

function factsOf({ call, person }: Line): LegFacts {
  const { number, name, device, address } = person;
  const facts = { call, number, name, device };
  return address === undefined ? facts : { ...facts, address };
}
