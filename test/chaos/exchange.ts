/**
 * The telephony of the chaos test: a PBX whose phones go on talking whether or not somebody listens. Plays
 * recorded and made-up traffic over and over, each time as other calls, and lists what goes on when asked.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { among, type Dice } from '../../src/source/simulator/dice.ts';
import { blocksOf } from '../../src/source/replay/transcript.ts';
import { Asterisk, type Bridge, type Channel } from '../support/asterisk.ts';
import { LivePbx } from '../support/live-pbx.ts';

type Fields = Readonly<Record<string, string>>;

/** One event of a recording, with the milliseconds since its beginning. */
interface Said {
  readonly atMs: number;
  readonly name: string;
  readonly fields: Fields;
}

const folder = join(import.meta.dirname, '..', 'fixtures', 'ami');
/** How much faster than in life recordings are played. */
const speed = 8;
const tickMs = 20;

export class Exchange {
  readonly pbx = new LivePbx();
  readonly #dice: Dice;
  readonly #meanWaitMs: number;
  readonly #recordings: readonly (readonly Said[])[];
  readonly #channels = new Map<string, Fields>();
  readonly #playing = new Set<Play>();
  #plays = 0;
  #nextAtMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param callsPerSecond how many plays begin, on the average */
  constructor(dice: Dice, callsPerSecond: number) {
    this.#dice = dice;
    this.#meanWaitMs = 1_000 / callsPerSecond;
    this.#recordings = readdirSync(folder)
      .filter((name) => name.endsWith('.txt'))
      .sort()
      .map((name) => saidIn(readFileSync(join(folder, name))));
  }

  start(): void {
    this.#nextAtMs = performance.now();
    this.#timer = setInterval(() => this.#tick(performance.now()), tickMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(nowMs: number): void {
    while (this.#nextAtMs <= nowMs) {
      this.#plays += 1;
      this.#playing.add({ script: this.#script(), number: this.#plays, startMs: nowMs, next: 0 });
      this.#nextAtMs += this.#dice.waiting(this.#meanWaitMs);
    }
    for (const play of this.#playing) {
      for (let said = play.script[play.next]; said !== undefined; said = play.script[play.next]) {
        if (play.startMs + said.atMs / speed > nowMs) break;
        play.next += 1;
        this.#say(said.name, disguised(said.fields, play.number));
      }
      if (play.next === play.script.length) this.#playing.delete(play);
    }
    this.pbx.channels = [...this.#channels.values()];
  }

  #script(): readonly Said[] {
    const dice = this.#dice;
    const made = among(dice, [
      [0.3, undefined],
      [0.4, talk],
      [0.2, inVain],
      [0.1, conference],
    ] as const);
    return made === undefined ? dice.pick(this.#recordings) : saidIn(Buffer.from(made(dice)));
  }

  /** Says it to whoever listens, and keeps the list of channels. */
  #say(name: string, fields: Fields): void {
    const key = fields['Uniqueid'];
    if (key !== undefined) {
      const known = this.#channels.get(key);
      if (name === 'Newchannel') this.#channels.set(key, fields);
      else if (name === 'Hangup') this.#channels.delete(key);
      else if (known !== undefined && name === 'Newstate') {
        this.#channels.set(key, { ...known, ...fields });
      } else if (known !== undefined && name === 'BridgeEnter') {
        this.#channels.set(key, { ...known, BridgeId: fields['BridgeUniqueid'] ?? '' });
      } else if (known !== undefined && name === 'BridgeLeave') {
        const { BridgeId: _, ...others } = known;
        this.#channels.set(key, others);
      }
    }
    this.pbx.say(name, fields);
  }
}

interface Play {
  readonly script: readonly Said[];
  readonly number: number;
  readonly startMs: number;
  next: number;
}

/** The events of a transcript; answers and lists belong to the conversation it was. */
function saidIn(transcript: Buffer): readonly Said[] {
  return blocksOf(transcript).flatMap(({ atMs, bytes }): Said[] => {
    const pairs = bytes
      .toString('latin1')
      .split(/\r?\n/)
      .filter((line) => line.includes(':'))
      .map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).trim()];
      });
    const { Event: name, Timestamp: _, ...fields } = Object.fromEntries(pairs);
    if (name === undefined || fields['ActionID'] !== undefined) return [];
    return [{ atMs, name, fields }];
  });
}

/** The same events as those of other calls: keys and bridges of this play only. */
function disguised(fields: Fields, play: number): Fields {
  const mark = play.toString(16).padStart(8, '0');
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value
        .replace(
          /\b(1[789]\d{8})\.(\d+)\b/g,
          (_, seconds, n) => `${seconds}.${play}${n.padStart(4, '0')}`,
        )
        .replace(
          /\b[0-9a-f]{8}(-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b/g,
          `${mark}$1`,
        ),
    ]),
  );
}

const desk = (dice: Dice): string => String(dice.whole(1001, 1060));

function talk(dice: Dice): string {
  const pbx = new Asterisk();
  const [from, to] = [desk(dice), desk(dice)];
  const one = pbx.channel(`PJSIP/${from}-00000001`, { number: from, name: 'Zoë <Ω>', exten: to });
  const two = pbx.channel(`PJSIP/${to}-00000002`, { number: to, name: `User ${to}`, of: one });
  pbx.ring(one, two).after(dice.whole(500, 4_000));
  const bridge = pbx.answer(one, two);
  pbx.after(dice.whole(1_000, 30_000));
  pbx.hangUpTalk(bridge, ...(dice.chance(0.5) ? ([one, two] as const) : ([two, one] as const)));
  return pbx.text;
}

function inVain(dice: Dice): string {
  const pbx = new Asterisk();
  const [from, to] = [desk(dice), desk(dice)];
  const one = pbx.channel(`PJSIP/${from}-00000001`, { number: from, exten: to });
  const two = pbx.channel(`PJSIP/${to}-00000002`, { number: to, of: one });
  pbx.ring(one, two).after(dice.whole(500, 8_000));
  pbx
    .dialEnd(one, two, dice.pick(['NOANSWER', 'BUSY', 'CANCEL']))
    .hangup(two, 17)
    .hangup(one, 17);
  return pbx.text;
}

function conference(dice: Dice): string {
  const pbx = new Asterisk();
  const room: Bridge = pbx.newBridge({
    technology: 'softmix',
    creator: 'ConfBridge',
    name: '8000',
  });
  const there: Channel[] = [];
  for (let n = 0; n < 4; n += 1) {
    const number = desk(dice);
    const channel = pbx.channel(`PJSIP/${number}-0000000${n}`, { number, exten: '8000' });
    pbx.state(channel, 'Up').enter(room, channel).after(dice.whole(200, 3_000));
    there.push(channel);
  }
  for (const channel of there) {
    pbx.after(dice.whole(200, 5_000)).hangupRequest(channel).leave(room, channel).hangup(channel);
  }
  return pbx.destroy(room).text;
}
