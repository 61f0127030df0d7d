/**
 * Groups: who shares a buffer, who gets what of a turn, and what joining and leaving within one does.
 */
import { describe, expect, it } from 'vitest';
import { filterOf, type ExtensionPattern } from '../../src/call/extension.ts';
import { Hub } from '../../src/feed/hub.ts';
import { Encoder, type Form } from '../../src/subscriber/encoding.ts';
import { Groups, type Member } from '../../src/subscriber/group.ts';
import type { NotificationType } from '../../src/subscriber/message.ts';
import type { Subscription } from '../../src/subscriber/subscription.ts';
import { answered, connectedCall, ended, eventOf, gapOf, started } from '../support/calls.ts';
import { site } from '../support/house.ts';
import { MemoryJournal } from '../support/memory-journal.ts';
import { SpyTransport } from '../support/spy-transport.ts';

/** A member that keeps what it is given, by turn. */
class Spy implements Member {
  readonly turns: { readonly bytes: Buffer; readonly seq: number }[] = [];
  onTake: () => void = () => undefined;

  take(bytes: Buffer, seq: number): void {
    this.turns.push({ bytes, seq });
    this.onTake();
  }

  /** Notification types, over all turns. */
  get types(): string[] {
    const text = Buffer.concat(this.turns.map(({ bytes }) => bytes)).toString();
    return [...text.matchAll(/<Notification type="(\w+)"/g)].map(([, type = '']) => type);
  }
}

const tcp: Form = { transport: 'tcp', encoding: 'xml', feed: false };
const fed: Form = { transport: 'tcp', encoding: 'xml', feed: true };

function subscription(
  extensions: readonly string[] = [],
  types: readonly NotificationType[] = ['CallStart', 'CallEnd'],
): Subscription {
  const patterns = extensions.map((number): ExtensionPattern => ({ kind: 'number', number }));
  return { filter: filterOf(patterns), types, feed: false, snapshot: false, ack: false };
}

/** A journal, hub and groups; turns end when the test says so. */
function room(): { journal: MemoryJournal; hub: Hub; groups: Groups; encoder: Encoder } {
  const journal = new MemoryJournal();
  const hub = new Hub(() => undefined, 0, []);
  journal.onCommitted((entries) => hub.publish(entries));
  const encoder = new Encoder(site, journal.epoch);
  return { journal, hub, encoder, groups: new Groups(hub, encoder) };
}

describe('sessions with the same form and the same filter', () => {
  it('get one and the same buffer, once per turn, with everything in it', () => {
    const { journal, hub, groups } = room();
    const spies = [new Spy(), new Spy(), new Spy()];
    for (const spy of spies) groups.join(spy, subscription(['1000', '1001']), tcp);

    journal.append([started(0), answered(0), started(1)]);
    journal.append([ended(0), started(2)]);
    hub.flush();

    expect(spies.map(({ turns }) => turns.length)).toEqual([1, 1, 1]);
    const buffers = new Set(spies.map(({ turns }) => turns[0]?.bytes));
    expect(buffers.size).toBe(1);
    expect(spies[0]?.types).toEqual(['CallStart', 'CallStart', 'CallEnd']);
    expect(spies[0]?.turns[0]?.seq).toBe(4);
  });

  it('are the same group in whatever order types and extensions were named', () => {
    const { journal, hub, groups } = room();
    const [one, other] = [new Spy(), new Spy()];
    groups.join(one, subscription(['1000', '1001'], ['CallStart', 'CallEnd']), tcp);
    groups.join(other, subscription(['1001', '1000'], ['CallEnd', 'CallStart']), tcp);
    expect(hub.audiences).toBe(1);

    journal.append([started(0)]);
    hub.flush();
    expect(one.turns[0]?.bytes).toBe(other.turns[0]?.bytes);
  });

  it('share even the bytes of a single event with other groups of their form', () => {
    const { journal, hub, groups } = room();
    const [narrow, wide] = [new Spy(), new Spy()];
    groups.join(narrow, subscription(['1000']), tcp);
    groups.join(wide, subscription(), tcp);

    journal.append([started(0)]);
    hub.flush();
    expect(narrow.turns[0]?.bytes).toBe(wide.turns[0]?.bytes);
  });

  it('cost one write per socket and turn', () => {
    const { journal, hub, groups } = room();
    const transports = Array.from({ length: 50 }, () => new SpyTransport());
    for (const transport of transports) {
      groups.join({ take: (bytes) => transport.write(bytes) }, subscription(), tcp);
    }
    for (let n = 0; n < 20; n += 1) journal.append([started(n), ended(n)]);
    hub.flush();

    const all = transports.flatMap(({ writes }) => writes);
    expect(all).toHaveLength(50);
    expect(new Set(all).size).toBe(1);
    expect(transports[0]?.messages).toHaveLength(40);
  });
});

