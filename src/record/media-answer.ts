/**
 * How a media file is answered over HTTP, as values: status, headers, and which bytes. Every interface that lets
 * people fetch recordings answers them so. Pure.
 */
import { entityTagOf, lastModifiedOf, portionOf } from './byte-range.ts';
import type { Media } from './media.ts';

/** The headers of a request that matter here, in lower case, as Node gives them. */
export interface MediaRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly nowMs: number;
}

export interface MediaAnswer {
  readonly status: 200 | 206 | 304 | 416;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: the answer has no body. Where a header tells a length, it is of what GET would give. */
  readonly body?: { readonly from: number; readonly through: number };
}

/** What whoever asked for a media file got: a status, or none of it. */
export type MediaOutcome = MediaAnswer['status'] | 'missing' | 'busy';

export function answerMedia(
  media: Pick<Media, 'bytes' | 'modifiedMs' | 'type' | 'filename'>,
  { method, headers, nowMs }: MediaRequest,
): MediaAnswer {
  const one = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  const portion = portionOf(media, {
    method,
    range: one('range'),
    ifRange: one('if-range'),
    ifNoneMatch: one('if-none-match'),
    ifModifiedSince: one('if-modified-since'),
    nowMs,
  });
  const common = {
    'accept-ranges': 'bytes',
    etag: entityTagOf(media),
    'last-modified': lastModifiedOf(media),
  };
  switch (portion.kind) {
    case 'unchanged':
      return { status: 304, headers: common };
    case 'unsatisfiable':
      return { status: 416, headers: { ...common, 'content-range': `bytes */${media.bytes}` } };
    case 'whole':
    case 'part': {
      const { kind, from, through } = portion;
      const isPart = kind === 'part';
      const range = `bytes ${from}-${through}/${media.bytes}`;
      return {
        status: isPart ? 206 : 200,
        headers: {
          ...common,
          'content-type': media.type,
          'content-length': String(through - from + 1),
          'content-disposition': dispositionOf(media.filename),
          ...(isPart && { 'content-range': range }),
        },
        ...(method !== 'HEAD' && { body: { from, through } }),
      };
    }
  }
}

/**
 * A Content-Disposition that saves a file under its name: plain for those that read no more, and whole in the
 * form of RFC 5987. Whatever the name holds, it stays within the header.
 */
export function dispositionOf(filename: string): string {
  // "%" is decoded by some, "\" by others.
  const plain = filename.replaceAll(/[^0-9A-Za-z ._()+,=@!#$&^{}[\]~-]/gu, '_').trim() || 'file';
  const whole = encodeURIComponent(filename.toWellFormed()).replaceAll(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${whole}`;
}
