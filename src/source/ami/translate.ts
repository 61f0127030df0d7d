/**
 * Asterisk's words to ours: one manager event to the signals it means. Pure, and without memory; what
 * Asterisk leaves unsaid (who is who, what came of a call) is the registry's business.
 * Source: Asterisk 22 manager event reference, and recordings of Asterisk 22.10.
 */
import type {
  AudioSide,
  CallSignal,
  DialResult,
  LegFacts,
  SnapshotLeg,
} from '../../call/signal.ts';
import { deviceOfInterface, parseChannel } from './channel.ts';
import { field, type Fields } from './message.ts';

/** Extensions of the dial plan's own: start, hang-up, invalid, timeout, operator, … */
const planExtensions = new Set(['s', 'h', 'i', 't', 'T', 'o', 'a', 'e', 'failed']);

const dialResults: Readonly<Record<string, DialResult>> = {
  ANSWER: 'answered',
  NOANSWER: 'no-answer',
  BUSY: 'busy',
  CANCEL: 'cancelled',
  CONGESTION: 'congestion',
  CHANUNAVAIL: 'failed',
  DONTCALL: 'rejected',
  TORTURE: 'rejected',
  ABORT: 'cancelled',
};

/** Seen from the recorded channel: `read` is what its party says, `write` what it hears. */
const sides: Readonly<Record<string, AudioSide>> = { read: 'says', write: 'hears', both: 'both' };

/** Events that carry nothing for us; asked to be left out where the server can (action Filter). */
export const unneededEvents = [
  'CEL',
  'DeviceStateChange',
  'ExtensionStatus',
  'NewAccountCode',
  'PresenceStateChange',
  'QueueMemberStatus',
] as const;

/** One leg of an event: its key and what the event knows of it. */
interface Subject {
  readonly leg: string;
  readonly facts: LegFacts;
}

function subject(fields: Fields, prefix = ''): Subject | undefined {
  const leg = field(fields, `${prefix}Uniqueid`);
  const name = field(fields, `${prefix}Channel`);
  if (leg === undefined || name === undefined) return undefined;
  const channel = parseChannel(name);
  if (channel.isMachinery) return undefined;
  const call = field(fields, `${prefix}Linkedid`);
  const number = field(fields, `${prefix}CallerIDNum`);
  const display = field(fields, `${prefix}CallerIDName`);
  const exten = field(fields, `${prefix}Exten`);
  const dialled = exten !== undefined && !planExtensions.has(exten) ? exten : undefined;
  return {
    leg,
    facts: {
      device: channel.device,
      ...(call !== undefined && { call }),
      ...(number !== undefined && { number }),
      ...(display !== undefined && { name: display }),
      ...(dialled !== undefined && { dialled }),
      ...(channel.loop !== undefined && { loop: channel.loop }),
    },
  };
}

/** `Timestamp: 1795177276.276143` in milliseconds; undefined without `timestampevents=yes`. */
export function stampOf(fields: Fields): number | undefined {
  const seconds = Number(field(fields, 'Timestamp'));
  return Number.isFinite(seconds) && seconds > 0 ? Math.round(seconds * 1_000) : undefined;
}

/**
 * The signals an event means; none when it means nothing to us.
 * @param nowMs our time, for servers that do not stamp their events
 */
