/** As many calls as a server takes: what has been said and not been told yet is bounded, and nothing else. */
import { sleep } from './pace.mjs';
import { ended, recorded, started, unrecorded } from './pbx.mjs';
import { extension } from './publishers.mjs';
import { Subscriber } from './subscribers.mjs';

/** Calls that may be open, or ended and not told yet. */
const openAtOnce = 400;
const callsAtOnce = 20;
const patienceS = 60;

export class Flood {
  #pbx;
  #subscriber;
  #calls = 0;
  #told = 0;

  constructor(pbx) {
    this.#pbx = pbx;
  }

  async open(wire, ports) {
    const scratch = Buffer.allocUnsafeSlow(256 * 1024);
    this.#subscriber = new Subscriber((_key, isEnd) => {
      if (isEnd) this.#told += 1;
    });
    await this.#subscriber.open(wire, ports, undefined, scratch);
    return {};
  }

  /**
   * @param extensions numbers of those who call each other in turns
   * @param withRecording each call is recorded from its beginning to its end
   */
  async run({ calls, extensions, withRecording = false }) {
    const startMs = performance.now();
    const open = [];
    const endOf = ([key, from, to]) =>
      (withRecording ? unrecorded(key, from, to) : '') + ended(key, from, to);
    const last = this.#calls + calls;
    let toldAtMs = startMs;
    let told = this.#told;
    while (this.#told < last) {
      if (this.#told !== told) [told, toldAtMs] = [this.#told, performance.now()];
      if (performance.now() - toldAtMs > patienceS * 1000) throw new Error('The server has stuck.');
      if (this.#calls - this.#told >= openAtOnce || (this.#calls >= last && open.length === 0)) {
        await sleep(1);
        continue;
      }
      let text = '';
      // An end is never on the heels of its start: what is live would be superseded at once.
      const isLast = this.#calls >= last;
      while (open.length > (isLast ? 0 : openAtOnce / 2)) text += endOf(open.shift());
      for (let i = 0; i < callsAtOnce && this.#calls < last; i += 1) {
        const call = this.#next(extensions);
        open.push(call);
        text += started(...call) + (withRecording ? recorded(...call) : '');
      }
      this.#pbx.write(text);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { tookMs: performance.now() - startMs, endedAtMs: performance.now() };
  }

  #next(extensions) {
    const { length } = extensions;
    const from = this.#calls % length;
    const to = (from + 1 + ((this.#calls * 31) % Math.max(1, length - 1))) % length;
    this.#calls += 1;
    const key = `${process.pid % 1000}.${String(this.#calls).padStart(8, '0')}`;
    return [key, extension(extensions[from]), extension(extensions[to])];
  }

  close() {
    this.#subscriber.close();
    return {};
  }
}
