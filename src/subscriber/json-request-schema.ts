/**
 * Requests of the JSON encoding as schemas, with words for whoever breaks them. What a client sends is held
 * against these, and the published schema is made of them. Nothing here says what a request means.
 */
import { z } from 'zod';
import { notificationTypes, wire } from './message.ts';
import { quoted } from './refusal.ts';

type Path = readonly PropertyKey[] | undefined;

/** `"extensions[0].number"`, as a program would write it. */
function place(path: Path = []): string {
  if (path.length === 0) return 'The message';
  const parts = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`));
  return `"${parts.join('').slice(1)}"`;
}

/** What is there instead, short enough to be sent back. */
function seen(input: unknown): string {
  if (input === undefined) return 'is missing';
  if (typeof input === 'string') return `is ${quoted(input)}`;
  if (Array.isArray(input)) return 'is a list';
  return typeof input === 'object' && input !== null ? 'is an object' : `is ${String(input)}`;
}

interface Issue {
  readonly input?: unknown;
  readonly path?: Path;
}

const expecting =
  (what: string) =>
  ({ input, path }: Issue): string =>
    `${place(path)} ${seen(input)}; expected ${what}.`;

/** An object in which nothing is overlooked: a misspelt `extensions` would mean all calls. */
function strict<S extends z.core.$ZodLooseShape>(shape: S) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return expecting('an object')(issue);
      const [stranger = ''] = issue.keys;
      const known = Object.keys(shape).join(', ');
      return `${place(issue.path)} has ${quoted(stranger)}; expected only ${known}.`;
    },
  });
}

const text = (what = 'a text') => z.string({ error: expecting(what) });
/** A text of at least one character. */
const filled = (what: string) => text(what).min(1, { error: expecting(what) });
const digits = text('digits').regex(/^[0-9]+$/, { error: expecting('digits') });
const flag = z.boolean({ error: expecting('true or false') });

/** Which of its members go together is `patternOf`'s to check, whose words are better than a union's. */
export const extensionSchema = strict({
  number: filled('a text such as "1001"').exactOptional(),
  prefix: filled('a text such as "10"').exactOptional(),
  from: digits.exactOptional(),
  to: digits.exactOptional(),
}).meta({ id: 'Extension' });

const extensions = z
  .array(extensionSchema, { error: expecting('a list') })
  .describe('What the client wants to see; several add up. None at all: all calls.')
  .exactOptional();

const event = z.enum(notificationTypes, {
  error: expecting(`one of ${notificationTypes.join(', ')}`),
});

const feed = strict({
  events: z
    .array(event, { error: expecting('a list of event types') })
    .min(1, { error: ({ path }) => `${place(path)} names none; expected at least one event type.` })
    .describe('Absent: CallStart and CallEnd.')
    .exactOptional(),
  snapshot: flag.describe('First tell the calls that go on.').exactOptional(),
  after: text('a position').describe('First tell what came after this position.').exactOptional(),
  ack: flag.describe('The client answers keep-alives.').exactOptional(),
}).meta({ id: 'FeedOptions' });

const call = filled('the id of a call').describe('Id of the call.');

const { requests } = wire;

function request<T extends string, S extends z.core.$ZodLooseShape>(type: T, shape: S) {
  return strict({ type: z.literal(type), id: text().exactOptional(), ...shape });
}

const ofCall = { call };

/** By request type. */
export const requestSchemas = {
  [requests.subscribe]: request(requests.subscribe, { extensions, feed: feed.exactOptional() }),
  [requests.unsubscribe]: request(requests.unsubscribe, {}),
  [requests.ongoing]: request(requests.ongoing, { extensions }),
  [requests.detail[0]]: request(requests.detail[0], ofCall),
  [requests.detail[1]]: request(requests.detail[1], ofCall),
  [requests.detail[2]]: request(requests.detail[2], ofCall),
  [requests.mute]: request(requests.mute, { call, callerMuted: flag, calleeMuted: flag }),
  [requests.muteState]: request(requests.muteState, ofCall),
  [requests.summary]: request(requests.summary, {}),
  [requests.authenticate]: request(requests.authenticate, { token: filled('a token') }),
  [requests.keepalive]: request(requests.keepalive, {}),
} as const;

/** What is wrong with a request, in the words of its schema. A stranger may be why something is missing. */
export function complaint({ issues }: z.ZodError): string {
  const stranger = issues.find(({ code }) => code === 'unrecognized_keys');
  return (stranger ?? issues[0])?.message ?? 'The message is no request.';
}
