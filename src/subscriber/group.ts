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

/** What groups of one form and the same types share, and those groups by their filter. */
interface Kind {
  readonly types: ReadonlySet<NotificationType>;
  readonly form: Form;
  readonly groups: Map<string, Group>;
}

class Group implements Audience, Made {
  readonly filter: ExtensionFilter;
  readonly kind: Kind;
  readonly #encoder: Encoder;
  readonly #hub: Hub;
  /** Most groups have one member, and a set is large for one. */
  #members: Member | Set<Member> | undefined;
  #made = 0;

  constructor(filter: ExtensionFilter, kind: Kind, encoder: Encoder, hub: Hub) {
    this.filter = filter;
    this.kind = kind;
    this.#encoder = encoder;
    this.#hub = hub;
  }

  add(member: Member): void {
    if (this.#members === undefined) this.#members = member;
    else if (this.#members instanceof Set) this.#members.add(member);
    else this.#members = new Set([this.#members, member]);
  }

  /** @returns true when nobody is left */
  delete(member: Member): boolean {
    if (this.#members instanceof Set) {
      this.#members.delete(member);
      return this.#members.size === 0;
    }
    if (this.#members === member) this.#members = undefined;
    return this.#members === undefined;
  }

  get made(): number {
    return this.#made;
  }

  get waiting(): number {
    const { length } = this.#hub
      .waiting(this)
      .filter((delivery) => typeFor(delivery, this.kind.types) !== undefined);
    return length;
  }

  deliver(deliveries: readonly Delivery[]): void {
    const parts: Buffer[] = [];
    let seq = 0;
    for (const delivery of deliveries) {
      const type = typeFor(delivery, this.kind.types);
      if (type === undefined) continue;
      parts.push(this.#encoder.notification(delivery.entry, type, this.kind.form));
      seq = delivery.entry.seq;
    }
    const [first] = parts;
    if (first === undefined) return;
    const bytes = parts.length === 1 ? first : Buffer.concat(parts);
    this.#made += parts.length;
    if (this.#members instanceof Set) {
      for (const member of this.#members) member.take(bytes, seq, parts.length);
    } else this.#members?.take(bytes, seq, parts.length);
  }
}

export class Groups {
  readonly #hub: Hub;
  readonly #encoder: Encoder;
  readonly #kinds = new Map<string, Kind>();
  readonly #memberships = new Map<Member, Group>();

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
    const kind = this.#kind(subscription, form);
    const { filter } = subscription;
    // What waits for the group was before this member. First of all, because a flush may end the last
    // of its members, and the group with them.
    if (kind.groups.has(filter.key)) this.#hub.flush();
    let group = kind.groups.get(filter.key);
    if (group === undefined) {
      group = new Group(filter, kind, this.#encoder, this.#hub);
      kind.groups.set(filter.key, group);
      this.#hub.add(group);
    }
    group.add(member);
    this.#memberships.set(member, group);
    return group;
  }

  /** Never dropped: there are only so many forms and sets of types, however they are written. */
  #kind({ types }: Subscription, form: Form): Kind {
    const names = [...new Set(types)].sort().join(' ');
    const key = `${form.transport} ${form.encoding} ${form.feed} ${names}`;
    let kind = this.#kinds.get(key);
    if (kind === undefined) {
      kind = { types: new Set(types), form, groups: new Map() };
      this.#kinds.set(key, kind);
    }
    return kind;
  }

  leave(member: Member): void {
    const group = this.#memberships.get(member);
    if (group === undefined) return;
    this.#memberships.delete(member);
    if (!group.delete(member)) return;
    const { kind, filter } = group;
    kind.groups.delete(filter.key);
    this.#hub.remove(group);
  }
}
