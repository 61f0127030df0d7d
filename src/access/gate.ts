/**
 * Who is let in: by address, by how many are in already, and by how often one comes. It counts and
 * decides; sockets are somebody else's.
 */
import { BlockList, isIPv6 } from 'node:net';
import { Bucket, type Rate } from './bucket.ts';
import type { Grant } from './grant.ts';

export interface GateSettings {
  /** Addresses and subnets that may connect; none: all. */
  readonly allow: readonly string[];
  /** Connections of one address at one time; 0: no bound. */
  readonly maxPerAddress: number;
  /** Sessions of one token at one time; 0: no bound. */
  readonly maxPerToken: number;
  /** New connections of one address, per second; 0: no bound. */
  readonly acceptRate: number;
  /** HTTP requests of one address, per second; 0: no bound. */
  readonly requestRate: number;
}

/** Why somebody is turned away. */
export const refusals = ['address', 'per-address', 'rate', 'full'] as const;
export type Refusal = (typeof refusals)[number];

interface Visitor {
  connections: number;
  readonly accepts: Bucket;
  readonly requests: Bucket;
}

/** Connections that may come at once are what comes in so many seconds; likewise requests. */
const acceptBurstS = 4;
const requestBurstS = 2;
/** Visitors that have gone are forgotten after so many more have come. */
const sweepEvery = 1_000;

export class Gate {
  #settings: GateSettings;
  #allowed: BlockList | undefined;
  readonly #visitors = new Map<string, Visitor>();
  readonly #seats = new Map<string, number>();
  /** How many have been turned away so far, by reason. */
  readonly refused: Record<Refusal, number> = { address: 0, 'per-address': 0, rate: 0, full: 0 };
  #knocks = 0;

  /** @throws {Error} when an entry of `allow` is no address or subnet */
  constructor(settings: GateSettings) {
    this.#settings = settings;
    this.#allowed = blockListOf(settings.allow);
  }

  /** From here on these settings hold, for who comes now. @throws {Error} as the constructor does */
  set settings(settings: GateSettings) {
    this.#allowed = blockListOf(settings.allow);
    this.#settings = settings;
  }

  /** Addresses that are remembered. */
  get visitors(): number {
    return this.#visitors.size;
  }

  /**
   * Somebody connects. When they are let in, `left` must follow.
   * @param isFull whether there is no place at all
   */
  knock(address: string, isFull: boolean, nowMs: number): Refusal | undefined {
    const refusal = this.#judge(address, isFull, nowMs);
    if (refusal !== undefined) this.refused[refusal] += 1;
    return refusal;
  }

  /** A connection of this address has ended. */
  left(address: string): void {
    const visitor = this.#visitors.get(placeOf(address));
    if (visitor !== undefined) visitor.connections -= 1;
  }

  /** An HTTP request comes. @returns milliseconds after which it may come again; 0 when it may now */
  request(address: string, nowMs: number): number {
    const rate = requestRate(this.#settings);
    const { requests } = this.#visitor(placeOf(address), nowMs);
    return requests.take(rate, nowMs) ? 0 : requests.waitMs(rate, nowMs);
  }

  /** A session opens with this grant. @returns false when there are too many; else `unseat` must follow */
  seat(grant: Grant): boolean {
    const taken = this.#seats.get(grant.name) ?? 0;
    const { maxPerToken } = this.#settings;
    if (maxPerToken > 0 && taken >= maxPerToken) return false;
    this.#seats.set(grant.name, taken + 1);
    return true;
  }

  unseat(grant: Grant): void {
    const taken = (this.#seats.get(grant.name) ?? 0) - 1;
    if (taken > 0) this.#seats.set(grant.name, taken);
    else this.#seats.delete(grant.name);
  }

  #judge(address: string, isFull: boolean, nowMs: number): Refusal | undefined {
    if (this.#allowed !== undefined && !isListed(this.#allowed, address)) return 'address';
    const visitor = this.#visitor(placeOf(address), nowMs);
    if (!visitor.accepts.take(acceptRate(this.#settings), nowMs)) return 'rate';
    const { maxPerAddress } = this.#settings;
    if (maxPerAddress > 0 && visitor.connections >= maxPerAddress) return 'per-address';
    if (isFull) return 'full';
    visitor.connections += 1;
    return undefined;
  }

  #visitor(place: string, nowMs: number): Visitor {
    this.#knocks += 1;
    if (this.#knocks % sweepEvery === 0) this.#sweep(nowMs);
    let visitor = this.#visitors.get(place);
    if (visitor === undefined) {
      const accepts = new Bucket(acceptRate(this.#settings), nowMs);
      const requests = new Bucket(requestRate(this.#settings), nowMs);
      this.#visitors.set(place, (visitor = { connections: 0, accepts, requests }));
    }
    return visitor;
  }

  /** Who is gone, and has not come too often of late, need not be remembered. */
  #sweep(nowMs: number): void {
    const [accept, request] = [acceptRate(this.#settings), requestRate(this.#settings)];
    for (const [place, { connections, accepts, requests }] of this.#visitors) {
      const isRested = accepts.isFull(accept, nowMs) && requests.isFull(request, nowMs);
      if (connections === 0 && isRested) this.#visitors.delete(place);
    }
  }
}

function acceptRate({ acceptRate: perSecond }: GateSettings): Rate {
  return { perSecond, burst: Math.max(1, perSecond * acceptBurstS) };
}

function requestRate({ requestRate: perSecond }: GateSettings): Rate {
  return { perSecond, burst: Math.max(1, perSecond * requestBurstS) };
}

function blockListOf(allow: readonly string[]): BlockList | undefined {
  if (allow.length === 0) return undefined;
  const list = new BlockList();
  for (const entry of allow) {
    const [address = '', bits] = entry.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

function isListed(list: BlockList, address: string): boolean {
  const plain = unmapped(address);
  return list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
}

/** An IPv4 address that came over an IPv6 socket, as IPv4 (RFC 4291 §2.5.5.2). */
function unmapped(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

/** Who counts as one: an IPv4 address, or an IPv6 network of 64 bits, of which one host has all. */
export function placeOf(address: string): string {
  const plain = unmapped(address);
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  if (tail !== undefined) while (groups.length + after.length < 8) groups.push('0');
  return [...groups, ...after].slice(0, 4).join(':');
}
