/**
 * The calls that the published examples tell of, so that examples, writers and readers can be held
 * against each other. One morning at a support desk: Zoë of "Smith & Sons" calls the hotline and gets
 * through to Anna (1001), who transfers her to Ben (1002).
 */
import type { Call, Leg } from '../../src/call/call.ts';
import type { CdrSite } from '../../src/record/cdr-xml.ts';
import type { SourceStatus, Summary } from '../../src/subscriber/message.ts';

export const site: CdrSite = { location: 'hotline-1', recorderServiceId: 1, times: 'utc' };

/** Milliseconds since 1970 at a time of day of the scene. */
export const at = (time: string): number => Date.parse(`2026-03-02T${time}Z`);

const hotlineKey = '1772442000.17';

const zoe: Leg = {
  key: hotlineKey,
  state: 'connected',
  role: 'caller',
  party: true,
  number: '+493012345678',
  name: 'Zoë, "Smith & Sons"',
  device: 'trunk-berlin',
  address: '192.0.2.10',
  callKey: hotlineKey,
  offeredAtMs: at('09:00:00.120'),
  connectedAtMs: at('09:00:01.000'),
};

const anna: Leg = {
  key: '1772442012.21',
  state: 'ringing',
  role: 'called',
  party: true,
  number: '1001',
  name: 'Anna Weber',
  device: '1001',
  address: '198.51.100.21',
  callKey: hotlineKey,
  dialledBy: hotlineKey,
  offeredAtMs: at('09:00:12.000'),
  ringingAtMs: at('09:00:12.100'),
};

const ben: Leg = {
  key: '1772442090.30',
  state: 'connected',
  role: 'joined',
  party: true,
  number: '1002',
  name: 'Ben Şahin',
  device: '1002',
  address: '198.51.100.22',
  callKey: hotlineKey,
  offeredAtMs: at('09:01:30.000'),
  connectedAtMs: at('09:01:33.500'),
};

/** The hotline is dialled. */
export const started: Call = {
  id: '0f6e5f0e-6f0b-5b43-9d5f-3a4b8c1d2e3f',
  source: 'pbx',
  platformIds: [hotlineKey],
  revision: 1,
  state: 'offered',
  direction: 'incoming',
  caller: { number: '+493012345678', name: 'Zoë, "Smith & Sons"', address: '192.0.2.10' },
  called: { number: '0800' },
  dialled: '0800',
  startedAtMs: at('09:00:00.120'),
  legs: [{ ...zoe, state: 'offered' }],
  holds: [],
  transfers: [],
  queue: [],
  recordings: [],
  extensions: ['+493012345678', 'trunk-berlin', '0800'],
};

/** Zoë waits in the queue, Carla did not answer, and Anna's phone rings. */
export const ringing: Call = {
  ...started,
  revision: 4,
  state: 'ringing',
  legs: [zoe, anna],
  queue: [
    { queue: 'support', joinedAtMs: at('09:00:02.000'), position: 1, missedBy: ['Carla Rossi'] },
  ],
  extensions: [...started.extensions, '1001'],
};

/** Anna has answered. */
export const answered: Call = {
  ...ringing,
  revision: 5,
  state: 'connected',
  called: { number: '1001', name: 'Anna Weber', address: '198.51.100.21' },
  answeredAtMs: at('09:00:15.250'),
  legs: [zoe, { ...anna, state: 'connected', agent: 'anna', connectedAtMs: at('09:00:15.250') }],
  queue: [
    {
      queue: 'support',
      joinedAtMs: at('09:00:02.000'),
      leftAtMs: at('09:00:15.250'),
      result: 'answered',
      missedBy: ['Carla Rossi'],
      agent: 'anna',
    },
  ],
};

const file = '/var/spool/recordings/2026-03-02/1772442000.17.wav';

export const recorded: Call = {
  ...answered,
  revision: 6,
  recordings: [{ id: 17, leg: hotlineKey, startedAtMs: at('09:00:15.400'), pauses: [], file }],
};

/** Card number: what Zoë says is left out. */
export const paused: Call = {
  ...recorded,
  revision: 7,
  recordings: [
    {
      id: 17,
      leg: hotlineKey,
      startedAtMs: at('09:00:15.400'),
      pauses: [{ side: 'says', fromMs: at('09:00:40.000') }],
      file,
    },
  ],
};

export const resumed: Call = {
  ...paused,
  revision: 8,
  recordings: [
    {
      id: 17,
      leg: hotlineKey,
      startedAtMs: at('09:00:15.400'),
      pauses: [{ side: 'says', fromMs: at('09:00:40.000'), toMs: at('09:00:55.000') }],
      file,
    },
  ],
};

/** Anna asked Ben, gave Zoë to him, and is out. */
export const transferred: Call = {
  ...resumed,
  revision: 9,
  platformIds: [hotlineKey, '1772442090.29'],
  legs: [
    zoe,
    { ...anna, state: 'ended', agent: 'anna', endedAtMs: at('09:01:40.000') },
    { ...ben, state: 'held' },
  ],
  transfers: [
    {
      style: 'attended',
      atMs: at('09:01:40.000'),
      by: '1001',
      transferee: '+493012345678',
      to: '1002',
    },
  ],
  extensions: [...ringing.extensions, '1002'],
};

export const recordingEnded: Call = {
  ...transferred,
  revision: 10,
  legs: [zoe, { ...anna, state: 'ended' }, ben],
  recordings: transferred.recordings.map((recording) => ({
    ...recording,
    endedAtMs: at('09:03:20.000'),
  })),
};

export const ended: Call = {
  ...recordingEnded,
  revision: 11,
  state: 'ended',
  legs: recordingEnded.legs.map((leg) => ({ ...leg, state: 'ended' })),
  endedAtMs: at('09:03:20.005'),
  outcome: 'answered',
  ending: 'observed',
  endedBy: { side: 'caller', number: '+493012345678' },
  cause: { code: 16, text: 'Normal Clearing' },
};

/** Another one at the same time, whose caller hides the number. */
export const second: Call = {
  id: '7d0f1c9a-5a3e-5c51-8a44-0b1c2d3e4f50',
  source: 'pbx',
  platformIds: ['1772442060.25'],
  revision: 1,
  state: 'offered',
  direction: 'incoming',
  caller: {},
  called: { number: '0012' },
  dialled: '0012',
  startedAtMs: at('09:01:00.000'),
  legs: [],
  holds: [],
  transfers: [],
  queue: [],
  recordings: [],
  extensions: ['0012'],
};

export const sources: readonly SourceStatus[] = [
  { name: 'pbx', state: 'up', heardAtMs: at('09:02:59.750'), lagMs: 12 },
  { name: 'branch', state: 'down', heardAtMs: at('08:41:07.003') },
  { name: 'shop', state: 'connecting' },
];

export const summary: Summary = {
  version: '0.1.0',
  uptimeS: 86_400,
  subscribers: 12,
  ongoingCalls: 2,
  sources,
};

/** The position of the n-th event of the scene's journal. */
export const position = (seq: number): string => `k3v9x0q2m1-${seq}`;
