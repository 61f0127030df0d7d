/**
 * Carries a plan out: the built server, its sources, its clients, and everything that is done to them;
 * and returns what was seen, for the ledger.
 */
import { seededDice } from '../../src/source/simulator/dice.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { Exchange } from './exchange.ts';
import type { Note } from './note.ts';
import type { Act, Plan } from './schedule.ts';
import { Sender } from './sender.ts';
import { headOf, numbersOf, pause, type Site, startOn, until } from './site.ts';
import type { SmallDisk } from './small-disk.ts';
import { Subscriber } from './subscriber.ts';
import { allTypes } from './truth.ts';
import { type Vitals, vitalsOf } from './vitals.ts';

/** What the log may say as an error while disks are full. */
const expectedTrouble =
  /^(journal\.failing|metadata-file\.failed|retention\.failed|media\.failing)$/;
/** A server may fail to start while the disk is full, or was so while it started; milliseconds. */
const startMs = 5_000;
/** For everything before and after the acts, on a machine that others use too; milliseconds. */
const restMs = 240_000;
/** How long a sender may have to wait until all that it has begun was taken, milliseconds. */
const takenMs = 30_000;
/** How long the last server has its crowd at least, milliseconds. */
const crowdMs = 3_000;

/** A server from outside, and what it says of itself. */
export interface Traces extends Vitals {
  readonly numbers: ReadonlyMap<string, number>;
}

export interface Aftermath {
  readonly site: Site;
  readonly clients: readonly Subscriber[];
  readonly witness: Subscriber;
  readonly sender: Sender;
  /** Of the last server that went through the storm: before any client came, and after all had gone. */
  readonly before: Traces;
  readonly after: Traces;
  /** What is wrong apart from what clients were told. */
  readonly findings: readonly string[];
  /** What was left out, and how much of everything there was. */
  readonly remarks: readonly string[];
}

const sourcesOf = (amiPort: number, seed: number): string => `
[[source]]
type = "simulator"
name = "centre"
rate = 6
seed = ${seed}
agents = 50
timeScale = 0.03
[[source]]
type = "ami"
name = "pbx"
host = "127.0.0.1"
port = ${amiPort}
username = "offhook"
secret = "1234"
login = "plain"
pingInterval = 1
reconnectMin = 0.1
reconnectMax = 0.5
giveUpAfter = 1.5
[[source]]
type = "ingest"
name = "sender"
`;

export class Storm {
  readonly #plan: Plan;
  readonly #site: Site;
  readonly #disk: SmallDisk | undefined;
  readonly #exchange: Exchange;
  readonly #sender: Sender;
  readonly #clients: readonly Subscriber[];
  readonly #witness: Subscriber;
  readonly #findings: string[] = [];
  readonly #remarks: string[] = [];
  #server: ServerProcess | undefined;
  #isFull = false;
  #freedMs = -Infinity;
  #isStopping = false;
  #before: Traces | undefined;
  #amiPort = 0;
  #starts = 0;

