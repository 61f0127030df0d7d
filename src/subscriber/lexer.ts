/**
 * Where a document stands after each byte: inside, complete, or broken. Holds the rules of XML 1.0 that
 * need no more than one look at each byte, and the bounds on what a peer may send, so that nothing has
 * to be kept, or looked at twice, to know where a message ends. Encoding, references and meaning are the
 * codec's.
 */
import { ProtocolError, type ErrorCode } from '../base/errors.ts';
import {
  bang,
  beginsName,
  cdataStart,
  closeBracket,
  continuesName,
  dash,
  doubleQuote,
  equals,
  gt,
  isSpace,
  lt,
  openBracket,
  question,
  shownByte,
  singleQuote,
  slash,
} from './xml-bytes.ts';

/** What a document may have at most. */
export interface FrameBounds {
  /** From the first `<` to the `>` that closes the root. */
  readonly messageBytes: number;
  /** The root is at depth 1. */
  readonly depth: number;
  readonly elements: number;
  readonly attributesPerElement: number;
  /** One attribute value, one run of text between two tags, or one name, as sent. */
  readonly valueBytes: number;
}

export type Step = 'inside' | 'complete' | ProtocolError;

type State =
  | 'prolog'
  | 'opened'
  | 'tag-name'
  | 'in-tag'
  | 'attribute-name'
  | 'before-equals'
  | 'before-value'
  | 'value'
  | 'after-value'
  | 'empty-tag'
  | 'closing'
  | 'close-name'
  | 'after-close-name'
  | 'text'
  | 'bang'
  | 'comment-start'
  | 'comment'
  | 'cdata-start'
  | 'cdata'
  | 'pi-start'
  | 'pi-target'
  | 'pi';

/** One document's reading; make a new one for the next document. */
export class Lexer {
  readonly #limits: FrameBounds;
  #state: State = 'prolog';
  #bytes = 0;
  #elements = 0;
  #attributes = 0;
  /** Bytes of the value or run of text so far. */
  #run = 0;
  /** How many bytes of a mark of several (`]]>`, `-->`, `?>`, `[CDATA[`) have been seen. */
  #streak = 0;
  #quote = 0;
  /** The name being read, one character a byte. */
  #name = '';
  /** Names of the elements that are open, outermost first. */
  readonly #open: string[] = [];

  constructor(limits: FrameBounds) {
    this.#limits = limits;
  }

