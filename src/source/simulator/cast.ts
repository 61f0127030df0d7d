/**
 * Who can be on the phone: the agents at their desks, the queues they serve, and the people outside who
 * call in. All of them are made up; the outside numbers lie in the ranges that the German regulator keeps
 * for films and books, so that nobody's telephone is ever shown.
 */
import type { Dice } from './dice.ts';

export interface Person {
  readonly number: string;
  readonly name: string;
  readonly device: string;
  readonly address?: string;
}

export interface Agent extends Person {
  /** Position in the cast, from 0. */
  readonly index: number;
}

export interface Queue {
  readonly name: string;
  /** The number that callers dial to reach it. */
  readonly number: string;
}

export const queues: readonly Queue[] = [
  { name: 'sales', number: '600' },
  { name: 'support', number: '601' },
  { name: 'billing', number: '602' },
];

/** A number that rings several desks at once. */
export const ringGroup = '650';

/** A conference room's number; the room is named after it. */
export const conferenceNumber = '700';

const given = [
  'Ada',
  'Emil',
  'Nora',
  'Jonas',
  'Zoë',
  'Mehmet',
  'Ines',
  'Piotr',
  'Lena',
  'Søren',
  'Amira',
  'Felix',
  'Chloé',
  'Marek',
  'Yuki',
  'Tomás',
];
const family = [
  'Brandt',
  'Müller',
  'Okafor',
  'Lindqvist',
  'Weiß',
  'Nowak',
  "O'Shea",
  'Yılmaz',
  'Peters',
  'Hofmann',
  'Rossi',
  'Vogel',
  'García',
];
const companies = [
  'Becker & Söhne',
  'Nordlicht <Optik>',
  'Bäckerei Krume',
  '"Zur Post" Hotel',
  'Hafen Logistik GmbH',
];

/** Area codes whose subscriber range is kept for fiction, with the digits that begin the range. */
const fiction = ['3023125', '4066969', '2214710', '6990009', '8999998'];

/** The first `count` agents: extensions 1001, 1002, … */
export function agents(count: number): readonly Agent[] {
  return Array.from({ length: count }, (_, index) => {
    const number = String(1001 + index);
    return {
      index,
      number,
      // Steps that share no factor with the list lengths: 208 different names before one comes again.
      name: `${given[index % given.length]} ${family[index % family.length]}`,
      device: number,
      address: `10.20.${Math.floor(index / 250)}.${(index % 250) + 1}`,
    };
  });
}

/** Somebody outside, on the trunk; one in five calls from a company's switchboard. */
export function outsider(dice: Dice): Person {
  const number = `+49${dice.pick(fiction)}${String(dice.whole(0, 999)).padStart(3, '0')}`;
  const name = dice.chance(0.2) ? dice.pick(companies) : `${dice.pick(given)} ${dice.pick(family)}`;
  return { number, name, device: 'trunk-1', address: '192.0.2.10' };
}
