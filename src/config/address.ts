/**
 * Network addresses in settings: what may be written as one, and which of them only this machine can reach.
 * Pure; nothing is looked up.
 */
import { z } from 'zod';

const longestAddress = 49;
const address = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]);

/** Whether `text` is an IPv4 or IPv6 address, or a block of them in CIDR notation. */
export function isAddressBlock(text: string): boolean {
  return text.length <= longestAddress && address.safeParse(text).success;
}

/**
 * Whether only this machine can reach a listener on `host`: 127.0.0.0/8, ::1 or localhost. Any other name
 * counts as reachable, whatever it resolves to today.
 */
export function isLoopback(host: string): boolean {
  if (z.ipv4().safeParse(host).success) return host.startsWith('127.');
  if (host.toLowerCase() === 'localhost') return true;
  return z.ipv6().safeParse(host).success && sameAsOne.test(host);
}

/** ::1 in each of its spellings: nothing but zeros before a last group that is one. */
const sameAsOne = /^[0:]*:0{0,3}1$/;
