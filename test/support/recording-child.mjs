/**
 * A server's registry, journal and books of recordings with nothing around them, to be killed: calls are recorded,
 * split, transferred and stopped as fast as the disk takes them. Prints the number of every segment that it was told
 * is durable, as it begins; what the last run left open ends first.
 */
import { writeSync } from 'node:fs';
import { Registry } from '../../dist/call/registry.js';
import { EmbeddedJournal } from '../../dist/journal/embedded.js';
import { belonging } from '../../dist/record/account.js';
import { recordingRowsOf } from '../../dist/record/recording-rows.js';
import { StoreClient } from '../../dist/store/client.js';

const [folder] = process.argv.slice(2);
const store = await StoreClient.open({
  folder,
  onFailure: (error) => {
    throw error;
  },
});
const site = { rss: 1, belonging: belonging([]) };
const journal = new EmbeddedJournal({
  store,
  clock: { now: () => Date.now() },
  cdrs: { xmlOf: () => '<verbacdr/>', file: 'off' },
  recordings: (events) => recordingRowsOf(events, site),
  onTrouble: (trouble) => {
    if (trouble !== undefined) throw trouble;
  },
});
const registry = new Registry();
registry.restore(await journal.remember());
const told = new Set();
journal.onCommitted((entries) => {
  const begun = [];
  for (const { event } of entries) {
    for (const { id } of event.call?.recordings ?? []) if (!told.has(id)) begun.push(id);
    for (const id of begun) told.add(id);
  }
  if (begun.length > 0) writeSync(1, `${[...new Set(begun)].join('\n')}\n`);
});

say({ kind: 'source.expired' });
const run = process.pid;
let calls = 0;
const open = [];
turn();

function turn() {
  for (let n = 0; n < 10; n += 1) {
    const call = `${run}-${(calls += 1)}`;
    const leg = `${call}-a`;
    const facts = { call, number: '1001' };
    say({ kind: 'leg.offered', leg, facts });
    say({ kind: 'leg.connected', leg, facts });
    say({ kind: 'recording.started', leg, file: `/rec/${leg}.wav` });
    open.push({ call, leg });
  }
  while (open.length > 40) {
    const { call, leg } = open.splice(Math.floor(Math.random() * open.length), 1)[0];
    say({ kind: 'recording.split', leg, file: `/rec/${leg}-2.wav` });
    // Into another call, which takes the recording along.
    const other = open[0];
    if (other !== undefined) say({ kind: 'leg.identified', leg, facts: { call: other.call } });
    else say({ kind: 'recording.stopped', leg, facts: { call } });
    say({ kind: 'leg.ended', leg });
  }
  if (journal.pending > 300) void journal.settled().then(turn);
  else setImmediate(turn);
}

function say(signal) {
  const atMs = Date.now();
  const applied = registry.apply({ source: 'pbx', atMs, ...signal }, atMs);
  if (applied.kind === 'events') journal.append(applied.events);
}
