/**
 * The ways in which a receiver can misbehave, and when it does: always, for the next few requests, or by
 * chance. The same seed misbehaves the same way again. Pure.
 */

/** What each does, for a person. A status from 200 to 599 is one as well. */
export const faultMeanings = {
  ok: 'answers 200, as if there were no fault',
  hang: 'never answers',
  late: 'answers 200, but only after the sender has given up',
  close: 'closes the connection without an answer',
  reset: 'resets the connection in the middle of its answer',
  garbage: 'answers something that is no HTTP',
  redirect: 'answers 302 to an address of a private network',
  'slow-body': 'answers 200 at once, and its body a character at a time',
  'huge-body': 'answers 200 with a body of 100 MB',
} as const;

type NamedFault = keyof typeof faultMeanings;
export type FaultKind = NamedFault | number;

export interface Fault {
  readonly kind: FaultKind;
  /** For how many requests; absent: no end. */
  readonly count?: number;
  /** In [0, 1]; absent: always. */
  readonly probability?: number;
}

/** How faults are written, for messages. */
export const faultShape = `a status from 200 to 599, or one of ${Object.keys(faultMeanings).join(', ')}; then nothing, ":3" for the next three requests, or ":10%" by chance`;

/** Reads `500`, `hang:3` or `reset:10%`; undefined when it is none. */
export function parseFault(text: string): Fault | undefined {
  const [, name = '', count, percent] =
    /^([a-z0-9-]{1,20})(?::(?:([1-9][0-9]{0,8})|([0-9]{1,3}(?:\.[0-9]{1,3})?)%))?$/.exec(text) ??
    [];
  const kind = kindOf(name);
  if (kind === undefined) return undefined;
  if (count !== undefined) return { kind, count: Number(count) };
  if (percent === undefined) return { kind };
  return Number(percent) > 100 ? undefined : { kind, probability: Number(percent) / 100 };
}

function kindOf(name: string): FaultKind | undefined {
  if (/^[2-5][0-9][0-9]$/.test(name)) return Number(name);
  return faultNames.find((each) => each === name);
}

// Parse door: the names are the keys of a table that is written above.
const faultNames = Object.keys(faultMeanings) as readonly NamedFault[];

/** Which fault each request meets: of those that are listed, the first that applies. */
export class FaultPlan {
  #faults: { readonly fault: Fault; left: number }[] = [];
  #state: number;

  /** @param seed only its lower 32 bits count */
  constructor(faults: readonly Fault[], seed = 1) {
    // The generator stands still at 0.
    this.#state = seed >>> 0 || 0x9e3779b9;
    this.set(faults);
  }

  set(faults: readonly Fault[]): void {
    this.#faults = faults.map((fault) => ({ fault, left: fault.count ?? Infinity }));
  }

  next(): FaultKind {
    for (const each of this.#faults) {
      const { probability } = each.fault;
      if (each.left <= 0 || (probability !== undefined && this.#roll() >= probability)) continue;
      each.left -= 1;
      return each.fault.kind;
    }
    return 'ok';
  }

  /** In [0, 1). Three shifts that visit every state but 0; never for secrets. */
  #roll(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state / 2 ** 32;
  }
}
