/**
 * Ongoing calls as a table: what the server's HTTP answer holds, and how a person reads it.
 */
import { z } from 'zod';
import { ofState } from './change.ts';
import { duration, partyText } from './line.ts';
import { printable, table } from './terminal.ts';
import type { Cell, Paint } from './terminal.ts';

const party = z.object({ number: z.string().optional(), name: z.string().optional() });

/** The part of a call's JSON that is shown; the rest is for programs. */
const shownCall = z.object({
  id: z.string(),
  source: z.string(),
  state: z.string(),
  caller: party,
  called: party,
  startedAtMs: z.number(),
  answeredAtMs: z.number().optional(),
  queue: z.array(z.object({ queue: z.string(), leftAtMs: z.number().optional() })),
  recordings: z.array(
    z.object({
      endedAtMs: z.number().optional(),
      pauses: z.array(z.object({ toMs: z.number().optional() })),
    }),
  ),
});
export type ShownCall = z.infer<typeof shownCall>;

const answer = z.object({ calls: z.array(shownCall) });

/** The calls in an answer of `/v1/calls`, or undefined when it is none. */
export function readCalls(body: unknown): readonly ShownCall[] | undefined {
  return answer.safeParse(body).data?.calls;
}

const widestCell = 34;

/** @param nowMs milliseconds since 1970, by the server's clock as far as we know it */
export function callTable(
  calls: readonly ShownCall[],
  nowMs: number,
  paint: Paint,
): readonly string[] {
  const heading = ['State', 'Caller', 'Called', 'Since', 'Talking', 'Queue', 'Rec.', 'Call'];
  const rows = calls.map((call): readonly Cell[] => {
    const { sign, word, ink } = ofState(call.state);
    const answered = call.answeredAtMs;
    return [
      { text: `${sign} ${printable(word)}`, ink },
      { text: partyText(call.caller) },
      { text: partyText(call.called) },
      { text: duration(Math.max(0, nowMs - call.startedAtMs)) },
      { text: answered === undefined ? '–' : duration(Math.max(0, nowMs - answered)) },
      { text: queueOf(call) },
      { text: recordingOf(call), ink: 'cyan' },
      { text: printable(call.id), ink: 'dim' },
    ];
  });
  return table(heading, rows, widestCell, paint);
}

function queueOf(call: ShownCall): string {
  const visit = call.queue.at(-1);
  return visit === undefined ? '–' : printable(visit.queue);
}

function recordingOf(call: ShownCall): string {
  const running = call.recordings.filter((recording) => recording.endedAtMs === undefined);
  if (running.length === 0) return '–';
  const paused = running.every(({ pauses }) => pauses.some((pause) => pause.toMs === undefined));
  return paused ? '◌' : '●';
}
