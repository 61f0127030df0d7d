/**
 * A server's journal with nothing around it, to be killed: it ends what the last run left open, then
 * lets calls start, be answered and end as fast as the disk takes them. Prints the epoch first, then the
 * number of every event it was told is durable. Given "finish" as second argument it only ends what was
 * left, closes in order and exits. Given "deliver" it also has two destinations told of every event, and settles
 * some of that.
 */
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { EmbeddedJournal } from '../../dist/journal/embedded.js';
import { StoreClient } from '../../dist/store/client.js';

const [folder, mode] = process.argv.slice(2);
const store = await StoreClient.open({
  folder,
  onFailure: (error) => {
    throw error;
  },
});
const ids = mode === 'deliver' ? { ...(await store.outboxHead()) } : undefined;
const journal = new EmbeddedJournal({
  ...(ids === undefined ? {} : { outbox: { rowsOf, committed } }),
  store,
  clock: { now: () => Date.now() },
  cdrs: { xmlOf: (call) => `<verbacdr><id>${call.id}</id></verbacdr>`, file: 'pending' },
  onTrouble: (trouble) => {
    if (trouble !== undefined) throw trouble;
  },
});
print(`epoch ${journal.epoch}`);

const open = [];
journal.onCommitted((entries) => {
  // At once and whole: what a subscriber was told is what stands in the pipe when the process dies.
  print(entries.map(({ seq }) => seq).join('\n'));
});

journal.append(
  (await journal.remember()).open.map((call) => next(call, 'call.ended', 'reconciled')),
);
await journal.settled();
if (mode === 'finish') {
  await journal.close();
  await store.close();
} else {
  turn();
}

function turn() {
  for (let n = 0; n < 20; n += 1) {
    const call = { id: randomUUID(), source: 'pbx', revision: 0, startedAtMs: Date.now() };
    const parties = { caller: { number: '1001' }, called: { number: '1002' }, recordings: [] };
    const started = next({ ...call, ...parties }, 'call.started');
    open.push(started.call);
    journal.append([started]);
  }
  while (open.length > 60) {
    const call = open.splice(Math.floor(Math.random() * open.length), 1)[0];
    const answered = next(call, 'call.answered');
    journal.append([answered, next(answered.call, 'call.ended', 'observed')]);
  }
  if (journal.pending > 500) void journal.settled().then(turn);
  else setImmediate(turn);
}

function next(before, kind, ending) {
  const nowMs = Date.now();
  const end = ending === undefined ? {} : { endedAtMs: nowMs, outcome: 'unknown', ending };
  const state = ending === undefined ? 'connected' : 'ended';
  const call = { ...before, revision: before.revision + 1, state, ...end };
  const id = `${call.id}-${call.revision}`;
  return { kind, id, atMs: nowMs, seenAtMs: nowMs, source: 'pbx', call, joined: [] };
}

function rowsOf(entries) {
  const occurrences = [];
  const deliveries = [];
  for (const { event } of entries) {
    const occurrence = (ids.occurrence += 1);
    const { id: key, call, atMs } = event;
    occurrences.push({ id: occurrence, key, callId: call.id, atMs, body: JSON.stringify(event) });
    for (const destination of ['one', 'two']) {
      const id = (ids.delivery += 1);
      const what = { topic: event.kind, class: 'live', about: null, sequence: call.revision };
      const times = { madeMs: atMs, expiresMs: atMs + 60_000, supersedes: 'live' };
      deliveries.push({ id, destination, occurrence, lane: call.id, key, ...what, ...times });
    }
  }
  return { occurrences, deliveries };
}

function committed({ deliveries }) {
  const settlements = deliveries
    .filter(({ id }) => id % 5 < 2)
    .map(({ id, destination, lane }) => {
      const how = { to: id % 5 === 0 ? 'delivered' : 'dead', dueMs: 0, reason: null };
      const attempt = { atMs: 1, durationMs: 1, url: 'x', status: 200, error: null, answer: null };
      return { delivery: id, destination, lane, ...how, attempt };
    });
  void store.settle({ settlements, statuses: [], nowMs: Date.now() });
}

function print(text) {
  writeSync(1, `${text}\n`);
}
