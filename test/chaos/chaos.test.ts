/**
 * Truth under failure: sources cut, a server killed again and again, a full disk, and hundreds of clients
 * that come, go, resume and stop reading, all drawn from one seed. Afterwards the ledger holds what every
 * one of them was told against the journal.
 *
 *     CHAOS_SECONDS=600 CHAOS_SEED=7 CHAOS_CLIENTS=800 npm run chaos
 */
import { expect, onTestFinished, test } from 'vitest';
import { isOfCall } from '../../src/call/event.ts';
import { newFolder } from '../support/data-folder.ts';
import { auditClient, auditJournal } from './ledger.ts';
import { lifeText, type Plan, planOf, planText } from './schedule.ts';
import { newSite, readTruth } from './site.ts';
import { mountSmallDisk } from './small-disk.ts';
import { type Aftermath, Storm, type Traces } from './storm.ts';
import type { Truth } from './truth.ts';

const seconds = Number(process.env['CHAOS_SECONDS'] ?? 18);
const seed = Number(process.env['CHAOS_SEED'] ?? 20_261_121);
const clients = Number(process.env['CHAOS_CLIENTS'] ?? 200);

/** What the server may have more than before anybody came, when all have gone: the heap does not shrink. */
const rssGrowthBytes = 160 * 1_048_576;

test('the same seed gives the same storm, another one another', () => {
  expect(planOf(7, 26, 40)).toEqual(planOf(7, 26, 40));
  expect(planOf(8, 26, 40).acts).not.toEqual(planOf(7, 26, 40).acts);
});

test('every promise holds through a storm', { timeout: (seconds + 300) * 1_000 }, async () => {
  const plan = planOf(seed, seconds, clients);
  const site = await newSite(await newFolder(), 6);
  const disk = mountSmallDisk(site.dataFolder, (192 + 4 * seconds) * 1_048_576);
  onTestFinished(() => disk?.remove());
  const aftermath = await Storm.over(plan, site, disk).catch((error: unknown) => {
    throw new Error(`${planText(plan)}\n${String(error)}`, { cause: error });
  });
  const truth = await readTruth(site);
  process.stdout.write(`${reportOf(plan, truth, aftermath)}\n`);

  const findings = [
    ...aftermath.findings,
    ...auditJournal(truth),
    ...auditWitness(truth, aftermath),
    ...auditSender(truth, aftermath),
    ...auditTraces(aftermath),
    ...auditClients(plan, truth, aftermath),
  ];
  expect(findings, `${planText(plan)}\n${findings.slice(0, 30).join('\n')}`).toEqual([]);
});

function auditClients(plan: Plan, truth: Truth, aftermath: Aftermath): string[] {
  return aftermath.clients.flatMap((client, index) => {
    const found = auditClient(truth, client.stays);
    return found.length === 0 ? [] : [...found, `  it did: ${lifeText(plan, index)}`];
  });
}

/** What the never-filtered witness was told is the whole journal. */
function auditWitness(truth: Truth, { witness }: Aftermath): string[] {
  const seqs = witness.stays
    .flatMap(({ notes }) => notes)
    .flatMap((note) => (note.kind === 'call' || note.kind === 'source' ? [note.at?.seq] : []));
  const findings = auditClient(truth, witness.stays);
  const odd = seqs.findIndex((seq, index) => seq !== index + 1);
  if (odd !== -1) findings.push(`the witness was told ${seqs[odd]} as number ${odd + 1}`);
  if (seqs.length !== truth.head) {
    findings.push(`the witness was told ${seqs.length} events of ${truth.head}`);
  }
  return findings;
}

/** What a sender was told had been taken is in the journal. */
function auditSender(truth: Truth, { sender }: Aftermath): string[] {
  const starts = new Set<string>();
  const ends = new Map<string, string | undefined>();
  for (const { event } of truth.entries) {
    if (!isOfCall(event) || event.source !== 'sender') continue;
    for (const key of event.call.platformIds) {
      if (event.kind === 'call.started') starts.add(key);
      if (event.kind === 'call.ended') ends.set(key, event.call.ending);
    }
  }
  const lost = [...sender.taken.starts].filter((key) => !starts.has(key));
  const open = [...sender.taken.ends].filter((key) => ends.get(key) !== 'observed');
  return [
    ...lost.map((key) => `${key} was sent and taken, and never started`),
    ...open.map((key) => `the end of ${key} was sent and taken, and it is ${ends.get(key)}`),
  ];
}

