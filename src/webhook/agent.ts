/**
 * The only way out to receivers: connections that are kept, and the check of where they lead. Addresses are
 * checked where the connection is made, so it does not matter what a name resolved to a moment before.
 */
import { lookup as systemLookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import type { Dispatcher } from 'undici';
import { AllowedBlocks } from './address.ts';
import { ConnectFailure, connectFailure } from './failure.ts';
import { Names } from './names.ts';

/** All addresses of a name. Rejects as `node:dns` does. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

export interface AgentOptions {
  /** Absent: as the system resolves names. */
  readonly resolve?: Resolve;
  /** Certificates of authorities to trust, PEM; absent: those that Node trusts. */
  readonly ca?: string;
  /** Longest wait for a connection, TLS included, milliseconds. */
  readonly connectMs?: number;
  /** Connections to one origin (scheme, host and port) at a time, for those who allow the same addresses. */
  readonly connections?: number;
  /** Where a person names addresses that may be reached, to follow "name its block in". */
  readonly allowedBy?: string;
}

const ofDestination = '"allowAddresses" of the destination';

/** How many different lists of allowed addresses have connections of their own at a time. */
const mostAgents = 128;

/**
 * Connections are shared by those only who allow the same addresses: one that somebody was allowed to open
 * must not carry the requests of somebody who was not.
 */
export class Agents {
  readonly #options: AgentOptions;
  /** By their lists; those used last come last. */
  readonly #agents = new Map<string, Agent>();
  readonly #leaving = new Set<Agent>();
  /** The lists of those who come again and again, as keys. */
  readonly #keys = new WeakMap<readonly string[], string>();
  #isClosed = false;

  constructor(options: AgentOptions = {}) {
    const names = new Names(options.resolve ?? systemResolve, () => performance.now());
    this.#options = { ...options, resolve: (hostname) => names.resolve(hostname) };
  }

  /**
   * @param allowed blocks in CIDR notation, in any order; the same array stays the same list
   * @throws {ConnectFailure} once it is closed
   */
  for(allowed: readonly string[]): Dispatcher {
    if (this.#isClosed) throw new ConnectFailure('reset', 'This server stops and sends no more.');
    const key = this.#keyOf(allowed);
    const known = this.#agents.get(key);
    if (known !== undefined) {
      if (this.#agents.size > 1) {
        this.#agents.delete(key);
        this.#agents.set(key, known);
      }
      return known;
    }
    const made = newAgent(new AllowedBlocks(allowed), this.#options);
    this.#agents.set(key, made);
    this.#makeRoom();
    return made;
  }

  /** Requests under way fail. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const agents = [...this.#agents.values(), ...this.#leaving];
    this.#agents.clear();
    await Promise.all(agents.map((agent) => agent.destroy()));
  }

  #keyOf(allowed: readonly string[]): string {
    if (allowed.length === 0) return '';
    const known = this.#keys.get(allowed);
    if (known !== undefined) return known;
    const key = [...new Set(allowed)].sort().join(' ');
    this.#keys.set(allowed, key);
    return key;
  }

  #makeRoom(): void {
    const [oldest] = this.#agents;
    if (oldest === undefined || this.#agents.size <= mostAgents) return;
    const [key, agent] = oldest;
    this.#agents.delete(key);
    // It ends what is under way first.
    this.#leaving.add(agent);
    void agent.close().finally(() => this.#leaving.delete(agent));
  }
}

function newAgent(allowed: AllowedBlocks, options: AgentOptions): Agent {
  return new Agent({
    connect: checkedConnector(allowed, options),
    connections: options.connections ?? 128,
    pipelining: 1,
    // Shorter than the patience of most servers, so that they seldom hang up while we begin to write.
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 60_000,
    // Whoever sends keeps the deadlines.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

/** @param build makes the connector that is watched */
export function checkedConnector(
  allowed: AllowedBlocks,
  { resolve = systemResolve, ca, connectMs = 10_000, allowedBy = ofDestination }: AgentOptions,
  build: typeof buildConnector = buildConnector,
): buildConnector.connector {
  const connect = build({
    lookup: checkedLookup(allowed, resolve, allowedBy),
    timeout: connectMs,
    allowH2: false,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: 500,
    ...(ca === undefined ? {} : { ca }),
  });
  return (options, callback) => {
    const { hostname, protocol } = options;
    const isTls = protocol === 'https:';
    const port = options.port === '' ? (isTls ? '443' : '80') : options.port;
    const fail = (error: Error): void =>
      callback(connectFailure(error, { hostname, port, isTls }), null);
    // What is an address already is not looked up.
    const refusal = isIP(hostname) === 0 ? undefined : allowed.refusal(hostname);
    if (refusal !== undefined) {
      process.nextTick(fail, refused(hostname, [[hostname, refusal]], allowedBy));
      return;
    }
    connect(options, (error, socket) => {
      if (error !== null) return fail(error);
      // Whatever way led here: this is where the connection ends.
      const address = socket.remoteAddress ?? '';
      const meaning = allowed.refusal(address);
      if (meaning === undefined) return callback(null, socket);
      socket.destroy();
      fail(refused(hostname, [[address, meaning]], allowedBy));
    });
  };
}

function checkedLookup(
  allowed: AllowedBlocks,
  resolve: Resolve,
  allowedBy: string,
): LookupFunction {
  return (hostname, options, callback) => {
    const answer = (found: readonly LookupAddress[]): void => {
      const judged = found.map((each) => ({ each, refusal: allowed.refusal(each.address) }));
      const good = judged.filter(({ refusal }) => refusal === undefined).map(({ each }) => each);
      const [first] = good;
      if (first === undefined) {
        const bad = judged.map(({ each, refusal }) => [each.address, refusal ?? ''] as const);
        callback(refused(hostname, bad, allowedBy), '');
      } else if (options.all === true) callback(null, good);
      else callback(null, first.address, first.family);
    };
    resolve(hostname).then(answer, (error: unknown) =>
      callback(error instanceof Error ? error : new Error(String(error)), ''),
    );
  };
}

function refused(
  hostname: string,
  addresses: readonly (readonly [address: string, meaning: string])[],
  allowedBy: string,
): ConnectFailure {
  const [[address, meaning] = ['', 'no address']] = addresses;
  const which = address === hostname ? address : `${hostname} is ${address || 'nowhere'}, which`;
  const detail =
    `${which} is ${meaning}; requests go to public addresses only. ` +
    `To reach it, name its block in ${allowedBy}.`;
  return new ConnectFailure('address', detail);
}

/** As the system resolves names, its own files included. */
function systemResolve(hostname: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true, order: 'verbatim' }, (error, addresses) => {
      if (error === null) resolve(addresses);
      else reject(error);
    });
  });
}
