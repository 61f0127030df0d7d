/**
 * What Asterisk lists when it is asked for everything it has: the channels, as legs, and the bridges they
 * are in, which tell who only waits and who is in a conference. Pure, and bounded.
 */
import type { SnapshotLeg } from '../../call/signal.ts';
import type { ListedBridge } from './translate.ts';

/** More channels or bridges than any Asterisk carries; what is listed beyond it is nonsense. */
const maxListed = 100_000;

export class Inventory {
  #legs: SnapshotLeg[] = [];
  readonly #bridges = new Map<string, ListedBridge>();

  addLeg(leg: SnapshotLeg): void {
    if (this.#legs.length < maxListed) this.#legs.push(leg);
  }

  addBridge(bridge: ListedBridge): void {
    if (this.#bridges.size < maxListed) this.#bridges.set(bridge.bridge, bridge);
  }

  /** All legs listed since the last time, and begins anew. */
  take(): readonly SnapshotLeg[] {
    const legs = this.#legs.map((leg) => this.#placed(leg));
    this.#legs = [];
    this.#bridges.clear();
    return legs;
  }

  /** Who waits in a parking lot is in no bridge with the others there. */
  #placed(leg: SnapshotLeg): SnapshotLeg {
    const { bridge: id, ...alone } = leg;
    const bridge = id === undefined ? undefined : this.#bridges.get(id);
    if (bridge === undefined) return leg;
    if (bridge.isWaitingRoom) return alone;
    return bridge.conference === undefined ? leg : { ...leg, conference: bridge.conference };
  }
}
