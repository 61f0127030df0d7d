/**
 * What exists on the Asterisk Manager Interface: blocks of `Name: value` lines, ended by an empty line.
 * Source: Asterisk documentation, "AMI Libraries and Frameworks" and the manager action reference.
 */

/** A block as it came, field names in lower case; of a repeated field the first one counts. */
export type Fields = ReadonlyMap<string, string>;

export type AmiMessage =
  /** The greeting, before any block: `Asterisk Call Manager/11.0.0`. */
  | { readonly kind: 'banner'; readonly version: string }
  | { readonly kind: 'event'; readonly name: string; readonly fields: Fields }
  | { readonly kind: 'response'; readonly result: string; readonly fields: Fields };

/** A field's value, or undefined when it is absent, empty or Asterisk's `<unknown>`. */
export function field(fields: Fields, name: string): string | undefined {
  const value = fields.get(name.toLowerCase());
  return value === undefined || value === '' || value === '<unknown>' ? undefined : value;
}

/** Bounds on what a peer may send. Asterisk's own lines stay below 1 KiB, blocks below 8 KiB. */
export const bounds = {
  lineBytes: 16 * 1024,
  blockBytes: 256 * 1024,
  fieldsPerBlock: 1_024,
} as const;

export type AmiAction = readonly (readonly [name: string, value: string])[];
