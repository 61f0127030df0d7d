/**
 * Clients that come back: each keeps the position of the last notification it has handled, and after a
 * goodbye or a lost connection waits at random, longer each time, and subscribes from there. Each keeps a
 * count and a running hash of what it was told, in order, to be compared with the journal.
 */
import { connect } from 'node:net';
import { until } from './pace.mjs';
import { extension } from './publishers.mjs';
import { textFrame, wires } from './subscribers.mjs';

const closing = '</VerbaApi>';
const feed = (after) =>
  `<Feed events="CallStart CallEnd"${after === undefined ? '' : ` after="${after}"`}/>`;
/** The wait before the first attempt is at most this, ms; it doubles with each, up to the most. */
const firstWaitMs = 1_000;
const mostWaitMs = 5_000;
/** For the journal to be read from end to end, seconds. */
const patienceS = 60;

/** In order: told twice, in another order or not at all gives another sum. */
const mixed = (sum, text) => {
  let mix = sum;
  for (let i = 0; i < text.length; i += 1) mix = Math.imul(mix ^ text.charCodeAt(i), 16777619);
  return mix >>> 0;
};

export class Tally {
  count = 0;
  sum = 2166136261;
  add(document) {
    const type = document.includes('type="CallEnd"') ? 'end' : 'start';
    this.count += 1;
    this.sum = mixed(this.sum, `${type}${between(document, '<id>', '<')}`);
  }
}

function between(text, from, to) {
  const start = text.indexOf(from);
  return start === -1
    ? undefined
    : text.slice(start + from.length, text.indexOf(to, start + from.length));
}

export class Returning {
  tally = new Tally();
  attempts = 0;
  unrecovered = 0;
  /** When it was live again last, ms. */
  liveAtMs;
  #wire;
  #ports;
  #who;
  #scratch;
  #position;
  #socket;
  #isDone = false;
  #waits = 0;
  #onDocument;

  constructor(wire, ports, who, scratch, onDocument) {
    this.#wire = wire;
    this.#ports = ports;
    this.#who = who;
    this.#scratch = scratch;
    this.#onDocument = onDocument;
  }

  get isLive() {
    return this.liveAtMs !== undefined;
  }

  get position() {
    return this.#position;
  }

  /** Connects, from `after` where it is given; comes back by itself until it is closed. */
  open(after = this.#position) {
    const { port, open, next, say } = wires[this.#wire];
    this.#position = after;
    this.attempts += 1;
    let text = '';
    let toSay = next;
    const heard = (count, buffer) => {
      text += buffer.toString('latin1', 0, count);
      if (toSay !== undefined) {
        const end = text.indexOf(toSay);
        if (end === -1) return true;
        text = text.slice(end + toSay.length);
        toSay = undefined;
        socket.write(say(this.#who, feed(after)));
      }
      // A ping is a frame without a payload, and these two bytes are in no document.
      if (next !== undefined && text.includes('\u0089\u0000'))
        socket.write(textFrame('').fill(0x8a, 0, 1));
      let start = 0;
      for (let end = text.indexOf(closing); end !== -1; end = text.indexOf(closing, start)) {
        this.#take(text.slice(start, end));
        start = end + closing.length;
      }
      if (start > 0) text = text.slice(start);
      return true;
    };
    const socket = connect({
      port: port(this.#ports),
      host: '127.0.0.1',
      onread: { buffer: this.#scratch, callback: heard },
    });
    this.#socket = socket;
    socket.on('error', () => {});
    socket.once('connect', () => socket.write(open(this.#who, feed(after))));
    socket.once('close', () => {
      this.liveAtMs = undefined;
      if (!this.#isDone) this.#comeBack();
    });
  }

  #comeBack() {
    const waitMs = Math.random() * Math.min(mostWaitMs, firstWaitMs * 2 ** this.#waits);
    this.#waits += 1;
    setTimeout(() => this.open(), waitMs);
  }

  #take(document) {
    const position = between(document, 'position="', '"');
    if (document.includes('<verbacdr')) {
      this.tally.add(document);
      this.#onDocument?.(document);
    } else if (document.includes('SubscribeOnCallEvent')) {
      this.liveAtMs = performance.now();
      this.#waits = 0;
      if (document.includes('recovered="false"')) this.unrecovered += 1;
    }
    // Notifications, keep-alives and the goodbye alike say up to where everything has been told.
    this.#position = position ?? this.#position;
  }

  close() {
    this.#isDone = true;
    this.#socket?.destroy();
  }
}

export class ReturningCrowd {
  #about;
  #all = [];
  #scratch = Buffer.allocUnsafeSlow(256 * 1024);
  #startPosition;

  constructor(about) {
    this.#about = about;
  }

  async open() {
    const { wire, ports, subscribers } = this.#about;
    const first = new Returning(wire, ports, undefined, this.#scratch);
    first.open();
    await until(() => first.isLive, 10);
    this.#startPosition = first.position;
    first.close();
    for (let at = 0; at < subscribers; at += 200) {
      const batch = [];
      for (let i = at; i < Math.min(subscribers, at + 200); i += 1) {
        batch.push(new Returning(wire, ports, extension(i), this.#scratch));
      }
      for (const each of batch) each.open();
      await until(() => batch.every((each) => each.isLive), 20);
      this.#all.push(...batch);
    }
    return { live: this.#live };
  }

  get #live() {
    return this.#all.reduce((sum, each) => sum + (each.isLive ? 1 : 0), 0);
  }

  /** Resolves when nobody has been live any more since, and then all are again. */
  async returned({ fromMs, seconds }) {
    const backAt = () => this.#all.filter((each) => each.liveAtMs > fromMs).length;
    await until(() => backAt() === this.#all.length, seconds);
    const lateMs = this.#all
      .map((each) => each.liveAtMs - fromMs)
      .filter((ms) => ms > 0)
      .sort((a, b) => a - b);
    return {
      back: backAt(),
      medianMs: lateMs[lateMs.length >> 1],
      lastMs: lateMs.at(-1),
      attempts: this.#all.reduce((sum, each) => sum + each.attempts - 1, 0),
      unrecovered: this.#all.reduce((sum, each) => sum + each.unrecovered, 0),
    };
  }

  /**
   * Reads the journal from the beginning to the end of the call `lastKey`, as one session that sees
   * everything, and holds each client against it.
   */
  async check({ lastKey }) {
    const { wire, ports } = this.#about;
    const truth = new Map(this.#all.map((_, i) => [extension(i), new Tally()]));
    let events = 0;
    let isOver = false;
    const reader = new Returning(wire, ports, undefined, this.#scratch, (document) => {
      events += 1;
      isOver ||= document.includes(`<native_call_id>${lastKey}<`) && document.includes('"CallEnd"');
      for (const side of ['<source_caller_id>', '<destination_caller_id>']) {
        truth.get(between(document, side, '<'))?.add(document);
      }
    });
    reader.open(this.#startPosition);
    await until(() => isOver, patienceS);
    reader.close();
    const wrongNow = () =>
      this.#all.filter((each, i) => {
        const { count, sum } = truth.get(extension(i));
        return each.tally.count !== count || each.tally.sum !== sum;
      }).length;
    await until(() => wrongNow() === 0, 5);
    const deliveries = this.#all.reduce((sum, each) => sum + each.tally.count, 0);
    return { events, deliveries, isOver, wrong: wrongNow() };
  }

  close() {
    for (const each of this.#all) each.close();
    return {};
  }
}