/** What must be the sum of what, once everybody has left. */
const balances: readonly (readonly [string, ...string[]])[] = [
  [
    'offhook_feed_events_passed_total',
    'offhook_feed_events_delivered_total',
    'offhook_feed_events_filtered_total',
    'offhook_feed_events_lost_total',
  ],
  ['offhook_signals_taken_total', 'offhook_signals_applied_total', 'offhook_signals_ignored_total'],
  ['offhook_sessions_opened_total', 'offhook_sessions_closed_total'],
];

const numberOf = ({ numbers }: Traces, name: string): number => numbers.get(name) ?? 0;

/** Nobody who has left leaves anything behind. */
function auditTraces({ before, after }: Aftermath): string[] {
  const findings: string[] = [];
  if (after.sockets > before.sockets) {
    findings.push(`${after.sockets} sockets are open, ${before.sockets} were before`);
  }
  if (after.files.length > before.files.length) {
    const more = after.files.filter((file) => !before.files.includes(file));
    findings.push(
      `${after.files.length} files are open, ${before.files.length} were: ${more.join()}`,
    );
  }
  for (const [left, ...right] of balances) {
    const sum = right.reduce((all, name) => all + numberOf(after, name), 0);
    if (numberOf(after, left) !== sum) {
      const seen = right.map((name) => `${name} ${numberOf(after, name)}`).join(' + ');
      findings.push(`${left} is ${numberOf(after, left)}, which is not ${seen}`);
    }
  }
  for (const name of ['offhook_sessions', 'offhook_feed_events_behind']) {
    if (numberOf(after, name) !== 0) findings.push(`${name} is ${numberOf(after, name)}, not 0`);
  }
  if (numberOf(after, 'offhook_feed_events_passed_total') === 0) findings.push('nothing was fed');
  const grown = after.rssBytes - before.rssBytes;
  if (grown > rssGrowthBytes) findings.push(`memory has grown by ${mebibytes(grown)} MiB`);
  return findings;
}

function reportOf(plan: Plan, truth: Truth, aftermath: Aftermath): string {
  const { before, after, clients: all, sender, remarks } = aftermath;
  const stays = all.flatMap((client) => client.stays);
  const notes = stays.reduce((sum, stay) => sum + stay.notes.length, 0);
  const goodbyes = new Map<string, number>();
  for (const note of stays.flatMap((stay) => stay.notes)) {
    if (note.kind === 'goodbye') goodbyes.set(note.reason, (goodbyes.get(note.reason) ?? 0) + 1);
  }
  const endings = new Map<string, number>();
  for (const { event } of truth.entries) {
    if (!isOfCall(event) || event.kind !== 'call.ended') continue;
    const which = `${event.source} ${event.call.ending}`;
    endings.set(which, (endings.get(which) ?? 0) + 1);
  }
  const list = (counts: ReadonlyMap<string, number>): string =>
    [...counts].map(([what, count]) => `${count} ${what}`).join(', ');
  return [
    `${planText(plan).split('\n')[0]}`,
    `${truth.head} events; calls ended: ${list(endings)}; ${sender.taken.ends.size} calls sent`,
    `${stays.length} stays with ${notes} notes; resumed ${stays.filter(({ after: from }) => from).length} times; goodbyes: ${list(goodbyes)}`,
    `sockets ${before.sockets} → ${after.sockets}, files ${before.files.length} → ${after.files.length}, memory ${mebibytes(before.rssBytes)} → ${mebibytes(after.rssBytes)} MiB`,
    `${balances
      .flat()
      .map((name) => `${name.slice(8, -6)} ${numberOf(after, name)}`)
      .join(', ')}`,
    ...remarks,
  ].join('\n  ');
}

const mebibytes = (bytes: number): number => Math.round(bytes / 1_048_576);
