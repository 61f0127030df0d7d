/**
 * Reading in turns: so much of it in one turn of the event loop, everybody in theirs; and bytes that wait
 * for their turn, while the socket is not read.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Inbound } from '../../src/subscriber/inbound.ts';
import { Turns, type Work } from '../../src/subscriber/turns.ts';
import { isAnswer } from '../support/feed-client.ts';
import { eventually, OpenHouse } from '../support/house.ts';

/** An event loop in the hand of the test; each piece of work takes a millisecond. */
class Loop {
  nowMs = 0;
  readonly #later: (() => void)[] = [];
  readonly turns = new Turns({ now: () => this.nowMs }, (next) => this.#later.push(next));
  readonly done: string[] = [];

  /** Work of so many pieces. */
  work(name: string, pieces: number): Work {
    let left = pieces;
    return () => {
      this.nowMs += 1;
      left -= 1;
      this.done.push(name);
      return left > 0;
    };
  }

  /** One turn; @returns what was done in it */
  turn(): string {
    this.done.length = 0;
    for (const next of this.#later.splice(0)) next();
    return this.done.join('');
  }
}

describe('turns', () => {
  it('do what there is at once, while the turn has time', () => {
    const loop = new Loop();
    loop.turns.take(loop.work('a', 1));
    expect(loop.done).toEqual(['a']);
    expect(loop.turns.waiting).toBe(0);
  });

  it('leave the rest of a flood to the next turn, and never take more of one than two milliseconds', () => {
    const loop = new Loop();
    loop.turns.take(loop.work('a', 7));
    expect(loop.done.join('')).toBe('aa');
    expect([loop.turn(), loop.turn(), loop.turn(), loop.turn()]).toEqual(['aa', 'aa', 'a', '']);
    expect(loop.turns.waiting).toBe(0);
  });

  it('go round: who floods most waits longest', () => {
    const loop = new Loop();
    loop.turns.take(loop.work('a', 6));
    loop.turns.take(loop.work('b', 1));
    loop.turns.take(loop.work('c', 2));
    expect([loop.turn(), loop.turn(), loop.turn(), loop.turn()]).toEqual(['ab', 'ca', 'ca', 'a']);
  });
});

describe('bytes on their way in', () => {
  function inbound(loop: Loop): { way: Inbound; taken: string[]; socket: string[] } {
    const [taken, socket]: [string[], string[]] = [[], []];
    const pausable = { pause: () => socket.push('pause'), resume: () => socket.push('resume') };
    const way = new Inbound(pausable, loop.turns, (bytes) => {
      loop.nowMs += 1;
      taken.push(bytes.subarray(0, 1).toString());
      return 1;
    });
    return { way, taken, socket };
  }

  it('are taken piece by piece, in order, and the socket is not read while any wait', () => {
    const loop = new Loop();
    const { way, taken, socket } = inbound(loop);
    way.push(Buffer.from('abc'));
    way.push(Buffer.from('de'));
    expect(taken.join('')).toBe('ab');
    expect(socket.at(-1)).toBe('pause');
    loop.turn();
    expect(taken.join('')).toBe('abcd');
    expect(socket.at(-1)).toBe('pause');
    loop.turn();
    expect(taken.join('')).toBe('abcde');
    expect(socket.at(-1)).toBe('resume');
  });

  it('wait while the session is paused, and go on where they stopped', () => {
    const loop = new Loop();
    const { way, taken, socket } = inbound(loop);
    way.push(Buffer.from('abcd'));
    way.pause();
    for (let turn = 0; turn < 3; turn += 1) loop.turn();
    expect(taken.join('')).toBe('ab');
    expect(socket.at(-1)).toBe('pause');
    way.resume();
    for (let turn = 0; turn < 3; turn += 1) loop.turn();
    expect(taken.join('')).toBe('abcd');
    expect(socket.at(-1)).toBe('resume');
  });
});

it('a WebSocket peer that is gone while its flood waits for its turn takes nobody along', async () => {
  const house = await OpenHouse.open();
  const neighbour = await house.webSocket();
  const ping = Buffer.from([0x89, 0x80, 0, 0, 0, 0]);
  for (let nth = 0; nth < 20; nth += 1) {
    const { hostname: host, port } = new URL(house.webSocketUrl);
    const socket = connect({ host, port: Number(port) });
    socket.on('error', () => undefined);
    socket.write(
      'GET /feed HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    await once(socket, 'data');
    socket.write(Buffer.concat(Array.from({ length: 10_000 }, () => ping)));
    await new Promise((resolve) => setImmediate(resolve));
    socket.resetAndDestroy();
  }
  await eventually(() => house.connections.length === 1);
  neighbour.send('<VerbaApi><Request type="GetManagementSummary"/></VerbaApi>');
  await neighbour.find(isAnswer);
});
