/**
 * An Asterisk that records: speaks the manager interface over TCP, connects calls, drives its recorder as told and
 * writes the media files, as many bytes as it took time. Its clock goes on only when a test says so, so that every
 * length of time is known. What it says follows the recorded traffic of Asterisk 22 with MixMonitor.
 */
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, resolve } from 'node:path';
import { Asterisk, type Bridge, type Channel, shot, startMs } from './asterisk.ts';

type Fields = Readonly<Record<string, string>>;

/** A call between two channels that talk. */
export interface Talk {
  readonly caller: Channel;
  readonly called: Channel;
  readonly bridge: Bridge;
}

/** What it has told of its recorder. */
export interface RecorderEvent {
  readonly event: 'MixMonitorStart' | 'MixMonitorStop' | 'MixMonitorMute';
  readonly uniqueid: string;
  /** Milliseconds since 1970, by its own clock. */
  readonly atMs: number;
  /** Of a mute. */
  readonly muted?: boolean;
}

interface Monitor {
  readonly path: string;
  muted: boolean;
}

/** 8 kHz, 16 bits, one channel. */
export const bytesPerMs = 16;
export const headerBytes = 44;
const sound = 0x55;

export class RecorderPbx {
  /** Actions that came, but for pings. */
  readonly actions: Fields[] = [];
  readonly told: RecorderEvent[] = [];
  /** Actions by name that are answered with an error, and why. */
  readonly refusing = new Map<string, string>();
  /** Actions by name that are neither done nor answered. */
  readonly ignoring = new Set<string>();
  /** Actions by name that are done and told of, and not answered. */
  readonly unanswered = new Set<string>();
  /** Whether what an action brings about is told of before it is answered, as most often. */
  tellsFirst = true;
  readonly #folder: string;
  readonly #words = new Asterisk();
  #server: Server | undefined;
  #port = 0;
  readonly #sockets = new Set<Socket>();
  readonly #loggedIn = new Set<Socket>();
  #talks: Talk[] = [];
  /** By name of the channel. */
  readonly #monitors = new Map<string, Monitor>();
  #connected = 0;
  #nowMs: number;
  #said = this.#words.text.length;

  /** @param folder where its recordings are, as its setting `astspooldir` would say */
  static async listen(folder: string): Promise<RecorderPbx> {
    const pbx = new RecorderPbx(folder);
    await pbx.up();
    return pbx;
  }

  private constructor(folder: string) {
    this.#folder = folder;
    // A little behind everybody else, so that what it tells of has always been.
    this.#nowMs = Math.floor(Date.now() / 1_000) * 1_000 - 600_000;
    this.#words.after(this.#nowMs - startMs);
  }

  get port(): number {
    return this.#port;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  get connections(): number {
    return this.#loggedIn.size;
  }

  /** The files it is writing now. */
  get writing(): readonly string[] {
    return [...this.#monitors.values()].map(({ path }) => path);
  }

  /** Takes connections, on the port it had before. */
  async up(): Promise<void> {
    const server = createServer((socket) => this.#serve(socket));
    this.#server = server;
    await new Promise<void>((resolve) =>
      server.listen({ host: '127.0.0.1', port: this.#port }, resolve),
    );
    const address = server.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
  }

  /** Is gone for everybody who watches; its calls and recordings go on. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Time passes, and what is being recorded grows. */
  pass(ms: number): void {
    this.#nowMs += ms;
    this.#words.after(ms);
    for (const { path, muted } of this.#monitors.values()) {
      appendFileSync(path, Buffer.alloc(ms * bytesPerMs, muted ? 0 : sound));
    }
  }

  /** Two talk with each other from now on. */
  connect(from: string, to: string): Talk {
    const words = this.#words;
    const nth = (++this.#connected).toString(16).padStart(7, '0');
    const caller = words.channel(`PJSIP/${from}-a${nth}`, { number: from, exten: to });
    const called = words.channel(`PJSIP/${to}-b${nth}`, { number: to, of: caller });
    words.ring(caller, called);
    this.pass(500);
    const talk = { caller, called, bridge: words.answer(caller, called) };
    this.#talks.push(talk);
    this.#speak();
    return talk;
  }

  hangUp(talk: Talk): void {
    const { caller, called, bridge } = talk;
    this.#talks = this.#talks.filter((each) => each.caller !== caller);
    this.#words.hangUpTalk(bridge, called, caller);
    // A recording ends with its channel, without a word.
    for (const { name } of [caller, called]) this.#monitors.delete(name);
    this.#speak();
  }

  /** Whoever is asked to record does so, without anybody of ours having asked. */
  record(channel: Channel, file: string): void {
    this.#start(channel, file, false);
    this.#speak();
  }

  #speak(): void {
    const { text } = this.#words;
    const fresh = text.slice(this.#said);
    this.#said = text.length;
    for (const socket of this.#loggedIn) socket.write(fresh);
  }

  #serve(socket: Socket): void {
    socket.setEncoding('latin1');
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#loggedIn.delete(socket);
    });
    socket.write('Asterisk Call Manager/11.0.0\r\n');
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const action = fieldsOf(text.slice(0, end));
        text = text.slice(end + 4);
        this.#take(socket, action);
      }
    });
  }

