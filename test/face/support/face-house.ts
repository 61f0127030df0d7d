/** The interface behind a real HTTP server on a free port, with real files; all else in memory. */
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { anybody } from '../../../src/access/grant.ts';
import { type ApiServer, createApiServer } from '../../../src/api/server.ts';
import type { Call } from '../../../src/call/call.ts';
import type { LoginResult } from '../../../src/access/logins.ts';
import type { ApiUser } from '../../../src/access/users.ts';
import type { FacePorts, FaceSettings, Told } from '../../../src/face/ports.ts';
import type { MediaOutcome } from '../../../src/record/media-answer.ts';
import { Downloads } from '../../../src/record/downloads.ts';
import { MediaFiles } from '../../../src/record/media.ts';
import { answerBadAddress, faceRoutes } from '../../../src/face/routes.ts';
import type { Ordered, RecorderOrder } from '../../../src/record/control.ts';
import type { Log } from '../../../src/telemetry/log.ts';
import { MemoryBooks } from './memory-books.ts';

/** Everything that is logged, as text. */
class LogLines implements Log {
  readonly lines: { readonly level: string; readonly fields: object; readonly event: string }[] =
    [];
  readonly debug = this.#writer('debug');
  readonly info = this.#writer('info');
  readonly warn = this.#writer('warn');
  readonly error = this.#writer('error');
  child = (): Log => this;

  #writer(level: string) {
    return (fields: object, event: string) => void this.lines.push({ level, fields, event });
  }

  /** With what errors say, which JSON leaves out. */
  get text(): string {
    return JSON.stringify(this.lines, (_, value: unknown) =>
      value instanceof Error ? { ...value, message: value.message, stack: value.stack } : value,
    );
  }
}

export const token = '9a37ac05-3cd6-4e81-b224-97cfbb85f912';

const user: ApiUser = { email: 'ann@example.org', control: true, video: true, timeZone: 'UTC' };

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text without the line breaks between elements. */
  readonly flat: string;
}

export class FaceHouse {
  readonly books = new MemoryBooks();
  readonly log = new LogLines();
  readonly faults: [unknown, string][] = [];
  readonly users = new Map<string, ApiUser>([[token, user]]);
  readonly orders: RecorderOrder[] = [];
  /** Who counts was told: pattern and return code of each answer, and what came of requests for media. */
  readonly answered: [command: string | undefined, code: number | undefined][] = [];
  readonly outcomes: MediaOutcome[] = [];
  /** What the recorder says to everything; may change the books. */
  ordered: (order: RecorderOrder) => Ordered = () => ({ kind: 'done' });
  calls: Call[] = [];
  accountOf: (call: Call) => number = () => 1;
  loggedIn: (email: string, password: string) => Promise<LoginResult> = () =>
    Promise.resolve({ kind: 'token', token, expiresSeconds: 3600 });
  readonly logins: [email: string, password: string, seconds: number | undefined][] = [];
  /** Of every token, and of every address. */
  waitMs = 0;
  addressWaitMs = 0;
  /** What policies are asked, and what they say. */
  readonly notified: [command: string, parameters: Readonly<Record<string, string>>][] = [];
  policy: Told = { code: 0, message: 'success' };
  settings: FaceSettings = {
    version: '5.2.0M0P0 build 7',
    strictStatus: false,
    customData: [
      { id: 3, name: 'CustomDataField1', searchable: true },
      { id: 4, name: 'Ticket', searchable: true },
      { id: 5, name: 'Secret', searchable: false },
    ],
  };
  nowMs = Date.parse('2021-02-01T00:00:00Z');
  #server: ApiServer | undefined;
  #media = new MediaFiles([]);
  #books: FacePorts['books'] = this.books;
  /** Two files at a time, and little patience. */
  readonly downloads = new Downloads({ most: 2, stalledMs: 2_000 });
  /** What looking for a file rejects with, while it is set. */
  mediaFails: Error | undefined;
  /** The only media root. */
  root = '';
  base = '';

  /** @param books others than those in memory; media files are then below the fourth root */
  static async open(books?: FacePorts['books']): Promise<FaceHouse> {
    const house = new FaceHouse();
    house.root = await realpath(await mkdtemp(join(tmpdir(), 'offhook-face-')));
    const others = books === undefined ? [] : ['a', 'b', 'c'].map((name) => join(house.root, name));
    house.#media = new MediaFiles([...others, house.root]);
    house.#books = books ?? house.books;
    await house.#listen();
    return house;
  }

