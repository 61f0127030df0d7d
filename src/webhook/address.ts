/**
 * Which network addresses a request may go to: those of the public Internet, and what a destination's
 * `allowAddresses` names. Everything else would make this server a way into the network it stands in. Pure;
 * nothing is looked up.
 */

/** A block of addresses: all that share the first `bits` bits with `value`. */
interface Block {
  readonly family: 4 | 6;
  /** 32 or 128 bits. */
  readonly value: bigint;
  readonly bits: number;
}

interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** What of IPv4 is not the public Internet, and what it is instead. */
const refusedV4: readonly (readonly [Block, string])[] = [
  ['0.0.0.0/8', 'an address of this machine'],
  ['10.0.0.0/8', 'a private address'],
  ['100.64.0.0/10', 'an address inside a provider’s network'],
  ['127.0.0.0/8', 'an address of this machine'],
  // The service of one cloud that answers questions about the machine, at an address that looks public.
  ['168.63.129.16/32', 'an address of a cloud’s own services'],
  ['169.254.0.0/16', 'a link-local address, where clouds keep their metadata'],
  ['172.16.0.0/12', 'a private address'],
  ['192.0.0.0/24', 'a reserved address'],
  ['192.0.2.0/24', 'an address for documentation'],
  ['192.88.99.0/24', 'a reserved address'],
  ['192.168.0.0/16', 'a private address'],
  ['198.18.0.0/15', 'an address for measurements'],
  ['198.51.100.0/24', 'an address for documentation'],
  ['203.0.113.0/24', 'an address for documentation'],
  ['224.0.0.0/4', 'a multicast address'],
  ['240.0.0.0/4', 'a reserved address'],
].map(([text = '', meaning = '']) => [knownBlock(text), meaning]);

/** The same of IPv6; the first that fits says what it is. What lies outside 2000::/3 is refused as a whole. */
const refusedV6: readonly (readonly [Block, string])[] = [
  ['::/128', 'an address of this machine'],
  ['::1/128', 'an address of this machine'],
  ['64:ff9b:1::/48', 'an address that is translated inside this network'],
  ['2001::/23', 'a reserved or tunnel address'],
  ['2001:db8::/32', 'an address for documentation'],
  ['2002::/16', 'a tunnel address'],
  ['3fff::/20', 'an address for documentation'],
  ['fc00::/7', 'a private address'],
  ['fe80::/10', 'a link-local address'],
  ['fec0::/10', 'a private address'],
  ['ff00::/8', 'a multicast address'],
].map(([text = '', meaning = '']) => [knownBlock(text), meaning]);

const publicV6 = knownBlock('2000::/3');

/** Blocks of IPv6 whose last 32 bits are the IPv4 address that is really meant: mapped, compatible, NAT64. */
const carriers = ['::ffff:0:0/96', '::/96', '64:ff9b::/96'].map(knownBlock);

/** Blocks that a destination allows. */
export class AllowedBlocks {
  readonly #blocks: readonly Block[];

  /** @param written addresses or blocks in CIDR notation; what is neither allows nothing */
  constructor(written: readonly string[]) {
    this.#blocks = written.flatMap((text) => parseBlock(text) ?? []);
  }

  /**
   * Why a request may not go to the address: what it is, such as `a private address`. Undefined when it may.
   * @param text an address as Node writes it; what is none is refused
   */
  refusal(text: string): string | undefined {
    const address = parseAddress(text);
    if (address === undefined) return 'no address';
    if (this.#allows(address)) return undefined;
    const meant = meantBy(address);
    if (meant === undefined) return meaningOfV6(address);
    if (meant !== address && this.#allows(meant)) return undefined;
    return refusedV4.find(([block]) => isIn(meant, block))?.[1];
  }

  #allows(address: Address): boolean {
    return this.#blocks.some((block) => isIn(address, block));
  }
}

/** Whether the text is an address, or a block of them in CIDR notation. */
export function isBlock(text: string): boolean {
  return parseBlock(text) !== undefined;
}

/** The IPv4 address that is reached through this one; undefined for what is IPv6 alone. */
function meantBy(address: Address): Address | undefined {
  if (address.family === 4) return address;
  // Both lie within ::/96, and are not IPv4.
  if (address.value <= 1n) return undefined;
  const isCarried = carriers.some((block) => isIn(address, block));
  return isCarried ? { family: 4, value: address.value & 0xffff_ffffn } : undefined;
}

function meaningOfV6(address: Address): string | undefined {
  const [, meaning] = refusedV6.find(([block]) => isIn(address, block)) ?? [];
  return meaning ?? (isIn(address, publicV6) ? undefined : 'a reserved address');
}

function isIn({ family, value }: Address, block: Block): boolean {
  if (family !== block.family) return false;
  const rest = BigInt((family === 4 ? 32 : 128) - block.bits);
  return value >> rest === block.value >> rest;
}

function parseBlock(text: string): Block | undefined {
  const [written = '', bits, ...more] = text.split('/');
  const address = parseAddress(written);
  if (address === undefined || more.length > 0) return undefined;
  const most = address.family === 4 ? 32 : 128;
  if (bits === undefined) return { ...address, bits: most };
  if (!/^(0|[1-9][0-9]{0,2})$/.test(bits) || Number(bits) > most) return undefined;
  return { ...address, bits: Number(bits) };
}

/** A block of the tables above. */
function knownBlock(text: string): Block {
  const block = parseBlock(text);
  if (block === undefined) throw new RangeError(`address: seen ${text}, expected a block`);
  return block;
}

function parseAddress(text: string): Address | undefined {
  if (text.length > 64) return undefined;
  if (!text.includes(':')) {
    const value = parseV4(text);
    return value === undefined ? undefined : { family: 4, value };
  }
  // A zone says which line of this machine is meant, and nothing of the address.
  const value = parseV6(text.replace(/%[^%/]*$/, ''));
  return value === undefined ? undefined : { family: 6, value };
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split('.');
  const isPlain = parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256);
  if (parts.length !== 4 || !isPlain) return undefined;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseV6(text: string): bigint | undefined {
  const [before = '', after, ...more] = withoutDots(text)?.split('::') ?? ['x'];
  if (more.length > 0) return undefined;
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const missing = 8 - head.length - tail.length;
  if (after === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<string>(missing).fill('0'), ...tail];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

/** `::ffff:10.0.0.1` with its last four numbers as two groups. */
function withoutDots(text: string): string | undefined {
  if (!text.includes('.')) return text;
  const at = text.lastIndexOf(':') + 1;
  const value = parseV4(text.slice(at));
  if (value === undefined) return undefined;
  return `${text.slice(0, at)}${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
}
