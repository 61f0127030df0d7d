/**
 * A server that records, as its users run it: an Asterisk whose media files it can reach, the FACE interface, and a
 * user of it; and the notifications that it sends of all of it.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { hashPassword } from '../../src/access/scrypt.ts';
import type { Receiver } from '../../src/receiver/receiver.ts';
import { eventTypes, offeredBy } from '../../src/webhook/dialect/oracle-isr-parameters.ts';
import { newFolder } from './data-folder.ts';
import { FaceClient } from './face-client.ts';
import { RecorderPbx, type Talk } from './recorder-pbx.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';
import { until } from './until.ts';

export const password = 'correct horse, battery & staple';
let hashed: Promise<string> | undefined;

/** A user table of the configuration; the password is `password`. */
export async function userTable(email: string, more = ''): Promise<string> {
  hashed ??= hashPassword(password);
  return `[[user]]\nemail = "${email}"\npassword = "${await hashed}"\n${more}\n`;
}

export class RecordingSite {
  readonly folder: string;
  /** The Asterisk's folder of recordings, and our only media root. */
  readonly monitor: string;
  readonly pbx: RecorderPbx;
  #server: ServerProcess | undefined;

  /** All of it ends with the test. */
  static async open(): Promise<RecordingSite> {
    const folder = await newFolder();
    const monitor = join(folder, 'monitor');
    mkdirSync(monitor);
    const site = new RecordingSite(folder, monitor, await RecorderPbx.listen(monitor));
    onTestFinished(async () => {
      await site.#server?.kill('SIGKILL');
      await site.pbx.down();
    });
    return site;
  }

  private constructor(folder: string, monitor: string, pbx: RecorderPbx) {
    this.folder = folder;
    this.monitor = monitor;
    this.pbx = pbx;
  }

  get server(): ServerProcess {
    if (this.#server === undefined) throw new Error('the server has not been started');
    return this.#server;
  }

  /** Everything but users, accounts and destinations. */
  sections(more: { readonly http?: string; readonly access?: string } = {}): string {
    return `
[feed]
port = 0
[http]
port = 0
${more.http ?? ''}
[access]
requestRate = 0
${more.access ?? ''}
[data]
dir = "data"
[record]
metadataFiles = false
mediaRoots = ["${this.monitor}"]
[face]
enabled = true
requestRate = 0
[[customData]]
id = 7
name = "Ticket"
[[source]]
type = "ami"
name = "pbx"
host = "127.0.0.1"
port = ${this.pbx.port}
username = "offhook"
secret = "s"
reconnectMin = 0.1
reconnectMax = 0.2
`;
  }

  /** Starts the server and waits until it knows the PBX. */
  async start(toml: string): Promise<ServerProcess> {
    const server = await startServerProcess(this.folder, toml);
    this.#server = server;
    await this.sourceUp();
    return server;
  }

  /** Resolves when the server has listed the PBX's calls, since it last started or lost it. */
  async sourceUp(): Promise<void> {
    const { log } = this.server;
    await until('the PBX is up', () => {
      const changes = log.filter(({ event }) => event === 'source.changed');
      return changes.at(-1)?.['state'] === 'up';
    });
  }

  /** Connects two, and waits until the server knows. @returns the call, and the id by which a recorder knows it */
  async connect(from: string, to: string): Promise<Talk & { readonly isrUcid: string }> {
    const talk = this.pbx.connect(from, to);
    await this.knows(talk);
    return { ...talk, isrUcid: talk.caller.linkedid };
  }

  /** How many calls go on. */
  async calls(): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${this.server.httpPort}/v1/calls`);
    return ((await answer.json()) as { calls: unknown[] }).calls.length;
  }

  async knows({ caller }: Pick<Talk, 'caller'>, token?: string): Promise<void> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const url = `http://127.0.0.1:${this.server.httpPort}/v1/calls`;
    await until('the call is known', async () => {
      const answer = await fetch(url, { headers });
      const { calls } = (await answer.json()) as { calls: { state: string }[] };
      return calls.some(
        (call) => call.state === 'connected' && JSON.stringify(call).includes(caller.linkedid),
      );
    });
  }

  async client(email: string): Promise<FaceClient> {
    const client = new FaceClient(this.server.httpPort);
    const { code, message } = await client.login(email, password);
    if (code !== 0) throw new Error(message);
    return client;
  }
}

/** A destination for each event, told all that it offers, all at one receiver. */
export function isrDestinations(receiver: Receiver): string {
  return eventTypes
    .map(
      (event) => `[[destination]]
id = "${event.toLowerCase().replaceAll('_', '-')}"
dialect = "oracle-isr"
url = "${receiver.url}/isr"
allowAddresses = ["127.0.0.0/8"]
retries = [${Array.from({ length: 20 }, () => '0.03').join(', ')}]
[destination.oracle-isr]
event = "${event}"
params = "event=${event}&${offeredBy(event)
        .map((name) => `${name}=%${name}%`)
        .join('&')}"
`,
    )
    .join('');
}

/** What one notification said, by parameter. */
export type Told = Readonly<Record<string, string>>;

/** All notifications so far, in the order of arrival; what came again under its key is there once. */
export function toldTo(receiver: Receiver): Told[] {
  const seen = new Set<string>();
  return receiver.requests.flatMap(({ path, key }) => {
    const told = Object.fromEntries(new URLSearchParams(path.split('?')[1])) as Told;
    // Keys are of what happened, and several events may be told of that.
    const once = `${key} ${told['event']}`;
    if (seen.has(once)) return [];
    seen.add(once);
    return [told];
  });
}
