/**
 * Whether a WebSocket message is half received, at every cut of the bytes.
 */
import { describe, expect, it } from 'vitest';
import { FrameWatch } from '../../src/subscriber/frame-watch.ts';

const text = 0x1;
const more = 0x0;
const ping = 0x9;

function frame(opcode: number, bytes: number, { fin = true, masked = true } = {}): Buffer {
  const mask = masked ? 0x80 : 0;
  const length =
    bytes < 126
      ? [mask | bytes]
      : bytes < 65_536
        ? [mask | 126, bytes >> 8, bytes & 0xff]
        : [mask | 127, 0, 0, 0, 0, 0, bytes >> 16, (bytes >> 8) & 0xff, bytes & 0xff];
  return Buffer.concat([
    Buffer.from([(fin ? 0x80 : 0) | opcode, ...length, ...(masked ? [1, 2, 3, 4] : [])]),
    // Payload that would be frames if it were read as such.
    Buffer.alloc(bytes, 0x81),
  ]);
}

describe('frames', () => {
  const frames: [Buffer, number, boolean][] = [
    [frame(text, 0), 1, false],
    [frame(text, 5), 1, false],
    [frame(text, 125, { masked: false }), 1, false],
    [frame(text, 126), 1, false],
    [frame(text, 300, { fin: false }), 0, true],
    [frame(ping, 4), 0, true],
    [frame(more, 0, { fin: false }), 0, true],
    [frame(more, 7), 1, false],
    [frame(ping, 0), 0, false],
    [frame(text, 70_000), 1, false],
  ];

  it('complete messages, and leave half of one only between its fragments', () => {
    const watch = new FrameWatch();
    for (const [bytes, messages, half] of frames) {
      expect([watch.push(bytes), watch.half]).toEqual([messages, half]);
    }
  });

  it('are followed at every cut', () => {
    const small = frames.slice(0, -1);
    const all = Buffer.concat(small.map(([bytes]) => bytes));
    for (let cut = 0; cut <= all.length; cut += 1) {
      const watch = new FrameWatch();
      const messages = watch.push(all.subarray(0, cut)) + watch.push(all.subarray(cut));
      expect([messages, watch.half]).toEqual([5, false]);
    }
  });

  it('are half received at every byte but their ends', () => {
    const watch = new FrameWatch();
    for (const [bytes, , half] of frames) {
      for (const byte of bytes.subarray(0, -1)) {
        watch.push(Buffer.of(byte));
        if (!watch.half) expect(watch.half).toBe(true);
      }
      watch.push(bytes.subarray(-1));
      expect(watch.half).toBe(half);
    }
  });
});
