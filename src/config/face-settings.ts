/**
 * The rows of the table of settings for the interface that clients of Oracle's recorder know (FACE): the
 * interface itself, who may log in, which recordings belong together, and what follows from an event.
 */
import { dateShape, isDate, isTimeZone, timeZoneShape } from '../base/civil-time.ts';
import { emailShape, isEmail, plainName, plainNameShape } from '../base/names.ts';
import { parsePasswordHash, passwordHashShape } from '../base/password-hash.ts';
import { addressShape, extensionShape } from './setting.ts';
import type { Settings } from './setting.ts';

const visible = {
  pattern: /^[^\p{C}]*$/u,
  shape: 'a text of 255 characters at most, none of them a control character',
} as const;

export const faceSettings = {
  enabled: {
    kind: 'flag',
    default: false,
    meaning: 'Whether to serve the FACE interface under /Face, beside all else of HTTP.',
  },
  version: {
    kind: 'text',
    default: '',
    min: 0,
    ...visible,
    meaning: 'What `Face/version` says; empty says the version of this server.',
  },
  strictStatus: {
    kind: 'flag',
    default: false,
    meaning:
      'Whether an answer has the HTTP status of its code; else it is 200, with the code in the body.',
  },
  tokenLifetime: {
    kind: 'number',
    unit: 'seconds',
    whole: true,
    min: 60,
    max: 86_400,
    default: 86_400,
    meaning: 'How long a login holds, unless it asks for less.',
  },
  lockAfter: {
    kind: 'number',
    whole: true,
    min: 1,
    max: 100,
    default: 5,
    meaning: 'A user with as many failed logins within the time of `lockFor` is locked.',
  },
  lockFor: {
    kind: 'number',
    unit: 'seconds',
    whole: true,
    min: 1,
    max: 86_400,
    default: 900,
    meaning: 'How long a locked user cannot log in, whatever the password.',
  },
  usersFile: {
    kind: 'path',
    default: './offhook-users.json',
    meaning:
      'File that `offhook users add` keeps users in, passwords as hashes; it need not be there.',
  },
  requestRate: {
    kind: 'number',
    unit: 'requests per second',
    min: 0,
    max: 1_000_000,
    default: 50,
    meaning: 'Requests of one FACE token, with bursts of twice as many; 0 sets no limit.',
  },
} as const satisfies Settings;

export const userSettings = {
  email: {
    kind: 'text',
    accepts: isEmail,
    shape: emailShape,
    meaning: 'What the user logs in with; case makes no difference.',
  },
  password: {
    kind: 'secret',
    accepts: (text: string): boolean => parsePasswordHash(text) !== undefined,
    shape: passwordHashShape,
    meaning: 'Hash of the password, as `offhook users hash` prints it.',
  },
  account: {
    kind: 'number',
    optional: true,
    whole: true,
    min: 1,
    max: 2_147_483_647,
    meaning: 'The account whose recordings the user sees; without it those of every account.',
  },
  control: {
    kind: 'flag',
    default: true,
    meaning: 'Whether the user may drive recorders, and change and delete recordings.',
  },
  video: {
    kind: 'flag',
    default: true,
    meaning: 'Whether the user may see video and other supplemental files.',
  },
  passwordExpires: {
    kind: 'text',
    optional: true,
    accepts: isDate,
    shape: dateShape,
    meaning: 'From this day on (UTC) the password lets nobody in.',
  },
  timeZone: {
    kind: 'text',
    default: 'UTC',
    accepts: isTimeZone,
    shape: timeZoneShape,
    meaning: 'Time zone of the user.',
  },
} as const satisfies Settings;

export const accountSettings = {
  id: {
    kind: 'number',
    whole: true,
    min: 1,
    max: 2_147_483_647,
    meaning: 'Number of the account, as recordings and users name it.',
  },
  name: { kind: 'text', ...visible, meaning: 'What people call it.' },
  route: {
    kind: 'number',
    whole: true,
    min: 0,
    max: 2_147_483_647,
    default: 1,
    meaning: 'Number of the route that its recordings are said to have come by.',
  },
  extensions: {
    kind: 'texts',
    default: [],
    most: 256,
    ...extensionShape,
    meaning: 'Extensions whose calls belong to it; empty stands for every extension.',
  },
  sources: {
    kind: 'texts',
    default: [],
    most: 100,
    accepts: (text: string): boolean => plainName.test(text),
    shape: 'names of sources',
    itemShape: plainNameShape,
    meaning: 'Sources whose calls belong to it; empty stands for every source.',
  },
} as const satisfies Settings;

