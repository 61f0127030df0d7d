/**
 * Problems that no value has alone: settings that contradict each other. Works on the tree, so that
 * these are reported together with everything else; values of a wrong type are somebody else's problem.
 */
import { checkExposure } from './exposure.ts';
import { checkFace } from './face-together.ts';
import type { Filed } from './files.ts';
import { describeValue } from './problem.ts';
import type { Problem } from './problem.ts';
import { sections } from './settings.ts';
import type { TokenSettings } from './settings.ts';
import { sourceTypes } from './source-settings.ts';
import { tablesOf, valueAt } from './tree.ts';
import type { Tree } from './tree.ts';

export function checkTogether(tree: Tree, filed: Filed): Problem[] {
  const isKept = filed.tokens === undefined || filed.tokens.length > 0;
  // Who cannot read the tokens is not told that there are none.
  const hasTokens = isKept || tablesOf(tree, 'token').length > 0;
  return [
    ...uniqueNames(tree, 'source', 'name'),
    ...uniqueNames(tree, 'token', 'name'),
    ...uniqueNames(tree, 'destination', 'id'),
    ...filedNames(tree, filed.tokens ?? []),
    ...ports(tree),
    ...tokens(tree, hasTokens),
    ...tls(tree),
    ...checkExposure(tree),
    ...ami(tree),
    ...oneIngest(tree),
    ...checkFace(tree, filed.users ?? []),
  ];
}

function uniqueNames(
  tree: Tree,
  list: 'source' | 'token' | 'destination',
  key: 'name' | 'id',
): Problem[] {
  const first = new Map<unknown, number>();
  const problems: Problem[] = [];
  for (const { index, table } of tablesOf(tree, list)) {
    const name = table[key];
    if (typeof name !== 'string') continue;
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, index);
    else {
      problems.push({
        path: `${list}[${index}].${key}`,
        seen: `${describeValue(name)}, which ${list}[${earlier}] has too`,
        expected: `${key === 'id' ? 'an id' : 'a name'} that no other ${list} has`,
      });
    }
  }
  return problems;
}

function filedNames(tree: Tree, filed: readonly TokenSettings[]): Problem[] {
  const names = new Set(filed.map(({ name }) => name));
  return tablesOf(tree, 'token').flatMap(({ index, table: { name } }) => {
    if (typeof name !== 'string' || !names.has(name)) return [];
    const seen = `${describeValue(name)}, which a token of access.tokensFile has too`;
    return { path: `token[${index}].name`, seen, expected: 'a name that no other token has' };
  });
}

function ports(tree: Tree): Problem[] {
  const feed = valueAt(tree, ['feed', 'port']) ?? sections.feed.port.default;
  const http = valueAt(tree, ['http', 'port']) ?? sections.http.port.default;
  const off = valueAt(tree, ['http', 'enabled']) === false;
  if (off || feed !== http || feed === 0) return [];
  const expected = 'a port other than that of the feed';
  return [{ path: 'http.port', seen: describeValue(http), expected }];
}

function tokens(tree: Tree, hasTokens: boolean): Problem[] {
  const required = valueAt(tree, ['access', 'requireToken']) === true;
  if (!required || hasTokens) return [];
  const expected = 'false, or at least one token (`offhook tokens add`, or a [[token]])';
  return [{ path: 'access.requireToken', seen: 'true without any token', expected }];
}

/** Somebody who names a certificate or an authority believes that connections are encrypted. */
function tls(tree: Tree): Problem[] {
  const problems: Problem[] = [];
  const isSet = (name: string): boolean => valueAt(tree, ['tls', name]) !== undefined;
  const encrypted = (['feed', 'http'] as const).filter((listener) => {
    const off = listener === 'http' && valueAt(tree, ['http', 'enabled']) === false;
    return !off && valueAt(tree, [listener, 'tls']) === true;
  });
  const pair = ['certificate', 'key'] as const;
  for (const listener of encrypted) {
    const missing = pair.filter((name) => !isSet(name)).map((name) => `tls.${name}`);
    if (missing.length === 0) continue;
    const seen = `true without ${missing.join(' and ')}`;
    const expected = 'false, or certificate and key under [tls]';
    problems.push({ path: `${listener}.tls`, seen, expected });
  }
  if (encrypted.length > 0) return problems;
  for (const name of [...pair, 'clientCa']) {
    if (!isSet(name)) continue;
    const expected = 'nothing, or feed.tls = true or http.tls = true';
    problems.push({ path: `tls.${name}`, seen: 'a path without tls', expected });
  }
  return problems;
}

function ami(tree: Tree): Problem[] {
  const problems: Problem[] = [];
  for (const { index, table } of tablesOf(tree, 'source')) {
    if (table['type'] !== 'ami') continue;
    const min = table['reconnectMin'] ?? sourceTypes.ami.reconnectMin.default;
    const max = table['reconnectMax'] ?? sourceTypes.ami.reconnectMax.default;
    if (typeof min === 'number' && typeof max === 'number' && max < min) {
      const expected = `a number not below reconnectMin, which is ${min} (seconds)`;
      problems.push({ path: `source[${index}].reconnectMax`, seen: String(max), expected });
    }
    // Somebody who names an authority believes that the connection is encrypted.
    if (table['tlsCa'] !== undefined && table['tls'] !== true) {
      const expected = 'nothing, or tls = true beside it';
      problems.push({ path: `source[${index}].tlsCa`, seen: 'a path without tls', expected });
    }
  }
  return problems;
}

/** Signals come in at one path, so there can be one source that they belong to. */
function oneIngest(tree: Tree): Problem[] {
  const [, ...more] = tablesOf(tree, 'source').filter(({ table }) => table['type'] === 'ingest');
  const expected = 'one source of type "ingest" at most';
  return more.map(({ index }) => ({ path: `source[${index}].type`, seen: '"ingest"', expected }));
}
