/**
 * What an Asterisk channel's name tells: technology, device, and whether it is half of a Local pair.
 */
import type { Loop } from '../../call/signal.ts';

/** Helpers of Asterisk's own (announcers, recorders, message queues): never somebody's leg. */
const machinery = new Set([
  'announcer',
  'asyncgoto',
  'cbann',
  'cbrec',
  'message',
  'recorder',
  'snoop',
  'surrogate',
]);

const shape = /^([^/]+)\/(.+?)(?:;([12]))?$/;

export interface Channel {
  readonly device: string;
  readonly loop?: Loop;
  readonly isMachinery: boolean;
}

/** `PJSIP/1001-0000000a` → device 1001; `Local/2001@agents-00000009;1` → 2001, near half. */
export function parseChannel(name: string): Channel {
  const match = shape.exec(name);
  const technology = match?.[1] ?? '';
  // The counter that makes the name unique: eight hex digits, or a decimal number with older drivers.
  const rest = (match?.[2] ?? name).replace(/-[0-9a-f]+(<(?:ZOMBIE|MASQ)>)?$/i, '');
  const isMachinery = machinery.has(technology.toLowerCase());
  const half = match?.[3];
  if (technology !== 'Local' || half === undefined) {
    return { device: technology === 'Local' ? beforeAt(rest) : rest, isMachinery };
  }
  const pair = name.slice(0, -2);
  return {
    device: beforeAt(rest),
    isMachinery,
    loop: { pair, half: half === '1' ? 'near' : 'far' },
  };
}

/** The device of a queue member's interface, such as `Local/2001@agents/n` or `PJSIP/1002`. */
export function deviceOfInterface(name: string): string {
  const rest = name.slice(name.indexOf('/') + 1).replace(/\/n$/, '');
  return name.startsWith('Local/') ? beforeAt(rest) : rest;
}

const beforeAt = (text: string): string => text.replace(/@.*$/, '');
