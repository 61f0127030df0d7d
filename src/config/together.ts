/**
 * Problems that no value has alone: settings that contradict each other. Works on the tree, so that
 * these are reported together with everything else; values of a wrong type are somebody else's problem.
 */
import { describeValue } from './problem.ts';
import type { Problem } from './problem.ts';
import { sections } from './settings.ts';
import { sourceTypes } from './source-settings.ts';
import { tablesOf, valueAt } from './tree.ts';
import type { Tree } from './tree.ts';

export function checkTogether(tree: Tree): Problem[] {
  return [
    ...uniqueNames(tree, 'source'),
    ...uniqueNames(tree, 'token'),
    ...ports(tree),
    ...tokens(tree),
    ...ami(tree),
    ...oneIngest(tree),
  ];
}

function uniqueNames(tree: Tree, list: 'source' | 'token'): Problem[] {
  const first = new Map<unknown, number>();
  const problems: Problem[] = [];
  for (const { index, table } of tablesOf(tree, list)) {
    const { name } = table;
    if (typeof name !== 'string') continue;
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, index);
    else {
      problems.push({
        path: `${list}[${index}].name`,
        seen: `${describeValue(name)}, which ${list}[${earlier}] has too`,
        expected: `a name that no other ${list} has`,
      });
    }
  }
  return problems;
}

function ports(tree: Tree): Problem[] {
  const feed = valueAt(tree, ['feed', 'port']) ?? sections.feed.port.default;
  const http = valueAt(tree, ['http', 'port']) ?? sections.http.port.default;
  const off = valueAt(tree, ['http', 'enabled']) === false;
  if (off || feed !== http || feed === 0) return [];
  const expected = 'a port other than that of the feed';
  return [{ path: 'http.port', seen: describeValue(http), expected }];
}

function tokens(tree: Tree): Problem[] {
  const required = valueAt(tree, ['feed', 'requireToken']) === true;
  if (!required || tablesOf(tree, 'token').length > 0) return [];
  const expected = 'false, or at least one [[token]]';
  return [{ path: 'feed.requireToken', seen: 'true without any token', expected }];
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