  /** Takes the next byte, the first of which is `<`. After anything but `inside` there is no next one. */
  step(byte: number): Step {
    this.#bytes += 1;
    if (this.#bytes > this.#limits.messageBytes)
      return this.#beyond('messageBytes', 'bytes a message');
    if (byte < 0x20 && !isSpace(byte)) return this.#unexpected(byte, 'a character that XML allows');
    switch (this.#state) {
      case 'value':
        if (byte === this.#quote) return this.#to('after-value');
        if (byte === lt) return this.#unexpected(byte, 'the end of the attribute value, or "&lt;"');
        return this.#value();
      case 'text':
        return this.#text(byte);
      case 'prolog':
        if (byte === lt) return this.#to('opened');
        return isSpace(byte) ? 'inside' : this.#unexpected(byte, 'the "<" of the root element');
      case 'opened':
        return this.#opened(byte);
      case 'tag-name':
      case 'in-tag':
      case 'after-value':
        return this.#tag(byte);
      case 'attribute-name':
        if (continuesName(byte)) return this.#value();
        if (byte === equals) return this.#to('before-value');
        return isSpace(byte)
          ? this.#to('before-equals')
          : this.#unexpected(byte, '"=" and a value');
      case 'before-equals':
        if (byte === equals) return this.#to('before-value');
        return isSpace(byte) ? 'inside' : this.#unexpected(byte, '"=" and a value');
      case 'before-value':
        if (byte === doubleQuote || byte === singleQuote) {
          this.#quote = byte;
          this.#run = 0;
          return this.#to('value');
        }
        return isSpace(byte) ? 'inside' : this.#unexpected(byte, 'a quoted attribute value');
      case 'empty-tag':
        return byte === gt ? this.#close(this.#name) : this.#unexpected(byte, '">" after "/"');
      case 'closing':
        return beginsName(byte)
          ? this.#beginName(byte, 'close-name')
          : this.#unexpected(byte, 'a name');
      case 'close-name':
        if (continuesName(byte)) return this.#addToName(byte);
        if (byte === gt) return this.#close(this.#name);
        return isSpace(byte) ? this.#to('after-close-name') : this.#unexpected(byte, '">"');
      case 'after-close-name':
        if (byte === gt) return this.#close(this.#name);
        return isSpace(byte) ? 'inside' : this.#unexpected(byte, '">"');
      case 'bang':
        if (byte === dash) return this.#to('comment-start');
        if (byte === openBracket && this.#open.length > 0) {
          this.#streak = 1;
          return this.#to('cdata-start');
        }
        return this.#error(
          'FEED_FRAME_FORBIDDEN',
          `declaration beginning "<!" and ${shownByte(byte)}; DOCTYPE, ENTITY and the like are never accepted`,
        );
      case 'comment-start':
        if (byte !== dash) return this.#unexpected(byte, '"<!--"');
        this.#streak = 0;
        return this.#to('comment');
      case 'comment':
        if (this.#streak === 2 && byte !== gt) return this.#unexpected(byte, '">" after "--"');
        if (this.#streak === 2) return this.#resume();
        this.#streak = byte === dash ? this.#streak + 1 : 0;
        return 'inside';
      case 'cdata-start':
        if (byte !== cdataStart[this.#streak]) return this.#unexpected(byte, '"<![CDATA["');
        this.#streak += 1;
        if (this.#streak < cdataStart.length) return 'inside';
        this.#streak = 0;
        return this.#to('cdata');
      case 'cdata':
        if (byte === gt && this.#streak >= 2) return this.#resume();
        this.#streak = byte === closeBracket ? this.#streak + 1 : 0;
        return this.#value();
      case 'pi-start':
        return beginsName(byte)
          ? this.#beginName(byte, 'pi-target')
          : this.#unexpected(byte, 'a name');
      case 'pi-target':
        return this.#piTarget(byte);
      case 'pi':
        if (byte === gt && this.#streak === 1) return this.#resume();
        this.#streak = byte === question ? 1 : 0;
        return 'inside';
    }
  }

  #to(state: State): Step {
    this.#state = state;
    return 'inside';
  }

  /** Goes on after a comment, a CDATA section or a processing instruction. */
  #resume(): Step {
    this.#streak = 0;
    return this.#to(this.#open.length === 0 ? 'prolog' : 'text');
  }

  #text(byte: number): Step {
    if (byte === lt) return this.#to('opened');
    // XML 1.0 §2.4: "]]>" must not stand in text.
    if (byte === gt && this.#streak >= 2) return this.#unexpected(byte, '"&gt;" after "]]"');
    this.#streak = byte === closeBracket ? this.#streak + 1 : 0;
    return this.#value();
  }

  #opened(byte: number): Step {
    if (byte === slash) {
      return this.#open.length === 0
        ? this.#unexpected(byte, 'the root element')
        : this.#to('closing');
    }
    if (byte === bang) return this.#to('bang');
    if (byte === question) return this.#to('pi-start');
    if (!beginsName(byte)) return this.#unexpected(byte, 'a name after "<"');
    this.#elements += 1;
    if (this.#elements > this.#limits.elements) return this.#beyond('elements', 'elements');
    if (this.#open.length >= this.#limits.depth) return this.#beyond('depth', 'elements deep');
    this.#attributes = 0;
    return this.#beginName(byte, 'tag-name');
  }

  #tag(byte: number): Step {
    if (this.#state === 'tag-name' && continuesName(byte)) return this.#addToName(byte);
    if (isSpace(byte)) return this.#to('in-tag');
    if (byte === slash || byte === gt) {
      this.#open.push(this.#name);
      if (byte === slash) return this.#to('empty-tag');
      this.#run = 0;
      return this.#resume();
    }
    if (this.#state !== 'in-tag') return this.#unexpected(byte, 'white space, "/" or ">"');
    if (!beginsName(byte)) return this.#unexpected(byte, 'the name of an attribute, "/" or ">"');
    this.#attributes += 1;
    if (this.#attributes > this.#limits.attributesPerElement) {
      return this.#beyond('attributesPerElement', 'attributes an element');
    }
    this.#run = 1;
    return this.#to('attribute-name');
  }

  #piTarget(byte: number): Step {
    if (continuesName(byte)) return this.#addToName(byte);
    if (byte !== question && !isSpace(byte)) return this.#unexpected(byte, 'white space or "?>"');
    // The XML declaration is the very first thing in a document, or it is not allowed.
    if (this.#name.toLowerCase() === 'xml' && this.#bytes !== '<?xml '.length) {
      return this.#unexpected(byte, 'no XML declaration after the beginning of the document');
    }
    this.#streak = byte === question ? 1 : 0;
    return this.#to('pi');
  }

  #beginName(byte: number, state: State): Step {
    this.#name = '';
    this.#state = state;
    return this.#addToName(byte);
  }

  #addToName(byte: number): Step {
    if (this.#name.length >= this.#limits.valueBytes)
      return this.#beyond('valueBytes', 'bytes a name');
    this.#name += String.fromCharCode(byte);
    return 'inside';
  }

  #value(): Step {
    this.#run += 1;
    return this.#run > this.#limits.valueBytes
      ? this.#beyond('valueBytes', 'bytes a value')
      : 'inside';
  }

  #close(name: string): Step {
    const open = this.#open.pop() ?? '';
    if (open !== name) {
      return this.#error(
        'FEED_XML_MALFORMED',
        `</${shownName(name)}> where </${shownName(open)}> was expected`,
      );
    }
    if (this.#open.length === 0) return 'complete';
    this.#run = 0;
    return this.#resume();
  }

  #unexpected(byte: number, expected: string): ProtocolError {
    return this.#error('FEED_XML_MALFORMED', `${shownByte(byte)} where ${expected} was expected`);
  }

  #beyond(bound: keyof FrameBounds, what: string): ProtocolError {
    return this.#error('FEED_FRAME_TOO_LARGE', `more than ${this.#limits[bound]} ${what}`);
  }

  #error(code: ErrorCode, seen: string): ProtocolError {
    return new ProtocolError(code, `Byte ${this.#bytes} of the message: ${seen}.`);
  }
}

function shownName(name: string): string {
  const text = Buffer.from(name, 'latin1').toString('utf8');
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
