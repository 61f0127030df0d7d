/** The books of recordings: how long each kind of search takes, and what searches do to commits. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { asker } from '../ask.mjs';
import { beyond, kinds } from '../books/questions.mjs';
import { fixed, ms, table, whole } from '../table.mjs';

const program = fileURLToPath(new URL('../books/main.mjs', import.meta.url));
/** At p99, milliseconds. */
const aimMs = 20;

export async function recordings(_, { quick, say, rows = quick ? 100_000 : 10_000_000 }) {
  const count = quick ? 50 : 500;
  const child = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit');
  const answer = asker(child);
  try {
    say(
      `recordings: ${whole(rows)} of two years; ${whole(count)} searches of each kind, one at a time`,
    );
    const built = await answer('build', { rows });
    say(`  ${fixed(built.bytes / 1e9, 2)} GB, ${whole(built.bytes / rows)} bytes a recording\n`);
    const asked = [];
    for (const kind of Object.keys(kinds)) {
      // Each of those that end early takes up to a second.
      const figures = await answer('ask', { kind, count: beyond.has(kind) ? few : count });
      say(`  ${kind}: p99 ${ms(figures.cold.p99)} ms cold, ${ms(figures.warm.p99)} ms warm`);
      asked.push(figures);
    }
    say('');
    say(table(heads, asked.map(searchRow)));
    if (asked.some(({ forgotten }) => !forgotten))
      say('\n`dd` could not empty the cache: cold is warm too.');
    const missed = asked.filter((each) => !beyond.has(each.kind) && each.cold.p99 >= aimMs);
    const names = missed.map(
      ({ kind, cold, warm }) => `${kind} (${ms(cold.p99)}, warm ${ms(warm.p99)})`,
    );
    say(`\np99 of ${aimMs} ms or more, cold: ${names.length === 0 ? 'none' : names.join(', ')}\n`);
    const phases = await answer('commits', {
      ...{ phases: quick ? 2 : 6, phaseS: quick ? 2 : 15, searches: 4 },
    });
    say(table(commitHeads, phases.map(commitRow)));
    say('');
    return { rows, built, asked, phases };
  } finally {
    child.disconnect();
    await ended;
  }
}

/** Searches of a kind that nobody has an aim for. */
const few = 20;

const heads = [
  ...['criteria', 'rows found', 'nothing', 'ended early', 'cold p50 ms', 'p99 ms', 'max ms'],
  ...['warm p50 ms', 'p99 ms', 'max ms'],
];

const searchRow = ({ kind, cold, warm }) => [
  ...[kind, fixed(cold.rows, 1), whole(cold.none), whole(cold.incomplete)],
  ...[cold, warm].flatMap(({ p50, p99, max }) => [ms(p50), ms(p99), ms(max)]),
];

const commitHeads = [
  ...['commits', 'searches/s', 'count', 'p50 ms', 'p99 ms', 'max ms', 'event loop held up ms'],
];

const commitRow = ({ searching, searchesPerS, count, p50, p99, max, heldUpMs }) => [
  searching ? 'with searches' : 'without',
  ...[whole(searchesPerS), whole(count), ms(p50), ms(p99), ms(max), ms(heldUpMs)],
];
