import { describe, expect, it } from 'vitest';
import { type ExtensionPattern, filterOf } from '../../src/call/extension.ts';
import { sightOf } from '../../src/feed/sight.ts';
import { answered, ended, gapOf, started } from '../support/calls.ts';

const number = (text: string): ExtensionPattern => ({ kind: 'number', number: text });
const prefix = (text: string): ExtensionPattern => ({ kind: 'prefix', prefix: text });

describe('sight of a call', () => {
  it('is first with its start, and then again', () => {
    const filter = filterOf([number('1000')]);
    expect([started(0), answered(0), ended(0)].map((event) => sightOf(filter, event))).toEqual([
      'first',
      'again',
      'again',
    ]);
  });

  it('is first with the update by which somebody watched has joined', () => {
    const event = { ...answered(0), kind: 'call.updated' as const, joined: ['1000'] };
    expect(sightOf(filterOf([number('1000')]), event)).toBe('first');
    expect(sightOf(filterOf([prefix('10')]), event)).toBe('first');
    expect(sightOf(filterOf([number('4930555100')]), event)).toBe('again');
    expect(sightOf(filterOf([number('1000'), number('4930555100')]), event)).toBe('again');
    expect(sightOf(filterOf([]), event)).toBe('again');
  });

  it('is none for who watches somebody else', () => {
    expect(sightOf(filterOf([number('1001')]), started(0))).toBe('none');
  });

  it('of what happens to a source is had by everybody', () => {
    expect(sightOf(filterOf([number('1001')]), gapOf('pbx', 1))).toBe('again');
  });
});