  #take(socket: Socket, action: Fields): void {
    const name = action['Action'] ?? '';
    const id = action['ActionID'] ?? '';
    const respond = (result: 'Success' | 'Error', more: Fields = {}): void => {
      const fields = { Response: result, ActionID: id, ...more };
      socket.write(`${linesOf(fields)}\r\n`);
    };
    if (name !== 'Ping') this.actions.push(action);
    if (this.ignoring.has(name)) return;
    const refusal = this.refusing.get(name) ?? this.#fault(name, action);
    if (refusal !== undefined) {
      respond('Error', { Message: refusal });
      return;
    }
    const before = this.#said;
    this.#obey(name, action);
    const isToldOf = this.#words.text.length > before;
    if (isToldOf && this.tellsFirst) this.#speak();
    if (!this.unanswered.has(name)) respond('Success', this.#answerTo(name, action));
    if (isToldOf && !this.tellsFirst) this.#speak();
    if (name === 'Login') this.#loggedIn.add(socket);
    if (name === 'BridgeList') this.#list(socket, id, 'BridgeList', this.#bridges());
    if (name === 'CoreShowChannels') this.#list(socket, id, 'CoreShowChannels', this.#channels());
  }

  #channel(action: Fields): Channel | undefined {
    const channels = this.#talks.flatMap(({ caller, called }) => [caller, called]);
    return channels.find(({ name }) => name === action['Channel']);
  }

  /** Why it refuses by itself, in Asterisk's words. */
  #fault(name: string, action: Fields): string | undefined {
    const isOfRecorder = /^(Stop)?MixMonitor(Mute)?$/.test(name);
    const channel = this.#channel(action);
    if (isOfRecorder && channel === undefined) return 'No such channel';
    if (!/^(StopMixMonitor|MixMonitorMute)$/.test(name)) return undefined;
    if (this.#monitors.has(channel?.name ?? '')) return undefined;
    return name === 'StopMixMonitor' ? 'Could not stop monitoring channel' : 'Cannot set mute flag';
  }

  #obey(name: string, action: Fields): void {
    const channel = this.#channel(action);
    if (channel === undefined) return;
    switch (name) {
      case 'MixMonitor':
        this.#start(channel, action['File'] ?? '', action['Options']?.includes('a') === true);
        break;
      case 'StopMixMonitor':
        this.#monitors.delete(channel.name);
        this.#tell('MixMonitorStop', channel);
        break;
      case 'MixMonitorMute': {
        const muted = action['State'] === '1';
        const monitor = this.#monitors.get(channel.name);
        if (monitor !== undefined) monitor.muted = muted;
        const how = { Direction: action['Direction'] ?? '', State: action['State'] ?? '' };
        this.#tell('MixMonitorMute', channel, how, muted);
        break;
      }
      default:
    }
  }

  #start(channel: Channel, file: string, isAppended: boolean): void {
    const path = resolve(this.#folder, file);
    mkdirSync(dirname(path), { recursive: true });
    if (!isAppended || !existsSync(path)) writeFileSync(path, header);
    this.#monitors.set(channel.name, { path, muted: false });
    this.#tell('MixMonitorStart', channel);
  }

  #tell(event: RecorderEvent['event'], channel: Channel, more: Fields = {}, muted?: boolean): void {
    this.#words.event(event, shot(channel), more);
    const { uniqueid } = channel;
    this.told.push({ event, uniqueid, atMs: this.#nowMs, ...(muted !== undefined && { muted }) });
  }

  #answerTo(name: string, action: Fields): Fields {
    switch (name) {
      case 'Challenge':
        return { Challenge: '840415273' };
      case 'Login':
        return { Message: 'Authentication accepted' };
      case 'Ping':
        return { Ping: 'Pong', Timestamp: (this.#nowMs / 1_000).toFixed(6) };
      case 'Getvar':
        return {
          Variable: action['Variable'] ?? '',
          Value: this.#monitors.get(action['Channel'] ?? '')?.path ?? '',
        };
      default:
        return {};
    }
  }

  #list(socket: Socket, id: string, what: string, entries: readonly Fields[]): void {
    const event = what === 'BridgeList' ? 'BridgeListItem' : 'CoreShowChannel';
    for (const entry of entries) {
      socket.write(`${linesOf({ Event: event, ActionID: id, ...entry })}\r\n`);
    }
    const complete = { EventList: 'Complete', ListItems: String(entries.length) };
    socket.write(`${linesOf({ Event: `${what}Complete`, ActionID: id, ...complete })}\r\n`);
  }

  #channels(): Fields[] {
    return this.#talks.flatMap(({ caller, called, bridge }) =>
      [called, caller].map((channel) => ({
        ...(shot(channel) as Fields),
        Application: channel === caller ? 'Dial' : 'AppDial',
        Duration: '00:00:03',
        BridgeId: bridge.id,
      })),
    );
  }

  #bridges(): Fields[] {
    return this.#talks.map(({ bridge }) => ({
      BridgeUniqueid: bridge.id,
      BridgeType: 'basic',
      BridgeTechnology: bridge.technology,
      BridgeNumChannels: '2',
    }));
  }
}

/** Of a WAV file whose length is not known yet (RFC 2361, Microsoft's RIFF): PCM, 8 kHz, 16 bits, one channel. */
const header = Buffer.alloc(headerBytes);
header.write('RIFF', 0, 'latin1');
header.write('WAVEfmt ', 8, 'latin1');
header.writeUInt32LE(16, 16);
header.writeUInt16LE(1, 20);
header.writeUInt16LE(1, 22);
header.writeUInt32LE(8_000, 24);
header.writeUInt32LE(16_000, 28);
header.writeUInt16LE(2, 32);
header.writeUInt16LE(16, 34);
header.write('data', 36, 'latin1');

function linesOf(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
}

function fieldsOf(block: string): Fields {
  const pairs = block.split('\r\n').map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return Object.fromEntries(pairs);
}
