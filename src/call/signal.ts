/**
 * What a source can say: one thing that it saw, in the words of telephony and never of a vendor. A
 * signal is a report, not a verdict; only the registry turns signals into events. Signals may come
 * late, twice or out of order.
 */

/** What a source knows about a leg at the moment it speaks of it. Absent means "not known". */
export interface LegFacts {
  /** The source's key of the call the leg belongs to now (Asterisk: Linkedid). */
  readonly call?: string;
  /** Caller number of the party at this leg, as text: `0012` stays `0012`. */
  readonly number?: string;
  /** Display name of the party at this leg. */
  readonly name?: string;
  /** The device or line the leg runs over (Asterisk `PJSIP/1001-0000000a` gives `1001`). */
  readonly device?: string;
  /** The number this leg dialled, for a leg that dials. */
  readonly dialled?: string;
  /** Network address of the device. */
  readonly address?: string;
  /** Set when the leg is one half of a loop inside the platform instead of a party's line. */
  readonly loop?: Loop;
}

/**
 * A loop inside the platform (Asterisk Local channel, FreeSWITCH loopback): two halves, of which the
 * near one stands in a call where a party would, and the far one runs the dial plan that may reach a
 * real party.
 */
export interface Loop {
  /** Names the pair; both halves carry the same text. */
  readonly pair: string;
  readonly half: 'near' | 'far';
}

/** Why a leg ended, as the platform reports it: a Q.850 cause number (0..127) and its text. */
export interface Cause {
  readonly code: number;
  readonly text?: string;
}

export type DialResult =
  'answered' | 'no-answer' | 'busy' | 'cancelled' | 'rejected' | 'congestion' | 'failed';

/** Which side of the audio is meant, seen from the recorded leg: what its party says, hears, or both. */
export type AudioSide = 'says' | 'hears' | 'both';

interface Envelope {
  /** Name of the source that speaks. */
  readonly source: string;
  /** When it happened, by the source's clock; milliseconds since 1970. */
  readonly atMs: number;
  /** The sender's own id of this signal; a second signal with the same id is ignored. */
  readonly id?: string;
}

interface OfLeg extends Envelope {
  /** The source's key of the leg (Asterisk: Uniqueid). */
  readonly leg: string;
  readonly facts?: LegFacts;
}

interface OfQueue extends OfLeg {
  readonly queue: string;
}

interface OfAgent extends OfQueue {
  /** The agent's leg; `leg` is the waiting caller. */
  readonly agentLeg?: string;
  readonly agentFacts?: LegFacts;
  /** The agent's name or login. */
  readonly agent: string;
}

export type LegSignal =
  | (OfLeg & { readonly kind: 'leg.offered' })
  | (OfLeg & { readonly kind: 'leg.identified' })
  | (OfLeg & { readonly kind: 'leg.ringing' })
  | (OfLeg & { readonly kind: 'leg.connected' })
  | (OfLeg & { readonly kind: 'leg.held' })
  | (OfLeg & { readonly kind: 'leg.resumed' })
  | (OfLeg & { readonly kind: 'leg.ended'; readonly cause?: Cause })
  /** Somebody asked for the leg to end: the party at it, or the platform. */
  | (OfLeg & { readonly kind: 'leg.hangup-requested'; readonly by: 'party' | 'platform' });

export type LinkSignal =
  /** `from` is absent when the platform dials by itself (click to dial). */
  | (OfLeg & {
      readonly kind: 'dial.started';
      readonly from?: string;
      readonly fromFacts?: LegFacts;
    })
  | (OfLeg & {
      readonly kind: 'dial.ended';
      readonly from?: string;
      readonly fromFacts?: LegFacts;
      readonly result: DialResult;
    })
  | (OfLeg & {
      readonly kind: 'bridge.joined';
      readonly bridge: string;
      /** Name of the conference room, when the bridge is one. */
      readonly conference?: string;
    })
  | (OfLeg & { readonly kind: 'bridge.left'; readonly bridge: string })
  /** `leg` is the transferrer. */
  | (OfLeg & {
      readonly kind: 'transfer.completed';
      readonly style: 'blind' | 'attended';
      /** The transferrer's other leg, on which it consulted. */
      readonly consultLeg?: string;
      readonly transferee?: string;
      /** The leg of the party that now talks to the transferee (attended only). */
      readonly target?: string;
      /** The number the call was sent to (blind only). */
      readonly to?: string;
    });

export type QueueSignal =
  | (OfQueue & { readonly kind: 'queue.joined'; readonly position?: number })
  | (OfQueue & { readonly kind: 'queue.left' })
  | (OfQueue & { readonly kind: 'queue.abandoned' })
  | (OfAgent & { readonly kind: 'agent.offered' })
  | (OfAgent & { readonly kind: 'agent.missed' })
  | (OfAgent & { readonly kind: 'agent.connected' })
  | (OfAgent & {
      readonly kind: 'agent.completed';
      readonly endedBy: 'agent' | 'caller' | 'transfer';
    });

export type RecordingSignal =
  | (OfLeg & { readonly kind: 'recording.started'; readonly file?: string })
  /** The media file became known, or changed. */
  | (OfLeg & { readonly kind: 'recording.named'; readonly file: string })
  /** `cut`: the file leaves the pause out; otherwise it holds silence. */
  | (OfLeg & { readonly kind: 'recording.paused'; readonly side: AudioSide; readonly cut?: true })
  | (OfLeg & { readonly kind: 'recording.resumed'; readonly side: AudioSide })
  /** The segment has ended, and the next one of the same recording has begun. */
  | (OfLeg & { readonly kind: 'recording.split'; readonly file?: string })
  | (OfLeg & { readonly kind: 'recording.stopped' });

/** One leg as a source lists it when asked for everything it sees. */
export interface SnapshotLeg {
  readonly leg: string;
  readonly state: 'offered' | 'ringing' | 'connected';
  /** How long the leg has existed, milliseconds, where the source tells. */
  readonly ageMs?: number;
  readonly bridge?: string;
  /** Name of the conference room, when the bridge is one. */
  readonly conference?: string;
  readonly facts: LegFacts;
}

export type SourceSignal =
  /** The source speaks again; what it lists as a snapshot comes later. */
  | (Envelope & { readonly kind: 'source.connected' })
  | (Envelope & { readonly kind: 'source.lost'; readonly reason: string })
  /** All legs that the source sees now; whatever else we believed of it has gone. */
  | (Envelope & { readonly kind: 'source.snapshot'; readonly legs: readonly SnapshotLeg[] })
  /** The source has been away for longer than allowed; its calls are given up. */
  | (Envelope & { readonly kind: 'source.expired' });

export type CallSignal = LegSignal | LinkSignal | QueueSignal | RecordingSignal | SourceSignal;
export type SignalKind = CallSignal['kind'];
