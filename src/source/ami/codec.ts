/**
 * Bytes to AMI messages and actions to bytes. Pure: it holds what has not yet become a block, bounded,
 * and never looks at the same byte twice.
 */
import { SourceError } from '../../base/errors.ts';
import { type AmiAction, type AmiMessage, bounds } from './message.ts';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const bannerShape = /^Asterisk Call Manager\/(\S{1,32})$/;

export class AmiDecoder {
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  #fields = new Map<string, string>();
  #blockBytes = 0;
  #greeted = false;

  /**
   * The messages that `chunk` completes, in order.
   * @throws {SourceError} when the peer breaks a bound or does not greet as Asterisk does; the decoder
   *   must not be used afterwards.
   */
  push(chunk: Buffer): AmiMessage[] {
    const messages: AmiMessage[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(lineFeed, start);
      if (end === -1) break;
      const message = this.#line(this.#take(chunk.subarray(start, end)));
      if (message !== undefined) messages.push(message);
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return messages;
  }

  #keep(rest: Buffer): void {
    if (rest.length === 0) return;
    this.#pieceBytes += rest.length;
    if (this.#pieceBytes > bounds.lineBytes) throw lineTooLong(this.#pieceBytes);
    // A copy: the socket's buffer is large, what is kept of it is small.
    this.#pieces.push(Buffer.from(rest));
  }

  #take(last: Buffer): string {
    const bytes = this.#pieceBytes + last.length;
    if (bytes > bounds.lineBytes) throw lineTooLong(bytes);
    const whole = this.#pieces.length === 0 ? last : Buffer.concat([...this.#pieces, last]);
    this.#pieces = [];
    this.#pieceBytes = 0;
    const end = whole.at(-1) === carriageReturn ? whole.length - 1 : whole.length;
    this.#blockBytes += bytes;
    if (this.#blockBytes > bounds.blockBytes) {
      throw new SourceError(
        'AMI_LINE_TOO_LONG',
        `A block of more than ${bounds.blockBytes} bytes came; Asterisk's are far smaller.`,
        true,
      );
    }
    return whole.toString('utf8', 0, end);
  }

  #line(line: string): AmiMessage | undefined {
    if (!this.#greeted) return this.#greet(line);
    if (line === '') return this.#endBlock();
    const colon = line.indexOf(':');
    // A line without a colon is the output of a command; nothing that we ask for has any.
    if (colon <= 0) return undefined;
    if (this.#fields.size >= bounds.fieldsPerBlock) {
      throw new SourceError(
        'AMI_LINE_TOO_LONG',
        `A block of more than ${bounds.fieldsPerBlock} fields came.`,
        true,
      );
    }
    const name = line.slice(0, colon).toLowerCase();
    if (!this.#fields.has(name)) this.#fields.set(name, line.slice(colon + 1).trim());
    return undefined;
  }

  #greet(line: string): AmiMessage | undefined {
    this.#blockBytes = 0;
    const match = bannerShape.exec(line);
    if (match === null) {
      throw new SourceError(
        'AMI_BANNER_UNEXPECTED',
        `Expected "Asterisk Call Manager/…", but the peer greets with ${JSON.stringify(line.slice(0, 80))}.`,
        true,
      );
    }
    this.#greeted = true;
    return { kind: 'banner', version: match[1] ?? '' };
  }

  #endBlock(): AmiMessage | undefined {
    const fields = this.#fields;
    this.#fields = new Map();
    this.#blockBytes = 0;
    const event = fields.get('event');
    if (event !== undefined) return { kind: 'event', name: event, fields };
    const result = fields.get('response');
    return result === undefined ? undefined : { kind: 'response', result, fields };
  }
}

function lineTooLong(bytes: number): SourceError {
  return new SourceError(
    'AMI_LINE_TOO_LONG',
    `A line of at least ${bytes} bytes came, but at most ${bounds.lineBytes} are expected.`,
    true,
  );
}

/** An action's bytes. Line ends in a value would begin another field, so they become spaces. */
export function encodeAction(action: AmiAction): string {
  const lines = action.map(([name, value]) => `${name}: ${value.replace(/[\r\n\0]+/g, ' ')}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
