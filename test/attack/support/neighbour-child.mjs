/**
 * The healthy neighbour, in a process of its own so that the attacker's work is not in its figures: a
 * telephony system that tells of a hundred calls a second, two subscribers that hear of them (TCP and
 * WebSocket), and an HTTP client that asks ten times a second. Tells how long each took, by the window of
 * time in which it began.
 */
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { WebSocket } from 'ws';

/** Of its own, so that limits by address do not take the neighbour for the attacker. */
const localAddress = '127.0.0.2';
const signalEveryMs = 10;
const requestEveryMs = 100;
const windowMs = 500;
/** What has not come by then has stalled, and counts with its age. */
const patienceMs = 5_000;
/** Calls that go on at a time. */
const openCalls = 50;

let pbx;
let ready;
const isReady = new Promise((resolve) => (ready = resolve));

const server = createServer((socket) => {
  pbx = socket;
  socket.setNoDelay(true);
  socket.setEncoding('latin1');
  socket.on('error', () => socket.destroy());
  socket.write('Asterisk Call Manager/11.0.0\r\n');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
    for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
      const action = text.slice(0, end);
      text = text.slice(end + 4);
      const id = `ActionID: ${/^ActionID: (.*)$/m.exec(action)?.[1] ?? ''}\r\n`;
      socket.write(`Response: Success\r\n${id}\r\n`);
      if (!action.includes('Action: CoreShowChannels')) continue;
      socket.write(
        `Event: CoreShowChannelsComplete\r\n${id}EventList: Complete\r\nListItems: 0\r\n\r\n`,
      );
      ready();
    }
  });
});
server.listen(0, '127.0.0.1', () =>
  process.send({ kind: 'listening', port: server.address().port }),
);

function say(event, key, name, more = '') {
  pbx.write(
    `Event: ${event}\r\nPrivilege: call,all\r\nTimestamp: ${(Date.now() / 1000).toFixed(6)}\r\n` +
      `Channel: PJSIP/1001-${key}\r\nChannelState: 4\r\nChannelStateDesc: Ring\r\n` +
      `CallerIDNum: 1001\r\nCallerIDName: ${name}\r\nExten: 1002\r\nPriority: 1\r\n` +
      `Uniqueid: ${key}\r\nLinkedid: ${key}\r\n${more}\r\n`,
  );
}

/** When each call was told of, by its key, and what came of it. */
const calls = new Map();
/** Of requests: when each began and how long it took; -1 while it is under way. */
const requests = [];
let failures = [];
let name = 'Neighbour';
let count = 0;

function tell() {
  const key = `n${count}`;
  calls.set(key, { atMs: performance.now(), tcp: undefined, webSocket: undefined });
  say('Newchannel', key, name);
  if (count >= openCalls) {
    say('Hangup', `n${count - openCalls}`, name, 'Cause: 16\r\nCause-txt: Normal Clearing\r\n');
  }
  count += 1;
}

function heard(document, transport) {
  if (!document.includes('type="CallStart"')) return;
  const key = /<native_call_id>([^<]*)</.exec(document)?.[1];
  const call = calls.get(key);
  if (call !== undefined) call[transport] ??= performance.now() - call.atMs;
}

/** Presented first where the server asks for one. */
let token;
const authenticate = () =>
  token === undefined
    ? ''
    : `<VerbaApi><Request type="Authenticate" id="0" token="${token}"/></VerbaApi>`;
const subscribe =
  '<VerbaApi><Request type="SubscribeOnCallEvent" id="1"><Extension number="1001"/></Request></VerbaApi>';

function subscribeTcp(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
    socket.setEncoding('utf8');
    socket.on('error', reject);
    socket.on('close', () => failures.push('the TCP subscriber was closed'));
    socket.on('connect', () => socket.write(authenticate() + subscribe));
    let rest = '';
    socket.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop();
      for (const line of lines) heard(line, 'tcp');
      resolve();
    });
  });
}

