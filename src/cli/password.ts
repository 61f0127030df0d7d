/**
 * Where a command takes a password from: the terminal, without showing it; standard input; or dice. Never from
 * an argument, where other users of the machine and the history of the shell would see it.
 */
import { randomBytes } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import { Failure } from './failure.ts';
import type { Surface } from './surface.ts';

export interface PasswordOptions {
  readonly passwordStdin?: true;
  readonly generate?: true;
}

/** What is known of standard input. */
export interface Keyboard extends AsyncIterable<Buffer | string> {
  readonly isTTY?: boolean;
  /** On a terminal only: whether each key is told as it is pressed, and not shown. */
  setRawMode?(isRaw: boolean): unknown;
}

export const shortestPassword = 8;
export const longestPassword = 1_024;
/** Bytes of standard input that are read. */
const mostBytes = 8 * 1_024;

/**
 * @throws {Failure} when there is none, or it is none that could be used
 */
export async function passwordFrom(
  options: PasswordOptions,
  surface: Pick<Surface, 'ask'>,
  keyboard: Keyboard = process.stdin,
): Promise<string> {
  if (options.passwordStdin === true && options.generate === true) {
    throw new Failure(2, '--password-stdin and --generate do not go together.', 'Choose one.');
  }
  // 144 bits of chance, in characters that survive being copied.
  if (options.generate === true) return randomBytes(18).toString('base64url');
  if (options.passwordStdin === true) return checked(await wholeOf(keyboard));
  if (keyboard.isTTY !== true || keyboard.setRawMode === undefined) {
    throw new Failure(
      2,
      'There is no terminal to ask for the password.',
      'Give it on standard input with --password-stdin, or let --generate draw one.',
    );
  }
  keyboard.setRawMode(true);
  try {
    return checked(await typedTwice(keyboard, (words) => surface.ask(words)));
  } finally {
    keyboard.setRawMode(false);
  }
}

function checked(password: string): string {
  const { length } = password;
  if (length < shortestPassword || length > longestPassword) {
    throw new Failure(
      2,
      `The password has ${length} characters, expected ${shortestPassword} to ${longestPassword}.`,
      'Take a longer one, or let --generate draw one.',
    );
  }
  if (/\p{Cc}/u.test(password)) {
    throw new Failure(
      2,
      'The password has a control character, such as a line break within it.',
      'Give one line of text.',
    );
  }
  return password;
}

/** All of it, without the line break that editors and `echo` put at the end. */
async function wholeOf(keyboard: Keyboard): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of keyboard) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > mostBytes) {
      throw new Failure(2, `Standard input has more than ${mostBytes} bytes.`, 'Give a password.');
    }
    chunks.push(bytes);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true })
      .decode(Buffer.concat(chunks))
      .replace(/\r?\n$/, '');
  } catch (error) {
    const message = 'The password on standard input is not UTF-8 text.';
    throw new Failure(2, message, undefined, { cause: error });
  }
}

/** The same line typed twice; what is typed is shown nowhere. */
async function typedTwice(keyboard: Keyboard, ask: (words: string) => void): Promise<string> {
  const decoder = new StringDecoder('utf8');
  const lines: string[] = [];
  let line = '';
  let last = '';
  ask('Password: ');
  for await (const chunk of keyboard) {
    for (const key of decoder.write(Buffer.from(chunk))) {
      const before = last;
      last = key;
      if (key === '\u0003' || key === '\u0004') {
        ask('\n');
        throw new Failure(1, 'No password was given.');
      }
      // An arrow or the like tells more than one character after this one.
      if (key === '\u001b') break;
      if (key === '\n' && before === '\r') continue;
      if (key === '\r' || key === '\n') {
        lines.push(line);
        line = '';
        ask(lines.length === 1 ? '\nOnce more: ' : '\n');
        if (lines.length === 2) return same(lines);
      } else if (key === '\u007f' || key === '\b') line = [...line].slice(0, -1).join('');
      else if (key === '\u0015') line = '';
      else if (line.length <= longestPassword) line += key;
    }
  }
  ask('\n');
  throw new Failure(1, 'No password was given.');
}

function same([first = '', second]: readonly string[]): string {
  if (first === second) return first;
  throw new Failure(1, 'The two are not the same.', 'Try again.');
}