  constructor(plan: Plan, site: Site, disk: SmallDisk | undefined) {
    this.#plan = plan;
    this.#site = site;
    this.#disk = disk;
    this.#exchange = new Exchange(seededDice(plan.seed + 1), 3);
    this.#sender = new Sender(seededDice(plan.seed + 2), site.door);
    const dice = (n: number) => seededDice(plan.seed + 1_000 + n);
    this.#clients = plan.manners.map((manner, n) => new Subscriber(manner, site.door, dice(n)));
    this.#witness = new Subscriber(
      {
        name: 'the witness',
        transport: 'tcp',
        form: 'feed',
        wish: { patterns: [], types: allTypes },
        snapshot: false,
        ack: true,
        resumes: true,
      },
      site.door,
      dice(-1),
      (note) => this.#tellsTheWitness(note),
    );
  }

  /** @param disk on which the site's data folder is; without one it is never full */
  static async over(plan: Plan, site: Site, disk: SmallDisk | undefined): Promise<Aftermath> {
    const storm = new Storm(plan, site, disk);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const limitMs = plan.seconds * 1_000 + restMs;
      const tooLong = (): void => reject(new Error(`it was not over after ${limitMs} ms`));
      timer = setTimeout(tooLong, limitMs);
    });
    try {
      return await Promise.race([storm.#run(), late]);
    } catch (error) {
      throw new Error([String(error), ...storm.#findings].join('\n'), { cause: error });
    } finally {
      clearTimeout(timer);
      await storm.#clearUp();
    }
  }

  async #run(): Promise<Aftermath> {
    if (this.#disk === undefined) {
      this.#remarks.push('the disk was never full: only root may mount a small one');
    }
    await this.#exchange.pbx.listen();
    this.#amiPort = this.#exchange.pbx.port;
    this.#exchange.start();
    await this.#start();
    const { epoch } = await headOf(this.#site.door);
    // From the first event on.
    this.#witness.join({ epoch, seq: 0 });
    this.#sender.start();
    const phase = this.#phases();
    await this.#carryOut();
    phase('storm');
    const after = await this.#calm();
    phase('calm');
    await this.#lastRounds();
    phase('last rounds');
    return {
      site: this.#site,
      clients: this.#clients,
      witness: this.#witness,
      sender: this.#sender,
      before: this.#before ?? after,
      after,
      findings: [...this.#findings, ...this.#sender.surprises],
      remarks: this.#remarks,
    };
  }

  #phases(): (what: string) => void {
    let sinceMs = performance.now();
    return (what) => {
      const nowMs = performance.now();
      this.#remarks.push(`${what}: ${((nowMs - sinceMs) / 1_000).toFixed(1)} s`);
      sinceMs = nowMs;
    };
  }

  async #carryOut(): Promise<void> {
    const startMs = performance.now();
    const lanes = ['server', 'source', 'disk', 'clients'] as const;
    await Promise.all(
      lanes.map(async (lane) => {
        for (const act of this.#plan.acts) {
          if (act.lane !== lane) continue;
          await pause(startMs + act.atMs - performance.now());
          await this.#do(act);
        }
      }),
    );
  }

  async #do(act: Act): Promise<void> {
    switch (act.lane) {
      case 'server':
        return act.isLast ? this.#lastKill(act.forMs) : this.#kill(act.forMs);
      case 'source':
        await this.#exchange.pbx.die();
        await pause(act.forMs);
        return this.#exchange.pbx.listen(this.#amiPort);
      case 'disk':
        if (this.#disk === undefined) return;
        this.#isFull = true;
        this.#disk.fill();
        await pause(act.forMs);
        this.#disk.free();
        this.#isFull = false;
        this.#freedMs = performance.now();
        return;
      case 'clients':
    }
    const client = this.#clients[act.who];
    switch (act.what) {
      case 'join':
        return client?.join();
      case 'fin':
      case 'rst':
        return client?.leave(act.what);
      case 'pause':
        return client?.pause();
      case 'read':
        return client?.resume();
      case 'wish':
        if (client !== undefined && client.manner.form !== 'legacy') client.wishAgain(act.wish);
    }
  }

  async #kill(forMs: number): Promise<void> {
    this.#isStopping = true;
    await this.#server?.kill('SIGKILL');
    await pause(forMs);
    await this.#start();
  }

  /** After it the server is looked at before anybody comes. */
  async #lastKill(forMs: number): Promise<void> {
    const { door } = this.#site;
    door.isOpen = false;
    await this.#kill(forMs);
    await this.#sourcesUp();
    // What it does once after a start is done by then.
    await pause(1_000);
    await this.#sourcesUp();
    const numbers = await numbersOf(door);
    // The scraper's own connection is gone by then.
    await pause(500);
    this.#before = { ...this.#look(), numbers };
    door.isOpen = true;
    // However late it is: this server, too, must have had a crowd.
    const isCrowd = (): boolean =>
      2 * this.#clients.filter((each) => each.isServed).length > this.#clients.length;
    await until('half of the clients are served', isCrowd, 40_000);
    await pause(crowdMs);
  }

  async #start(sources = sourcesOf(this.#amiPort, this.#plan.seed)): Promise<void> {
    const mayFail = (): boolean => this.#isFull || performance.now() - this.#freedMs < startMs;
    const server = await startOn(this.#site, sources, mayFail);
    this.#server = server;
    this.#starts += 1;
    this.#isStopping = false;
    void server.exited.then((code) => {
      if (!this.#isStopping) this.#findings.push(`the server ended by itself, with ${code}`);
      const trouble = server.log.filter(
        ({ level, event }) => level === 'error' && !expectedTrouble.test(String(event)),
      );
      for (const line of trouble) this.#findings.push(`the log says ${JSON.stringify(line)}`);
    });
  }

  /** Everybody leaves; what the server holds then must be what it held before they came. */
  async #calm(): Promise<Traces> {
    for (const [index, client] of this.#clients.entries()) {
      client.leave(index % 3 === 0 ? 'rst' : 'fin');
    }
    this.#witness.leave('fin');
    const taken = this.#sender.stop().then(() => true);
    if (!(await Promise.race([taken, pause(takenMs).then(() => false)]))) {
      this.#findings.push('the sender was not told that all of its signals were taken');
      this.#sender.abandon();
    }
    await this.#sourcesUp();
    this.#exchange.stop();
    const sockets = this.#before?.sockets ?? 0;
    const files = this.#before?.files.length ?? 0;
    let vitals = this.#look();
    // A file may be open for a moment, as rounds of retention go on; what somebody left stays.
    const isClosed = (): boolean => {
      vitals = this.#look();
      return vitals.sockets <= sockets && vitals.files.length <= files;
    };
    await until('the sockets and files of all who left are closed', isClosed, 20_000)
      // The ledger says what is left.
      .catch(() => undefined);
    return { ...vitals, numbers: await numbersOf(this.#site.door) };
  }

  /** All that can still hear come back, through an orderly restart without sources, to the very end. */
  async #lastRounds(): Promise<void> {
    const living = this.#living();
    for (const client of living) client.join();
    await this.#all('served', living, (each) => each.isServed);
    await this.#stop();
    await this.#start('');
    const { door } = this.#site;
    const isOver = async (): Promise<boolean> => (await headOf(door)).calls === 0;
    await until('all calls have ended', isOver, 40_000);
    const { seq } = await headOf(door);
    const isThere = (each: Subscriber): boolean =>
      each.isServed && (each.manner.form === 'legacy' || (each.position?.seq ?? -1) >= seq);
    await this.#all(`at ${seq}`, living, isThere);
    for (const client of living) if (client.stay !== undefined) client.stay.isLast = true;
    await this.#stop();
    await until(
      'all connections have ended',
      () => living.every((each) => !each.isConnected),
      30_000,
    );
    for (const client of living) client.leave('rst');
    this.#remarks.push(`the server was started ${this.#starts} times`);
  }

  async #all(
    what: string,
    clients: readonly Subscriber[],
    holds: (client: Subscriber) => boolean,
  ): Promise<void> {
    await until(what, () => clients.every(holds), 90_000).catch((error: unknown) => {
      const late = clients.filter((each) => !holds(each)).map((each) => each.toString());
      const who = late.slice(0, 10).join('\n');
      throw new Error(`${late.length} clients are not ${what}:\n${who}`, { cause: error });
    });
  }

  async #sourcesUp(): Promise<void> {
    const isUp = (): boolean => {
      const changes = this.#server?.log.filter(({ event }) => event === 'source.changed') ?? [];
      return changes.findLast(({ source }) => source === 'pbx')?.['state'] === 'up';
    };
    await until('the PBX is connected', isUp, 40_000);
  }

  #living(): Subscriber[] {
    return [this.#witness, ...this.#clients.filter((_, index) => !this.#plan.deaf.has(index))];
  }

  async #stop(): Promise<void> {
    this.#isStopping = true;
    const code = await this.#server?.kill('SIGTERM');
    if (code !== 0) this.#findings.push(`an orderly stop ended with ${code}`);
    if (this.#server?.log.some(({ event }) => event === 'server.stop-cut') === true) {
      this.#findings.push('an orderly stop took too long and was cut');
    }
  }

  #look(): Vitals {
    const pid = this.#server?.child.pid;
    if (pid === undefined) throw new Error('no server');
    return vitalsOf(pid);
  }

  /** Hearing it, it must be on the disk: the kills of this storm would show if it were not. */
  #tellsTheWitness(note: Note): void {
    if (note.kind === 'strange') this.#findings.push(`the witness heard ${note.what}`);
  }

  async #clearUp(): Promise<void> {
    this.#isStopping = true;
    await this.#server?.kill('SIGKILL');
    for (const client of [this.#witness, ...this.#clients]) client.leave('rst');
    this.#exchange.stop();
    await this.#exchange.pbx.die();
    this.#sender.abandon();
  }
}
