import { describe, expect, it } from 'vitest';
import { Roster } from '../../src/webhook/roster.ts';
import { destinationOf } from '../support/deliveries.ts';

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const named = (id: string, path = ''): ReturnType<typeof destinationOf> =>
  destinationOf({
    ...{ id, dialect: 'standard', url: `https://${id}.example/${path}` },
    standard: { secrets: [secret] },
  });

function watched(): { readonly roster: Roster; readonly told: string[] } {
  const roster = new Roster();
  const told: string[] = [];
  roster.onChange((id, now) => told.push(`${id} ${now?.destination.urls[0] ?? 'gone'}`));
  return { roster, told };
}

describe('the roster', () => {
  it('tells of what is new, changed or gone in the file, and of nothing else', () => {
    const { roster, told } = watched();
    roster.renewFile([named('a'), named('b')], 1);
    roster.renewFile([named('b'), named('c')], 2);
    roster.renewFile([named('b', 'new'), named('c')], 3);
    expect(told).toEqual([
      'a https://a.example/',
      'b https://b.example/',
      'a gone',
      'c https://c.example/',
      'b https://b.example/new',
    ]);
    expect(roster.get('b')).toMatchObject({ origin: 'file', madeMs: 1, changedMs: 3 });
    expect(roster.all.map(({ destination }) => destination.id)).toEqual(['b', 'c']);
  });

  it('lets the file win over what was made over the API, which comes back when the file lets go', () => {
    const { roster, told } = watched();
    const times = { madeMs: 1, changedMs: 1 };
    roster.put(named('a', 'api'), times);
    roster.renewFile([named('a', 'file')], 2);
    roster.put(named('a', 'api2'), times);
    roster.renewFile([], 3);
    roster.drop('a');
    roster.drop('a');
    expect(told).toEqual([
      'a https://a.example/api',
      'a https://a.example/file',
      'a https://a.example/api2',
      'a gone',
    ]);
  });
});
