/**
 * What happens in a chaos test, and when: drawn from one seed before anything runs, so that a seed names
 * the whole of it and can be played again.
 */
import type { ExtensionPattern } from '../../src/call/extension.ts';
import { among, type Dice, seededDice } from '../../src/source/simulator/dice.ts';
import type { Manner } from './subscriber.ts';
import { allTypes, legacyTypes, type Wish } from './truth.ts';

export type Act = { readonly atMs: number } & (
  | {
      readonly lane: 'server';
      readonly what: 'kill';
      readonly forMs: number;
      /** The last one: the server that comes up then is the one whose traces are looked at. */
      readonly isLast: boolean;
    }
  | { readonly lane: 'source'; readonly what: 'cut'; readonly forMs: number }
  | { readonly lane: 'disk'; readonly what: 'fill'; readonly forMs: number }
  | ({ readonly lane: 'clients'; readonly who: number } & (
      | { readonly what: 'join' | 'fin' | 'rst' | 'pause' | 'read' }
      | { readonly what: 'wish'; readonly wish: Wish }
    ))
);

export interface Plan {
  readonly seed: number;
  readonly seconds: number;
  readonly manners: readonly Manner[];
  /** Clients that stop reading and never do so again, by index. */
  readonly deaf: ReadonlySet<number>;
  readonly acts: readonly Act[];
}

/** Part of the time after which the server is not killed any more. */
const lastKillAt = 0.6;

/** @param seconds how long the acts go on, > 5 */
export function planOf(seed: number, seconds: number, clients: number): Plan {
  const dice = seededDice(seed);
  const endMs = seconds * 1_000;
  const wishes = Array.from({ length: 24 }, () => wishOf(dice));
  const manners = Array.from({ length: clients }, (_, index) => mannerOf(dice, index, wishes));
  const deaf = new Set<number>();
  const acts: Act[] = [];
  for (const who of manners.keys()) {
    if (dice.chance(0.04)) deaf.add(who);
    acts.push(...lifeOf(dice, who, wishes, endMs, deaf.has(who)));
  }
  const kills = Math.max(3, Math.round(seconds / 8));
  for (let n = 1; n <= kills; n += 1) {
    const atMs = Math.round(endMs * lastKillAt * ((n - dice.between(0, 0.6)) / kills));
    acts.push({
      atMs,
      lane: 'server',
      what: 'kill',
      forMs: dice.whole(0, 800),
      isLast: n === kills,
    });
    // Killed while nothing can be written: whoever tells what is not on the disk is caught here.
    if (n === 1)
      acts.push({ atMs: Math.max(0, atMs - 900), lane: 'disk', what: 'fill', forMs: 1_000 });
  }
  for (let atMs = dice.whole(500, 4_000); atMs < endMs - 2_000; atMs += dice.whole(2_000, 6_000)) {
    acts.push({ atMs, lane: 'source', what: 'cut', forMs: dice.whole(50, 2_000) });
  }
  const fills = Math.max(3, Math.round(seconds / 12));
  for (let n = 0; n < fills; n += 1) {
    const atMs = Math.round((endMs - 3_000) * ((n + dice.roll()) / fills));
    acts.push({ atMs, lane: 'disk', what: 'fill', forMs: dice.whole(300, 2_500) });
  }
  return { seed, seconds, manners, deaf, acts: acts.sort((a, b) => a.atMs - b.atMs) };
}

function wishOf(dice: Dice): Wish {
  const patterns: ExtensionPattern[] = [];
  for (let left = dice.whole(1, 3); left > 0; left -= 1) {
    const number = dice.whole(1001, 1060);
    patterns.push(
      among(dice, [
        [0.6, { kind: 'number', number: String(number) }],
        [0.2, { kind: 'prefix', prefix: dice.pick(['100', '102', '1055', '+4930', '80']) }],
        [0.2, { kind: 'range', from: String(number), to: String(number + dice.whole(0, 5)) }],
      ] as const),
    );
  }
  const types = dice.chance(0.6) ? allTypes : allTypes.filter(() => dice.chance(0.5));
  return { patterns, types: types.length === 0 ? legacyTypes : types };
}

function mannerOf(dice: Dice, index: number, wishes: readonly Wish[]): Manner {
  const transport = dice.pick(['tcp', 'websocket'] as const);
  const optedIn = transport === 'websocket' && dice.chance(0.4) ? 'json' : 'feed';
  const form = dice.chance(0.25) ? 'legacy' : optedIn;
  const { patterns, types } = dice.chance(0.1)
    ? { patterns: [], types: allTypes }
    : dice.pick(wishes);
  const wish = { patterns, types: form === 'legacy' ? legacyTypes : types };
  return {
    name: `${index} (${transport}, ${form})`,
    transport,
    form,
    wish,
    snapshot: form !== 'legacy' && dice.chance(0.6),
    ack: form !== 'legacy' && dice.chance(0.5),
    resumes: form !== 'legacy' && dice.chance(0.85),
  };
}

/** The coming and going of one client. */
function lifeOf(
  dice: Dice,
  who: number,
  wishes: readonly Wish[],
  endMs: number,
  isDeaf: boolean,
): Act[] {
  const of = { lane: 'clients', who } as const;
  let atMs = dice.whole(0, 2_000);
  const acts: Act[] = [{ ...of, atMs, what: 'join' }];
  const deafFromMs = isDeaf ? dice.between(0.1, 0.9) * endMs : Infinity;
  for (;;) {
    atMs += Math.round(dice.waiting(7_000));
    if (atMs >= Math.min(endMs, deafFromMs)) break;
    const what = among(dice, [
      [0.35, 'fin'],
      [0.25, 'rst'],
      [0.3, 'pause'],
      [0.1, 'wish'],
    ] as const);
    if (what === 'wish') {
      acts.push({ ...of, atMs, what, wish: dice.pick(wishes) });
      continue;
    }
    acts.push({ ...of, atMs, what });
    atMs += Math.round(what === 'pause' ? dice.between(200, 6_000) : dice.waiting(1_500));
    acts.push({ ...of, atMs, what: what === 'pause' ? 'read' : 'join' });
  }
  if (isDeaf) acts.push({ ...of, atMs: Math.round(deafFromMs), what: 'pause' });
  return acts;
}

/** What can be read of it when something was found: the coming and going of clients is only counted. */
export function planText({ seed, seconds, manners, deaf, acts }: Plan): string {
  const counts = new Map<string, number>();
  const lines: string[] = [];
  for (const act of acts) {
    if (act.lane === 'clients') counts.set(act.what, (counts.get(act.what) ?? 0) + 1);
    else lines.push(`  ${(act.atMs / 1_000).toFixed(3)} s ${act.what} for ${act.forMs} ms`);
  }
  const life = [...counts].map(([what, count]) => `${count} ${what}`).join(', ');
  return [
    `CHAOS_SEED=${seed} CHAOS_SECONDS=${seconds}: ${manners.length} clients, ${deaf.size} of them deaf in the end`,
    `  clients: ${life}`,
    ...lines,
  ].join('\n');
}

/** What one client did, for a finding about it. */
export function lifeText({ acts }: Plan, who: number): string {
  return acts
    .filter((act) => act.lane === 'clients' && act.who === who)
    .map(({ atMs, what }) => `${(atMs / 1_000).toFixed(3)} ${what}`)
    .join(', ');
}
