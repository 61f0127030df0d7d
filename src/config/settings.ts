/**
 * The one table of settings; its rows for access, for sources and for FACE stand beside it. Validation, environment names, the
 * Config type, the effective settings in the log and the table in the documentation all follow from it:
 * a new setting is a new row here.
 */
import { accessSettings, tlsSettings } from './access-settings.ts';
import type { tokenSettings } from './access-settings.ts';
import { faceSettings, screenCaptureSettings } from './face-settings.ts';
import type {
  accountSettings,
  customDataSettings,
  policySettings,
  userSettings,
} from './face-settings.ts';
import type { Settings, Slice } from './setting.ts';
import type { commonSourceSettings, sourceTypes } from './source-settings.ts';

export const sections = {
  feed: {
    host: {
      kind: 'text',
      default: '127.0.0.1',
      meaning: 'Address the feed listens on for TCP subscribers.',
    },
    port: {
      kind: 'number',
      whole: true,
      min: 0,
      max: 65_535,
      default: 7400,
      meaning: 'TCP port of the feed; 0 takes any free one.',
    },
    keepAlive: {
      kind: 'number',
      whole: true,
      unit: 'seconds',
      min: 0,
      max: 3600,
      default: 10,
      meaning: 'Interval of the keep-alives sent to subscribers; 0 turns them off.',
    },
    queueBytes: {
      kind: 'number',
      whole: true,
      unit: 'bytes',
      min: 65_536,
      max: 1_073_741_824,
      default: 1_048_576,
      meaning: 'How much may wait for one subscriber before it is closed as slow.',
    },
    drainTimeout: {
      kind: 'number',
      unit: 'seconds',
      min: 1,
      max: 3600,
      default: 15,
      meaning:
        'A subscriber that takes nothing of what waits for it for this long is closed as slow.',
    },
    idleTimeout: {
      kind: 'number',
      unit: 'seconds',
      min: 0,
      max: 86_400,
      default: 300,
      meaning: 'A connection that never subscribes is closed after this; 0 leaves it open.',
    },
    maxSessions: {
      kind: 'number',
      whole: true,
      min: 1,
      max: 1_000_000,
      default: 20_000,
      meaning: 'Feed connections at one time, TCP and WebSocket together.',
    },
    closeAfterResponse: {
      kind: 'flag',
      default: false,
      meaning:
        'Whether to close after answering a request that is not a subscribe, for old clients.',
    },
    tls: {
      kind: 'flag',
      default: false,
      meaning: 'Whether TCP subscribers must use TLS, with the certificate of `[tls]`.',
    },
  },
  http: {
    enabled: {
      kind: 'flag',
      default: true,
      meaning:
        'Whether to serve HTTP: health, calls, CDRs, ingest, and the WebSocket feed at /feed.',
    },
    host: { kind: 'text', default: '127.0.0.1', meaning: 'Address HTTP listens on.' },
    port: {
      kind: 'number',
      whole: true,
      min: 0,
      max: 65_535,
      default: 7480,
      meaning: 'Port of HTTP and WebSocket; 0 takes any free one.',
    },
    bodyLimit: {
      kind: 'number',
      unit: 'MiB',
      min: 0.001,
      max: 64,
      default: 1,
      meaning: 'Largest request body that is read.',
    },
    maxConnections: {
      kind: 'number',
      whole: true,
      min: 1,
      max: 1_000_000,
      default: 1000,
      meaning: 'HTTP connections at one time; those that have become feed sessions do not count.',
    },
    tls: {
      kind: 'flag',
      default: false,
      meaning: 'Whether to serve https and wss only, with the certificate of `[tls]`.',
    },
  },
  access: accessSettings,
  tls: tlsSettings,
  data: {
    dir: {
      kind: 'path',
      default: './offhook-data',
      meaning: 'Folder of the journal, the CDRs and metadata files; one server per folder.',
    },
  },
  journal: {
    maxAge: {
      kind: 'number',
      unit: 'days',
      min: 0.01,
      max: 3650,
      default: 7,
      meaning: 'Events older than this are dropped; a subscriber can resume as far back.',
    },
    maxSize: {
      kind: 'number',
      unit: 'MiB',
      min: 1,
      max: 1_048_576,
      default: 1024,
      meaning: 'The oldest events are dropped when the journal grows beyond this.',
    },
  },
  record: {
    maxAge: {
      kind: 'number',
      unit: 'days',
      min: 0,
      max: 36_500,
      default: 365,
      meaning: 'CDRs older than this are dropped; 0 keeps them for ever.',
    },
    mediaRoots: {
      kind: 'paths',
      default: ['/var/spool/asterisk/monitor'],
      meaning: 'Folders in which a metadata file may be written beside its media file.',
    },
    metadataFiles: {
      kind: 'flag',
      default: true,
      meaning: 'Whether to write a metadata XML file for every ended call.',
    },
    mediaMaxAge: {
      kind: 'number',
      unit: 'days',
      min: 0,
      max: 36_500,
      default: 0,
      meaning:
        'Recordings older than this are dropped with their media files, but for those that never expire; 0 keeps them for ever.',
    },
    mediaMaxSpace: {
      kind: 'number',
      unit: 'MiB',
      min: 0,
      max: 1_073_741_824,
      default: 0,
      meaning:
        'The oldest recordings are dropped when their media files take more than this; 0 sets no bound.',
    },
  },
  webhooks: {
    concurrency: {
      kind: 'number',
      whole: true,
      min: 1,
      max: 10_000,
      default: 256,
      meaning: 'Requests to all destinations at one time; half of them for those that have none.',
    },
    perHost: {
      kind: 'number',
      whole: true,
      min: 1,
      max: 10_000,
      default: 32,
      meaning: 'Requests to one host and port that are under way at one time.',
    },
    keepFor: {
      kind: 'number',
      unit: 'days',
      min: 0.01,
      max: 3650,
      default: 7,
      meaning:
        'How long deliveries that are over, and their attempts, can be looked up and replayed.',
    },
  },
  face: faceSettings,
  screenCapture: screenCaptureSettings,
  site: {
    location: {
      kind: 'text',
      default: '',
      min: 0,
      meaning: 'Name of this site in every CDR; empty means the host name.',
    },
    recorderServiceId: {
      kind: 'number',
      whole: true,
      min: 0,
      max: 2_147_483_647,
      default: 1,
      meaning: 'Number of this server in every CDR.',
    },
    times: {
      kind: 'choice',
      options: ['utc', 'local'],
      default: 'utc',
      meaning: 'Clock of the times in CDRs, which carry no zone.',
    },
  },
  log: {
    level: {
      kind: 'choice',
      options: ['debug', 'info', 'warn', 'error'],
      default: 'info',
      meaning: 'Lines below this level are not written.',
    },
    parties: {
      kind: 'flag',
      default: false,
      meaning: 'Whether numbers and names of callers and called appear in the log.',
    },
  },
  stop: {
    deadline: {
      kind: 'number',
      unit: 'seconds',
      min: 1,
      max: 600,
      default: 10,
      meaning: 'How long an orderly stop may take before the rest is cut.',
    },
  },
} as const satisfies Readonly<Record<string, Settings>>;

