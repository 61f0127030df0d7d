/**
 * People at phones and the telephone system between them, for tests: each thing that somebody does is said
 * in the signals that a system reports for it, in the order in which it does.
 */
import type {
  AudioSide,
  CallSignal,
  Cause,
  DialResult,
  LegFacts,
  SnapshotLeg,
} from '../../src/call/signal.ts';

/** 2026-01-05T09:00:00Z: the first thing that an exchange says happens then. */
export const morningMs = Date.UTC(2026, 0, 5, 9);

export interface Person {
  readonly number?: string;
  readonly name?: string;
  readonly device?: string;
}

/** A person at one leg of a call. */
export interface Line {
  readonly leg: string;
  /** Key of the call that the leg began in. */
  readonly call: string;
  readonly person: Person;
}

export const anna: Person = { number: '1001', name: 'Anna', device: '1001' };
export const ben: Person = { number: '1002', name: 'Ben', device: '1002' };
export const carla: Person = { number: '1003', name: 'Carla', device: '1003' };
export const zoe: Person = { number: '+4930123456', name: 'Zoë', device: 'trunk-berlin' };

/** A signal before it is known who says it and when. */
type Body<S extends CallSignal = CallSignal> = S extends CallSignal
  ? Omit<S, 'source' | 'atMs'>
  : never;

const normal: Cause = { code: 16, text: 'Normal Clearing' };

export class Exchange {
  readonly source: string;
  /** Everything said so far. */
  readonly said: CallSignal[] = [];
  /** The source's clock. */
  nowMs = morningMs;
  #keys = 0;

  constructor(source = 'pbx') {
    this.source = source;
  }

  say(body: Body): void {
    this.said.push({ ...body, source: this.source, atMs: this.nowMs });
  }

  after(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  key(prefix: string): string {
    this.#keys += 1;
    return `${prefix}${this.#keys}`;
  }

  /** Somebody picks up the receiver and dials; a call of its own begins. */
  dials(person: Person, dialled: string): Line {
    const leg = this.key('leg-');
    const line = { leg, call: leg, person };
    this.say({ kind: 'leg.offered', leg, facts: { ...factsOf(line), dialled } });
    return line;
  }

  /** The system calls somebody for `from`; nothing rings yet. */
  calls(from: Line, person: Person): Line {
    const line = { leg: this.key('leg-'), call: from.call, person };
    this.say({ kind: 'leg.offered', leg: line.leg, facts: factsOf(line) });
    this.say({ kind: 'dial.started', leg: line.leg, from: from.leg });
    return line;
  }

  rings(line: Line): void {
    this.say({ kind: 'leg.ringing', leg: line.leg });
  }

  /** As `calls`, and the phone rings. */
  ringsAt(from: Line, person: Person): Line {
    const line = this.calls(from, person);
    this.rings(line);
    return line;
  }

  connects(line: Line): void {
    this.say({ kind: 'leg.connected', leg: line.leg });
  }

  /** `line` takes the call of `from`; both talk. Returns the bridge. */
  answers(from: Line, line: Line): string {
    this.say({ kind: 'dial.ended', leg: line.leg, from: from.leg, result: 'answered' });
    this.connects(line);
    this.connects(from);
    return this.meet(line, from);
  }

  /** The lines are put on one bridge. Returns it. */
  meet(...lines: readonly Line[]): string {
    const bridge = this.key('bridge-');
    for (const line of lines) this.joins(line, bridge);
    return bridge;
  }

  joins(line: Line, bridge: string, conference?: string): void {
    const room = conference === undefined ? {} : { conference };
    this.say({ kind: 'bridge.joined', leg: line.leg, bridge, ...room });
  }

  leaves(line: Line, bridge: string): void {
    this.say({ kind: 'bridge.left', leg: line.leg, bridge });
  }

  /** The dialling came to nothing, and the line's leg with it. */
  fails(from: Line, line: Line, result: DialResult, cause?: Cause): void {
    this.say({ kind: 'dial.ended', leg: line.leg, from: from.leg, result });
    this.ends(line, cause);
  }

  asksForTheEnd(line: Line, by: 'party' | 'platform' = 'party'): void {
    this.say({ kind: 'leg.hangup-requested', leg: line.leg, by });
  }

  ends(line: Line, cause: Cause = normal): void {
    this.say({ kind: 'leg.ended', leg: line.leg, cause });
  }

  /** `who` puts the receiver down, and the system clears the others' lines. */
  hangsUp(who: Line, ...others: readonly Line[]): void {
    this.asksForTheEnd(who);
    this.ends(who);
    for (const other of others) this.ends(other);
  }

  holds(line: Line): void {
    this.say({ kind: 'leg.held', leg: line.leg });
  }

  resumes(line: Line): void {
    this.say({ kind: 'leg.resumed', leg: line.leg });
  }

  records(line: Line, file?: string): void {
    const named = file === undefined ? {} : { file };
    this.say({ kind: 'recording.started', leg: line.leg, ...named });
  }

  pauses(line: Line, side: AudioSide): void {
    this.say({ kind: 'recording.paused', leg: line.leg, side });
  }

  unpauses(line: Line, side: AudioSide): void {
    this.say({ kind: 'recording.resumed', leg: line.leg, side });
  }

  stopsRecording(line: Line): void {
    this.say({ kind: 'recording.stopped', leg: line.leg });
  }

  /** Sight of the system is lost. */
  vanishes(reason = 'connection reset'): void {
    this.say({ kind: 'source.lost', reason });
  }

  returns(): void {
    this.say({ kind: 'source.connected' });
  }

  lists(...legs: readonly SnapshotLeg[]): void {
    this.say({ kind: 'source.snapshot', legs });
  }

  isGivenUp(): void {
    this.say({ kind: 'source.expired' });
  }

  /** Two people who talk. */
  talk(caller: Person, called: Person): { from: Line; to: Line; bridge: string } {
    const from = this.dials(caller, called.number ?? '');
    const to = this.after(100).ringsAt(from, called);
    const bridge = this.after(4_000).answers(from, to);
    return { from, to, bridge };
  }
}

/** The line as the system lists it. */
export function listed(
  line: Line,
  state: SnapshotLeg['state'],
  more: { bridge?: string; ageMs?: number } = {},
): SnapshotLeg {
  return { leg: line.leg, state, facts: factsOf(line), ...more };
}

export function factsOf({ call, person }: Line): LegFacts {
  return { call, ...person };
}
