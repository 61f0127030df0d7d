/**
 * What people type after an option, made into values. A text that does not fit is refused with what was
 * seen and what was expected.
 */
import { InvalidArgumentError } from 'commander';
import { notificationTypes } from '../subscriber/message.ts';
import type { NotificationType } from '../subscriber/message.ts';

/** For an option that takes a whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

/** For an option that takes a number from `min` to `max`. */
export function decimal(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a number from ${min} to ${max}.`);
  };
}

/** For an option that may be given several times. */
export function several(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `host`, `host:port`, `:port` or `[v6]:port`. */
export function hostPort(defaults: HostPort): (text: string) => HostPort {
  return (text) => {
    const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^:[\]/\s]*))(?::([0-9]{1,5}))?$/.exec(text);
    const port = match?.[3] === undefined ? defaults.port : Number(match[3]);
    if (match === null || port < 1 || port > 65_535 || text === '') {
      throw new InvalidArgumentError('Expected host:port, such as 127.0.0.1:7400.');
    }
    const host = match[1] ?? match[2] ?? '';
    return { host: host === '' ? defaults.host : host, port };
  };
}

/** Where a feed is: what the client is given, and how a person wrote it. */
export interface FeedAddress {
  readonly url: string;
  readonly shown: string;
}

/** `host:port` as `hostPort` reads it, for plain TCP, or a URL that says how. */
export function feedAddress(defaults: HostPort): (text: string) => FeedAddress {
  return (text) => {
    if (/^(tcp|tls|ws|wss):\/\/[^/]/.test(text)) return { url: text, shown: text };
    const { host, port } = hostPort(defaults)(text);
    const shown = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    return { url: `tcp://${shown}`, shown };
  };
}

/** The address of a server's HTTP side: a URL, or host and port. Without a trailing slash. */
export function httpAddress(text: string): string {
  const local = text.startsWith(':') ? `127.0.0.1${text}` : text;
  const written = /^https?:\/\//.test(local) ? local : `http://${local}`;
  if (!URL.canParse(written)) {
    throw new InvalidArgumentError('Expected a URL, such as http://127.0.0.1:7480.');
  }
  const url = new URL(written);
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** Notification types separated by commas or spaces; letter case does not matter. */
export function notificationNames(text: string): readonly NotificationType[] {
  const names = text.split(/[\s,]+/).filter((name) => name !== '');
  const types = names.map((name) => {
    const type = notificationTypes.find((one) => one.toLowerCase() === name.toLowerCase());
    if (type === undefined) {
      const seen = JSON.stringify(name.slice(0, 40));
      throw new InvalidArgumentError(`Saw ${seen}, expected ${notificationTypes.join(', ')}.`);
    }
    return type;
  });
  if (types.length === 0) throw new InvalidArgumentError('Expected at least one event.');
  return [...new Set(types)];
}