export function translate(
  source: string,
  name: string,
  fields: Fields,
  nowMs: number,
): readonly CallSignal[] {
  const at = { source, atMs: stampOf(fields) ?? nowMs };
  if (name.startsWith('Dial')) return translateDial(name, fields, at);
  if (name.startsWith('Queue') || name.startsWith('Agent')) return translateQueue(name, fields, at);
  if (name.endsWith('Transfer')) return translateTransfer(name, fields, at);
  const who = subject(fields);
  if (who === undefined) return [];
  const of = { ...at, ...who };
  switch (name) {
    case 'Newchannel': {
      // The first channel of a call comes in ringing us; one that is down is one that we are to ring.
      const isOurs = field(fields, 'ChannelState') === '0' && who.facts.call === who.leg;
      const rung: CallSignal[] = isOurs ? [{ kind: 'dial.started', ...of }] : [];
      return [...rung, { kind: 'leg.offered', ...of }, ...stateSignals(fields, of)];
    }
    case 'Newstate':
      return stateSignals(fields, of);
    case 'NewCallerid':
    case 'OriginateResponse':
      return [{ kind: 'leg.identified', ...of }];
    case 'HangupRequest':
      return [{ kind: 'leg.hangup-requested', ...of, by: 'party' }];
    case 'SoftHangupRequest':
      return [{ kind: 'leg.hangup-requested', ...of, by: 'platform' }];
    case 'Hangup':
      return [{ kind: 'leg.ended', ...of, ...causeOf(fields) }];
    case 'Hold':
      return [{ kind: 'leg.held', ...of }];
    case 'Unhold':
      return [{ kind: 'leg.resumed', ...of }];
    case 'BridgeEnter':
    case 'BridgeLeave':
      return bridgeSignals(name, fields, of);
    case 'MixMonitorStart':
      return [{ kind: 'recording.started', ...of }];
    case 'MixMonitorStop':
      return [{ kind: 'recording.stopped', ...of }];
    case 'MixMonitorMute': {
      const side = sides[field(fields, 'Direction') ?? ''] ?? 'both';
      const muted = field(fields, 'State') === '1';
      return [{ kind: muted ? 'recording.paused' : 'recording.resumed', ...of, side }];
    }
    default:
      return [];
  }
}

interface At {
  readonly source: string;
  readonly atMs: number;
}

/** Channel states: 5 Ringing, 6 Up (Asterisk `channelstate.h`). The others do not move a leg. */
function stateSignals(fields: Fields, of: At & Subject): CallSignal[] {
  switch (field(fields, 'ChannelState')) {
    case '5':
      return [{ kind: 'leg.ringing', ...of }];
    case '6':
      return [{ kind: 'leg.connected', ...of }];
    default:
      return [];
  }
}

function causeOf(fields: Fields): { readonly cause?: { code: number; text?: string } } {
  const code = Number(field(fields, 'Cause'));
  // 0 is Asterisk's "not set".
  if (!Number.isInteger(code) || code <= 0 || code > 127) return {};
  const text = field(fields, 'Cause-txt');
  return { cause: text === undefined ? { code } : { code, text } };
}

function bridgeSignals(name: string, fields: Fields, of: At & Subject): CallSignal[] {
  const bridge = field(fields, 'BridgeUniqueid');
  if (bridge === undefined) return [];
  if (name === 'BridgeLeave') return [{ kind: 'bridge.left', ...of, bridge }];
  const { isWaitingRoom, conference } = kindOf(fields, bridge);
  // Those who wait side by side do not talk.
  if (isWaitingRoom) return [];
  return [
    { kind: 'bridge.joined', ...of, bridge, ...(conference !== undefined && { conference }) },
  ];
}

export interface ListedBridge {
  readonly bridge: string;
  /** A parking lot or the like: it holds strangers side by side. */
  readonly isWaitingRoom: boolean;
  /** Name of the conference room, when it is one. */
  readonly conference?: string;
}

/** A `BridgeList` entry. */
export function translateBridge(fields: Fields): ListedBridge | undefined {
  const bridge = field(fields, 'BridgeUniqueid');
  return bridge === undefined ? undefined : kindOf(fields, bridge);
}

function kindOf(fields: Fields, bridge: string): ListedBridge {
  const isWaitingRoom = field(fields, 'BridgeTechnology') === 'holding_bridge';
  if (field(fields, 'BridgeCreator') !== 'ConfBridge') return { bridge, isWaitingRoom };
  return { bridge, isWaitingRoom, conference: field(fields, 'BridgeName') ?? bridge };
}

function translateDial(name: string, fields: Fields, at: At): readonly CallSignal[] {
  const callee = subject(fields, 'Dest');
  if (callee === undefined) return [];
  const caller = subject(fields);
  const of = {
    ...at,
    ...callee,
    ...(caller !== undefined && { from: caller.leg, fromFacts: caller.facts }),
  };
  switch (name) {
    case 'DialBegin':
      return [{ kind: 'dial.started', ...of }];
    case 'DialState':
      return field(fields, 'DialStatus') === 'RINGING'
        ? [{ kind: 'leg.ringing', ...at, ...callee }]
        : [];
    case 'DialEnd': {
      const result = dialResults[field(fields, 'DialStatus') ?? ''] ?? 'failed';
      return [{ kind: 'dial.ended', ...of, result }];
    }
    default:
      return [];
  }
}

