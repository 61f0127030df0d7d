/**
 * What administrators did, as entries of the audit log: one of the models that destinations may be told. Pure.
 */
import type { Occurrence } from './occurrence.ts';

export interface Deed {
  readonly action: 'create' | 'update' | 'delete' | 'pause' | 'resume' | 'replay' | 'test';
  readonly object: 'destination' | 'delivery';
  /** Id of the object; empty for all that there are. */
  readonly target: string;
  /** Who did it, as in the grant's name. */
  readonly by: string;
}

/** @param domain name of the server on which it was done */
export function auditEntry(
  { action, object, target, by }: Deed,
  { id, atMs, domain }: { readonly id: string; readonly atMs: number; readonly domain: string },
): Occurrence {
  const datetime = new Date(atMs).toISOString();
  const where = { user: by, domain, target_domain: domain, target };
  const entry = { id, datetime, action, object, ...where };
  return { kind: 'model', id, atMs, model: 'auditlog', lane: 'administration', object: entry };
}
