/**
 * A healthy neighbour of something under attack: its calls come in over HTTP, its subscriber hears of them
 * over TCP, and how long that takes is measured, calm and under attack in one run.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { expect } from 'vitest';
import { FeedClient, isAnswer } from '../support/feed-client.ts';
import { notificationTypes } from '../../src/subscriber/message.ts';
import type { ServerProcess } from '../support/server-process.ts';

/** The source that the neighbour's calls come in by; its settings in TOML. */
export const neighbourSource = '[[source]]\ntype = "ingest"\nname = "neighbour"\n';

/** Between two calls of the neighbour, milliseconds: a desk, not a load test. */
const restMs = 15;
/**
 * What the neighbour may feel: some times what is usual on this machine just now, and what a machine with
 * other things to do adds. A server that stands still for a second is beyond it.
 */
const patience = { times: 4, plusMs: 700 };

export class Neighbour {
  readonly #server: ServerProcess;
  readonly #client: FeedClient;
  readonly #heard = new Set<string>();
  #calls = 0;

  private constructor(server: ServerProcess, client: FeedClient) {
    this.#server = server;
    this.#client = client;
  }

  static async of(server: ServerProcess): Promise<Neighbour> {
    const client = await FeedClient.tcp({ host: '127.0.0.1', port: server.feedPort });
    client.send(
      '<VerbaApi><Request type="SubscribeOnCallEvent"><Extension prefix="77"/><Feed events="CallStart"/></Request></VerbaApi>',
    );
    await client.find(isAnswer);
    return new Neighbour(server, client);
  }

  /** How long each of some calls took from the sender to the subscriber, milliseconds. */
  async calm(count = 60): Promise<readonly number[]> {
    const tookMs: number[] = [];
    while (tookMs.length < count) tookMs.push(await this.#call());
    return tookMs;
  }

  /** The same for as long as the attack lasts, and for some calls at least. */
  async during(attack: Promise<unknown>, least = 40): Promise<readonly number[]> {
    let isOver = false;
    const over = attack.finally(() => (isOver = true));
    // It is looked at below, when the call under way is over.
    over.catch(() => undefined);
    const tookMs: number[] = [];
    while (!isOver || tookMs.length < least) tookMs.push(await this.#call());
    await over;
    return tookMs;
  }

  leave(): void {
    this.#client.cut();
  }

  async #call(): Promise<number> {
    this.#calls += 1;
    const leg = `n${this.#calls}`;
    const number = `77${this.#calls}`;
    const startMs = performance.now();
    const signal = { kind: 'leg.offered', id: leg, atMs: Date.now(), leg };
    const sent = sendSignals(this.#server, [{ ...signal, facts: { call: leg, number } }]);
    await this.#client.until(() => this.#news().has(leg), 15_000);
    const tookMs = performance.now() - startMs;
    expect((await sent).status).toBe(200);
    await sendSignals(this.#server, [
      { kind: 'leg.ended', id: `${leg}e`, atMs: Date.now(), leg, cause: { code: 16 } },
    ]);
    await new Promise((resolve) => setTimeout(resolve, restMs));
    return tookMs;
  }

  #news(): ReadonlySet<string> {
    for (const { cdr } of this.#client.calls.slice(this.#heard.size)) {
      this.#heard.add(cdr.fields.get('native_id') ?? '');
    }
    return this.#heard;
  }
}

/** Counts what it is told, and keeps the numbers, with next to no work: the test's own work is felt too. */
export class Counter {
  readonly seqs: number[] = [];
  readonly types = new Map<string, number>();
  readonly #socket: Socket;
  #rest = '';

  /** Subscribed when it resolves: what begins after that is counted from its beginning. */
  static async of({ feedPort }: ServerProcess): Promise<Counter> {
    const counter = new Counter(connect({ host: '127.0.0.1', port: feedPort }));
    await once(counter.#socket, 'data');
    return counter;
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#socket.setEncoding('latin1');
    this.#socket.on('error', () => undefined);
    this.#socket.write(
      `<VerbaApi><Request type="SubscribeOnCallEvent"><Feed events="${notificationTypes.join(' ')}"/></Request></VerbaApi>`,
    );
    this.#socket.on('data', (chunk) => this.#take(this.#rest + String(chunk)));
  }

  count(type: string): number {
    return this.types.get(type) ?? 0;
  }

  leave(): void {
    this.#socket.destroy();
  }

  #take(text: string): void {
    const end = text.lastIndexOf('\n') + 1;
    this.#rest = text.slice(end);
    const told = /<Notification type="(\w+)" position="[^"-]*-(\d+)"/g;
    for (const [, type = '', seq] of text.slice(0, end).matchAll(told)) {
      this.types.set(type, this.count(type) + 1);
      this.seqs.push(Number(seq));
    }
  }
}

/** Fails when the neighbour felt the attack. */
export function expectUnharmed(calm: readonly number[], attacked: readonly number[]): void {
  const [usual, felt] = [p99(calm), p99(attacked)];
  const most = usual * patience.times + patience.plusMs;
  expect(felt, `p99 calm ${usual.toFixed(1)} ms, attacked ${felt.toFixed(1)} ms`).toBeLessThan(
    most,
  );
}

export function p99(tookMs: readonly number[]): number {
  const sorted = [...tookMs].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Infinity;
}

export interface Answered {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Posts signals, or whatever text is to be taken for some. */
export async function sendSignals(
  { httpPort }: ServerProcess,
  signals: unknown,
): Promise<Answered> {
  const answer = await fetch(`http://127.0.0.1:${httpPort}/v1/signals`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof signals === 'string' ? signals : JSON.stringify(signals),
  });
  return { status: answer.status, body: (await answer.json()) as Answered['body'] };
}

/** The position up to which subscribers are told, now. */
export async function headOf({ httpPort }: ServerProcess): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${httpPort}/v1/calls`);
  const { position } = (await answer.json()) as { readonly position: string };
  return position;
}

export interface Readiness {
  readonly status: string;
  readonly sources: readonly { name: string; state: string; reason?: string }[];
  readonly journal: { readonly state: string; readonly reason?: string };
}

export async function readiness({ httpPort }: ServerProcess): Promise<Readiness> {
  const answer = await fetch(`http://127.0.0.1:${httpPort}/readyz`);
  return (await answer.json()) as Readiness;
}

/** Looks again and again until it holds. */
export async function until(holds: () => boolean, withinMs = 15_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`not so within ${withinMs} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Asks until it holds: a state is pushed by nobody. */
export async function untilReady(
  server: ServerProcess,
  holds: (state: Readiness) => boolean,
  withinMs = 15_000,
): Promise<Readiness> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    const state = await readiness(server);
    if (holds(state)) return state;
    if (performance.now() > endMs) throw new Error(`not so within time: ${JSON.stringify(state)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Memory that the process holds now, and the most that it ever held, MiB. */
export function memoryOf({ child }: ServerProcess): {
  readonly now: number;
  readonly most: number;
} {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const mib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024;
  return { now: mib('VmRSS'), most: mib('VmHWM') };
}
