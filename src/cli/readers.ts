/** What other rooms know of what a configuration names, for every command that reads one. */
import { readTokenFile } from '../access/token-file.ts';
import { readUserFile } from '../access/user-file.ts';
import type { Readers } from '../config/load.ts';
import { readDestination } from '../webhook/destination.ts';

export const readers: Readers = {
  readTokens: readTokenFile,
  readUsers: readUserFile,
  destinationProblems: (table) => {
    const read = readDestination(table);
    return read.kind === 'problems' ? read.problems : [];
  },
};
