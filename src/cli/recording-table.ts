/** Recordings, segments and what a verification finds, as tables for people. Pure. */
import { z } from 'zod';
import { type Cell, type Ink, type Paint, printable, table } from './terminal.ts';

export const listed = z.object({
  id: z.number(),
  source: z.string(),
  caller: z.string().optional(),
  called: z.string().optional(),
  agentId: z.string().optional(),
  startedAt: z.string(),
  endedAt: z.string().optional(),
  filename: z.string().optional(),
});
export type ListedRecording = z.infer<typeof listed>;

export const shown = listed.extend({
  call: z.string(),
  sensitive: z.boolean(),
  neverExpire: z.boolean(),
  deletionRequested: z.boolean(),
  customData: z.record(z.string(), z.string()),
  segments: z.array(
    z.object({
      id: z.number(),
      startedAt: z.string(),
      endedAt: z.string().optional(),
      pauseMs: z.number(),
      filename: z.string().optional(),
      fileState: z.string(),
      bytes: z.number().optional(),
    }),
  ),
  supplements: z.array(z.object({ id: z.number(), kind: z.string(), filename: z.string() })),
});
export type ShownRecording = z.infer<typeof shown>;

export const finding = z.object({
  kind: z.string(),
  recording: z.number().optional(),
  segment: z.number().optional(),
  supplement: z.number().optional(),
  file: z.string().optional(),
  known: z.number().optional(),
  bytes: z.number().optional(),
  segments: z.number().optional(),
  files: z.number().optional(),
  findings: z.number().optional(),
  detail: z.string().optional(),
});
export type ToldFinding = z.infer<typeof finding>;

const widestCell = 40;
const none = '–';

export function recordingTable(
  recordings: readonly ListedRecording[],
  paint: Paint,
): readonly string[] {
  const heading = ['Recording', 'Started', 'Length', 'Caller', 'Called', 'Agent', 'Source', 'File'];
  const rows = recordings.map((each): readonly Cell[] => [
    { text: String(each.id) },
    { text: timeOf(each.startedAt) },
    each.endedAt === undefined
      ? { text: 'goes on', ink: 'green' }
      : { text: lengthOf(each.startedAt, each.endedAt) },
    { text: printable(each.caller ?? none) },
    { text: printable(each.called ?? none) },
    { text: printable(each.agentId ?? none) },
    { text: printable(each.source), ink: 'dim' },
    { text: printable(each.filename ?? none) },
  ]);
  return table(heading, rows, widestCell, paint);
}

export function recordingLines(recording: ShownRecording, paint: Paint): readonly string[] {
  const { id, startedAt, endedAt, caller, called, agentId, call, source } = recording;
  const marks = [
    recording.sensitive ? 'sensitive' : '',
    recording.neverExpire ? 'never expires' : '',
    recording.deletionRequested ? 'to be deleted' : '',
  ].filter((mark) => mark !== '');
  const facts: readonly (readonly [string, string])[] = [
    ['Started', timeOf(startedAt)],
    ['Length', endedAt === undefined ? 'goes on' : lengthOf(startedAt, endedAt)],
    ['Caller', caller ?? none],
    ['Called', called ?? none],
    ['Agent', agentId ?? none],
    ['Call', `${call} (${source})`],
    ['Marks', marks.length === 0 ? none : marks.join(', ')],
    ...Object.entries(recording.customData),
    ...recording.supplements.map(
      (each) => ['Added', `${each.kind} ${each.id}: ${each.filename}`] as const,
    ),
  ];
  const heading = ['Segment', 'Started', 'Length', 'Paused', 'File is', 'Size', 'File'];
  const rows = recording.segments.map((each): readonly Cell[] => [
    { text: String(each.id) },
    { text: timeOf(each.startedAt) },
    { text: each.endedAt === undefined ? 'goes on' : lengthOf(each.startedAt, each.endedAt) },
    { text: secondsOf(each.pauseMs) },
    { text: printable(each.fileState), ...inkOf(fileInks[each.fileState]) },
    { text: each.bytes === undefined ? none : sizeOf(each.bytes) },
    { text: printable(each.filename ?? none) },
  ]);
  return [
    paint('bold', `Recording ${id}`),
    ...facts.map(([name, text]) => `${paint('dim', printable(name).padEnd(9))}${printable(text)}`),
    '',
    ...table(heading, rows, widestCell, paint),
  ];
}

const fileInks: Readonly<Record<string, Ink>> = {
  present: 'green',
  missing: 'red',
  deleted: 'dim',
};

function inkOf(ink: Ink | undefined): { readonly ink?: Ink } {
  return ink === undefined ? {} : { ink };
}

const words: Readonly<Record<string, string>> = {
  missing: 'is not there',
  outside: 'lies outside the media roots',
  size: 'has another size',
  orphan: 'is in no recording',
};

export function findingTable(findings: readonly ToldFinding[], paint: Paint): readonly string[] {
  const heading = ['Recording', 'Segment', 'The file', 'Size', 'File'];
  const rows = findings.map((each): readonly Cell[] => {
    const added = each.supplement === undefined ? none : `added ${each.supplement}`;
    const size = each.bytes === undefined ? none : sizeOf(each.bytes);
    return [
      { text: String(each.recording ?? none) },
      { text: each.segment === undefined ? added : String(each.segment) },
      { text: printable(words[each.kind] ?? each.kind), ink: 'red' },
      { text: each.known === undefined ? size : `${size}, not ${sizeOf(each.known)}` },
      { text: printable(each.file ?? none) },
    ];
  });
  return table(heading, rows, widestCell, paint);
}

function timeOf(iso: string): string {
  return printable(iso.slice(0, 19).replace('T', ' '));
}

function lengthOf(from: string, through: string): string {
  return secondsOf(Date.parse(through) - Date.parse(from));
}

/** Hours only where there are any: `1:02:03`, `2:03`. */
function secondsOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const parts = [Math.trunc(seconds / 3_600), Math.trunc(seconds / 60) % 60, seconds % 60];
  const [hours, ...rest] = parts;
  const shownParts = hours === 0 ? rest : parts;
  return shownParts.map((part, at) => (at === 0 ? part : String(part).padStart(2, '0'))).join(':');
}

function sizeOf(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const at = Math.min(units.length - 1, Math.trunc(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1_024 ** at;
  return `${at === 0 ? value : value.toFixed(1)} ${units[at]}`;
}