describe('sessions that differ', () => {
  it.each<[string, Subscription, Form]>([
    ['in their filter', subscription(['1001']), tcp],
    ['in their types', subscription(['1000'], ['CallStart']), tcp],
    ['in their transport', subscription(['1000']), { ...tcp, transport: 'websocket' }],
    ['in having opted in', subscription(['1000']), fed],
  ])('%s are in different groups', (_, different, form) => {
    const { hub, groups } = room();
    groups.join(new Spy(), subscription(['1000']), tcp);
    groups.join(new Spy(), different, form);
    expect(hub.audiences).toBe(2);
  });

  it('see only what they asked for', () => {
    const { journal, hub, groups } = room();
    const [calls, sources, nothing] = [new Spy(), new Spy(), new Spy()];
    groups.join(calls, subscription(['1000']), tcp);
    groups.join(sources, subscription(['4711'], ['SourceGap']), fed);
    groups.join(nothing, subscription(['4711']), tcp);

    journal.append([started(0), started(1), gapOf('pbx', 7), answered(0), ended(0)]);
    hub.flush();
    expect(calls.types).toEqual(['CallStart', 'CallEnd']);
    expect(sources.types).toEqual(['SourceGap']);
    expect(nothing.turns).toEqual([]);
  });

  it('are told of a start when a call becomes visible to them, whatever happened', () => {
    const { journal, hub, groups } = room();
    const [watcher, picky] = [new Spy(), new Spy()];
    groups.join(watcher, subscription(['2000'], ['CallStart', 'CallUpdate', 'CallEnd']), fed);
    groups.join(picky, subscription(['2000'], ['CallUpdate', 'CallEnd']), fed);
    const call = connectedCall(0);
    const joined = { ...call, extensions: [...call.extensions, '2000'] };

    journal.append([
      started(0),
      { ...eventOf('call.updated', joined), joined: ['2000'] },
      eventOf('call.updated', joined),
      { ...ended(0), call: { ...ended(0).call, extensions: joined.extensions } },
    ]);
    hub.flush();
    expect(watcher.types).toEqual(['CallStart', 'CallUpdate', 'CallEnd']);
    expect(picky.types).toEqual(['CallUpdate', 'CallEnd']);
  });
});

describe('joining in the middle of a turn', () => {
  it('brings nothing of before, and everything after, in a group that there is', () => {
    const { journal, hub, groups } = room();
    const [early, late] = [new Spy(), new Spy()];
    groups.join(early, subscription(), tcp);
    journal.append([started(0)]);
    groups.join(late, subscription(), tcp);
    expect(late.turns).toEqual([]);
    journal.append([ended(0)]);
    hub.flush();

    expect(early.types).toEqual(['CallStart', 'CallEnd']);
    expect(late.types).toEqual(['CallEnd']);
  });

  it('brings nothing of before, and everything after, in a new group', () => {
    const { journal, hub, groups } = room();
    const [early, late] = [new Spy(), new Spy()];
    groups.join(early, subscription(), tcp);
    journal.append([started(0)]);
    groups.join(late, subscription(['1000']), tcp);
    journal.append([ended(0)]);
    hub.flush();

    expect(late.types).toEqual(['CallEnd']);
  });

  it('serves the newcomer though the flush before it empties the group', () => {
    const { journal, hub, groups } = room();
    const [slow, newcomer] = [new Spy(), new Spy()];
    groups.join(slow, subscription(), tcp);
    slow.onTake = () => groups.leave(slow);
    journal.append([started(0)]);
    groups.join(newcomer, subscription(), tcp);

    journal.append([ended(0)]);
    hub.flush();
    expect(newcomer.types).toEqual(['CallEnd']);
    expect(hub.audiences).toBe(1);
  });
});

describe('leaving', () => {
  it('ends what is told, and with the last member the group', () => {
    const { journal, hub, groups } = room();
    const [one, other] = [new Spy(), new Spy()];
    groups.join(one, subscription(['1000']), tcp);
    groups.join(other, subscription(['1000']), tcp);
    expect(groups.members).toBe(2);

    groups.leave(one);
    groups.leave(one);
    journal.append([started(0)]);
    hub.flush();
    expect(one.turns).toEqual([]);
    expect(other.types).toEqual(['CallStart']);

    groups.leave(other);
    expect({ audiences: hub.audiences, members: groups.members }).toEqual({
      audiences: 0,
      members: 0,
    });
  });

  it('while a turn is handed out keeps nobody else from it', () => {
    const { journal, hub, groups } = room();
    const spies = [new Spy(), new Spy(), new Spy()];
    for (const spy of spies) {
      groups.join(spy, subscription(), tcp);
      spy.onTake = () => groups.leave(spy);
    }
    journal.append([started(0)]);
    hub.flush();
    expect(spies.map(({ types }) => types)).toEqual([['CallStart'], ['CallStart'], ['CallStart']]);
    expect(hub.audiences).toBe(0);
  });

  it('by joining again means being told once', () => {
    const { journal, hub, groups } = room();
    const spy = new Spy();
    groups.join(spy, subscription(['1000']), tcp);
    groups.join(spy, subscription(['1000', '1001']), tcp);
    journal.append([started(0), started(1)]);
    hub.flush();
    expect(spy.types).toEqual(['CallStart', 'CallStart']);
    expect(groups.members).toBe(1);
  });
});
