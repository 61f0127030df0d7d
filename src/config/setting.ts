/**
 * What a setting is: the shape of one row of the table in settings.ts, and the type of the value that
 * comes out of it. Rows are plain data; nothing here reads, checks or prints.
 */
import { plainName, plainNameShape } from '../base/names.ts';
import { parsePattern } from '../call/extension.ts';
import { isAddressBlock } from './address.ts';

interface Row {
  /** One line for the person who sets it: what it does, and what zero or empty means. */
  readonly meaning: string;
}

/** Text of `min` (1 when absent) to `max` (255 when absent) characters. */
interface TextRow extends Row {
  readonly kind: 'text';
  readonly default?: string;
  readonly optional?: true;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
  /** Decides beside length and pattern. */
  readonly accepts?: (text: string) => boolean;
  /** What is accepted, in words; goes with `pattern` and `accepts`. */
  readonly shape?: string;
}

/** Units a person writes in the file; rooms get milliseconds and bytes instead. */
export type Unit =
  | 'seconds'
  | 'days'
  | 'MiB'
  | 'bytes'
  | 'calls per second'
  | 'connections per second'
  | 'requests per second'
  | 'documents per second';

interface NumberRow extends Row {
  readonly kind: 'number';
  readonly default?: number;
  readonly optional?: true;
  readonly min: number;
  readonly max: number;
  /** Fractions are refused. */
  readonly whole?: true;
  readonly unit?: Unit;
}

interface FlagRow extends Row {
  readonly kind: 'flag';
  readonly default: boolean;
}

interface ChoiceRow extends Row {
  readonly kind: 'choice';
  readonly options: readonly [string, ...string[]];
  readonly default: string;
}

/** A list of some of the options, each once at most. */
interface ChoicesRow extends Row {
  readonly kind: 'choices';
  readonly options: readonly [string, ...string[]];
}

/** A path; a relative one starts at the folder of the configuration file. */
interface PathRow extends Row {
  readonly kind: 'path';
  readonly default?: string;
  readonly optional?: true;
}

interface PathsRow extends Row {
  readonly kind: 'paths';
  readonly default: readonly string[];
}

/** A list of texts of one kind. */
interface TextsRow extends Row {
  readonly kind: 'texts';
  readonly default: readonly string[];
  /** How many there may be. */
  readonly most: number;
  readonly accepts: (text: string) => boolean;
  /** What is accepted, in words that follow "a list of". */
  readonly shape: string;
  /** The same for one of them, to stand alone. */
  readonly itemShape: string;
}

/** Never shown; may be given as text, `{ env = "NAME" }` or `{ file = "PATH" }`. */
interface SecretRow extends Row {
  readonly kind: 'secret';
  readonly optional?: true;
  readonly pattern?: RegExp;
  readonly accepts?: (text: string) => boolean;
  readonly shape?: string;
}

export type Setting =
  | TextRow
  | NumberRow
  | FlagRow
  | ChoiceRow
  | ChoicesRow
  | PathRow
  | PathsRow
  | TextsRow
  | SecretRow;
export type Settings = Readonly<Record<string, Setting>>;

type ValueOf<S> = S extends { readonly kind: 'number' }
  ? number
  : S extends { readonly kind: 'flag' }
    ? boolean
    : S extends { readonly kind: 'choice'; readonly options: readonly (infer O)[] }
      ? O
      : S extends { readonly kind: 'choices'; readonly options: readonly (infer O)[] }
        ? readonly O[]
        : S extends { readonly kind: 'paths' | 'texts' }
          ? readonly string[]
          : string;

/** The name under which a room finds the value: `keepAlive` in seconds becomes `keepAliveMs`. */
type NameOf<K extends string, S> = S extends { readonly unit: 'seconds' | 'days' }
  ? `${K}Ms`
  : S extends { readonly unit: 'MiB' }
    ? `${K}Bytes`
    : K;

/** The plain object a room is given for a section of the table. */
export type Slice<T> = {
  readonly [
    K in keyof T & string as T[K] extends { readonly optional: true } ? never : NameOf<K, T[K]>
  ]: ValueOf<T[K]>;
} & {
  readonly [
    K in keyof T & string as T[K] extends { readonly optional: true } ? NameOf<K, T[K]> : never
  ]?: ValueOf<T[K]>;
};

/** What one of a unit is in the unit of the slice, and what the slice's name ends in. */
export function slicing(setting: Setting): { readonly factor: number; readonly suffix: string } {
  const unit = setting.kind === 'number' ? setting.unit : undefined;
  switch (unit) {
    case 'seconds':
      return { factor: 1000, suffix: 'Ms' };
    case 'days':
      return { factor: 86_400_000, suffix: 'Ms' };
    case 'MiB':
      return { factor: 1_048_576, suffix: 'Bytes' };
    case 'bytes':
    case 'calls per second':
    case 'connections per second':
    case 'requests per second':
    case 'documents per second':
    case undefined:
      return { factor: 1, suffix: '' };
  }
}

/** True when the file must give it: neither a default nor optional. */
export function isRequired(setting: Setting): boolean {
  const mayBeAbsent = 'optional' in setting && setting.optional === true;
  return !mayBeAbsent && !('default' in setting);
}

/** Names that appear in events, paths and the log. */
export const nameShape = {
  pattern: plainName,
  shape: plainNameShape,
} as const;

export const hashShape = {
  pattern: /^[0-9a-fA-F]{64}$/,
  shape: 'a SHA-256 as 64 hexadecimal digits',
} as const;

export const addressShape = {
  accepts: isAddressBlock,
  shape: 'addresses or blocks of them, such as "192.0.2.7" or "10.0.0.0/8"',
  itemShape: 'an address or a block of them, such as "192.0.2.7" or "10.0.0.0/8"',
} as const;

const longestPattern = 64;

export const extensionShape = {
  accepts: (text: string): boolean =>
    text.length <= longestPattern && parsePattern(text) !== undefined,
  shape: 'extensions, such as "1001", "10*" or "1000-1099"',
  itemShape: 'an extension, such as "1001", "10*" or "1000-1099" (equally long, from low to high)',
} as const;