function translateTransfer(name: string, fields: Fields, at: At): readonly CallSignal[] {
  if (field(fields, 'Result') !== 'Success') return [];
  if (name === 'BlindTransfer') {
    const by = subject(fields, 'Transferer');
    const transferee = subject(fields, 'Transferee')?.leg;
    const to = field(fields, 'Extension');
    if (by === undefined) return [];
    const what = {
      ...(transferee !== undefined && { transferee }),
      ...(to !== undefined && { to }),
    };
    return [{ kind: 'transfer.completed', ...at, ...by, style: 'blind', ...what }];
  }
  if (name !== 'AttendedTransfer') return [];
  const by = subject(fields, 'OrigTransferer');
  const consultLeg = subject(fields, 'SecondTransferer')?.leg;
  const transferee = subject(fields, 'Transferee')?.leg;
  const target = subject(fields, 'TransferTarget')?.leg;
  if (by === undefined) return [];
  const what = {
    ...(consultLeg !== undefined && { consultLeg }),
    ...(transferee !== undefined && { transferee }),
    ...(target !== undefined && { target }),
  };
  return [{ kind: 'transfer.completed', ...at, ...by, style: 'attended', ...what }];
}

function translateQueue(name: string, fields: Fields, at: At): readonly CallSignal[] {
  const waiting = subject(fields);
  const queue = field(fields, 'Queue');
  if (waiting === undefined || queue === undefined) return [];
  const of = { ...at, ...waiting, queue };
  switch (name) {
    case 'QueueCallerJoin': {
      const position = Number(field(fields, 'Position'));
      return [{ kind: 'queue.joined', ...of, ...(position > 0 && { position }) }];
    }
    case 'QueueCallerLeave':
      return [{ kind: 'queue.left', ...of }];
    case 'QueueCallerAbandon':
      return [{ kind: 'queue.abandoned', ...of }];
    case 'AgentCalled':
      return [{ kind: 'agent.offered', ...of, ...agentOf(fields) }];
    case 'AgentRingNoAnswer':
      return [{ kind: 'agent.missed', ...of, ...agentOf(fields) }];
    case 'AgentConnect':
      return [{ kind: 'agent.connected', ...of, ...agentOf(fields) }];
    case 'AgentComplete': {
      const reason = field(fields, 'Reason');
      const endedBy = reason === 'agent' || reason === 'caller' ? reason : 'transfer';
      return [{ kind: 'agent.completed', ...of, ...agentOf(fields), endedBy }];
    }
    default:
      return [];
  }
}

function agentOf(fields: Fields): { agent: string; agentLeg?: string; agentFacts?: LegFacts } {
  const location = field(fields, 'Interface') ?? '';
  const member = field(fields, 'MemberName') ?? location;
  // A member without a name is called by its interface; its device says more to a person.
  const agent = member === location ? deviceOfInterface(location) : member;
  const leg = subject(fields, 'Dest');
  return {
    agent,
    ...(leg !== undefined && { agentLeg: leg.leg, agentFacts: leg.facts }),
  };
}

/** A `CoreShowChannel` list entry; undefined for a channel that is nobody's leg. */
export function translateListed(fields: Fields): SnapshotLeg | undefined {
  const who = subject(fields);
  if (who === undefined) return undefined;
  const state = field(fields, 'ChannelState');
  const bridge = field(fields, 'BridgeId');
  const ageMs = durationMs(field(fields, 'Duration'));
  return {
    ...who,
    state: state === '6' ? 'connected' : state === '5' ? 'ringing' : 'offered',
    ...(bridge !== undefined && { bridge }),
    ...(ageMs !== undefined && { ageMs }),
  };
}

/** `hh:mm:ss`, hours of any length. */
function durationMs(text: string | undefined): number | undefined {
  const match = /^(\d+):(\d\d):(\d\d)$/.exec(text ?? '');
  if (match === null) return undefined;
  return (Number(match[1]) * 3_600 + Number(match[2]) * 60 + Number(match[3])) * 1_000;
}
