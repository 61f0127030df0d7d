/**
 * What the API asks about destinations and deliveries, for those who may manage them.
 */

/** A destination as it is shown: as it was written, secrets hidden, with its state and counters. */
export interface DestinationView {
  readonly id: string;
}

/** A delivery as it is shown; asked for by itself, with its attempts and what it tells. */
export interface DeliveryView {
  readonly id: number;
}

/** Something about a destination that cannot be. */
export interface Trouble {
  readonly path: string;
  readonly seen: string;
  readonly expected: string;
}

export type Changed =
  | { readonly kind: 'done'; readonly destination: DestinationView }
  | { readonly kind: 'problems'; readonly problems: readonly Trouble[] }
  | { readonly kind: 'unknown' }
  /** Another one has this id. */
  | { readonly kind: 'exists' }
  /** It stands in the configuration file, and is changed there. */
  | { readonly kind: 'from-file' };

export type Tried =
  | { readonly kind: 'sent'; readonly delivery: number }
  /** Its dialect tells nothing of the example. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknown' };

export const deliveryStates = ['waiting', 'delivered', 'collapsed', 'expired', 'dead'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

export interface DeliveryQuery {
  readonly destination?: string;
  readonly call?: string;
  readonly state?: DeliveryState;
  /** Ids below this. */
  readonly before?: number;
  readonly limit: number;
}

export interface ReplayQuery {
  /** Absent: every destination in force. */
  readonly destination?: string;
  readonly delivery?: number;
  /** Milliseconds since 1970. */
  readonly fromMs?: number;
  readonly throughMs?: number;
  /** Absent: whatever came of it, but for those that wait. */
  readonly state?: Exclude<DeliveryState, 'waiting'>;
}

export type Replaying =
  | { readonly kind: 'replayed'; readonly count: number }
  | { readonly kind: 'unknown' }
  /** It is on its way: there is nothing to replay. */
  | { readonly kind: 'waiting' }
  /** Its destination is not there any more. */
  | { readonly kind: 'removed' };

/** Why a destination did or did not get a call. */
export interface Why {
  /** One word for programs, such as `filtered` or `delivered`. */
  readonly verdict: string;
  /** Sentences for a person. */
  readonly because: readonly string[];
}

/** @param by who does it, as in the grant's name; for the audit log. Every method may reject with a StoreError. */
export interface WebhookPort {
  destinations(): Promise<readonly DestinationView[]>;
  destination(id: string): Promise<DestinationView | undefined>;
  create(written: unknown, by: string): Promise<Changed>;
  /** Replaces it as a whole. */
  update(id: string, written: unknown, by: string): Promise<Changed>;
  remove(id: string, by: string): Promise<Changed>;
  /** Also brings one back that was disabled because its receiver had gone. */
  pause(id: string, paused: boolean, by: string): Promise<Changed>;
  /** Sends a made-up event. */
  test(id: string, by: string): Promise<Tried>;
  /** Newest first. */
  deliveries(query: DeliveryQuery): Promise<readonly DeliveryView[]>;
  delivery(id: number): Promise<DeliveryView | undefined>;
  replay(query: ReplayQuery, by: string): Promise<Replaying>;
  /** Undefined when there is no such destination. */
  why(destination: string, call: string): Promise<Why | undefined>;
}
