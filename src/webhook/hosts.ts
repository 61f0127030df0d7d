/**
 * How many requests are under way to each host, and in all, so that one that hangs takes nobody else's place.
 * Pure.
 */
import type { Outlet } from './outlet.ts';

interface Host {
  underWay: number;
  /** Who would send to it if it had room. */
  readonly waiting: Set<Outlet>;
}

export class Hosts {
  readonly #bounds: { readonly perHost: number; readonly inAll: number };
  readonly #hosts = new Map<string, Host>();
  readonly #waitingForAny = new Set<Outlet>();
  /** Those that have some under way, and would have more. */
  readonly #waitingForMore = new Set<Outlet>();
  underWay = 0;

  constructor(bounds: { readonly perHost: number; readonly inAll: number }) {
    this.#bounds = bounds;
  }

  /**
   * Whether the outlet may begin a request to this URL; if not, it is handed out by a later `end`. Half of all
   * places are for those that have nothing under way: many that hang, with several requests each, leave room.
   * @param url undefined: to none in particular
   */
  hasRoom(outlet: Outlet, url: string | undefined): boolean {
    if (this.underWay >= this.#bounds.inAll) {
      this.#waitingForAny.add(outlet);
      return false;
    }
    if (outlet.underWay > 0 && !this.#isHalfFree) {
      this.#waitingForMore.add(outlet);
      return false;
    }
    if (url === undefined) return true;
    const host = this.#host(hostOf(url));
    if (host.underWay < this.#bounds.perHost) return true;
    host.waiting.add(outlet);
    return false;
  }

  /** A request to this URL begins; @returns the host, for `end` */
  begin(url: string): string {
    const name = hostOf(url);
    this.#host(name).underWay += 1;
    this.underWay += 1;
    return name;
  }

  /** A request to the host is over; @returns who has waited for the room, each to be asked again */
  end(name: string): Outlet[] {
    const host = this.#host(name);
    host.underWay -= 1;
    this.underWay -= 1;
    const next = [firstOf(host.waiting), firstOf(this.#waitingForAny), this.#firstForMore()];
    if (host.underWay === 0 && host.waiting.size === 0) this.#hosts.delete(name);
    return next.filter((outlet): outlet is Outlet => outlet !== undefined);
  }

  /** It did not use the room that it was offered; @returns who has waited for it, as `end` does */
  passOn(outlet: Outlet): Outlet[] {
    if (this.underWay >= this.#bounds.inAll) return [];
    const next = outlet.destination.urls.map((url) => {
      const host = this.#hosts.get(hostOf(url));
      return host && host.underWay < this.#bounds.perHost ? firstOf(host.waiting) : undefined;
    });
    next.push(firstOf(this.#waitingForAny), this.#firstForMore());
    return next.filter((each): each is Outlet => each !== undefined);
  }

  /** It has nothing to send any more. */
  forget(outlet: Outlet): void {
    this.#waitingForAny.delete(outlet);
    this.#waitingForMore.delete(outlet);
    for (const { waiting } of this.#hosts.values()) waiting.delete(outlet);
  }

  get #isHalfFree(): boolean {
    return this.underWay < this.#bounds.inAll / 2;
  }

  #firstForMore(): Outlet | undefined {
    return this.#isHalfFree ? firstOf(this.#waitingForMore) : undefined;
  }

  #host(name: string): Host {
    const known = this.#hosts.get(name);
    if (known !== undefined) return known;
    const fresh: Host = { underWay: 0, waiting: new Set() };
    this.#hosts.set(name, fresh);
    return fresh;
  }
}

function firstOf(outlets: Set<Outlet>): Outlet | undefined {
  const [first] = outlets;
  if (first !== undefined) outlets.delete(first);
  return first;
}

/** Host and port: two services on one machine do not share their fate. */
function hostOf(url: string): string {
  return /^https?:\/\/([^/?#]+)/i.exec(url)?.[1]?.toLowerCase() ?? '';
}