function subscribeWebSocket(port) {
  return new Promise((resolve, reject) => {
    const webSocket = new WebSocket(`ws://127.0.0.1:${port}/feed`, { localAddress });
    webSocket.on('error', reject);
    webSocket.on('close', () => failures.push('the WebSocket subscriber was closed'));
    webSocket.on('open', () => {
      if (token !== undefined) webSocket.send(authenticate());
      webSocket.send(subscribe);
    });
    webSocket.on('message', (data) => {
      heard(data.toString(), 'webSocket');
      resolve();
    });
  });
}

function ask(port) {
  const entry = { atMs: performance.now(), tookMs: undefined };
  requests.push(entry);
  const asking = request({
    host: '127.0.0.1',
    port,
    path: '/v1/calls',
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    localAddress,
    agent: false,
  });
  asking.setTimeout(2 * patienceMs, () => asking.destroy(new Error('no answer')));
  asking.on('error', (error) => failures.push(`a request failed: ${error.message}`));
  asking.on('response', (response) => {
    if (response.statusCode !== 200) failures.push(`a request was answered ${response.statusCode}`);
    response.resume();
    response.on('end', () => (entry.tookMs = performance.now() - entry.atMs));
  });
  asking.end();
}

const isIn = (entry, { fromMs, toMs }) => entry.atMs >= fromMs && entry.atMs < toMs;

/** The 99th percentile of each window. */
function windows(samples, phase) {
  const byWindow = new Map();
  for (const { atMs, tookMs } of samples) {
    const window = Math.floor((atMs - phase.fromMs) / windowMs);
    if (!byWindow.has(window)) byWindow.set(window, []);
    byWindow.get(window).push(tookMs);
  }
  return [...byWindow.values()].map((each) => {
    const sorted = each.sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))];
  });
}

async function reportOn(phase) {
  const deadlineMs = performance.now() + patienceMs;
  const mine = [...calls.values()].filter((call) => isIn(call, phase));
  const asked = requests.filter((each) => isIn(each, phase));
  const isWhole = () =>
    mine.every((call) => call.tcp !== undefined && call.webSocket !== undefined) &&
    asked.every((each) => each.tookMs !== undefined);
  while (!isWhole() && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const nowMs = performance.now();
  const missing = mine.filter((call) => call.tcp === undefined || call.webSocket === undefined);
  const feed = mine.flatMap(({ atMs, tcp, webSocket }) =>
    [tcp, webSocket].map((tookMs) => ({ atMs, tookMs: tookMs ?? nowMs - atMs })),
  );
  const http = asked.map(({ atMs, tookMs }) => ({ atMs, tookMs: tookMs ?? nowMs - atMs }));
  const worst = (samples) => Math.max(0, ...samples.map(({ tookMs }) => tookMs));
  process.send({
    kind: 'report',
    report: {
      documents: feed.length,
      missing: missing.length,
      failures,
      feed: { windows: windows(feed, phase), worst: worst(feed) },
      http: { windows: windows(http, phase), worst: worst(http) },
    },
  });
  failures = [];
  for (const [key, { atMs }] of calls) if (atMs < phase.toMs) calls.delete(key);
  requests.splice(0, requests.findLastIndex(({ atMs }) => atMs < phase.toMs) + 1);
}

let phase;
process.on('message', (message) => {
  switch (message.kind) {
    case 'live': {
      const { feedPort, httpPort } = message;
      token = message.token;
      void Promise.all([isReady, subscribeTcp(feedPort), subscribeWebSocket(httpPort)]).then(() => {
        setInterval(tell, signalEveryMs);
        setInterval(() => ask(httpPort), requestEveryMs);
        process.send({ kind: 'lives' });
      });
      break;
    }
    case 'name':
      name = message.name;
      break;
    case 'begin':
      phase = { fromMs: performance.now(), toMs: Infinity };
      break;
    case 'end':
      phase.toMs = performance.now();
      void reportOn(phase);
      break;
  }
});
process.on('disconnect', () => process.exit());
