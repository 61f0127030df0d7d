/**
 * Who is granted what by which token, and what becomes of grants when the tokens change.
 */
import { expect, it } from 'vitest';
import { Grants, type TokenGrant } from '../../src/access/grant.ts';
import { hashToken, makeToken } from '../../src/access/tokens.ts';
import { filterOf, nothing } from '../../src/call/extension.ts';

const [wallboard, recorder] = [makeToken(), makeToken()];
const tokens: readonly TokenGrant[] = [
  {
    name: 'wallboard',
    sha256: hashToken(wallboard),
    extensions: ['10*', '2000-2099'],
    control: false,
    manage: false,
  },
  {
    name: 'recorder',
    sha256: hashToken(recorder).toUpperCase(),
    extensions: [],
    control: true,
    manage: true,
  },
];

it('a token opens what was written for it', () => {
  const grants = new Grants(tokens);
  expect(grants.verify(wallboard)).toEqual({
    name: 'wallboard',
    scope: filterOf([
      { kind: 'prefix', prefix: '10' },
      { kind: 'range', from: '2000', to: '2099' },
    ]),
    control: false,
    manage: false,
  });
  expect(grants.verify(recorder)).toEqual({
    name: 'recorder',
    scope: filterOf([]),
    control: true,
    manage: true,
  });
});

it.each(['', 'ohk_unknown', hashToken(wallboard), 'x'.repeat(10_000)])(
  '%j opens nothing',
  (text) => {
    expect(new Grants(tokens).verify(text)).toBeUndefined();
  },
);

it('what cannot be read grants nothing, never everything', () => {
  const [token] = tokens;
  if (token === undefined) throw new Error('no token');
  const grants = new Grants([{ ...token, extensions: ['10-9'] }]);
  expect(grants.verify(wallboard)?.scope).toBe(nothing);
});

it('a grant holds while its token stays as it is, and is told apart when not', () => {
  const grants = new Grants(tokens);
  const [one, other] = [grants.verify(wallboard), grants.verify(recorder)];
  if (one === undefined || other === undefined) throw new Error('no grants');
  grants.replace([...tokens].reverse());
  expect([grants.standing(one), grants.standing(other)]).toEqual(['holds', 'holds']);
  expect(grants.verify(wallboard)).toBe(one);

  grants.replace(tokens.map((each) => ({ ...each, extensions: ['30*'] })));
  expect([grants.standing(one), grants.standing(other)]).toEqual(['changed', 'changed']);
  expect(grants.verify(wallboard)).not.toBe(one);

  const managing = grants.verify(recorder);
  grants.replace(tokens.map((each) => ({ ...each, manage: false })));
  expect(grants.verify(recorder)?.manage).toBe(false);
  expect(grants.verify(recorder)).not.toBe(managing);

  grants.replace(tokens.slice(1));
  expect([grants.standing(one), grants.verify(wallboard)]).toEqual(['gone', undefined]);
});
