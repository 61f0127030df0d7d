/**
 * Sessions that get the same events in the same form: a turn's events are joined into one buffer, and
 * each session gets one write of it. The write call is what fan-out costs.
 */
import { isOfCall } from '../call/event.ts';
import type { ExtensionFilter } from '../call/extension.ts';
import type { Audience, Delivery, Hub } from '../feed/hub.ts';
import type { Encoder, Form } from './encoding.ts';
import type { Made } from './ledger.ts';
import type { NotificationType } from './message.ts';
import { notificationTypeOf } from './notification-codec.ts';
import type { Subscription } from './subscription.ts';

export interface Member {
  /** Takes a turn's messages, of so many events; `seq` is the number of the last of them. */
  take(bytes: Buffer, seq: number, events: number): void;
}

/** The notification an event makes for somebody, or undefined when they did not ask for its type. */
export function typeFor(
  delivery: Delivery,
  types: ReadonlySet<NotificationType>,
): NotificationType | undefined {
  const { event } = delivery.entry;
  const type = delivery.first && isOfCall(event) ? 'CallStart' : notificationTypeOf[event.kind];
  return types.has(type) ? type : undefined;
}

class Group implements Audience, Made {
  readonly filter: ExtensionFilter;
  readonly members = new Set<Member>();
  readonly #types: ReadonlySet<NotificationType>;
  readonly #form: Form;
  readonly #encoder: Encoder;
  readonly #hub: Hub;
  #made = 0;

  constructor(subscription: Subscription, form: Form, encoder: Encoder, hub: Hub) {
    this.#hub = hub;
    this.filter = subscription.filter;
    this.#types = new Set(subscription.types);
    this.#form = form;
    this.#encoder = encoder;
  }

  get made(): number {
    return this.#made;
  }

  get waiting(): number {
    const { length } = this.#hub
      .waiting(this)
      .filter((delivery) => typeFor(delivery, this.#types) !== undefined);
    return length;
  }

  deliver(deliveries: readonly Delivery[]): void {
    const parts: Buffer[] = [];
    let seq = 0;
    for (const delivery of deliveries) {
      const type = typeFor(delivery, this.#types);
      if (type === undefined) continue;
      parts.push(this.#encoder.notification(delivery.entry, type, this.#form));
      seq = delivery.entry.seq;
    }
    const [first] = parts;
    if (first === undefined) return;
    const bytes = parts.length === 1 ? first : Buffer.concat(parts);
    this.#made += parts.length;
    for (const member of this.members) member.take(bytes, seq, parts.length);
  }
}

export class Groups {
  readonly #hub: Hub;
  readonly #encoder: Encoder;
  readonly #groups = new Map<string, Group>();
  readonly #memberships = new Map<Member, { readonly key: string; readonly group: Group }>();

  constructor(hub: Hub, encoder: Encoder) {
    this.#hub = hub;
    this.#encoder = encoder;
  }

  /** How many sessions are subscribed. */
  get members(): number {
    return this.#memberships.size;
  }

  /**
   * From the next event on, the member is served; it must be told of everything up to `hub.head`.
   * @returns what is made for it, and for all others who get the same
   */
  join(member: Member, subscription: Subscription, form: Form): Made {
    this.leave(member);
    const types = [...subscription.types].sort().join(' ');
    const key = `${form.transport} ${form.encoding} ${form.feed} ${types} ${subscription.filter.key}`;
    // What waits for the group was before this member. First of all, because a flush may end the last
    // of its members, and the group with them.
    if (this.#groups.has(key)) this.#hub.flush();
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = new Group(subscription, form, this.#encoder, this.#hub);
      this.#groups.set(key, group);
      this.#hub.add(group);
    }
    group.members.add(member);
    this.#memberships.set(member, { key, group });
    return group;
  }

  leave(member: Member): void {
    const membership = this.#memberships.get(member);
    if (membership === undefined) return;
    const { key, group } = membership;
    this.#memberships.delete(member);
    group.members.delete(member);
    if (group.members.size > 0) return;
    this.#groups.delete(key);
    this.#hub.remove(group);
  }
}
