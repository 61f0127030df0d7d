/**
 * `POST /v1/recordings/import`: recordings of another system, under their own numbers. All of a request are taken
 * or none; reading them is done in lots, so that nobody who listens waits for it.
 */
import type { FastifyPluginCallback } from 'fastify';
import { z } from 'zod';
import { problem } from '../base/problem.ts';
import type { CustomDatum, ImportedRecording } from '../store/recording-messages.ts';
import { badQuery, refuse } from './answer.ts';
import { forHolders, type Read, readJson, readsJson } from './managing.ts';
import { readQuery } from './query.ts';
import {
  type CustomField,
  type Imported,
  importedSchema,
  mostPerImport,
} from './recording-schemas.ts';
import { type RecordingPorts, unknownFields } from './recording-desk.ts';
import { troublesOf, unprocessable } from './troubles.ts';
import type { Trouble } from './webhooks.ts';

const bodyBytes = 1024 * 1024;
const perLot = 25;
/** Numbers that are told when they are taken already. */
const mostTold = 20;

export function importRoutes({ books, fields, onImported }: RecordingPorts): FastifyPluginCallback {
  return (app, _options, done) => {
    forHolders(app, 'manage');
    readsJson(app, bodyBytes, [{ type: 'application/x-ndjson', read: readLines }]);
    app.post('/v1/recordings/import', async (request, reply) => {
      const query = readQuery(request.url, []);
      if (query.kind === 'wrong') return badQuery(reply, query.detail);
      const { recordings, problems } = await readAll(request.body, fields);
      if (problems.length > 0) {
        const detail = 'the recordings are not as expected; none was taken';
        return refuse(reply, unprocessable('RECORDINGS_INVALID', detail, problems));
      }
      const taken = await books.import(recordings);
      if (taken.length > 0) {
        const told = { taken: taken.slice(0, mostTold) };
        const more = taken.length > mostTold ? ` and ${taken.length - mostTold} more` : '';
        const detail = `seen numbers that are taken already: ${told.taken.join(', ')}${more}; none was taken over`;
        return refuse(reply, problem(409, 'RECORDINGS_EXIST', detail, told));
      }
      onImported();
      return reply.send({ imported: recordings.length });
    });
    done();
  };
}

/** A line each; empty ones are skipped. */
function readLines(bytes: Buffer): Read {
  const values: unknown[] = [];
  for (const [at, line] of bytes.toString('latin1').split('\n').entries()) {
    if (line.trim() === '') continue;
    const read = readJson(Buffer.from(line, 'latin1'));
    if (read.kind === 'wrong') return { ...read, detail: `line ${at + 1}: ${read.detail}` };
    values.push(read.value);
    if (values.length > mostPerImport) break;
  }
  return { kind: 'json', value: values };
}

const listShape = z.array(z.unknown()).min(1).max(mostPerImport);

async function readAll(
  body: unknown,
  fields: readonly CustomField[],
): Promise<{
  readonly recordings: readonly ImportedRecording[];
  readonly problems: readonly Trouble[];
}> {
  const recordings: ImportedRecording[] = [];
  const { data } = listShape.safeParse(body);
  if (data === undefined) {
    const seen = Array.isArray(body) ? `${body.length} recordings` : 'something else';
    const expected = `an array of 1 to ${mostPerImport} recordings`;
    return { recordings, problems: [{ path: '', seen, expected }] };
  }
  const problems: Trouble[] = [];
  const ids = new Set<number>();
  for (const [at, value] of data.entries()) {
    if (at > 0 && at % perLot === 0) await new Promise((resolve) => setImmediate(resolve));
    const { data: imported, error } = importedSchema.safeParse(value);
    const found =
      imported === undefined ? troublesOf(error, value) : wrongIn(imported, ids, fields);
    problems.push(...found.map((each) => ({ ...each, path: `${at}.${each.path}` })));
    if (imported !== undefined && problems.length === 0) recordings.push(rowsOf(imported, fields));
    if (problems.length >= mostTold) break;
  }
  return { recordings, problems };
}

