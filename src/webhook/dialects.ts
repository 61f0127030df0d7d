/**
 * The dialects that there are, by name.
 */
import type { Dialect } from './dialect/dialect.ts';
import { focalscope } from './dialect/focalscope.ts';
import { netsapiens } from './dialect/netsapiens.ts';
import { oracleIsr } from './dialect/oracle-isr.ts';
import { standard } from './dialect/standard.ts';

export const dialectNames = ['oracle-isr', 'focalscope', 'netsapiens', 'standard'] as const;
export type DialectName = (typeof dialectNames)[number];

// A dialect is only ever given destinations of its own, whose options its own schema has read.
export const dialects: Readonly<Record<DialectName, Dialect>> = {
  'oracle-isr': oracleIsr as Dialect,
  focalscope: focalscope as Dialect,
  netsapiens: netsapiens as Dialect,
  standard: standard as Dialect,
};
