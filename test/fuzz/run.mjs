/**
 * `npm run fuzz -- framer|xml|ami [--seconds N]`: looks for bytes that break what test/fuzz/targets.ts says
 * must hold, guided by which code of the built program they reach. What reaches new code is added to the
 * corpus; what breaks something is written into it too, by the name `found-…`, and the command fails.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { statSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import ts from 'typescript';

const here = import.meta.dirname;
const root = join(here, '..', '..');
const names = ['framer', 'xml', 'ami'];
/** Inputs of the corpus stay small enough to be read by a person. */
const longestKept = 512;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '60' } },
});
const [name = ''] = positionals;
const seconds = Number(values.seconds);
if (!names.includes(name) || positionals.length !== 1 || !(seconds > 0)) {
  console.error(`Usage: npm run fuzz -- ${names.join('|')} [--seconds N]`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'offhook-fuzz-'));
try {
  process.exitCode = await fuzz();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function fuzz() {
  const corpus = join(here, 'corpus', name);
  const work = join(folder, 'work');
  const found = join(folder, 'found-');
  mkdirSync(work);
  mkdirSync(corpus, { recursive: true });
  const limits = [`-max_total_time=${seconds}`, '-timeout=10', '-rss_limit_mb=2048'];
  const { status } = jazzer([work, corpus], [...limits, `-artifact_prefix=${found}`]);
  for (const file of readdirSync(folder).filter((each) => each.startsWith('found-'))) {
    copyFileSync(join(folder, file), join(corpus, file));
    console.error(`It broke: test/fuzz/corpus/${name}/${file}`);
  }
  if (status === 0) await grow(corpus, work);
  return status === 0 ? 0 : 1;
}

/** Takes over from `work` what reaches code that nothing in the corpus reaches, or more often, the smallest first. */
async function grow(corpus, work) {
  const { fuzz: target } = await import(pathToFileURL(entry()).href);
  const session = new Session();
  session.connect();
  const ask = promisify(session.post.bind(session));
  await ask('Profiler.enable');
  await ask('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const reached = new Set();
  /** Whether the input reaches any block of the program for the first time. */
  const isNew = async (path) => {
    await ask('Profiler.takePreciseCoverage');
    target(readFileSync(path));
    const { result } = await ask('Profiler.takePreciseCoverage');
    const before = reached.size;
    for (const { url, functions } of result.filter((each) => each.url.includes('/dist/'))) {
      for (const { startOffset, endOffset, count } of functions.flatMap(({ ranges }) => ranges)) {
        // Once, a few times and often are different things to have happened.
        const often = Math.min(4, Math.ceil(Math.log2(count + 1)));
        if (count > 0) reached.add(`${url} ${startOffset} ${endOffset} ${often}`);
      }
    }
    return reached.size > before;
  };
  const kept = filesIn(corpus);
  for (const path of kept) await isNew(path);
  let more = 0;
  for (const path of filesIn(work).filter((each) => statSync(each).size <= longestKept)) {
    if (!(await isNew(path))) continue;
    copyFileSync(path, join(corpus, basename(path).slice(0, 12)));
    more += 1;
  }
  session.disconnect();
  console.error(`The corpus has ${kept.length + more} inputs, ${more} of them new.`);
}

/** Paths of the files in a folder, the smallest first. */
function filesIn(path) {
  const paths = readdirSync(path).map((file) => join(path, file));
  return paths.sort((a, b) => statSync(a).size - statSync(b).size);
}

function jazzer(corpora, options) {
  const { preload, env } = addon();
  const includes = ['-i', join(root, 'dist'), '-i', 'fast-xml-parser'];
  const cli = createRequire(import.meta.url).resolve('@jazzer.js/core/dist/cli.js');
  const args = [...preload, cli, entry(), ...corpora, '--sync', ...includes, '--', ...options];
  const run = spawnSync(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (run.error !== undefined) throw run.error;
  return run;
}

/** The targets as a module over the built program. */
function entry() {
  const source = readFileSync(join(here, 'targets.ts'), 'utf8');
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
  });
  const dist = pathToFileURL(join(root, 'dist')).href;
  const text = outputText.replaceAll(/'\.\.\/\.\.\/src\/([^']+)\.ts'/g, `'${dist}/$1.js'`);
  writeFileSync(join(folder, 'targets.mjs'), text);
  const path = join(folder, 'target.mjs');
  const target = JSON.stringify(name);
  writeFileSync(
    path,
    `import { targets } from './targets.mjs';\nexport const fuzz = (data) => targets[${target}](data);\n`,
  );
  return path;
}

/** How the fuzzer's addon is loaded: as it is, or beside what an older Debian lacks. */
function addon() {
  const file = createRequire(import.meta.url).resolve('@jazzer.js/fuzzer');
  const plain = spawnSync(process.execPath, ['-e', 'require(process.argv[1])', file]);
  if (plain.status === 0) return { preload: [], env: {} };
  const library = join(folder, 'older-libc.so');
  const made = spawnSync('gcc', ['-shared', '-fPIC', '-o', library, join(here, 'older-libc.c')]);
  if (made.status !== 0) {
    throw new Error(
      'the fuzzer needs glibc 2.38 (Debian 13), or gcc to make do with an older one; install gcc',
    );
  }
  return {
    preload: ['--require', join(here, 'older-libc.cjs')],
    env: { LD_PRELOAD: library, OFFHOOK_FUZZ_FOLDER: folder },
  };
}
