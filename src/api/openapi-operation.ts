/**
 * An operation of the HTTP interface as it is described, and what descriptions have in common. Pure; the words and
 * schemas of each part of the interface are in files of their own beside this one.
 */
import { z } from 'zod';

/** A JSON schema, or the name of one of `schemas`. */
export type Schema = string | Readonly<Record<string, unknown>>;

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly description: string;
  readonly schema: Readonly<Record<string, unknown>>;
  /** Is sent when the example of the operation is tried. */
  readonly example?: string | number | boolean;
}

export interface Body {
  readonly schema: Schema;
  readonly example: unknown;
  /** `application/json` when not given. */
  readonly type?: string;
  readonly isOptional?: boolean;
}

export interface Answer {
  readonly description: string;
  /** Absent: no body. */
  readonly schema?: Schema;
  /** `application/json` when not given. */
  readonly type?: string;
  readonly example?: unknown;
}

export interface Operation {
  readonly method: 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete';
  /** With braces: `/v1/recordings/{id}`. */
  readonly path: string;
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** What the token must be allowed besides being known. */
  readonly right?: 'control' | 'manage';
  readonly parameters?: readonly Parameter[];
  readonly body?: Body;
  /** By status; the first is what the example is answered with. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Codes of the problems that it may answer with, by status, besides those that every operation may. */
  readonly problems?: Readonly<Record<number, readonly string[]>>;
}

export const integer = (minimum: number, maximum?: number): Readonly<Record<string, unknown>> => ({
  ...{ type: 'integer', minimum },
  ...(maximum !== undefined && { maximum }),
});
export const text = { type: 'string' };
export const instant = { type: 'string', format: 'date-time' };

export function inPath(name: string, description: string, example: string | number): Parameter {
  const schema = typeof example === 'number' ? integer(1) : text;
  return { name, in: 'path', description, schema, example };
}

export function inQuery(
  name: string,
  description: string,
  schema: Readonly<Record<string, unknown>> = text,
  example?: string | number | boolean,
): Parameter {
  const given = example === undefined ? {} : { example };
  return { name, in: 'query', description, schema, ...given };
}

/** Schemas of zod as those of a document, each of which names the others by where they stand in it. */
export function componentsOf(
  schemas: Readonly<Record<string, z.ZodType>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => {
      const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input' });
      return [name, json];
    }),
  );
}
