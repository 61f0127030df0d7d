/**
 * What the two sides of the store say to each other about webhooks: what has happened, to whom it is to be
 * delivered, and what became of each delivery. Rows and columns; what the texts mean is the webhook room's
 * business.
 */

/** Something that at least one destination is to be told. */
export interface OccurrenceRow {
  /** From 1, given out by the writer's client; never used twice within one store. */
  readonly id: number;
  /** The id that receivers see, the same on every repeat. */
  readonly key: string;
  /** Null for what is of no call. */
  readonly callId: string | null;
  readonly atMs: number;
  /** JSON. */
  readonly body: string;
}

/**
 * `live` is worth telling only while it is true: it expires, and is collapsed when something newer says
 * more. `record` is told for days and never collapsed.
 */
export type DeliveryClass = 'live' | 'record';

export type DeliveryState =
  | 'waiting'
  | 'delivered'
  /** Something newer made it superfluous before it was told. */
  | 'collapsed'
  /** Its time was over before it could be told. */
  | 'expired'
  /** Given up: refused for good, or tried for too long. Kept, and may be replayed. */
  | 'dead';

/** One occurrence on its way to one destination. */
export interface DeliveryRow {
  /** From 1, given out by the writer's client; within a lane the order of telling. */
  readonly id: number;
  readonly destination: string;
  readonly occurrence: number;
  /** What is told in order: the deliveries of one call at one destination. */
  readonly lane: string;
  /** The dialect's word for what is told, such as `pickup`. */
  readonly topic: string;
  readonly class: DeliveryClass;
  /** What of the occurrence is meant, in the dialect's own words. */
  readonly about: string | null;
  /** Idempotency key: the same on every repeat. */
  readonly key: string;
  /** Counts the events of the call, from 1; 0 for what is of no call. */
  readonly sequence: number;
  readonly madeMs: number;
  /** After this it is expired (`live`) or dead (`record`). */
  readonly expiresMs: number;
}

/** A delivery that is to be made, with what it collapses in its lane: nothing, live ones of its topic, all live ones. */
export interface NewDelivery extends DeliveryRow {
  readonly supersedes: 'nothing' | 'topic' | 'live';
}

/** Added in one transaction with the events they come from. What is there already is left as it is. */
export interface OutboxRows {
  readonly occurrences: readonly OccurrenceRow[];
  readonly deliveries: readonly NewDelivery[];
}

export interface Enqueued {
  /**
   * Ids of new deliveries that must not be sent yet: their lane waits for a later attempt, and they wait with it; or
   * so much waits that they are dead at once; or they came before, and what has become of them is looked up.
   */
  readonly held: readonly number[];
}

/** What one attempt came to. Times need not be whole; the store cuts them off. */
export interface AttemptRow {
  readonly atMs: number;
  readonly durationMs: number;
  /** Which of the destination's URLs, as it was typed, without what it hides. */
  readonly url: string;
  /** Null when there was no answer. */
  readonly status: number | null;
  /** Class of the failure, such as `timeout`; null when it was taken. */
  readonly error: string | null;
  /** The first bytes of the answer, or what the failure says; for a person. */
  readonly answer: string | null;
}

/** What has become of a delivery. */
export interface Settlement {
  readonly delivery: number;
  readonly destination: string;
  readonly lane: string;
  /**
   * `waiting`: the whole lane waits until `dueMs`, or for longer if it did. `delivered` also holds for what was
   * collapsed, expired or given up while it was under way; of what is settled otherwise only the attempt is kept.
   */
  readonly to: Exclude<DeliveryState, 'collapsed'>;
  /** Of `waiting` only; 0 otherwise. */
  readonly dueMs: number;
  /** Why, for a person, where it was not delivered. */
  readonly reason: string | null;
  /** Absent when nothing was sent, as for what expired. */
  readonly attempt: AttemptRow | null;
}

export type DestinationStatus = 'pending' | 'active' | 'error' | 'disabled';

export interface StatusRow {
  readonly destination: string;
  readonly status: DestinationStatus;
  /** Why, for a person; null while all is well. */
  readonly reason: string | null;
  readonly atMs: number;
}

