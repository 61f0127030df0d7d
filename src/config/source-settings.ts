/**
 * The rows of the table of settings that a source can have: those of every source, and those of each
 * type of it.
 */
import { hashShape, nameShape } from './setting.ts';
import type { Settings } from './setting.ts';

export const commonSourceSettings = {
  name: { kind: 'text', ...nameShape, meaning: 'Name of the source in events, CDRs and the log.' },
  enabled: { kind: 'flag', default: true, meaning: 'Whether the source is started.' },
  giveUpAfter: {
    kind: 'number',
    unit: 'seconds',
    min: 1,
    max: 86_400,
    default: 300,
    meaning: 'Its calls end as timed out when it stays away longer than this.',
  },
} as const satisfies Settings;

export const sourceTypes = {
  ami: {
    host: { kind: 'text', meaning: 'Host name or address of the Asterisk manager interface.' },
    port: {
      kind: 'number',
      whole: true,
      min: 1,
      max: 65_535,
      default: 5038,
      meaning: 'Its TCP port.',
    },
    username: { kind: 'text', meaning: 'Manager user, as in manager.conf.' },
    secret: { kind: 'secret', meaning: "The manager user's secret." },
    login: {
      kind: 'choice',
      options: ['md5', 'plain'],
      default: 'md5',
      meaning: 'How to log in: by challenge, or with the secret as it is.',
    },
    tls: { kind: 'flag', default: false, meaning: 'Whether to connect with TLS.' },
    tlsCa: {
      kind: 'path',
      optional: true,
      meaning: "PEM file of the authority that signed the server's certificate.",
    },
    tlsRejectUnauthorized: {
      kind: 'flag',
      default: true,
      meaning: 'Whether a certificate that cannot be verified ends the connection.',
    },
    pingInterval: {
      kind: 'number',
      unit: 'seconds',
      min: 1,
      max: 3600,
      default: 15,
      meaning: 'How often Asterisk is asked for a sign of life.',
    },
    reconnectMin: {
      kind: 'number',
      unit: 'seconds',
      min: 0.1,
      max: 3600,
      default: 1,
      meaning: 'First wait before connecting again.',
    },
    reconnectMax: {
      kind: 'number',
      unit: 'seconds',
      min: 0.1,
      max: 3600,
      default: 30,
      meaning: 'Longest wait before connecting again.',
    },
    recordingFormat: {
      kind: 'text',
      default: 'wav',
      pattern: /^[a-z0-9]{1,16}$/,
      shape: 'a file extension without the dot',
      meaning: 'Format of recordings that are started through offhook.',
    },
  },
  simulator: {
    rate: {
      kind: 'number',
      unit: 'calls per second',
      min: 0.001,
      max: 10_000,
      default: 0.5,
      meaning: 'How many calls begin.',
    },
    seed: {
      kind: 'number',
      whole: true,
      min: 0,
      max: 4_294_967_295,
      default: 1,
      meaning: 'The same seed gives the same calls.',
    },
    agents: {
      kind: 'number',
      whole: true,
      min: 1,
      max: 8999,
      default: 20,
      meaning: 'Agents of the simulated contact centre, at extensions from 1001 on.',
    },
    timeScale: {
      kind: 'number',
      min: 0.01,
      max: 100,
      default: 0.25,
      meaning: 'Length of rings, holds and talks against those of real life.',
    },
  },
  replay: {
    file: { kind: 'path', meaning: 'Recorded transcript to play.' },
    speed: {
      kind: 'number',
      min: 0,
      max: 100_000,
      default: 1,
      meaning: 'How many times as fast as it was recorded; 0 is as fast as possible.',
    },
  },
  ingest: {
    tokenSha256: {
      kind: 'secret',
      optional: true,
      ...hashShape,
      meaning: 'SHA-256 of the token that senders must present; without it any sender may.',
    },
  },
} as const satisfies Readonly<Record<string, Settings>>;
