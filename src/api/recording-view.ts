/** Recordings as the native interface shows them: rows of the books in, JSON with our names and ISO times out. */
import { z } from 'zod';
import { type ExtensionFilter, seesAny } from '../call/extension.ts';
import type { FoundRecording, KeptSegment, RecordingDossier } from '../store/recording-messages.ts';
import type { CustomField, DossierView, FoundView } from './recording-schemas.ts';

const texts = z.array(z.string());
const participants = z.array(
  z.object({
    id: z.string(),
    aor: z.string().nullable(),
    name: z.string().nullable(),
    isCalling: z.boolean(),
    startMs: z.number(),
    endMs: z.number().nullable(),
  }),
);

/** Whether the scope of a token holds any of those by whom a recording's call could be watched. */
export function isInScope(
  scope: ExtensionFilter,
  { extensions }: { readonly extensions: string },
): boolean {
  return scope.all || seesAny(scope, texts.parse(JSON.parse(extensions)));
}

export function viewOfFound(found: FoundRecording): FoundView {
  const { id, callId, source, account, startMs, endMs } = found;
  return {
    ...{ id, call: callId, source, account },
    ...present({
      caller: found.ani,
      called: found.dnis,
      sessionId: found.isrUcid,
      ingressCallId: found.ingressCallId,
      agentId: found.agentId,
    }),
    startedAt: iso(startMs),
    ...present({ endedAt: endMs === null ? null : iso(endMs) }),
    inProgress: endMs === null,
    ...present({ filename: found.filename }),
  };
}

export function viewOf(
  { recording, segments, customData, supplements }: RecordingDossier,
  fields: readonly CustomField[],
): DossierView {
  const names = new Map(fields.map(({ id, name }) => [id, name]));
  const dataOf = (segment: number | null): Record<string, string> =>
    Object.fromEntries(
      customData
        .filter((datum) => datum.segment === segment)
        // What has left the master list is kept, and shown by its number.
        .map(({ field, value }) => [names.get(field) ?? String(field), value]),
    );
  const { route, rss, pauseMs, sensitive, neverExpire, deleteFlag } = recording;
  const found = viewOfFound({ ...recording, filename: null });
  return {
    ...found,
    ...{ route, rss, pauseMs, sensitive, neverExpire, deletionRequested: deleteFlag },
    ...present({
      egressCallId: recording.egressCallId,
      agentTerminal: recording.agentTerminal,
      thirdpartyId: recording.thirdpartyId,
    }),
    extensions: texts.parse(JSON.parse(recording.extensions)),
    participants: participants.parse(JSON.parse(recording.participants)).map((each) => ({
      leg: each.id,
      ...present({ aor: each.aor, name: each.name }),
      calling: each.isCalling,
      startedAt: iso(each.startMs),
      ...present({ endedAt: each.endMs === null ? null : iso(each.endMs) }),
    })),
    customData: dataOf(null),
    segments: segments.map((segment) => viewOfSegment(segment, dataOf(segment.id))),
    supplements: supplements.map(({ id, kind, filename }) => ({
      ...{ id, kind, filename },
      media: `/v1/supplements/${id}/media`,
    })),
  };
}

function viewOfSegment(
  segment: KeptSegment,
  customData: Readonly<Record<string, string>>,
): DossierView['segments'][number] {
  const { id, recording, sequence, leg, startMs, endMs, pauseMs, pausedSinceMs } = segment;
  return {
    ...{ id, sequence, leg, startedAt: iso(startMs) },
    ...present({ endedAt: endMs === null ? null : iso(endMs) }),
    pauseMs,
    ...present({ pausedSince: pausedSinceMs === null ? null : iso(pausedSinceMs) }),
    pausedWithSilence: segment.pausedWithSilence,
    ...present({ filename: segment.filename, bytes: segment.bytes, sha256: segment.sha256 }),
    fileState: segment.fileState,
    customData: { ...customData },
    media: `/v1/recordings/${recording}/segments/${id}/media`,
  };
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

type Present<T> = { [K in keyof T]?: NonNullable<T[K]> };

/** Without what is null. */
function present<T extends Readonly<Record<string, string | number | null>>>(
  values: T,
): Present<T> {
  const kept = Object.entries(values).filter(([, value]) => value !== null);
  // What is left of T when its nulls are gone.
  return Object.fromEntries(kept) as Present<T>;
}
