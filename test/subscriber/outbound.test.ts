/**
 * The way out of a session: what is sent, what waits, and since when.
 */
import { describe, expect, it } from 'vitest';
import { Outbound } from '../../src/subscriber/outbound.ts';
import { SpyTransport } from '../support/spy-transport.ts';

function open(limitBytes = 1_000): { outbound: Outbound; transport: SpyTransport } {
  const transport = new SpyTransport();
  return { transport, outbound: new Outbound(transport, limitBytes) };
}

const bytes = (count: number): Buffer => Buffer.alloc(count, 'x');

/** Whether a promise has been kept, once everything that can happen now has happened. */
async function isKept(promise: Promise<unknown>): Promise<boolean> {
  let kept = false;
  void promise.then(() => (kept = true));
  await new Promise((resolve) => setImmediate(resolve));
  return kept;
}

describe('a write', () => {
  it('is sent to a reader that reads, and nothing waits', () => {
    const { outbound, transport } = open();
    const message = bytes(5_000);
    expect(outbound.write(message, 0)).toBe('sent');
    expect(transport.writes).toEqual([message]);
    expect(outbound.blockedSinceMs(99_999)).toBeUndefined();
  });

  it('waits as soon as a single byte of it does, however small it is', () => {
    const { outbound, transport } = open();
    transport.reads = false;
    expect(outbound.write(bytes(1), 100)).toBe('waits');
    expect(outbound.blockedSinceMs(500)).toBe(100);
  });

  it('larger than the whole queue is still taken when no more waits than is allowed', () => {
    const { outbound, transport } = open(1_000);
    transport.reads = false;
    expect(outbound.write(bytes(1_000), 0)).toBe('waits');
    expect(outbound.write(bytes(50_000), 0)).toBe('waits');
    expect(outbound.write(bytes(1), 0)).toBe('overflow');
    expect(transport.writes).toHaveLength(2);
  });

  it('is possible again once the reader has taken enough', () => {
    const { outbound, transport } = open(1_000);
    transport.reads = false;
    outbound.write(bytes(1_001), 0);
    expect(outbound.write(bytes(1), 0)).toBe('overflow');
    transport.take(1_001);
    expect(outbound.write(bytes(1), 0)).toBe('waits');
  });
});

describe('blocked', () => {
  it('is counted from the first write that waits', () => {
    const { outbound, transport } = open();
    transport.reads = false;
    outbound.write(bytes(10), 100);
    outbound.write(bytes(10), 7_000);
    expect(outbound.blockedSinceMs(9_000)).toBe(100);
  });

  it('is counted anew from each look at which something has gone out', () => {
    const { outbound, transport } = open();
    transport.reads = false;
    outbound.write(bytes(10), 100);
    outbound.write(bytes(10), 100);
    transport.take(10);
    expect(outbound.blockedSinceMs(5_000)).toBe(5_000);
    expect(outbound.blockedSinceMs(9_000)).toBe(5_000);
  });

  it('is counted anew when one large write has only gone out in part', () => {
    const { outbound, transport } = open();
    transport.reads = false;
    outbound.write(bytes(1_000_000), 100);
    transport.take(10);
    expect(outbound.blockedSinceMs(5_000)).toBe(5_000);
    transport.take(10);
    expect(outbound.blockedSinceMs(10_000)).toBe(10_000);
    expect(outbound.blockedSinceMs(15_000)).toBe(10_000);
  });

  it('is over when everything has gone out', () => {
    const { outbound, transport } = open();
    transport.reads = false;
    outbound.write(bytes(10), 100);
    transport.take(10);
    expect(outbound.blockedSinceMs(500)).toBeUndefined();
  });

  it('is not counted from an earlier time that is over, though nobody looked in between', () => {
    const { outbound, transport } = open();
    transport.reads = false;
    outbound.write(bytes(10), 100);
    transport.take(10);
    outbound.write(bytes(10), 50_000);
    expect(outbound.blockedSinceMs(50_001)).toBe(50_000);
  });
});

describe('waiting for the reader', () => {
  it('takes no time when nothing waits', async () => {
    const { outbound } = open();
    outbound.write(bytes(10), 0);
    expect(await isKept(outbound.drained())).toBe(true);
  });

  it('ends when what was written has gone out', async () => {
    const { outbound, transport } = open();
    transport.reads = false;
    outbound.write(bytes(10), 0);
    const drained = outbound.drained();
    transport.take(9);
    expect(await isKept(drained)).toBe(false);
    transport.take(1);
    expect(await isKept(drained)).toBe(true);
  });
});
