/**
 * The rows of the table of settings that say who may come in: tokens, addresses, limits and
 * certificates.
 */
import { addressShape, extensionShape, hashShape, nameShape } from './setting.ts';
import type { Settings } from './setting.ts';

export const accessSettings = {
  requireToken: {
    kind: 'flag',
    default: false,
    meaning: 'Whether feed connections and HTTP requests must present one of the tokens.',
  },
  tokensFile: {
    kind: 'path',
    default: './offhook-tokens.json',
    meaning: 'File that `offhook tokens add` keeps tokens in, as hashes; it need not be there.',
  },
  allow: {
    kind: 'texts',
    default: [],
    most: 1000,
    ...addressShape,
    meaning: 'Addresses that may connect to the feed and to HTTP; empty lets any connect.',
  },
  maxPerAddress: {
    kind: 'number',
    whole: true,
    min: 0,
    max: 1_000_000,
    default: 2000,
    meaning: 'Connections of one address at one time; 0 sets no limit.',
  },
  maxPerToken: {
    kind: 'number',
    whole: true,
    min: 0,
    max: 1_000_000,
    default: 0,
    meaning: 'Feed sessions of one token at one time; 0 sets no limit.',
  },
  acceptRate: {
    kind: 'number',
    unit: 'connections per second',
    min: 0,
    max: 1_000_000,
    default: 500,
    meaning: 'New connections of one address, with bursts of four times as many; 0 sets no limit.',
  },
  authTimeout: {
    kind: 'number',
    unit: 'seconds',
    min: 0.1,
    max: 3600,
    default: 10,
    meaning:
      'A connection that has not authenticated by then is closed, where a token is asked for.',
  },
  authBytes: {
    kind: 'number',
    whole: true,
    unit: 'bytes',
    min: 512,
    max: 1_048_576,
    default: 4096,
    meaning: 'How much a connection may send before it has authenticated.',
  },
  requestRate: {
    kind: 'number',
    unit: 'requests per second',
    min: 0,
    max: 1_000_000,
    default: 100,
    meaning: 'HTTP requests of one address, with bursts of twice as many; 0 sets no limit.',
  },
  documentRate: {
    kind: 'number',
    unit: 'documents per second',
    min: 0,
    max: 1_000_000,
    default: 100,
    meaning:
      'Feed requests of one session, with bursts of twice as many; beyond it they are read later, and 0 sets no limit.',
  },
} as const satisfies Settings;

export const tlsSettings = {
  certificate: {
    kind: 'path',
    optional: true,
    meaning: "PEM file of the server's certificate, with those between it and its authority.",
  },
  key: { kind: 'path', optional: true, meaning: 'PEM file of the key of that certificate.' },
  clientCa: {
    kind: 'path',
    optional: true,
    meaning: 'PEM file of authorities; only clients with a certificate of theirs are let in.',
  },
} as const satisfies Settings;

export const tokenSettings = {
  name: { kind: 'text', ...nameShape, meaning: 'Who holds the token; appears in the log.' },
  sha256: {
    kind: 'secret',
    ...hashShape,
    meaning: 'SHA-256 of the token, as `offhook tokens make` prints it.',
  },
  extensions: {
    kind: 'texts',
    default: [],
    most: 256,
    ...extensionShape,
    meaning: 'Extensions whose calls its holder may see; empty lets it see every call.',
  },
  control: {
    kind: 'flag',
    default: false,
    meaning: 'Whether its holder may drive recorders, and change and delete recordings.',
  },
  manage: {
    kind: 'flag',
    default: false,
    meaning:
      'Whether its holder may manage destinations and see their deliveries, and import and verify recordings, of every call.',
  },
} as const satisfies Settings;
