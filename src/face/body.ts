/**
 * What a form body changes of a recording or a segment, or why it is not understood. Pure.
 */
import { type Parameters, quoted } from './parameters.ts';
import type { CustomField } from './ports.ts';

export interface Update {
  /** The new name of the media file. */
  readonly filename?: string;
  /** Null takes it away. */
  readonly agentId?: string | null;
  readonly agentTerminal?: string | null;
  readonly sensitive?: boolean;
  readonly neverExpire?: boolean;
  readonly customData?: readonly { readonly field: number; readonly value: string | null }[];
}

export type ReadUpdate =
  | { readonly kind: 'update'; readonly update: Update }
  | { readonly kind: 'refused'; readonly message: string };

const known = ['filename', 'agentId', 'agentTerminal', 'sensitive', 'setNeverExpire'] as const;
const longestName = 128;

export function readUpdate(body: Parameters, fields: readonly CustomField[]): ReadUpdate {
  const update: { -readonly [K in keyof Update]: Update[K] } = {};
  for (const [name, value] of body) {
    switch (name) {
      case 'filename': {
        const wrong = wrongFilename(value);
        if (wrong !== undefined) return refused(wrong);
        update.filename = value;
        break;
      }
      case 'agentId':
      case 'agentTerminal':
        if (value.length > longestName) {
          const seen = `seen ${value.length} characters in "${name}"`;
          return refused(`${seen}, expected at most ${longestName}`);
        }
        update[name] = value === '' ? null : value;
        break;
      case 'sensitive':
      case 'setNeverExpire': {
        const flag = flags.get(value);
        if (flag === undefined) {
          return refused(`seen "${name}" ${quoted(value)}, expected "true" or "false", or 1 or 0`);
        }
        update[name === 'sensitive' ? name : 'neverExpire'] = flag;
        break;
      }
      default: {
        const field = fields.find((each) => each.name === name);
        if (field === undefined) {
          const names = [...known, ...fields.map((each) => each.name)];
          return refused(`seen the field ${quoted(name)}, expected one of ${names.join(', ')}`);
        }
        const datum = { field: field.id, value: value === '' ? null : value };
        update.customData = [...(update.customData ?? []), datum];
      }
    }
  }
  return { kind: 'update', update };
}

const flags: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** Why a text cannot be the name of a media file; undefined when it can. */
export function wrongFilename(name: string): string | undefined {
  const bytes = Buffer.byteLength(name);
  if (bytes < 1 || bytes > 255) {
    return `seen a filename of ${bytes} bytes, expected 1 to 255`;
  }
  if (/[/\\]/.test(name)) {
    return `seen the filename ${quoted(name)}, expected a name without slashes: files stay in their folder`;
  }
  if (/[\0-\x1f\x7f]/.test(name)) {
    return 'seen a filename with control characters, expected a name without them';
  }
  if (name.startsWith('.')) {
    return `seen the filename ${quoted(name)}, expected a name that does not begin with a dot`;
  }
  return undefined;
}

function refused(message: string): ReadUpdate {
  return { kind: 'refused', message };
}
