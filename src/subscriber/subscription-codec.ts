/**
 * What a client wants to be told: the Extension and Feed elements of a request, and the flags that
 * requests have, to values and back.
 */
import { attribute, element } from '../base/xml.ts';
import type { Element } from './document-codec.ts';
import {
  notificationTypes,
  wire,
  type ExtensionPattern,
  type FeedOptions,
  type NotificationType,
  type Refusal,
  type RequestHead,
} from './message.ts';
import { isRefusal, quoted, refusal } from './refusal.ts';

/**
 * The filter. An element that we do not know could be a misspelt Extension, and ignoring it would show
 * the client every call there is.
 */
export function extensionsOf(
  head: RequestHead,
  request: Element,
  allowed: readonly string[],
): readonly ExtensionPattern[] | Refusal {
  const patterns: ExtensionPattern[] = [];
  for (const child of request.children) {
    if (!allowed.includes(child.name)) {
      return refusal(head, `An element ${quoted(child.name)}; expected ${allowed.join(' or ')}.`);
    }
    if (child.name !== 'Extension') continue;
    const [number, prefix, from, to] = ['number', 'prefix', 'from', 'to'].map((name) =>
      child.attributes.get(name),
    );
    const pattern = patternOf({ number, prefix, from, to }, (name, text) => `${name}=${text}`);
    if (typeof pattern === 'string') return refusal(head, pattern);
    patterns.push(pattern);
  }
  return patterns;
}

/** What is said of an extension: attributes in XML, members in JSON. */
export type PatternTexts = {
  readonly [K in 'number' | 'prefix' | 'from' | 'to']?: string | undefined;
};

/**
 * The pattern, or what is wrong with it.
 * @param spelt how the sender's encoding writes a name with its text, which is in quotes already
 */
export function patternOf(
  { number, prefix, from, to }: PatternTexts,
  spelt: (name: string, text: string) => string,
): ExtensionPattern | string {
  const ways = [number, prefix, from ?? to].filter((way) => way !== undefined).length;
  if (ways !== 1) {
    const seen = ways === 0 ? 'names no number' : 'names numbers in more than one way';
    const [one, two, three, four] = ['number', 'prefix', 'from', 'to'].map((n) => spelt(n, '"…"'));
    return `An Extension ${seen}; expected either ${one}, ${two} or ${three} ${four}.`;
  }
  if (number === '' || prefix === '')
    return 'An Extension is empty; expected a number or prefix in it.';
  if (number !== undefined) return { kind: 'number', number };
  if (prefix !== undefined) return { kind: 'prefix', prefix };
  const range = `${spelt('from', quoted(from ?? ''))} ${spelt('to', quoted(to ?? ''))}`;
  if (from === undefined || to === undefined || !/^[0-9]+$/.test(from) || !/^[0-9]+$/.test(to)) {
    return `An Extension has ${range}; expected digits in both.`;
  }
  if (from.length !== to.length)
    return `An Extension has ${range}; expected as many digits in both.`;
  if (from > to) return `An Extension has ${range}; expected the lower number in from.`;
  return { kind: 'range', from, to };
}

const feedAttributes = ['events', 'snapshot', 'after', 'ack'];

/** Ours alone, so nothing in it may be overlooked: a misspelt `snapshot` would be missed silently. */
export function feedOf(head: RequestHead, feed: Element): FeedOptions | Refusal {
  const stranger = [...feed.attributes.keys()].find((name) => !feedAttributes.includes(name));
  if (stranger !== undefined) {
    return refusal(
      head,
      `The Feed has ${quoted(stranger)}; expected ${feedAttributes.join(', ')}.`,
    );
  }
  const snapshot = flagOf(head, feed, 'snapshot') ?? false;
  if (isRefusal(snapshot)) return snapshot;
  const ack = flagOf(head, feed, 'ack') ?? false;
  if (isRefusal(ack)) return ack;
  const events = eventsOf(head, feed.attributes.get('events'));
  if (isRefusal(events)) return events;
  const after = feed.attributes.get('after');
  return {
    ...(events === undefined ? {} : { events }),
    snapshot,
    ...(after === undefined ? {} : { after }),
    ack,
  };
}

function eventsOf(
  head: RequestHead,
  text: string | undefined,
): readonly NotificationType[] | Refusal | undefined {
  if (text === undefined) return undefined;
  const names = text.split(/\s+/).filter((name) => name !== '');
  const unknown = names.find((name) => !isNotificationType(name));
  if (unknown !== undefined || names.length === 0) {
    const seen = unknown === undefined ? 'no event' : quoted(unknown);
    return refusal(
      head,
      `The Feed asks for ${seen}; expected some of ${notificationTypes.join(' ')}.`,
    );
  }
  return [...new Set(names.filter(isNotificationType))];
}

/** Whether `name` is a notification type of calls, recordings or sources. */
export function isNotificationType(name: string): name is NotificationType {
  return notificationTypes.some((type) => type === name);
}

/** The flag `name` of an element; undefined when it is not there. Some clients write `True`. */
export function flagOf(
  head: RequestHead,
  from: Element,
  name: string,
): boolean | Refusal | undefined {
  const text = from.attributes.get(name);
  switch (text?.toLowerCase()) {
    case undefined:
      return undefined;
    case 'true':
    case '1':
      return true;
    case 'false':
    case '0':
      return false;
    default:
      return refusal(head, `${name} is ${quoted(text ?? '')}; expected "true" or "false".`);
  }
}

export function extensionXml(pattern: ExtensionPattern): string {
  switch (pattern.kind) {
    case 'number':
      return element('Extension', attribute('number', pattern.number));
    case 'prefix':
      return element('Extension', attribute('prefix', pattern.prefix));
    case 'range':
      return element('Extension', attribute('from', pattern.from) + attribute('to', pattern.to));
  }
}

/** The Feed element of a subscribe request; a flag that is false is left out. */
export function feedXml(feed: FeedOptions): string {
  return element(
    wire.elements.feed,
    attribute('events', feed.events?.join(' ')) +
      attribute('snapshot', feed.snapshot || undefined) +
      attribute('after', feed.after) +
      attribute('ack', feed.ack || undefined),
  );
}
