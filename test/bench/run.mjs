/**
 * The bench: `npm run bench`. Starts servers as processes of their own and a load process beside them,
 * and prints what was measured. See README.md for what the figures mean and what limits them.
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { broadcast } from './parts/broadcast.mjs';
import { idle } from './parts/idle.mjs';
import { recordings } from './parts/recordings.mjs';
import { resume } from './parts/resume.mjs';
import { selective } from './parts/selective.mjs';
import { stopped } from './parts/stopped.mjs';
import { webhook } from './parts/webhook.mjs';
import { startLoad, versionOf } from './processes.mjs';

const parts = { broadcast, selective, idle, stopped, resume, webhook, recordings };
const usage = `npm run bench -- [${Object.keys(parts).join('] [')}] [--quick] [--two-loads] [--rows N] [--json FILE]`;

const { values, positionals } = (() => {
  try {
    const quick = { type: 'boolean', default: false };
    const text = { type: 'string' };
    const options = { quick, 'two-loads': quick, rows: text, json: text };
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exit(2);
  }
})();
const unknown = positionals.filter((name) => !(name in parts));
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')}.\n${usage}`);
  process.exit(2);
}

const rows = values.rows === undefined ? undefined : Number(values.rows);
if (rows !== undefined && !(Number.isInteger(rows) && rows >= 1_000 && rows <= 20_000_000)) {
  console.error(
    `--rows is ${values.rows}; it must be a whole number from 1000 to 20000000.\n${usage}`,
  );
  process.exit(2);
}

const about = {
  at: new Date().toISOString(),
  node: process.version,
  cpus: `${cpus().length} × ${cpus()[0].model.trim()}`,
  redis: versionOf('redis'),
  nats: versionOf('nats'),
  quick: values.quick,
  loads: values['two-loads'] ? 2 : 1,
  nodeOptions: process.env.NODE_OPTIONS ?? '',
  loadAverage: loadavg()[0],
};
console.log(
  `${about.at}, node ${about.node}, ${about.cpus}, redis ${about.redis ?? 'not installed'}, nats ` +
    `${about.nats ?? 'not installed'}, ${about.loads} load process${about.loads === 2 ? 'es' : ''}, not pinned, ` +
    `load average ${about.loadAverage.toFixed(1)}${about.quick ? ', QUICK: too short to quote' : ''}\n`,
);

const results = {};
const load = await startLoad({ helpers: values['two-loads'] ? 1 : 0 });
for (const [name, part] of Object.entries(parts)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const startMs = performance.now();
  results[name] = await part(load, {
    ...{ quick: values.quick, say: (text) => console.log(text) },
    ...(rows !== undefined && { rows }),
  });
  console.log(`(${name} took ${((performance.now() - startMs) / 1000).toFixed(0)} s)\n`);
}
await load.end();
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify({ about, results }, undefined, 2)}\n`);
}
