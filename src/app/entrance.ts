/**
 * The way in: who is let in at which door, what they may see, and how what they use is secured. Holds what
 * of the configuration can change while the server runs.
 */
import { bearerToken } from '../access/bearer.ts';
import { Gate } from '../access/gate.ts';
import { anybody, type Grant, Grants, type Standing } from '../access/grant.ts';
import type { Clock } from '../base/clock.ts';
import type { Config } from '../config/settings.ts';
import type { Connection } from '../subscriber/connection.ts';
import type { Door } from '../subscriber/door.ts';
import type { SessionSettings } from '../subscriber/session.ts';
import { gateOf, sessionOf, tokensOf } from './slices.ts';

/** WebSocket pings go on where keep-alives are turned off, milliseconds. */
const pingWithoutKeepAliveMs = 30_000;

export class Entrance {
  readonly gate: Gate;
  readonly grants: Grants;
  readonly #clock: Clock;
  #config: Config;
  #session: SessionSettings;
  #pinged: SessionSettings;
  /** Connections at the HTTP door, WebSocket sessions among them. */
  #atHttp = 0;

  constructor(config: Config, clock: Clock) {
    this.#clock = clock;
    this.#config = config;
    this.gate = new Gate(gateOf(config));
    this.grants = new Grants(tokensOf(config));
    [this.#session, this.#pinged] = sessionsOf(config);
  }

  /** From here on this configuration holds, for who comes now. */
  renew(config: Config): void {
    this.gate.settings = gateOf(config);
    this.grants.replace(tokensOf(config));
    this.#config = config;
    [this.#session, this.#pinged] = sessionsOf(config);
  }

  /** Whether so many feed sessions, over all transports, are all there may be. */
  isFull(sessions: number): boolean {
    return sessions >= this.#config.feed.maxSessions;
  }

  /** @param sessions how many feed sessions there are, over all transports */
  feedDoor(sessions: () => number): Door {
    return {
      admits: (address) => this.#admits(address, this.isFull(sessions())),
      left: (address) => this.gate.left(address),
      session: () => this.#session,
    };
  }

  /** @param upgraded how many of its connections have become feed sessions */
  httpDoor(upgraded: () => number): Door {
    return {
      admits: (address) => {
        const isFull = this.#atHttp - upgraded() >= this.#config.http.maxConnections;
        if (!this.#admits(address, isFull)) return false;
        this.#atHttp += 1;
        return true;
      },
      left: (address) => {
        this.#atHttp -= 1;
        this.gate.left(address);
      },
      session: () => this.#pinged,
    };
  }

  /** What an HTTP request with this Authorization header may see; undefined: nothing. */
  authorize(header: string | undefined): Grant | undefined {
    const token = bearerToken(header);
    const grant = token === undefined ? undefined : this.grants.verify(token);
    if (grant !== undefined || this.#config.access.requireToken) return grant;
    return token === undefined ? anybody : undefined;
  }

  /** Milliseconds after which this address may send its next HTTP request; 0 when it may now. */
  waitMs(address: string): number {
    return this.gate.request(address, this.#clock.now());
  }

  /** Ends the sessions whose token is gone or has changed; @returns how many */
  recheck(connections: Iterable<Connection>): number {
    let ended = 0;
    for (const connection of connections) {
      const { grant } = connection;
      if (grant === undefined) continue;
      const standing = this.#standing(grant);
      if (standing === 'holds') continue;
      ended += 1;
      if (standing === 'gone') connection.end('unauthorized', 'Its token does not hold any more.');
      else
        connection.end('going-away', 'Its token was changed; it comes back with what it may see.');
    }
    return ended;
  }

  #standing(grant: Grant): Standing {
    if (grant !== anybody) return this.grants.standing(grant);
    return this.#config.access.requireToken ? 'gone' : 'holds';
  }

  #admits(address: string, isFull: boolean): boolean {
    return this.gate.knock(address, isFull, this.#clock.now()) === undefined;
  }
}

/** How sessions are held over TCP, and over WebSocket, which has pings. */
function sessionsOf(config: Config): [SessionSettings, SessionSettings] {
  const pingMs = config.feed.keepAliveMs || pingWithoutKeepAliveMs;
  return [sessionOf(config, 0), sessionOf(config, pingMs)];
}
