/**
 * What a subscribe request comes to for who may see so much: what is told, of which calls, from where on.
 * Pure.
 */
import type { Grant } from '../access/grant.ts';
import { type ExtensionFilter, filterOf, narrowed, seesAny } from '../call/extension.ts';
import { parsePosition, type Position } from '../journal/position.ts';
import { type Answer, type NotificationType, type Request, wire } from './message.ts';
import { failed } from './refusal.ts';

/** What a subscription asks for, checked. */
export interface Subscription {
  readonly filter: ExtensionFilter;
  readonly types: readonly NotificationType[];
  /** True when the client asked by a Feed element: it may see what the vendor's clients do not know. */
  readonly feed: boolean;
  readonly snapshot: boolean;
  readonly after?: Position;
  readonly ack: boolean;
}

const legacyTypes: readonly NotificationType[] = [wire.callStart, wire.callEnd];

/** The subscription, or the answer that says why there is none. */
export function subscriptionOf(
  request: Extract<Request, { kind: 'subscribe' }>,
  { scope, name }: Grant,
): Subscription | Answer {
  const { head, extensions, feed } = request;
  const wanted = filterOf(extensions);
  // What is named one by one and may not be seen would stay silent for ever: better to be told.
  const hidden = [...wanted.numbers].find((number) => !seesAny(scope, [number]));
  if (hidden !== undefined) {
    const detail = `The token "${name}" may not see the extension "${hidden.slice(0, 80)}".`;
    return failed('Not Authorized', detail, head);
  }
  const filter = narrowed(wanted, scope);
  if (feed === undefined) {
    return { filter, types: legacyTypes, feed: false, snapshot: false, ack: false };
  }
  const after = feed.after === undefined ? undefined : parsePosition(feed.after);
  if (feed.after !== undefined && after === undefined) {
    const detail = `after="${feed.after.slice(0, 80)}" is no position; send one as this server gave it.`;
    return failed('Invalid Request', detail, head);
  }
  return {
    filter,
    types: feed.events ?? legacyTypes,
    feed: true,
    snapshot: feed.snapshot,
    ack: feed.ack,
    ...(after !== undefined && { after }),
  };
}
