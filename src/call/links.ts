/**
 * What ties legs together: dials, bridges, transfers. Legs that meet belong to one call; when two calls
 * meet, the older one goes on and takes the other's legs. In a conference the room's call goes on. A call
 * that is left empty is ended by who asked.
 */
import type { CallBook, Placed } from './book.ts';
import type { CallDraft, LegDraft } from './draft.ts';
import { moveLeg } from './legs.ts';
import { isCaller, numberOf, resolve, twinOf } from './parties.ts';
import type { DialResult, LinkSignal } from './signal.ts';

type TransferSignal = Extract<LinkSignal, { kind: 'transfer.completed' }>;

/** `from` rings `leg`; without `from` the platform does so itself. True when that was news. */
export function startDial(
  book: CallBook,
  callee: Placed,
  caller: Placed | undefined,
  atMs: number,
): boolean {
  const { leg } = callee;
  if (caller === undefined) {
    if (leg.originated === true) return false;
    leg.originated = true;
    callee.call.touched = true;
    return true;
  }
  if (leg.dialledBy === caller.leg.key) return false;
  if (callee.call !== caller.call) moveLeg(book, callee.call, leg, caller.call, atMs);
  const { call } = caller;
  const placed = call.legs.get(leg.key) ?? leg;
  placed.dialledBy = caller.leg.key;
  // Who dials may be heard of after who is dialled.
  const unheard = caller.leg.dialledBy === undefined && caller.leg.loop?.half !== 'far';
  if (placed.role === 'caller' && unheard) caller.leg.role = 'caller';
  placed.role = 'called';
  reachThrough(call, caller.leg, placed);
  delete call.hangup;
  call.touched = true;
  return true;
}

/** When the far half of a loop reaches a leg, the near half only stands for it. */
function reachThrough(call: CallDraft, far: LegDraft, reached: LegDraft): void {
  if (far.loop?.half !== 'far' || reached.loop?.half === 'far') return;
  const near = twinOf(call, far);
  if (near === undefined || near === reached) return;
  const current = near.standsFor === undefined ? undefined : call.legs.get(near.standsFor);
  if (current !== undefined && current.connectedAtMs !== undefined) return;
  near.standsFor = reached.key;
  if (reached.agent === undefined && near.agent !== undefined) reached.agent = near.agent;
}

/** Ringing `callee` has come to an end. Who dialled it is unknown when the platform did so itself. */
export function endDial(
  book: CallBook,
  callee: Placed,
  caller: Placed | undefined,
  result: DialResult,
  atMs: number,
): boolean {
  // A queue reports the same leg's end twice, as unanswered and as cancelled; the first word holds.
  if (callee.leg.dialResult !== undefined) return false;
  // Whoever takes a call that rings elsewhere (pickup) had a call of its own until now.
  const comes = result === 'answered' && caller !== undefined && caller.call !== callee.call;
  if (comes) moveLeg(book, callee.call, callee.leg, caller.call, atMs);
  const call = comes ? caller.call : callee.call;
  const leg = call.legs.get(callee.leg.key) ?? callee.leg;
  leg.dialResult = result;
  call.touched = true;
  if (result === 'answered' && caller !== undefined && caller.leg.loop?.half !== 'far') {
    answer(call, leg, atMs);
  }
  return true;
}

/** The call is answered, by `leg` where that is known; only the first answer counts. */
export function answer(call: CallDraft, leg: LegDraft | undefined, atMs: number): boolean {
  if (call.answeredAtMs !== undefined && (call.answeredBy !== undefined || leg === undefined)) {
    return false;
  }
  call.answeredAtMs ??= Math.max(atMs, call.startedAtMs);
  if (leg !== undefined) call.answeredBy = leg.key;
  call.touched = true;
  return true;
}

/** A leg enters a bridge; whoever else is in it shares the call from here on. */
export function joinBridge(
  book: CallBook,
  placed: Placed,
  bridge: string,
  conference: string | undefined,
  atMs: number,
): boolean {
  const { leg } = placed;
  if (leg.bridge === bridge) return false;
  const other = book.callInBridge(placed.call.source, bridge);
  leg.bridge = bridge;
  let call = placed.call;
  if (other !== undefined && other !== call) {
    const stays = conference !== undefined || isOlder(other, call) ? other : call;
    const goes = stays === other ? call : other;
    for (const member of [...goes.legs.values()]) {
      if (member.bridge === bridge) moveLeg(book, goes, member, stays, atMs);
    }
    if (conference !== undefined) goes.conference ??= conference;
    call = stays;
  }
  book.holdBridge(call, bridge);
  if (conference !== undefined) call.conference ??= conference;
  delete call.hangup;
  call.touched = true;
  meet(call, bridge, atMs);
  return true;
}

function isOlder(a: CallDraft, b: CallDraft): boolean {
  return a.startedAtMs < b.startedAtMs || (a.startedAtMs === b.startedAtMs && a.id < b.id);
}

/** Two connected parties in one bridge talk; that answers a call nothing else has answered. */
export function meet(call: CallDraft, bridge: string, atMs: number): void {
  const members = [...call.legs.values()].filter((leg) => leg.bridge === bridge);
  for (const leg of members) {
    const far = leg.loop?.half === 'far';
    const reached = members.find((other) => other !== leg);
    if (far && reached !== undefined) reachThrough(call, leg, reached);
  }
  const talking = members.filter((leg) => leg.loop?.half !== 'far' && leg.state === 'connected');
  const answering = talking.find((leg) => !isCaller(call, leg));
  if (talking.length >= 2 && answering !== undefined) answer(call, answering, atMs);
}

/** A transfer took place. An attended one makes one call of two. */
export function transfer(book: CallBook, placed: Placed, signal: TransferSignal): boolean {
  const transferee = partOf(book, signal.source, signal.transferee);
  // Where the consulted party still rings, the platform names nobody; it is whom the other line dials.
  const target =
    partOf(book, signal.source, signal.target) ??
    dialledBy(partOf(book, signal.source, signal.consultLeg));
  let call = transferee?.call ?? placed.call;
  if (transferee !== undefined && target !== undefined && transferee.call !== target.call) {
    const [stays, goes] = isOlder(transferee.call, target.call)
      ? [transferee.call, target]
      : [target.call, transferee];
    moveLeg(book, goes.call, goes.leg, stays, signal.atMs);
    call = stays;
  }
  const by = numberOf(placed.call, placed.leg);
  const moved = transferee === undefined ? undefined : numberIn(call, transferee.leg.key);
  const to = signal.to ?? (target === undefined ? undefined : numberIn(call, target.leg.key));
  const known = call.transfers.some((each) => each.atMs === signal.atMs && each.to === to);
  if (known) return false;
  call.transfers.push({
    style: signal.style,
    atMs: signal.atMs,
    ...(by !== undefined && { by }),
    ...(moved !== undefined && { transferee: moved }),
    ...(to !== undefined && { to }),
  });
  call.touched = true;
  return true;
}

/** The first leg that `dialler` rings now. */
function dialledBy(dialler: Placed | undefined): Placed | undefined {
  if (dialler === undefined) return undefined;
  const { call } = dialler;
  for (const leg of call.legs.values()) {
    if (leg.dialledBy === dialler.leg.key && leg.state !== 'ended') return { call, leg };
  }
  return undefined;
}

function partOf(book: CallBook, source: string, key: string | undefined): Placed | undefined {
  return key === undefined ? undefined : book.leg(source, key);
}

function numberIn(call: CallDraft, legKey: string): string | undefined {
  const leg = call.legs.get(legKey);
  return leg === undefined ? undefined : numberOf(call, resolve(call, leg));
}
