import { describe, expect, it } from 'vitest';
import { effectiveSettings, effectiveText } from '../../src/config/effective.ts';
import type { Problem } from '../../src/config/problem.ts';
import { InvalidConfigError } from '../../src/config/problem.ts';
import { readConfig } from '../../src/config/read.ts';
import type { Config } from '../../src/config/settings.ts';
import { readers } from '../../src/cli/readers.ts';
import { bareMachine } from '../support/surroundings.ts';

const { destinationProblems } = readers;

function read(text: string, changes: Partial<typeof bareMachine> = {}): Config {
  return readConfig(text, 'it', { ...bareMachine, destinationProblems, ...changes });
}

function problemsOf(text: string, changes?: Partial<typeof bareMachine>): readonly Problem[] {
  try {
    read(text, changes);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidConfigError)) throw error;
    return error.problems;
  }
}

const head = '[[destination]]\nid = "crm"\ndialect = "focalscope"\n';
const url = 'url = "https://crm.example/hook"\n';

describe('a destination in the configuration', () => {
  it('is passed on as it was written, with its secrets in clear', () => {
    const text = `${head}${url}auth = { kind = "bearer", token = { env = "CRM_TOKEN" } }
      headers = { x-tenant = { file = "tenant" }, env = "test" }`;
    const config = readConfig(text, 'it', {
      ...bareMachine,
      env: { CRM_TOKEN: 'hunter2' },
      readSecret: () => 'acme\n',
    });
    expect(config.destinations).toEqual([
      {
        id: 'crm',
        dialect: 'focalscope',
        url: 'https://crm.example/hook',
        auth: { kind: 'bearer', token: 'hunter2' },
        headers: { 'x-tenant': 'acme', env: 'test' },
      },
    ]);
  });

  it('is never shown with them', () => {
    const text = `${head}${url}auth = { kind = "bearer", token = "hunter2" }`;
    const config = readConfig(text, 'it', bareMachine);
    expect(effectiveSettings(config).destinations).toEqual({
      crm: { dialect: 'focalscope', enabled: true },
    });
    expect(effectiveText(config)).toContain('# destination "crm": focalscope\n');
    expect(effectiveText(config)).not.toContain('hunter2');
  });

  it('is refused with all that is wrong with it, beside everything else', () => {
    const text = `[feed]\nport = -1\n${head}url = "ftp://crm.example"\ntimeout = 0\ncolour = "red"`;
    expect(problemsOf(text).map(({ path }) => path)).toEqual([
      'feed.port',
      'destination[0].timeout',
      'destination[0].colour',
    ]);
    expect(problemsOf(`${head}url = "ftp://crm.example"`)).toContainEqual({
      path: 'destination[0].url',
      seen: '"ftp://crm.example"',
      expected: 'an http or https URL, such as "https://receiver.example/hook"',
    });
  });

  it('needs an id of its own', () => {
    expect(problemsOf(`${head}${url}${head}${url}`)).toContainEqual({
      path: 'destination[1].id',
      seen: '"crm", which destination[0] has too',
      expected: 'an id that no other destination has',
    });
  });

  it('says which secret leads nowhere', () => {
    const text = `${head}${url}auth = { kind = "bearer", token = { env = "NONE" } }`;
    expect(problemsOf(text)).toContainEqual({
      path: 'destination[0].auth.token',
      seen: 'NONE, which is not set',
      expected: 'a text, { env = "NAME" } or { file = "PATH" }',
    });
  });
});
