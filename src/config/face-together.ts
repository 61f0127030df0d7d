/**
 * Problems that no value of the FACE settings has alone: users, accounts and sources that do not fit each
 * other. Works on the tree, as `together.ts` does.
 */
import { emailKey } from '../base/names.ts';
import { describeValue } from './problem.ts';
import type { Problem } from './problem.ts';
import type { UserSettings } from './settings.ts';
import { tablesOf, valueAt } from './tree.ts';
import type { Tree } from './tree.ts';

/** @param filed the users of the users file, as far as they are known */
export function checkFace(tree: Tree, filed: readonly UserSettings[]): Problem[] {
  return [
    ...unlike(tree, 'user', 'email', 'an e-mail address'),
    ...unlike(tree, 'account', 'id', 'a number'),
    ...unlike(tree, 'customData', 'id', 'a number'),
    ...unlike(tree, 'customData', 'name', 'a name'),
    ...unlike(tree, 'policy', 'event', 'an event'),
    ...filedEmails(tree, filed),
    ...accounts(tree, filed),
    ...sources(tree),
    ...served(tree),
  ];
}

type List = 'user' | 'account' | 'customData' | 'policy';

/** What two tables of a list have in common and must not. */
function unlike(tree: Tree, list: List, key: string, what: string): Problem[] {
  const first = new Map<unknown, number>();
  return tablesOf(tree, list).flatMap(({ index, table }) => {
    const value = table[key];
    if (typeof value !== 'string' && typeof value !== 'number') return [];
    const compared = key === 'email' ? emailKey(String(value)) : value;
    const earlier = first.get(compared);
    if (earlier === undefined) {
      first.set(compared, index);
      return [];
    }
    return {
      path: `${list}[${index}].${key}`,
      seen: `${describeValue(value)}, which ${list}[${earlier}] has too`,
      expected: `${what} that no other ${list} has`,
    };
  });
}

function filedEmails(tree: Tree, filed: readonly UserSettings[]): Problem[] {
  const known = new Set(filed.map(({ email }) => emailKey(email)));
  return tablesOf(tree, 'user').flatMap(({ index, table: { email } }) => {
    if (typeof email !== 'string' || !known.has(emailKey(email))) return [];
    const seen = `${describeValue(email)}, which a user of face.usersFile has too`;
    const expected = 'an e-mail address that no other user has';
    return { path: `user[${index}].email`, seen, expected };
  });
}

/** Without any account table everything belongs to account 1, and there is nothing to compare with. */
function accounts(tree: Tree, filed: readonly UserSettings[]): Problem[] {
  const tables = tablesOf(tree, 'account');
  if (tables.length === 0) return [];
  const known = new Set(tables.map(({ table }) => table['id']));
  const expected = 'the id of an [[account]], or nothing to see the recordings of all';
  const written = tablesOf(tree, 'user').flatMap(({ index, table: { account } }) => {
    if (typeof account !== 'number' || known.has(account)) return [];
    const seen = `${describeValue(account)}, which no [[account]] has`;
    return [{ path: `user[${index}].account`, seen, expected }];
  });
  const kept = filed.flatMap(({ email, account }) => {
    if (account === undefined || known.has(account)) return [];
    const seen = `account ${account} of ${describeValue(email)}, which no [[account]] has`;
    return [{ path: 'face.usersFile', seen, expected }];
  });
  return [...written, ...kept];
}

function sources(tree: Tree): Problem[] {
  const known = new Set(tablesOf(tree, 'source').map(({ table }) => table['name']));
  return tablesOf(tree, 'account').flatMap(({ index, table }) => {
    const named: readonly unknown[] = Array.isArray(table['sources']) ? table['sources'] : [];
    return named.flatMap((name, at) => {
      if (typeof name !== 'string' || known.has(name)) return [];
      const seen = `${describeValue(name)}, which no [[source]] has`;
      return { path: `account[${index}].sources[${at}]`, seen, expected: 'the name of a source' };
    });
  });
}

function served(tree: Tree): Problem[] {
  const isOn = valueAt(tree, ['face', 'enabled']) === true;
  if (!isOn || valueAt(tree, ['http', 'enabled']) !== false) return [];
  const expected = 'false, or http.enabled = true';
  return [{ path: 'face.enabled', seen: 'true without HTTP, which it is served over', expected }];
}
