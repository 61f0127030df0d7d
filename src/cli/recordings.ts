/** `offhook recordings`: what a running server has recorded, fetching it, and whether rows and files agree. */
import { createWriteStream, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import { z } from 'zod';
import { several, wholeNumber } from './arguments.ts';
import { codeOf, exitCodesHelp, Failure } from './failure.ts';
import { parseJson } from './http.ts';
import { manage, type ServerOptions } from './managing.ts';
import { httpOption, jsonOption, tokenOption } from './options.ts';
import {
  finding,
  findingTable,
  listed,
  recordingLines,
  recordingTable,
  shown,
  type ToldFinding,
} from './recording-table.ts';
import { jsonLines, stream } from './streaming.ts';
import type { Surface } from './surface.ts';

interface ListOptions extends ServerOptions {
  readonly caller?: string;
  readonly called?: string;
  readonly agent?: string;
  readonly from?: string;
  readonly through?: string;
  readonly inProgress?: true;
  readonly where: readonly string[];
  readonly cursor?: string;
  readonly limit?: number;
}

interface DownloadOptions extends ServerOptions {
  readonly output?: string;
  readonly segment?: number;
}

const recordingId = wholeNumber(1, 999_999_999_999_999);
/** As many as the server takes in one request, and with room to spare below the bytes it reads. */
const perRequest = 200;
const requestBytes = 900_000;
/** Findings that are shown one by one. */
const mostShown = 10_000;
const progressMs = 2_000;

export function recordingsCommand(surface: Surface): Command {
  const parent = new Command('recordings').description('search, fetch and verify recordings');
  const add = (usage: string, about: string, ...examples: readonly string[]): Command => {
    const command = parent.command(usage).description(about);
    command.addOption(httpOption()).addOption(tokenOption()).addOption(jsonOption());
    const lines = examples.map((each) => `  offhook recordings ${each}\n`).join('');
    return command.addHelpText('after', `\nExamples:\n${lines}${exitCodesHelp}`);
  };

  add(
    'list',
    'list recordings, the newest first',
    'list --called 1001 --from 2026-01-31T12:00:00Z',
    'list --where custom.Ticket=T-4711',
  )
    .option('--caller <number>', 'only those with this caller')
    .option('--called <number>', 'only those where this number was called')
    .option('--agent <id>', 'only those of this agent')
    .option('--from <time>', 'only those begun since')
    .option('--through <time>', 'only those begun until')
    .option('--in-progress', 'only those that go on')
    .option(
      '--where <name=value>',
      'any other criterion of GET /v1/recordings (may be repeated)',
      several,
      [],
    )
    .option('--limit <number>', 'at most so many', wholeNumber(1, 500))
    .option('--cursor <text>', 'go on where an answer has ended')
    .action((options: ListOptions) => list(options, surface));
  add('show', 'print one with its segments', 'show 17')
    .argument('<recording>', 'its number', recordingId)
    .action(async (id: number, options: ServerOptions) => {
      const body = await manage(options, 'GET', `/v1/recordings/${id}`);
      if (options.json === true) return surface.out(JSON.stringify(body, null, 2));
      for (const line of recordingLines(read(shown, body, options), surface.paint))
        surface.out(line);
    });
  add(
    'verify',
    'compare recordings and media files',
    'verify',
    'verify --json > findings.ndjson',
  ).action((options: ServerOptions) => verify(options, surface));
  add(
    'import <file>',
    'take over recordings of another system, as JSON or a line each',
    'import old.ndjson',
  ).action((file: string, options: ServerOptions) => take(file, options, surface));
  add('download', 'fetch a media file', 'download 17', 'download 21 --segment 22 -o part-2.wav')
    .argument('<recording>', 'its number', recordingId)
    .option(
      '-o, --output <file>',
      'where it goes; - is standard output; its own name when not given',
    )
    .option('--segment <number>', 'which of its segments', recordingId)
    .action((id: number, options: DownloadOptions) => download(id, options, surface));
  add('delete', 'mark a recording to be deleted, with its files', 'delete 17')
    .argument('<recording>', 'its number', recordingId)
    .action(async (id: number, options: ServerOptions) => {
      const body = await manage(options, 'DELETE', `/v1/recordings/${id}`);
      if (options.json === true) return surface.out(JSON.stringify(body, null, 2));
      surface.out(`Recording ${id} is marked; it goes with its files.`);
    });
  return parent;
}

function read<T>(schema: z.ZodType<T>, body: unknown, { http }: ServerOptions): T {
  const { data } = schema.safeParse(body);
  if (data !== undefined) return data;
  const next = 'Check the address given with --http.';
  throw new Failure(2, `What answers at ${http} is no offhook server.`, next);
}

async function list(options: ListOptions, surface: Surface): Promise<void> {
  const { caller, called, agent, from, through, inProgress, cursor, limit, where } = options;
  const query = new URLSearchParams();
  const given = { caller, called, agent, startedFrom: from, startedThrough: through };
  for (const [name, value] of Object.entries({ ...given, inProgress, cursor, limit })) {
    if (value !== undefined) query.set(name, String(value));
  }
  for (const each of where) {
    const at = each.indexOf('=');
    if (at < 1) throw new Failure(2, `--where ${each} has no "=".`, 'Write name=value.');
    query.append(each.slice(0, at), each.slice(at + 1));
  }
  const body = await manage(options, 'GET', `/v1/recordings?${query}`);
  if (options.json === true) return surface.out(JSON.stringify(body, null, 2));
  const answer = z.object({ recordings: z.array(listed), next: z.string().optional() });
  const { recordings, next } = read(answer, body, options);
  if (recordings.length === 0 && next === undefined)
    return surface.out('There is no such recording.');
  for (const line of recordingTable(recordings, surface.paint)) surface.out(line);
  if (next !== undefined) {
    surface.aside(surface.asidePaint('dim', `There may be more: --cursor ${next}.`));
  }
}

async function verify(options: ServerOptions, surface: Surface): Promise<void> {
  const answer = await stream(options, 'POST', '/v1/recordings/verify');
  const findings: ToldFinding[] = [];
  let done: ToldFinding | undefined;
  let saidMs = Date.now();
  for await (const line of jsonLines(answer, options.http)) {
    const told = read(finding, line, options);
    if (options.json === true) surface.out(JSON.stringify(line));
    if (told.kind === 'progress') {
      if (!surface.isTerminal || Date.now() - saidMs < progressMs) continue;
      saidMs = Date.now();
      const so = `${told.segments ?? 0} segments and ${told.files ?? 0} files so far`;
      surface.aside(surface.asidePaint('dim', so));
    } else if (told.kind === 'done' || told.kind === 'failed') done = told;
    else if (findings.length < mostShown) findings.push(told);
  }
  if (done === undefined || done.kind === 'failed') {
    const why = done?.detail ?? 'the server has gone';
    throw new Failure(2, `The verification ended early: ${why}.`, 'Try again when that is mended.');
  }
  const count = done.findings ?? 0;
  const looked = `${done.segments ?? 0} segments and ${done.files ?? 0} files`;
  if (options.json !== true) {
    if (count > 0) for (const line of findingTable(findings, surface.paint)) surface.out(line);
    else surface.out(`${looked} have been looked at: all is well.`);
    if (count > findings.length) surface.aside(`${count - findings.length} more are not shown.`);
  }
  if (count > 0) {
    throw new Failure(
      1,
      `${looked} have been looked at: ${count} ${count === 1 ? 'thing is' : 'things are'} amiss.`,
    );
  }
}

async function take(file: string, options: ServerOptions, surface: Surface): Promise<void> {
  const recordings = recordingsIn(textOf(file), file);
  let imported = 0;
  for (const lot of lotsOf(recordings)) {
    try {
      const body = await manage(options, 'POST', '/v1/recordings/import', lot);
      imported += read(z.object({ imported: z.number() }), body, options).imported;
    } catch (error) {
      if (!(error instanceof Failure) || imported === 0) throw error;
      const next = `Of ${file} the first ${imported} are taken over: go on after them.`;
      throw new Failure(error.exitCode, error.message, next, { cause: error });
    }
    if (surface.isTerminal)
      surface.aside(surface.asidePaint('dim', `${imported} of ${recordings.length}`));
  }
  if (options.json === true) surface.out(JSON.stringify({ imported }, null, 2));
  else surface.out(`${imported} ${imported === 1 ? 'recording is' : 'recordings are'} taken over.`);
}

/** A JSON array, or a recording a line. */
function recordingsIn(text: string, file: string): readonly unknown[] {
  const whole = parseJson(text);
  if (Array.isArray(whole)) return whole;
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, at) => {
    const value = parseJson(line);
    if (value !== undefined) return value;
    throw new Failure(
      1,
      `Line ${at + 1} of ${file} is no JSON.`,
      'Write an array, or a recording a line.',
    );
  });
}

