/**
 * The load process: the PBX (or publisher) on one side of a server, its subscribers on the other, so one
 * clock dates both ends. Told over IPC what to do. A helper is the same program, and only counts.
 * Everything goes to loopback, is bounded, and ends with the process that started it.
 */
import { fork } from 'node:child_process';
import { answerer, asker } from '../ask.mjs';
import { Audience } from './audience.mjs';
import { Flood } from './flood.mjs';
import { pace, until } from './pace.mjs';
import { BenchPbx, ended, started } from './pbx.mjs';
import { Calls, extension } from './publishers.mjs';
import { Receivers } from './receivers.mjs';
import { ReturningCrowd } from './returning.mjs';
import { openMany } from './subscribers.mjs';

const helper = process.argv[2] === '1' ? startHelper() : undefined;
let pbx;
let audience;
let crowd;
let counting = [];
let traffic;
let receivers;
let flood;
const numberOf = (who) => Number(who) - Number(extension(0));
const say = ({ key, caller, dialled, isEnd }) => (isEnd ? ended : started)(key, caller, dialled);

const work = {
  /** A PBX for the next server. */
  async pbx() {
    pbx?.close();
    pbx = new BenchPbx();
    return { port: await pbx.listen() };
  },
  open(about) {
    audience = new Audience(about, about.own ? undefined : helper, (event, atMs) => {
      receivers?.said(event, [numberOf(event.caller), numberOf(event.dialled)], atMs);
    });
    return audience.open(pbx);
  },
  step: (about) => audience.step(about),
  stop: ({ count }) => audience.stop(count),
  refill: () => audience.refill(),
  close: () => audience.close(),
  more: ({ count }) => audience.more(count),
  alive: () => audience.alive,

  async openReceivers(about) {
    receivers = new Receivers();
    return receivers.open(about);
  },
  turning: (about) => receivers.turning(about),
  become: (about) => receivers.become(about),
  /** As `step`, and of the requests as well. */
  async stepWithReceivers(about) {
    receivers.begin();
    const step = await audience.step(about);
    return { ...step, requests: await receivers.measured() };
  },
  receiverCounts: () => receivers.counts,
  beginTaking: () => receivers.begin(),
  taken: (about) => receivers.taken(about),
  sample: () => receivers.sample(),
  async closeReceivers() {
    await receivers.close();
    receivers = undefined;
    return {};
  },
  async openFlood({ wire, ports }) {
    await until(() => pbx.isReady, 10);
    flood = new Flood(pbx);
    return flood.open(wire, ports);
  },
  flood: (about) => flood.run(about),
  closeFlood: () => flood.close(),

  openCrowd(about) {
    crowd = new ReturningCrowd(about);
    return crowd.open();
  },
  /** Events from now on, until `quiet`; while the server is away nobody hears them. */
  traffic({ rate, seconds, extensions }) {
    const calls = new Calls(extensions, 200);
    const each = { isOn: true, calls };
    traffic = each;
    each.done = pace(rate, seconds, (count) => {
      if (!each.isOn) return;
      pbx.write(Array.from({ length: count }, () => say(calls.next())).join(''));
    });
    return {};
  },
  /** Ends the calls that are open, and makes a last one outside of everybody's sight. */
  quiet() {
    traffic.isOn = false;
    const last = { key: `${process.pid % 1000}.99999999`, caller: 'first', dialled: 'last' };
    const events = [...traffic.calls.rest(), last, { ...last, isEnd: true }];
    pbx.write(events.map(say).join(''));
    return { lastKey: last.key };
  },
  now: () => performance.now(),
  pid: () => process.pid,
  returned: (about) => crowd.returned(about),
  check: (about) => crowd.check(about),
  closeCrowd: () => crowd.close(),

  // What a helper does.
  async count(about) {
    counting = await openMany({ ...about, looking: 0 });
    return {};
  },
  bytes: () => counting.reduce((sum, each) => sum + each.bytes, 0),
  closeCounting() {
    for (const each of counting.splice(0)) each.close();
    return {};
  },
};

answerer(work);

function startHelper() {
  const child = fork(import.meta.filename, ['0'], { execArgv: process.execArgv });
  return { pid: child.pid, ask: asker(child) };
}
