/**
 * An Asterisk that never ran: writes down, event by event and with the fields a real one sends, what the
 * manager interface would have said of a call that was not recorded. Channels keep their names, numbers
 * and Linkedid, so a test names only what happens.
 * Source: Asterisk manager event reference; order of events as in recordings, or as stated in the test.
 */

export interface Channel {
  name: string;
  readonly uniqueid: string;
  linkedid: string;
  number: string;
  callerName: string;
  exten: string;
  state: keyof typeof stateNumbers;
  connectedNumber: string;
  connectedName: string;
}

export interface ChannelFacts {
  readonly number?: string;
  readonly name?: string;
  readonly exten?: string;
  readonly state?: Channel['state'];
  /** The channel whose call it belongs to; without it the channel begins a call of its own. */
  readonly of?: Channel;
  readonly uniqueid?: string;
}

export interface Bridge {
  readonly id: string;
  readonly technology: string;
  readonly creator: string;
  readonly name: string;
  members: number;
}

type Fields = Readonly<Record<string, string | number>>;

const stateNumbers = { Down: 0, Rsrvd: 1, Ring: 4, Ringing: 5, Up: 6, Busy: 7 } as const;
const unknown = '<unknown>';
/** 2027-01-15T08:00:00Z */
export const startMs = 1_800_000_000_000;

export class Asterisk {
  #text =
    'Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nMessage: Authentication accepted\r\n\r\n';
  #nowMs = startMs;
  #channels = 0;
  #bridges = 0;
  readonly #isStamped: boolean;

  /** @param isStamped false as with `timestampevents=no`, the default of manager.conf */
  constructor(isStamped = true) {
    this.#isStamped = isStamped;
  }

  get text(): string {
    return this.#text;
  }

  /** Time passes; events of one moment carry the same stamp. */
  after(ms: number): this {
    this.#nowMs += ms;
    return this;
  }

  event(name: string, ...fields: Fields[]): this {
    const stamp = this.#isStamped ? `Timestamp: ${(this.#nowMs / 1_000).toFixed(6)}\r\n` : '';
    const lines = fields
      .flatMap((each) => Object.entries(each))
      .map(([key, value]) => `${key}: ${value}\r\n`);
    this.#text += `Event: ${name}\r\nPrivilege: call,all\r\n${stamp}${lines.join('')}\r\n`;
    return this;
  }

  channel(name: string, facts: ChannelFacts = {}): Channel {
    this.#channels += 1;
    const uniqueid = facts.uniqueid ?? `${Math.floor(this.#nowMs / 1_000)}.${this.#channels}`;
    const channel: Channel = {
      name,
      uniqueid,
      linkedid: facts.of?.linkedid ?? uniqueid,
      number: facts.number ?? unknown,
      callerName: facts.name ?? unknown,
      exten: facts.exten ?? 's',
      state: facts.state ?? (facts.of === undefined ? 'Ring' : 'Down'),
      connectedNumber: unknown,
      connectedName: unknown,
    };
    this.event('Newchannel', shot(channel));
    if (facts.of !== undefined && facts.exten === undefined) channel.exten = facts.of.exten;
    return channel;
  }

  /** The two halves of a Local channel, `;1` and `;2`. */
  local(name: string, facts: ChannelFacts & { readonly of: Channel }): readonly [Channel, Channel] {
    const near = this.channel(`${name};1`, facts);
    const far = this.channel(`${name};2`, { ...facts, of: near, state: 'Ring' });
    this.event('LocalBridge', shot(near, 'LocalOne'), shot(far, 'LocalTwo'), {
      LocalOptimization: 'No',
    });
    return [near, far];
  }

  state(channel: Channel, state: Channel['state']): this {
    channel.state = state;
    return this.event('Newstate', shot(channel));
  }

  /** `from` rings `to`, which says that it rings. */
  ring(from: Channel | undefined, to: Channel): this {
    this.dialBegin(from, to);
    return this.ringing(from, to);
  }

  dialBegin(from: Channel | undefined, to: Channel): this {
    if (from !== undefined) {
      to.connectedNumber = from.number;
      to.connectedName = from.callerName;
    }
    return this.event('DialBegin', shot(from), shot(to, 'Dest'), { DialString: to.number });
  }