  async #listen(): Promise<void> {
    const told = (command: string) => (parameters: ReadonlyMap<string, string>) => {
      this.notified.push([command, Object.fromEntries(parameters)]);
      return this.policy;
    };
    const ports = {
      books: this.#books,
      media: {
        locate: (file: string) =>
          this.mediaFails === undefined
            ? this.#media.locate(file)
            : Promise.reject(this.mediaFails),
        rename: (file: string, filename: string) => this.#media.rename(file, filename),
        downloads: this.downloads,
      },
      log: this.log,
      recorders: {
        order: (order: RecorderOrder) => {
          this.orders.push(order);
          return Promise.resolve(this.ordered(order));
        },
      },
      calls: {
        ongoing: () => this.calls,
        accountOf: (call: Call) => this.accountOf(call),
      },
      logins: {
        login: (email: string, password: string, seconds: number | undefined) => {
          this.logins.push([email, password, seconds]);
          return this.loggedIn(email, password);
        },
        userOf: (given: string) => this.users.get(given),
        waitMs: () => this.waitMs,
      },
      policies: {
        eventNotify: told('eventNotify'),
        startScreenCapture: told('StartScreenCapture'),
        stopScreenCapture: told('StopScreenCapture'),
      },
      settings: () => this.settings,
      waitMs: () => this.addressWaitMs,
      clock: { now: () => this.nowMs },
      onFault: (error: unknown, route: string) => void this.faults.push([error, route]),
      onAnswered: (command: string | undefined, code: number | undefined) =>
        void this.answered.push([command, code]),
      onMedia: (outcome: MediaOutcome) => void this.outcomes.push(outcome),
    };
    const nothing = {
      ongoing: () => [],
      position: () => '',
      find: () => Promise.resolve(undefined),
    };
    this.#server = createApiServer(
      { host: '127.0.0.1', port: 0, bodyBytes: 1_000_000 },
      {
        calls: { ...nothing, recent: () => Promise.resolve([]) },
        metrics: { contentType: 'text/plain', text: () => Promise.resolve('') },
        health: { sources: () => [], journalTrouble: () => undefined },
        guard: { authorize: () => anybody, waitMs: () => 0 },
        plugins: [faceRoutes(ports)],
        onBadAddress: (request, reply) => answerBadAddress(ports, request, reply),
        onFault: ports.onFault,
      },
    );
    const { host, port } = await this.#server.listen();
    this.base = `http://${host}:${port}`;
  }

  get address(): { readonly host: string; readonly port: number } {
    const { hostname, port } = new URL(this.base);
    return { host: hostname, port: Number(port) };
  }

  /** @param path below `/Face/`, with its query */
  async ask(path: string, init: RequestInit = {}): Promise<Answered> {
    const response = await fetch(`${this.base}/Face/${path}`, { redirect: 'manual', ...init });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, flat: flatOf(text) };
  }

  /** With the token, and criteria as a query. */
  command(path: string, criteria = '', init: RequestInit = {}): Promise<Answered> {
    return this.ask(`${path}?token=${token}${criteria === '' ? '' : `&${criteria}`}`, init);
  }

  /** With a form body. */
  post(path: string, criteria: string, form: Readonly<Record<string, string>>): Promise<Answered> {
    return this.command(path, criteria, { method: 'POST', body: new URLSearchParams(form) });
  }

  /** Writes a media file below the root. @returns its path */
  async file(name: string, content: string | Buffer): Promise<string> {
    const path = join(this.root, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    return path;
  }

  async close(): Promise<void> {
    await this.#server?.close();
    await rm(this.root, { recursive: true, force: true });
  }
}

/** Code and message of an answer in XML. */
/** XML without the line breaks between elements. */
export function flatOf(xml: string): string {
  return xml.replaceAll('>\n<', '><');
}

export function verdictIn({ text }: Answered): readonly [code: number, message: string] {
  const [, code, message] =
    /<[cC]ode>(-?\d+)<\/[cC]ode>\s*<message>(.*?)<\/message>/.exec(text) ?? [];
  if (code === undefined || message === undefined) throw new Error(`no verdict in ${text}`);
  return [Number(code), message];
}