/**
 * Settlements and changes of status, one transaction. It need not survive a loss of power: a delivery that was
 * settled then is made once more, with the same key.
 */
export interface SettleAsk {
  readonly settlements: readonly Settlement[];
  readonly statuses: readonly StatusRow[];
  readonly nowMs: number;
}

/** A destination that was made over the API; those of the configuration file are not stored. */
export interface DestinationRow {
  readonly id: string;
  /** JSON, as it was given. */
  readonly body: string;
  readonly madeMs: number;
  readonly changedMs: number;
}

/**
 * What is known of a destination over restarts. accepted = delivered + collapsed + expired + dead + waiting,
 * at any time.
 */
export interface DestinationCounts {
  readonly accepted: number;
  readonly waiting: number;
  readonly delivered: number;
  readonly collapsed: number;
  readonly expired: number;
  readonly dead: number;
  /** Attempts so far, and those that failed. */
  readonly attempts: number;
  readonly failures: number;
}

/** `atMs` is 0 for one that was paused before anything else was known of it. */
export interface DestinationStateRow extends StatusRow, DestinationCounts {
  readonly paused: boolean;
}

/** A delivery as it is sent: with the occurrence it tells. */
export interface DueRow extends DeliveryRow {
  readonly attempts: number;
  readonly body: string;
}

export interface DueAsk {
  readonly destination: string;
  readonly nowMs: number;
  /** Most rows of the answer. */
  readonly limit: number;
}

export interface DueRows {
  /** By when they are due, and then by id: a lane's rows come in order, without a gap before the last one. */
  readonly rows: readonly DueRow[];
  /** When the next row that is not due yet will be; null when there is none. */
  readonly nextDueMs: number | null;
}

/** A delivery as it is shown: without what it tells. */
export interface DeliverySummary extends DeliveryRow {
  readonly callId: string | null;
  readonly state: DeliveryState;
  readonly dueMs: number;
  /** Since it was made, or made to wait again by a replay. */
  readonly attempts: number;
  /** Null while it waits. */
  readonly settledMs: number | null;
  readonly reason: string | null;
}

/** Newest first; what is null is not asked for. */
export interface DeliveriesAsk {
  readonly destination: string | null;
  readonly callId: string | null;
  readonly state: DeliveryState | null;
  readonly beforeId: number;
  readonly limit: number;
}

export interface DeliveryDetail {
  readonly delivery: DeliverySummary;
  /** Oldest first; the last fifty. */
  readonly attempts: readonly AttemptRow[];
  readonly body: string;
}

/**
 * Which deliveries are made once more, as records. A dead one waits again, without the attempts it had; of another
 * one a copy is made, with the same key. A copy is not copied in turn unless it is asked for by its own id. Left
 * alone is what waits, and what would be too much. At most `limit` in one step, lowest ids first; a step that
 * looks at many others may end with fewer, or none.
 */
export interface ReplayAsk {
  readonly destination: string | null;
  /** One, or null. */
  readonly delivery: number | null;
  /** Made in this time; null for any. */
  readonly fromMs: number | null;
  readonly throughMs: number | null;
  /** Null: whatever came of it, but for those that wait. */
  readonly state: Exclude<DeliveryState, 'waiting'> | null;
  readonly afterId: number;
  readonly limit: number;
  /** Id of the first copy; the others follow. Reserve `limit` of them. */
  readonly firstCopyId: number;
  readonly nowMs: number;
  /** When what is replayed is given up. */
  readonly expiresMs: number;
}

export interface Replayed {
  readonly count: number;
  /** Destinations that have something to send now. */
  readonly destinations: readonly string[];
  /** Ask again after this id; null when there is no more. */
  readonly nextAfterId: number | null;
}

export interface OutboxRetainStep {
  /** Deliveries settled before this go, with their attempts, and occurrences that nobody needs any more. */
  readonly settledBeforeMs: number;
  /** What waits and should have been told before this is expired, or dead if it is a record. */
  readonly nowMs: number;
  /** Most that end, and most that go. */
  readonly limit: number;
}

/** The highest ids in use; 0 when there is none. */
export interface OutboxHead {
  readonly occurrence: number;
  readonly delivery: number;
}
