/**
 * Who could reach the listeners: one that others than this machine can reach must ask for something, a
 * token, a certificate or an address that was let in. Works on the tree, as `together.ts` does.
 */
import { isLoopback } from './address.ts';
import { describeValue } from './problem.ts';
import type { Problem } from './problem.ts';
import { type Config, sections } from './settings.ts';
import { tablesOf, valueAt } from './tree.ts';
import type { Tree } from './tree.ts';

export function checkExposure(tree: Tree): Problem[] {
  // That there is a token to ask for is checked where it is asked for.
  const asksForToken = valueAt(tree, ['access', 'requireToken']) === true;
  const problems: Problem[] = [];
  for (const listener of ['feed', 'http'] as const) {
    if (!isOpen(tree, listener) || asksForToken) continue;
    const expected =
      `an address of this machine alone, such as "127.0.0.1"; or one of these, so that not everybody may ` +
      `come in: access.requireToken = true with a token (\`offhook tokens add\`), ` +
      `${listener}.tls = true with tls.clientCa, or the addresses that may connect in access.allow`;
    const host = valueAt(tree, [listener, 'host']);
    const seen = `${describeValue(host)}, where whoever reaches it may read every call`;
    problems.push({ path: `${listener}.host`, seen, expected });
  }
  return [...problems, ...openIngest(tree)];
}

/** Whether others can reach the listener, and neither a certificate nor an address is asked for. */
function isOpen(tree: Tree, listener: 'feed' | 'http'): boolean {
  if (listener === 'http' && valueAt(tree, ['http', 'enabled']) === false) return false;
  const host = valueAt(tree, [listener, 'host']) ?? sections[listener].host.default;
  if (typeof host !== 'string' || host === '' || isLoopback(host)) return false;
  const allow = valueAt(tree, ['access', 'allow']);
  if (Array.isArray(allow) && allow.length > 0) return false;
  const clientCa = valueAt(tree, ['tls', 'clientCa']) !== undefined;
  return !(clientCa && valueAt(tree, [listener, 'tls']) === true);
}

/** Tokens of readers say nothing about who may tell us of calls. */
function openIngest(tree: Tree): Problem[] {
  if (!isOpen(tree, 'http')) return [];
  return tablesOf(tree, 'source').flatMap(({ index, table }) => {
    const { type, enabled, tokenSha256 } = table;
    if (type !== 'ingest' || enabled === false || tokenSha256 !== undefined) return [];
    const host = describeValue(valueAt(tree, ['http', 'host']));
    return {
      path: `source[${index}].tokenSha256`,
      seen: `nothing, while http.host is ${host} and whoever reaches it may make up calls`,
      expected:
        'the SHA-256 of a token that senders present (`offhook tokens make`); or http.tls = true with ' +
        'tls.clientCa, or the addresses that may connect in access.allow',
    };
  });
}

/**
 * What a usable configuration lets others read on their way, one sentence each: tokens and passwords that cross a
 * network without TLS. Something in front of the server may do TLS for it, so these are warnings.
 */
export function clearTextWarnings(config: Config): readonly string[] {
  const { feed, http, access, face, tokens, filedTokens, sources } = config;
  const isShown = (listener: { readonly host: string; readonly tls: boolean }): boolean =>
    !listener.tls && !isLoopback(listener.host);
  const hasTokens = access.requireToken || tokens.length + filedTokens.length > 0;
  const isIngest = sources.some(
    (source) => source.type === 'ingest' && source.enabled && source.tokenSha256 !== undefined,
  );
  const warning = (name: 'feed' | 'http'): string =>
    `${name === 'http' && face.enabled ? 'Tokens and passwords' : 'Tokens'} cross the network in clear to ${name}.host = ${describeValue(config[name].host)}: set ` +
    `${name}.tls = true, or let it listen on this machine alone, behind something that does TLS.`;
  return [
    ...captureWarnings(config),
    ...(isShown(feed) && hasTokens ? [warning('feed')] : []),
    ...(http.enabled && isShown(http) && (hasTokens || isIngest || face.enabled)
      ? [warning('http')]
      : []),
  ];
}

function captureWarnings({ screenCapture }: Config): readonly string[] {
  const { startUrl, stopUrl, token } = screenCapture;
  if (token === undefined) return [];
  const open = [startUrl, stopUrl].filter((url) => {
    const [, host] = /^http:\/\/(.*?)(:\d*)?([/?]|$)/i.exec(url ?? '') ?? [];
    return host !== undefined && !isLoopback(host.replace(/^\[(.*)\]$/, '$1'));
  });
  if (open.length === 0) return [];
  return [
    'screenCapture.token crosses the network in clear: let startUrl and stopUrl begin with "https:", or be addresses of this machine.',
  ];
}