  ringing(from: Channel | undefined, to: Channel): this {
    this.state(to, 'Ringing');
    return this.event('DialState', shot(from), shot(to, 'Dest'), { DialStatus: 'RINGING' });
  }

  dialEnd(from: Channel | undefined, to: Channel, status: string): this {
    return this.event('DialEnd', shot(from), shot(to, 'Dest'), { DialStatus: status });
  }

  /** `to` is taken; `from` is answered and both are bridged. */
  answer(from: Channel, to: Channel): Bridge {
    this.taken(from, to);
    return this.bridge(to, from);
  }

  /** `to` is taken and `from` answered. */
  taken(from: Channel | undefined, to: Channel): this {
    this.state(to, 'Up').dialEnd(from, to, 'ANSWER');
    if (from !== undefined && from.state !== 'Up') this.state(from, 'Up');
    return this;
  }

  bridge(...members: Channel[]): Bridge {
    const bridge = this.newBridge();
    for (const member of members) this.enter(bridge, member);
    return bridge;
  }

  newBridge(facts: Partial<Omit<Bridge, 'id'>> = {}): Bridge {
    this.#bridges += 1;
    const bridge: Bridge = {
      id: `0b4c53fc-2d20-4caa-85c6-${String(this.#bridges).padStart(12, '0')}`,
      technology: facts.technology ?? 'simple_bridge',
      creator: facts.creator ?? unknown,
      name: facts.name ?? unknown,
      members: 0,
    };
    this.event('BridgeCreate', bridgeShot(bridge));
    return bridge;
  }

  enter(bridge: Bridge, channel: Channel, swappedWith?: Channel): this {
    bridge.members += 1;
    const swap: Fields = swappedWith === undefined ? {} : { SwapUniqueid: swappedWith.uniqueid };
    return this.event('BridgeEnter', bridgeShot(bridge), shot(channel), swap);
  }

  leave(bridge: Bridge, channel: Channel): this {
    bridge.members -= 1;
    return this.event('BridgeLeave', bridgeShot(bridge), shot(channel));
  }

  destroy(bridge: Bridge): this {
    return this.event('BridgeDestroy', bridgeShot(bridge));
  }

  /** The party at the channel asks for its end. */
  hangupRequest(channel: Channel, cause = 16): this {
    return this.event('HangupRequest', shot(channel), { Cause: cause });
  }

  softHangup(channel: Channel): this {
    return this.event('SoftHangupRequest', shot(channel), { Cause: 16 });
  }

  hangup(channel: Channel, cause = 16, text = 'Normal Clearing'): this {
    return this.event('Hangup', shot(channel), { Cause: cause, 'Cause-txt': text });
  }

  /** The party at `first` hangs up; it and `second` leave their bridge and end. */
  hangUpTalk(bridge: Bridge, first: Channel, second: Channel): this {
    this.hangupRequest(first).leave(bridge, first).leave(bridge, second).destroy(bridge);
    return this.hangup(first).hangup(second);
  }
}

/** What Asterisk tells of a channel in each event that concerns it. */
export function shot(channel: Channel | undefined, prefix = ''): Fields {
  if (channel === undefined) return {};
  const fields: Fields = {
    Channel: channel.name,
    ChannelState: stateNumbers[channel.state],
    ChannelStateDesc: channel.state,
    CallerIDNum: channel.number,
    CallerIDName: channel.callerName,
    ConnectedLineNum: channel.connectedNumber,
    ConnectedLineName: channel.connectedName,
    Language: 'en',
    AccountCode: '',
    Context: 'internal',
    Exten: channel.exten,
    Priority: 1,
    Uniqueid: channel.uniqueid,
    Linkedid: channel.linkedid,
  };
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [prefix + name, value]));
}

export function bridgeShot(bridge: Bridge, prefix = ''): Fields {
  return {
    [`${prefix}BridgeUniqueid`]: bridge.id,
    [`${prefix}BridgeType`]: bridge.creator === unknown ? 'basic' : 'base',
    [`${prefix}BridgeTechnology`]: bridge.technology,
    [`${prefix}BridgeCreator`]: bridge.creator,
    [`${prefix}BridgeName`]: bridge.name,
    [`${prefix}BridgeNumChannels`]: bridge.members,
    [`${prefix}BridgeVideoSourceMode`]: 'none',
  };
}