/** What a schema cannot say. @param ids numbers of recordings and segments so far, to which these are added */
function wrongIn(
  { id, startedAt, endedAt, segments, customData }: Imported,
  ids: Set<number>,
  fields: readonly CustomField[],
): readonly Trouble[] {
  const troubles = unknownFields(Object.keys(customData ?? {}), fields);
  const own = new Set<number>();
  const inOrder = (path: string, from: string, through: string): void => {
    if (Date.parse(from) <= Date.parse(through)) return;
    troubles.push({ path, seen: JSON.stringify(through), expected: `a time after ${from}` });
  };
  inOrder('endedAt', startedAt, endedAt);
  for (const [at, segment] of segments.entries()) {
    const path = `segments.${at}`;
    inOrder(`${path}.endedAt`, segment.startedAt, segment.endedAt);
    const names = Object.keys(segment.customData ?? {});
    troubles.push(...unknownFields(names, fields, `${path}.customData`));
    const number = segment.id ?? (at === 0 ? id : undefined);
    if (number === undefined || ids.has(number) || own.has(number)) {
      const seen = number === undefined ? 'nothing' : String(number);
      troubles.push({ path: `${path}.id`, seen, expected: 'a number that is named once' });
    } else {
      own.add(number);
    }
  }
  if (ids.has(id))
    troubles.push({ path: 'id', seen: String(id), expected: 'a number that is named once' });
  for (const each of [...own, id]) ids.add(each);
  return troubles;
}

function rowsOf(imported: Imported, fields: readonly CustomField[]): ImportedRecording {
  const { id, caller, called, agentId, source, startedAt, endedAt } = imported;
  const callId = imported.call ?? `imported-${id}`;
  const present = [caller, called, agentId].filter((each) => each !== undefined);
  const [startMs, endMs] = [Date.parse(startedAt), Date.parse(endedAt)];
  const participants = (imported.participants ?? []).map((each, at) => ({
    id: each.leg ?? String(at + 1),
    aor: each.aor ?? null,
    name: each.name ?? null,
    isCalling: each.calling,
    startMs: each.startedAt === undefined ? startMs : Date.parse(each.startedAt),
    endMs: each.endedAt === undefined ? endMs : Date.parse(each.endedAt),
  }));
  const segments = imported.segments.map((segment, at) => ({
    id: segment.id ?? id,
    recording: id,
    callId,
    leg: segment.leg ?? '',
    sequence: at + 1,
    startMs: Date.parse(segment.startedAt),
    endMs: Date.parse(segment.endedAt),
    pauseMs: segment.pauseMs ?? 0,
    pausedSinceMs: null,
    pausedWithSilence: segment.pausedWithSilence ?? false,
    file: segment.file,
    filename: segment.file.split('/').at(-1) ?? segment.file,
    goesOn: at < imported.segments.length - 1,
    fileState: 'unknown' as const,
    bytes: segment.bytes ?? null,
    sha256: segment.sha256 ?? null,
  }));
  const dataOf = (
    segment: number | null,
    data: Readonly<Record<string, string>> = {},
  ): CustomDatum[] =>
    fields.flatMap(({ id: field, name }) => {
      const value = Object.hasOwn(data, name) ? data[name] : undefined;
      return value === undefined ? [] : [{ recording: id, segment, field, value }];
    });
  return {
    recording: {
      ...{ id, callId, source, startMs, endMs },
      account: imported.account ?? 1,
      route: imported.route ?? 1,
      rss: imported.rss ?? 1,
      ani: caller ?? null,
      dnis: called ?? null,
      isrUcid: imported.sessionId ?? null,
      ingressCallId: imported.ingressCallId ?? null,
      egressCallId: imported.egressCallId ?? null,
      agentId: agentId ?? null,
      agentTerminal: imported.agentTerminal ?? null,
      thirdpartyId: imported.thirdpartyId ?? null,
      pauseMs: segments.reduce((sum, { pauseMs }) => sum + pauseMs, 0),
      participants: JSON.stringify(participants),
      extensions: JSON.stringify(imported.extensions ?? present),
      sensitive: imported.sensitive ?? false,
      neverExpire: imported.neverExpire ?? false,
      deleteFlag: false,
    },
    aors: [...new Set(participants.flatMap(({ aor }) => (aor === null ? [] : [aor])))],
    segments,
    customData: [
      ...dataOf(null, imported.customData),
      ...imported.segments.flatMap(({ id: own, customData }) => dataOf(own ?? id, customData)),
    ],
  };
}
