/**
 * Where events come from. For offhook, from the PBX as frames; to the others, which know nothing of
 * calls, the finished document of the same length is handed over.
 */
import { connect } from 'node:net';
import { ended, started } from './pbx.mjs';

/** The document as offhook makes it of the PBX's frames. */
function documentOf({ key, caller, dialled, isEnd }) {
  const at = new Date().toISOString().slice(0, 23).replace('T', ' ');
  const id = `00000000-0000-5000-8000-${key.slice(-8).padStart(12, '0')}`;
  return (
    `<?xml version="1.0" encoding="UTF-8"?><VerbaApi><Notification type="Call${isEnd ? 'End' : 'Start'}">` +
    `<verbacdr state="${isEnd ? 1 : 0}"><id>${id}</id><ccdr_id>${id}</ccdr_id><modality_id>voice</modality_id>` +
    `<native_id>${key}</native_id><native_call_id>${key}</native_call_id><location>bench</location>` +
    `<source_caller_id>${caller}</source_caller_id><destination_caller_id>${dialled}</destination_caller_id>` +
    `<start_time>${at}</start_time>${isEnd ? `<end_time>${at}</end_time><cause_id>0</cause_id>` : ''}` +
    `<direction_id>0</direction_id><signaling_id>2</signaling_id><recorder_service_id>1</recorder_service_id>` +
    `<ondemand>false</ondemand><conference>false</conference><platform_call_id>${key}</platform_call_id>` +
    `</verbacdr></Notification></VerbaApi>`
  );
}

const toRedis = (channel, document) =>
  `*3\r\n$7\r\nPUBLISH\r\n$${channel.length}\r\n${channel}\r\n$${document.length}\r\n${document}\r\n`;
const toNats = (subject, document) => `PUB ${subject} ${document.length}\r\n${document}\r\n`;

/** How one event is said to each kind of server; `selective`: to its two extensions, not to all. */
const sayings = {
  redis: (event, selective) => twice(toRedis, event, selective),
  nats: (event, selective) => twice(toNats, event, selective),
  'naive ws': (event) => `${event.caller} ${event.dialled}\t${documentOf(event)}\n`,
};

function twice(say, event, selective) {
  const document = documentOf(event);
  if (!selective) return say('all', document);
  return say(event.caller, document) + say(event.dialled, document);
}

const sayOffhook = ({ key, caller, dialled, isEnd }) =>
  isEnd ? ended(key, caller, dialled) : started(key, caller, dialled);

/** @returns how to write the events, and how to let go */
export async function openPublisher({ wire, ports, selective }, pbx) {
  if (wire.startsWith('offhook')) {
    return { publish: (events) => pbx.write(events.map(sayOffhook).join('')), close: () => {} };
  }
  const say = sayings[wire];
  const socket = connect({ host: '127.0.0.1', port: ports.publish ?? ports.port });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  // What a broker answers is read and dropped.
  socket.resume();
  if (wire === 'nats') socket.write('CONNECT {"verbose":false,"pedantic":false}\r\n');
  return {
    publish: (events) => socket.write(events.map((event) => say(event, selective)).join('')),
    close: () => socket.destroy(),
  };
}

export const extension = (i) => String(10_000 + i);

/** Calls that begin and end in turns, each between two of `extensions` extensions. */
export class Calls {
  #open = [];
  #turn = 0;
  #keys = 0;
  #extensions;
  #openAtOnce;

  /** @param openAtOnce that many calls stay open, so that an end is never on the heels of its start */
  constructor(extensions, openAtOnce = 1) {
    this.#extensions = extensions;
    this.#openAtOnce = openAtOnce;
  }

  next() {
    this.#turn += 1;
    if (this.#turn % 2 === 0 && this.#open.length >= this.#openAtOnce) {
      return { ...this.#open.shift(), isEnd: true };
    }
    this.#keys += 1;
    const from = (this.#turn * 7919) % this.#extensions;
    const to = (from + 1 + ((this.#turn * 31) % (this.#extensions - 1))) % this.#extensions;
    const key = `${process.pid % 1000}.${String(this.#keys).padStart(8, '0')}`;
    const call = { key, caller: extension(from), dialled: extension(to), isEnd: false };
    this.#open.push(call);
    return call;
  }

  /** The ends of all calls that are still open. */
  rest() {
    return this.#open.splice(0).map((call) => ({ ...call, isEnd: true }));
  }
}
