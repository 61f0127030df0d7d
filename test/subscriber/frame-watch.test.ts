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

/** Hands over the bytes, frame by frame. @returns how many messages they complete */
function push(watch: FrameWatch, bytes: Buffer): number {
  let messages = 0;
  for (let at = 0; at < bytes.length;) {
    const { taken, endsMessage } = watch.next(bytes.subarray(at));
    messages += endsMessage ? 1 : 0;
    at += taken;
  }
  return messages;
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
      expect([push(watch, bytes), watch.half]).toEqual([messages, half]);
    }
  });

  it('are followed at every cut', () => {
    const small = frames.slice(0, -1);
    const all = Buffer.concat(small.map(([bytes]) => bytes));
    for (let cut = 0; cut <= all.length; cut += 1) {
      const watch = new FrameWatch();
      const messages = push(watch, all.subarray(0, cut)) + push(watch, all.subarray(cut));
      expect([messages, watch.half]).toEqual([5, false]);
    }
  });

  it('are half received at every byte but their ends', () => {
    const watch = new FrameWatch();
    for (const [bytes, , half] of frames) {
      for (const byte of bytes.subarray(0, -1)) {
        push(watch, Buffer.of(byte));
        if (!watch.half) expect(watch.half).toBe(true);
      }
      push(watch, bytes.subarray(-1));
      expect(watch.half).toBe(half);
    }
  });
});
