/**
 * The published JSON conversations as they happen to a real server over a real WebSocket: what goes on in the
 * house between the lines, so that the server says each line of its own accord.
 */
import { cdrXml } from '../../src/record/cdr-xml.ts';
import { closeCodes } from '../../src/subscriber/close-codes.ts';
import { gapOf, lifeOf, upOf } from '../support/calls.ts';
import type { JsonClient } from '../support/json-client.ts';
import { OpenHouse } from '../support/house.ts';
import { MemoryJournal } from '../support/memory-journal.ts';
import { sightings } from '../support/scene-events.ts';
import type { Turn } from './conversation.ts';
import * as scene from './scene.ts';

/** Where the examples are numbered from: 30 events of other calls and sources went before. */
async function sceneHouse(requireToken: boolean): Promise<OpenHouse> {
  const journal = new MemoryJournal({ epoch: 'k3v9x0q2m1' });
  const house = await OpenHouse.open({ journal, site: scene.site, session: { requireToken } });
  const others = Array.from({ length: 10 }, (_, n) => lifeOf(n)).flat();
  const gap = { ...gapOf('branch', scene.at('08:41:07.003')), reason: 'The connection was reset.' };
  await house.publish(...others.slice(0, 19), gap, ...others.slice(20));
  house.desk.sourceStates = scene.sources;
  house.desk.summary = () => ({ ...scene.summary, ongoingCalls: house.hub.ongoingCount });
  house.desk.finished.set(scene.ended.id, cdrXml(scene.ended, scene.site));
  return house;
}

const branchUp = upOf('branch', scene.at('08:41:07.003'), scene.at('09:04:00.000'));
const conference = { ...sightings.ringing, kind: 'call.updated' as const, joined: [] };

async function untilRinging(house: OpenHouse): Promise<void> {
  await house.publish(sightings.started, conference, conference, sightings.ringing);
}

/** What happens in the house before the server says a line by itself, by the line's number from 0. */
type Happenings = Readonly<Record<number, (house: OpenHouse) => Promise<void> | void>>;

interface Play {
  readonly requireToken?: boolean;
  readonly before: (house: OpenHouse) => Promise<void>;
  readonly happens: Happenings;
}

const stop = (house: OpenHouse): void => {
  for (const connection of house.connections) connection.end('going-away', 'The server stops.');
};

export const plays: Readonly<Record<string, Play>> = {
  'json-opted-in.txt': {
    requireToken: true,
    before: untilRinging,
    happens: {
      3: (house) => house.publish(sightings.answered),
      4: (house) => house.pass(10_000),
      10: (house) =>
        house.publish(
          sightings.recorded,
          sightings.paused,
          sightings.resumed,
          sightings.second,
          sightings.transferred,
        ),
      11: (house) => house.publish(sightings.recordingEnded, sightings.ended),
      12: (house) => house.publish(...lifeOf(40).slice(0, 1), branchUp),
      13: stop,
    },
  },
  'json-resume.txt': {
    before: async (house) => {
      await untilRinging(house);
      const { answered, recorded, paused, resumed, second, transferred } = sightings;
      await house.publish(answered, recorded, paused, resumed, second, transferred);
      await house.publish(sightings.recordingEnded, sightings.ended);
    },
    happens: {},
  },
  'json-refused.txt': { before: untilRinging, happens: {} },
};

/** Lines that the server says although nobody asked. */
const isUnasked = (text: string): boolean => /^\{("notification"|"code":0,"keepalive")/.test(text);

/** Plays a conversation; what the server said, in order. */
export async function play(name: string, turns: readonly Turn[]): Promise<readonly string[]> {
  const part = plays[name];
  if (part === undefined) throw new Error(`nobody plays ${name}`);
  const house = await sceneHouse(part.requireToken ?? false);
  await part.before(house);
  const client: JsonClient = await house.json();
  let said = 0;
  for (const { from, text } of turns) {
    if (from !== 'server') {
      client.send(text);
      continue;
    }
    if (isUnasked(text)) await part.happens[said]?.(house);
    said += 1;
    const expected = said;
    await client.until(() => client.documents.length >= expected);
  }
  // Read, and so held against the schema.
  if (client.messages.length !== said) throw new Error(`more was said: ${client.documents.at(-1)}`);
  const goodbye = client.messages.at(-1);
  if (goodbye?.kind === 'goodbye') {
    const { code } = await client.closed();
    const reason = Object.entries(closeCodes).find(([known]) => known === goodbye.reason);
    if (reason?.[1].code !== code) throw new Error(`${goodbye.reason} was closed with ${code}`);
  }
  return client.documents;
}
