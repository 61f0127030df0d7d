/**
 * What the API asks about destinations and deliveries, for those who may manage them.
 */

export type JsonObject = Readonly<Record<string, unknown>>;

/** A destination as it is shown: as it was written, secrets hidden, with its state and counters. */
export type DestinationView = JsonObject & { readonly id: string };

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

export interface DeliveryQuery {
  readonly destination?: string;
  readonly call?: string;
  readonly state?: string;
  /** Ids below this. */
  readonly before?: number;
  readonly limit: number;
}

export interface ReplayQuery {
  readonly destination?: string;
  readonly delivery?: number;
  /** Milliseconds since 1970. */
  readonly fromMs?: number;
  readonly throughMs?: number;
  readonly state?: 'delivered' | 'collapsed' | 'expired' | 'dead';
}

/** Why a destination did or did not get a call. */
export type Why = JsonObject & {
  /** One word for programs, such as `filtered` or `delivered`. */
  readonly verdict: string;
  /** Sentences for a person. */
  readonly because: readonly string[];
};

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
  /** Sends a made-up event; @returns the id of its delivery */
  test(
    id: string,
    by: string,
  ): Promise<{ readonly kind: 'sent'; readonly delivery: number } | { readonly kind: 'unknown' }>;
  deliveries(query: DeliveryQuery): Promise<readonly JsonObject[]>;
  /** With its attempts and what it tells. */
  delivery(id: number): Promise<JsonObject | undefined>;
  /** @returns how many are made once more */
  replay(query: ReplayQuery, by: string): Promise<number>;
  /** Undefined when there is no such destination. */
  why(destination: string, call: string): Promise<Why | undefined>;
}