/** Every parameter of a FACE request that means something of its own, so that no custom field may be named so. */
export const faceParameters: ReadonlySet<string> = new Set([
  ...['token', 'userEmail', 'password', 'expirationSeconds'],
  ...['recordingId', 'tmpRecordingId', 'segmentId', 'tmpSegmentId', 'channelNumber', 'rssId'],
  ...['isrUcid', 'ingressCallId', 'egressCallId', 'thirdpartyId', 'filename'],
  ...['ani', 'from', 'dnis', 'to', 'aor'],
  ...['start', 'earliestStart', 'latestStart', 'end', 'earliestEnd', 'latestEnd'],
  ...['inProgress', 'audioOnly', 'mustHaveVideo', 'format', 'formatName', 'version'],
  ...['maxListLength', 'fillWithSilence', 'codecProfile', 'supplementalFileId', 'type'],
  ...['agentId', 'agentTerminal', 'sensitive', 'setNeverExpire', 'deleteFlag'],
  ...['event', 'calledAors', 'ucid', 'IsrId', 'AgentId', 'ScreenIP'],
]);

export const customDataSettings = {
  id: {
    kind: 'number',
    whole: true,
    min: 1,
    max: 2_147_483_647,
    meaning: 'Number of the field, as answers name it.',
  },
  name: {
    kind: 'text',
    // `__proto__` is what objects of the language have without anybody's doing.
    accepts: (text: string): boolean =>
      /^[A-Za-z0-9_.-]{1,64}$/.test(text) && text !== '__proto__' && !faceParameters.has(text),
    shape: '1 to 64 of A-Z, a-z, 0-9, "_", "." and "-", and not the name of a FACE parameter',
    meaning: 'Name of the field in requests and answers; case makes a difference.',
  },
  searchable: {
    kind: 'flag',
    default: true,
    meaning: 'Whether recordings can be searched by it.',
  },
} as const satisfies Settings;

export const policyActions = ['startScreenCapture', 'stopScreenCapture', 'webhook', 'log'] as const;

export const policySettings = {
  event: {
    kind: 'text',
    accepts: (text: string): boolean => /^[\x21-\x7e]{1,64}$/.test(text),
    shape: '1 to 64 visible characters of ASCII',
    meaning: 'Name of the event, as `Face/eventNotify` is told it; case makes a difference.',
  },
  actions: {
    kind: 'choices',
    options: policyActions,
    meaning: 'What is done when it is told, in this order; empty does nothing.',
  },
} as const satisfies Settings;

/** What holds where no policy is written. */
export const usualPolicies = [
  { event: 'AudioRecordingStarted', actions: ['startScreenCapture'] },
  { event: 'AudioRecordingEnded', actions: ['stopScreenCapture'] },
] as const;

export const captureUrlFields = ['isrId', 'agentId', 'screenIp'] as const;

const captureUrl = {
  accepts: isCaptureUrl,
  max: 2048,
  shape:
    'an http or https URL without user and password, in which {{isrId}}, {{agentId}} and {{screenIp}} may stand after the host',
} as const;

/** Who is asked must not depend on what a caller says: the host is written, never filled in. */
function isCaptureUrl(text: string): boolean {
  const rest = captureUrlFields.reduce((left, name) => left.replaceAll(`{{${name}}}`, 'x'), text);
  const [origin = ''] = /^https?:\/\/[^/?#\\]+/i.exec(text) ?? [];
  const isPlain = /^[\x21-\x7e]+$/.test(text) && !/[{}\\#]/.test(rest) && !/[{}@]/.test(origin);
  return origin !== '' && isPlain && URL.canParse(rest);
}

export const screenCaptureSettings = {
  startUrl: {
    kind: 'text',
    optional: true,
    ...captureUrl,
    meaning: 'Where a screen capture is asked to begin; without it none ever does.',
  },
  stopUrl: {
    kind: 'text',
    optional: true,
    ...captureUrl,
    meaning: 'Where a screen capture is asked to end; without it none ever does.',
  },
  timeout: {
    kind: 'number',
    unit: 'seconds',
    min: 0.1,
    max: 60,
    default: 5,
    meaning: 'How long an answer is awaited.',
  },
  token: {
    kind: 'secret',
    optional: true,
    meaning: 'Sent along as `Authorization: Bearer`.',
  },
  allow: {
    kind: 'texts',
    default: [],
    most: 100,
    ...addressShape,
    meaning: 'Addresses that may be reached although they are not public.',
  },
} as const satisfies Settings;
