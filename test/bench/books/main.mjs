/**
 * The process of the part `recordings`: fills a folder of its own, asks the real store, and answers with figures.
 * Alone on its event loop, so that what holds it up is the store's doing.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { StoreClient } from '../../../dist/store/client.js';
import { answerer } from '../ask.mjs';
import { fill } from './fill.mjs';
import { kinds } from './questions.mjs';

let folder;
process.once('exit', () => folder && rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

let rows = 0;

async function build(about) {
  rows = about.rows;
  folder = mkdtempSync(join(tmpdir(), 'offhook-books-'));
  return fill(folder, rows, (text) => console.log(text));
}

const opened = () =>
  StoreClient.open({
    folder,
    onFailure: (error) => {
      throw error;
    },
  });

/** Takes the database out of the kernel's memory: nothing of it is dirty. */
function forgetFile() {
  try {
    execFileSync(
      'dd',
      [`of=${join(folder, 'offhook.db')}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'],
      {
        stdio: 'ignore',
      },
    );
    return true;
  } catch {
    return false;
  }
}

/** One kind of question, `count` of them one after the other: first from the disk, then the same once more. */
async function ask({ kind, count }) {
  const questions = Array.from({ length: count }, (_, at) => kinds[kind](at, rows));
  const forgotten = forgetFile();
  const store = await opened();
  const cold = await askAll(store, questions);
  const warm = await askAll(store, questions);
  await store.close();
  return { kind, forgotten, cold, warm };
}

async function askAll(store, questions) {
  const took = [];
  let found = 0;
  let incomplete = 0;
  let none = 0;
  for (const search of questions) {
    const startMs = performance.now();
    const answer = await store.recordings.search(search);
    took.push(performance.now() - startMs);
    found += answer.rows.length;
    none += Number(answer.rows.length === 0);
    incomplete += Number(!answer.isComplete);
  }
  return { ...percentiles(took), rows: found / questions.length, none, incomplete };
}

function percentiles(took) {
  const sorted = took.sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: sorted.at(-1) };
}

/**
 * Commits of one event with a recording that begins, as fast as 2 ms apart, without searches and with some always
 * under way, in turns; and how long this thread was held up meanwhile.
 */
async function commits({ phases, phaseS, searches }) {
  const store = await opened();
  const results = [];
  let seq = store.head;
  let id = 2_000_000_000 + seq;
  for (let phase = 0; phase < phases; phase += 1) {
    const searching = phase % 2 === 1;
    const delay = monitorEventLoopDelay({ resolution: 1 });
    let going = true;
    let asked = 0;
    const names = ['ani', 'dnis', 'a day', 'aor', 'account + an hour', 'too much'];
    const searcher = async (lane) => {
      for (let n = lane; going; n += searches) {
        await store.recordings.search(kinds[names[n % names.length]](n, rows));
        asked += 1;
      }
    };
    delay.enable();
    const lanes = searching ? Array.from({ length: searches }, (_, lane) => searcher(lane)) : [];
    const took = [];
    for (const endMs = performance.now() + phaseS * 1_000; performance.now() < endMs;) {
      seq += 1;
      id += 1;
      const startMs = performance.now();
      await store.commit(batchOf(seq, id));
      took.push(performance.now() - startMs);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    delay.disable();
    going = false;
    await Promise.all(lanes);
    const heldUpMs = delay.max / 1e6;
    results.push({ searching, ...percentiles(took), heldUpMs, searchesPerS: asked / phaseS });
  }
  await store.close();
  return results;
}

function batchOf(seq, id) {
  const nowMs = Date.now();
  const callId = `call-${id}`;
  const names = { callId, source: 'pbx0', account: 1, route: 1, rss: 1 };
  const parties = { ani: '+4930123456', dnis: '+49897000', isrUcid: callId, ingressCallId: callId };
  const rest = {
    egressCallId: callId,
    agentId: null,
    participants: '[]',
    extensions: '[]',
    aors: [],
  };
  const segment = {
    ...{ id, recording: id, callId, leg: callId, startMs: nowMs, endMs: null, pauseMs: 0 },
    ...{ pausedSinceMs: null, pausedWithSilence: false, file: null, filename: null, goesOn: false },
  };
  return {
    ...{
      firstSeq: seq,
      kinds: ['recording.started'],
      callIds: [callId],
      open: [true],
      seenMs: [nowMs],
    },
    ...{ bodies: ['x'.repeat(1_700)], cdrs: [], sights: [], signalIds: [] },
    recordings: {
      recordings: [{ id, ...names, ...parties, ...rest, startMs: nowMs }],
      segments: [segment],
    },
  };
}

answerer({ build, ask, commits });
