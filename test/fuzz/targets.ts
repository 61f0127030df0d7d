/**
 * What must hold for any bytes at all, one function for each door that bytes come in by. A fuzzer looks for
 * bytes for which one of them throws; every test run takes them over what was found so far.
 */
import { ProtocolError, SourceError } from '../../src/base/errors.ts';
import { escapeAttribute, escapeText } from '../../src/base/xml.ts';
import { AmiDecoder, encodeAction } from '../../src/source/ami/codec.ts';
import { bounds as amiBounds, type AmiMessage } from '../../src/source/ami/message.ts';
import { AmiSession } from '../../src/source/ami/session.ts';
import { type Element, parseDocument } from '../../src/subscriber/document-codec.ts';
import { Framer } from '../../src/subscriber/framer.ts';
import type { FrameBounds } from '../../src/subscriber/lexer.ts';
import { bounds } from '../../src/subscriber/message.ts';
import { readServerDocument } from '../../src/subscriber/reading.ts';
import { parseRequest } from '../../src/subscriber/request-codec.ts';

export type Target = (bytes: Uint8Array) => void;

/** So small that a few bytes reach each of them. */
const narrow: FrameBounds = {
  messageBytes: 48,
  depth: 3,
  elements: 4,
  attributesPerElement: 2,
  valueBytes: 8,
};

/** Any cut gives the same documents and the same end; no document is beyond a bound. */
function framer(bytes: Uint8Array): void {
  const whole = framed([bytes], bounds);
  for (const pieces of cutsOf(bytes)) same(whole, framed(pieces, bounds), 'another cut');
  const small = framed([bytes], narrow);
  for (const pieces of cutsOf(bytes)) same(small, framed(pieces, narrow), 'another cut, narrow');
  for (const [nth, document] of small.documents.entries()) {
    if (document.length > narrow.messageBytes) throw new Error('a document is beyond its bound');
    same(document, whole.documents[nth], 'bounds changed a document');
  }
}

interface FramedAs {
  readonly documents: readonly string[];
  readonly end: string;
}

function framed(pieces: Iterable<Uint8Array>, limits: FrameBounds): FramedAs {
  const each = new Framer(limits);
  const documents: string[] = [];
  let end: string | undefined;
  for (const piece of pieces) {
    for (const one of each.push(piece)) {
      if (end !== undefined) throw new Error('something came after the error');
      if (one.kind === 'error') end = one.error.message;
      else documents.push(one.document.toString('latin1'));
    }
  }
  return { documents, end: end ?? (each.half ? 'half' : 'whole') };
}

/**
 * Never throws; what it takes it takes the same when written out again, and so do those who read meaning
 * into it.
 */
function xml(bytes: Uint8Array): void {
  const root = parseDocument(bytes);
  const request = parseRequest(bytes);
  const message = readServerDocument(bytes);
  if (root instanceof ProtocolError) {
    if (!(request instanceof ProtocolError)) throw new Error('a request that is no document');
    if (!(message instanceof ProtocolError)) throw new Error('a message that is no document');
    return;
  }
  const again = parseDocument(Buffer.from(written(root)), readAgain);
  if (again instanceof ProtocolError) throw again;
  same(shown(root), shown(again), 'written out again');
}

/** References take more room than what they stand for. */
const readAgain: FrameBounds = {
  ...bounds,
  messageBytes: 16 * bounds.messageBytes,
  valueBytes: 16 * bounds.messageBytes,
};

function written({ name, attributes, children, text }: Element): string {
  const pairs = Array.from(attributes, ([key, value]) => ` ${key}="${escapeAttribute(value)}"`);
  const inside = escapeText(text) + children.map(written).join('');
  return `<${name}${pairs.join('')}>${inside}</${name}>`;
}

function shown({ name, attributes, children, text }: Element): unknown {
  return [name, [...attributes], text, children.map(shown)];
}

const banner = Buffer.from('Asterisk Call Manager/11.0.0\r\n');
const startMs = 1_800_000_000_000;

/** Any cut gives the same blocks and the same end, and no block harms the conversation. */
function ami(bytes: Uint8Array): void {
  same(decoded([bytes]), decoded(cutAt(bytes, 1)), 'without a greeting');
  const greeted = Buffer.concat([banner, bytes]);
  const whole = decoded([greeted]);
  for (const pieces of cutsOf(greeted)) same(whole, decoded(pieces), 'another cut');
  converse(whole.messages);
}

interface Decoded {
  readonly messages: readonly AmiMessage[];
  readonly end: string;
}

function decoded(pieces: Iterable<Uint8Array>): Decoded {
  const decoder = new AmiDecoder();
  const messages: AmiMessage[] = [];
  try {
    for (const piece of pieces) {
      // What came before a broken bound in the same piece is not told of; so each line is a piece.
      for (const line of linesOf(Buffer.from(piece))) messages.push(...decoder.push(line));
    }
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { messages, end: error.code };
  }
  return { messages, end: 'open' };
}

function* linesOf(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0x0a, start) + 1 || bytes.length;
    yield bytes.subarray(start, end);
    start = end;
  }
}

/** The blocks as a conversation that is let in at once. */
function converse(messages: readonly AmiMessage[]): void {
  const session = new AmiSession(
    {
      source: 'pbx',
      username: 'offhook',
      secret: 'secret',
      login: 'plain',
      pingIntervalMs: 10_000,
      recordingFormat: 'wav',
    },
    startMs,
  );
  let nowMs = startMs;
  for (const message of messages) {
    nowMs += 100;
    if (message.kind !== 'banner' && message.fields.size > amiBounds.fieldsPerBlock) {
      throw new Error('a block is beyond its bound');
    }
    for (const effect of [...session.receive(message, nowMs), ...session.tick(nowMs)]) {
      if (effect.kind === 'signal' && !Number.isFinite(effect.signal.atMs)) {
        throw new Error(`a signal without a time: ${JSON.stringify(effect.signal)}`);
      }
      if (effect.kind === 'send') soundAction(encodeAction(effect.action));
    }
  }
}

function soundAction(text: string): void {
  if (text.indexOf('\r\n\r\n') !== text.length - 4) throw new Error(`two actions in one: ${text}`);
}

/** The same bytes in pieces: one byte at a time, and two ways that depend on the bytes themselves. */
function* cutsOf(bytes: Uint8Array): Generator<Iterable<Uint8Array>> {
  yield cutAt(bytes, 1);
  yield cutAt(bytes, 2 + ((bytes[0] ?? 0) % 7));
  yield cutAt(bytes, 3 + (bytes.at(-1) ?? 0));
}

function* cutAt(bytes: Uint8Array, every: number): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += every) {
    yield bytes.subarray(start, start + every);
  }
}

function same(one: unknown, other: unknown, what: string): void {
  const [left, right] = [JSON.stringify(plain(one)), JSON.stringify(plain(other))];
  if (left !== right) throw new Error(`${what}: ${left} is not ${right}`);
}

/** Maps do not show in JSON by themselves. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

export const targets: Readonly<Record<string, Target>> = { framer, xml, ami };
