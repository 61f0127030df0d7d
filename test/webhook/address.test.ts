// Which addresses may be reached, in every spelling that an address has.
import { BlockList, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AllowedBlocks, isBlock } from '../../src/webhook/address.ts';

const nobody = new AllowedBlocks([]);

describe('an address', () => {
  it.each([
    ['0.0.0.0', 'this machine'],
    ['0.1.2.3', 'this machine'],
    ['10.0.0.1', 'private'],
    ['10.255.255.255', 'private'],
    ['100.64.0.1', 'provider'],
    ['100.100.100.200', 'provider'],
    ['100.127.255.255', 'provider'],
    ['127.0.0.1', 'this machine'],
    ['127.255.255.254', 'this machine'],
    ['168.63.129.16', 'cloud'],
    ['169.254.169.254', 'metadata'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.0.0.192', 'reserved'],
    ['192.0.2.1', 'documentation'],
    ['192.88.99.1', 'reserved'],
    ['192.168.1.1', 'private'],
    ['198.18.0.1', 'measurements'],
    ['198.19.255.255', 'measurements'],
    ['198.51.100.7', 'documentation'],
    ['203.0.113.7', 'documentation'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'reserved'],
    ['::', 'this machine'],
    ['::1', 'this machine'],
    ['0:0:0:0:0:0:0:1', 'this machine'],
    ['::127.0.0.1', 'this machine'],
    ['::ffff:127.0.0.1', 'this machine'],
    ['::ffff:7f00:1', 'this machine'],
    ['0:0:0:0:0:ffff:a9fe:a9fe', 'metadata'],
    ['64:ff9b::10.0.0.1', 'private'],
    ['64:ff9b::a9fe:a9fe', 'metadata'],
    ['64:ff9b:1::8.8.8.8', 'translated'],
    ['100::1', 'reserved'],
    ['2001::1', 'tunnel'],
    ['2001:0:4136:e378:8000:63bf:3fff:fdd2', 'tunnel'],
    ['2001:db8::1', 'documentation'],
    ['2002:7f00:1::', 'tunnel'],
    ['2002:808:808::1', 'tunnel'],
    ['3fff::1', 'documentation'],
    ['4000::1', 'reserved'],
    ['5f00::1', 'reserved'],
    ['fc00::1', 'private'],
    ['fd00:ec2::254', 'private'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['FE80::1', 'link-local'],
    ['fec0::1', 'private'],
    ['ff02::1', 'multicast'],
  ])('%s is refused: %s', (address, word) => {
    expect(nobody.refusal(address)).toContain(word);
  });

  it.each([
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '256.1.1.1',
    ':::',
    '1::2::3',
    '::g',
    'a.example',
  ])('%j is none, and is refused', (text) => {
    expect(nobody.refusal(text)).toBe('no address');
  });

  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2a00:1450:4001:80b::200e',
    '2001:4860:4860::8888',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
  ])('%s is public', (address) => {
    expect(nobody.refusal(address)).toBeUndefined();
  });
});

describe('what a destination allows', () => {
  it('may be reached, and no more', () => {
    const allowed = new AllowedBlocks(['10.1.0.0/16', '127.0.0.1', 'fd00::/8']);
    expect(allowed.refusal('10.1.255.255')).toBeUndefined();
    expect(allowed.refusal('10.2.0.0')).toContain('private');
    expect(allowed.refusal('127.0.0.1')).toBeUndefined();
    expect(allowed.refusal('127.0.0.2')).toContain('this machine');
    expect(allowed.refusal('::1')).toContain('this machine');
    expect(allowed.refusal('fd12::1')).toBeUndefined();
    expect(allowed.refusal('fc12::1')).toContain('private');
    expect(allowed.refusal('8.8.8.8')).toBeUndefined();
  });

  it('covers an IPv4 address within IPv6 as well', () => {
    const allowed = new AllowedBlocks(['10.1.0.0/16']);
    expect(allowed.refusal('::ffff:10.1.0.1')).toBeUndefined();
    expect(allowed.refusal('64:ff9b::10.1.0.1')).toBeUndefined();
    expect(allowed.refusal('::ffff:10.2.0.1')).toContain('private');
    expect(new AllowedBlocks(['::ffff:10.0.0.0/104']).refusal('::ffff:10.2.0.1')).toBeUndefined();
  });

  it('of IPv4 is not what IPv6 calls this machine', () => {
    const allowed = new AllowedBlocks(['0.0.0.0/8']);
    expect(allowed.refusal('::1')).toContain('this machine');
    expect(allowed.refusal('::')).toContain('this machine');
    expect(allowed.refusal('0.0.0.1')).toBeUndefined();
  });

  it('is nothing where it cannot be read', () => {
    const bad = [
      '10.0.0.0/33',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '10.0.0.0/08',
      'ten',
      '',
      '::/129',
      '/0',
    ];
    expect(bad.filter(isBlock)).toEqual([]);
    expect(new AllowedBlocks(bad).refusal('10.0.0.1')).toContain('private');
    expect(['0.0.0.0/0', '::/0', '10.0.0.1', '::1/128'].every(isBlock)).toBe(true);
  });

  it('may be all there is', () => {
    const allowed = new AllowedBlocks(['0.0.0.0/0', '::/0']);
    for (const address of ['127.0.0.1', '::1', '::', 'fe80::1%lo', '255.255.255.255']) {
      expect(allowed.refusal(address)).toBeUndefined();
    }
  });
});

describe('any address', () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const v4 = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join('.'));

  it('is in a block as Node sees it', () => {
    const block = fc.tuple(v4, fc.integer({ min: 0, max: 32 }));
    fc.assert(
      fc.property(block, v4, ([base, bits], address) => {
        const list = new BlockList();
        list.addSubnet(base, bits, 'ipv4');
        // Of 240.0.0.0/4 nothing is public, so the answer hangs on the block alone.
        const allowed = new AllowedBlocks([`${base}/${bits}`]);
        if (nobody.refusal(address) === undefined) return;
        expect(allowed.refusal(address) === undefined).toBe(list.check(address, 'ipv4'));
      }),
      { numRuns: 2_000 },
    );
  });

  it('of IPv4 is judged alike however IPv6 writes it', () => {
    fc.assert(
      fc.property(v4, (address) => {
        const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
        const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
        for (const text of [`::ffff:${address}`, `::ffff:${hex}`, `0:0:0:0:0:FFFF:${hex}`]) {
          expect(nobody.refusal(text)).toBe(nobody.refusal(address));
        }
      }),
    );
  });

  it('of IPv6 is public only within 2000::/3, or as IPv4', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        if (!isIPv6(address)) return;
        if (nobody.refusal(address) !== undefined) return;
        const list = new BlockList();
        list.addSubnet('2000::', 3, 'ipv6');
        list.addSubnet('64:ff9b::', 96, 'ipv6');
        list.addSubnet('::', 80, 'ipv6');
        expect(list.check(address, 'ipv6')).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** What the sender does with a URL before anything is looked up. */
describe('a URL with an address in disguise', () => {
  it.each([
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://127.0.0.1./',
    'http://①②⑦.0.0.1/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://0/',
    'http://0xa9fea9fe/',
    'http://2852039166/',
  ])('%s shows it in the end', (url) => {
    const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
    expect(nobody.refusal(host)).toMatch(/this machine|metadata/);
  });
});