function* lotsOf(recordings: readonly unknown[]): Generator<readonly unknown[]> {
  let lot: unknown[] = [];
  let bytes = 0;
  for (const each of recordings) {
    const size = Buffer.byteLength(JSON.stringify(each)) + 1;
    if (lot.length === perRequest || (lot.length > 0 && bytes + size > requestBytes)) {
      yield lot;
      [lot, bytes] = [[], 0];
    }
    lot.push(each);
    bytes += size;
  }
  if (lot.length > 0) yield lot;
}

function textOf(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    const next = 'Name a file that can be read, or - for standard input.';
    throw new Failure(1, `${file} cannot be read.`, next, { cause: error });
  }
}

async function download(id: number, options: DownloadOptions, surface: Surface): Promise<void> {
  const { segment, output } = options;
  const which = segment === undefined ? '' : `/segments/${segment}`;
  const { headers, chunks } = await stream(options, 'GET', `/v1/recordings/${id}${which}/media`);
  const bytes = Readable.from(chunks, { objectMode: false });
  if (output === '-') return pipeline(bytes, process.stdout);
  const file = output ?? nameIn(headers.get('content-disposition') ?? '') ?? `${id}.media`;
  // A name that the server gives takes the place of nothing.
  const to = createWriteStream(file, { flags: output === undefined ? 'wx' : 'w' });
  try {
    await pipeline(bytes, to);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      throw new Failure(1, `There is a file ${file} already.`, 'Name another with -o FILE.');
    }
    if (error instanceof Failure) await rm(file, { force: true });
    throw error;
  }
  if (options.json === true) surface.out(JSON.stringify({ file, bytes: to.bytesWritten }, null, 2));
  else surface.out(`${file}: ${to.bytesWritten} bytes.`);
}

/** The file name of a Content-Disposition, when it is one that may stand in this folder. */
function nameIn(disposition: string): string | undefined {
  const [, text = ''] = /filename\*=UTF-8''([^;\s]+)/.exec(disposition) ?? [];
  try {
    const name = decodeURIComponent(text);
    const isPlain = name !== '' && !/^\.|[/\\\p{Cc}]/u.test(name);
    return isPlain && Buffer.byteLength(name) <= 255 ? name : undefined;
  } catch {
    return undefined;
  }
}
