/**
 * An Asterisk of the bench: greets, lets the server in, shows an empty list of channels, and then says
 * what it is told to: the frames of calls, as Asterisk 22 writes them. A server that comes again, after a
 * restart, is served again.
 */
import { createServer } from 'node:net';

export class BenchPbx {
  #server = createServer((socket) => this.#greet(socket));
  #socket;
  #isReady = false;

  listen() {
    return new Promise((resolve) => {
      this.#server.listen({ host: '127.0.0.1', port: 0 }, () =>
        resolve(this.#server.address().port),
      );
    });
  }

  /** True once the server is in, and knows that there are no calls. */
  get isReady() {
    return this.#isReady;
  }

  #greet(socket) {
    this.#socket = socket;
    this.#isReady = false;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (this.#socket === socket) this.#isReady = false;
    });
    socket.write('Asterisk Call Manager/11.0.0\r\n');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        this.#answer(socket, text.slice(0, end));
        text = text.slice(end + 4);
      }
    });
  }

  #answer(socket, action) {
    const id = /^ActionID: (.*)$/m.exec(action)?.[1] ?? '';
    const name = /^Action: (\S+)/m.exec(action)?.[1] ?? '';
    socket.write(`Response: Success\r\nActionID: ${id}\r\n\r\n`);
    if (name !== 'CoreShowChannels') return;
    socket.write(
      `Event: CoreShowChannelsComplete\r\nActionID: ${id}\r\nEventList: Complete\r\nListItems: 0\r\n\r\n`,
    );
    this.#isReady = true;
  }

  /** What is said while nobody is in is lost, as it is with a PBX. */
  write(text) {
    if (this.#isReady) this.#socket.write(text);
  }

  close() {
    this.#socket?.destroy();
    this.#server.close();
  }
}

const stamp = () => (Date.now() / 1000).toFixed(6);

function channel(event, key, caller, dialled, more) {
  return (
    `Event: ${event}\r\nPrivilege: call,all\r\nTimestamp: ${stamp()}\r\nSystemName: bench\r\n` +
    `Channel: PJSIP/${caller}-${key.slice(-8)}\r\nChannelState: 4\r\nChannelStateDesc: Ring\r\n` +
    `CallerIDNum: ${caller}\r\nCallerIDName: <unknown>\r\nConnectedLineNum: <unknown>\r\n` +
    `ConnectedLineName: <unknown>\r\nLanguage: en\r\nAccountCode: bench\r\nContext: internal\r\n` +
    `Exten: ${dialled}\r\nPriority: 1\r\nUniqueid: ${key}\r\nLinkedid: ${key}\r\n${more}\r\n`
  );
}

export const started = (key, caller, dialled) => channel('Newchannel', key, caller, dialled, '');

export const ended = (key, caller, dialled) =>
  channel('Hangup', key, caller, dialled, 'Cause: 16\r\nCause-txt: Normal Clearing\r\n');

export const recorded = (key, caller, dialled) =>
  channel('MixMonitorStart', key, caller, dialled, '');

export const unrecorded = (key, caller, dialled) =>
  channel('MixMonitorStop', key, caller, dialled, '');