export type SourceType = keyof typeof sourceTypes;

export type FeedSettings = Slice<typeof sections.feed>;
export type AccessSettings = Slice<typeof sections.access>;
export type TlsSettings = Slice<typeof sections.tls>;
export type HttpSettings = Slice<typeof sections.http>;
export type DataSettings = Slice<typeof sections.data>;
export type JournalSettings = Slice<typeof sections.journal>;
export type RecordSettings = Slice<typeof sections.record>;
export type WebhookSettings = Slice<typeof sections.webhooks>;
export type SiteSettings = Slice<typeof sections.site>;
export type LogSettings = Slice<typeof sections.log>;
export type StopSettings = Slice<typeof sections.stop>;
export type FaceSettings = Slice<typeof sections.face>;
export type ScreenCaptureSettings = Slice<typeof sections.screenCapture>;
export type UserSettings = Slice<typeof userSettings>;
export type AccountSettings = Slice<typeof accountSettings>;
export type CustomDataSettings = Slice<typeof customDataSettings>;
export type PolicySettings = Slice<typeof policySettings>;
export type TokenSettings = Slice<typeof tokenSettings>;

type SourceOf<T extends SourceType> = { readonly type: T } & Slice<typeof commonSourceSettings> &
  Slice<(typeof sourceTypes)[T]>;
export type AmiSourceSettings = SourceOf<'ami'>;
export type SimulatorSourceSettings = SourceOf<'simulator'>;
export type ReplaySourceSettings = SourceOf<'replay'>;
export type IngestSourceSettings = SourceOf<'ingest'>;
export type SourceSettings = { [T in SourceType]: SourceOf<T> }[SourceType];

/** A destination as it was written, references to secrets resolved. */
export type DestinationTable = Readonly<Record<string, unknown>>;

/** Everything that was set, in milliseconds and bytes; each room is given its own slice. */
export type Config = {
  readonly [S in keyof typeof sections]: Slice<(typeof sections)[S]>;
} & {
  /** Of the configuration file. */
  readonly tokens: readonly TokenSettings[];
  /** Of the tokens file, as it was when the configuration was loaded. */
  readonly filedTokens: readonly TokenSettings[];
  /** API users of the configuration file. */
  readonly users: readonly UserSettings[];
  /** Those of the users file, as it was when the configuration was loaded. */
  readonly filedUsers: readonly UserSettings[];
  /** In the order in which they are tried; none: everything is account 1. */
  readonly accounts: readonly AccountSettings[];
  readonly customData: readonly CustomDataSettings[];
  /** Those written, or the usual ones where none is. */
  readonly policies: readonly PolicySettings[];
  readonly sources: readonly SourceSettings[];
  /** The tables under `[[destination]]`, found to be right by whoever knows what belongs into them. */
  readonly destinations: readonly DestinationTable[];
};
