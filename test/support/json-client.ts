/**
 * A feed client for tests that speaks JSON over a real WebSocket. Every message that comes is held against
 * the published schema.
 */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Request } from '../../src/subscriber/message.ts';
import type { ServerMessage } from '../../src/subscriber/reading.ts';
import { FeedClient } from './feed-client.ts';
import { readServerJson, requestJson } from './json-messages.ts';

export class JsonClient extends FeedClient {
  readonly webSocket: WebSocket;

  static async open(url: string, protocols: string[] = ['offhook.json']): Promise<JsonClient> {
    const webSocket = new WebSocket(url, protocols, { perMessageDeflate: false });
    const client = new JsonClient(webSocket);
    await once(webSocket, 'open');
    return client;
  }

  constructor(webSocket: WebSocket) {
    super();
    this.webSocket = webSocket;
    webSocket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) throw new Error('a binary message came');
      this.took(data);
    });
    webSocket.on('error', () => undefined);
    webSocket.on('close', (code, reason) => this.ended({ code, reason: reason.toString() }));
  }

  protected override read(document: string): ServerMessage {
    return readServerJson(document);
  }

  send(json: string | Buffer | Request): void {
    const isText = typeof json === 'string' || Buffer.isBuffer(json);
    this.webSocket.send(isText ? json : requestJson(json), { binary: false });
  }

  pause(): void {
    this.webSocket.pause();
  }

  resume(): void {
    this.webSocket.resume();
  }

  close(): void {
    this.webSocket.close();
  }

  cut(): void {
    this.webSocket.terminate();
  }
}
