/**
 * What must not be read in a log is taken out by the name of its field, at any depth: secrets always,
 * call parties unless the operator wants them. Pure, and cheap where there is nothing to take out.
 */

/** Fields that are never written. */
export const secretFields = [
  'secret',
  'password',
  'token',
  'tokenSha256',
  'sha256',
  'authorization',
  'cookie',
] as const;

/** Fields that hold a number, name or address of a call party, or a record full of them. */
export const partyFields = [
  'caller',
  'called',
  'party',
  'dialled',
  'number',
  'name',
  'address',
  'device',
  'agent',
  'extension',
  'extensions',
  'transferee',
  'legs',
  'cdr',
] as const;

export type Fields = Readonly<Record<string, unknown>>;

const censored = '[redacted]';
const deepest = 8;

/** A function that gives fields without what is hidden; it never changes what it is given. */
export function redactor(hidden: readonly string[]): (fields: Fields) => Fields {
  const names = new Set(hidden.map((name) => name.toLowerCase()));

  function table(fields: Fields, depth: number): Fields {
    const clean: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(fields)) {
      clean[name] = names.has(name.toLowerCase()) ? censor(value) : any(value, depth + 1);
    }
    return clean;
  }

  function any(value: unknown, depth: number): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (depth > deepest) return '[too deep]';
    if (Array.isArray(value)) return value.map((item) => any(item, depth + 1));
    // Errors and other instances have their own way into the log.
    return isPlain(value) ? table(value, depth) : value;
  }

  return (fields) => table(fields, 0);
}

/** Whether a secret is there may be known; that is what the effective settings say. */
function censor(value: unknown): unknown {
  const saysNothing = value === undefined || value === 'set' || value === 'not set';
  return saysNothing ? value : censored;
}

function isPlain(value: object): value is Fields {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
