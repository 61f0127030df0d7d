/**
 * A machine for reading configurations in tests: no environment, no files, no tokens, no users.
 */
import type { Surroundings } from '../../src/config/read.ts';

export const bareMachine: Surroundings = {
  env: {},
  hostname: 'box',
  folder: '/etc/offhook',
  readSecret: (path) => {
    throw new Error(`no such file ${path}`);
  },
  fileFault: () => undefined,
  readTokens: () => [],
  readUsers: () => [],
  destinationProblems: () => [],
};
