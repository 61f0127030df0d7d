/**
 * What is asked of the books: each kind from a recording that is drawn, so that what is common is asked for often.
 * The page is that of an ordinary client: a hundred, and one more to know whether there are more.
 */
import { classOf, draw, filenameOf, orderOf, recordingOf } from './centre.mjs';

const limit = 101;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The recording from which question `at` is made. */
const drawn = (at, rows, k) => recordingOf(1 + Math.floor(draw(at + 1, 100 + k) * rows), rows);
const around = ({ startMs }, ms) => ({ from: startMs - ms / 2, through: startMs + ms / 2 });
const tenth = ({ n }) => n - (n % 10) + 5;

/** Criteria of each kind, from one recording. */
const criteria = {
  recordingId: ({ id }) => ({ recording: id }),
  isrUcid: ({ isrUcid }) => ({ isrUcid }),
  ingressCallId: ({ ingressCallId }) => ({ ingressCallId }),
  callId: ({ callId }) => ({ callId }),
  filename: (r) => ({ filename: filenameOf(r, 1) }),
  ani: ({ ani }) => ({ ani }),
  dnis: ({ dnis }) => ({ dnis }),
  'ani + dnis': ({ ani, dnis }) => ({ ani, dnis }),
  'ani + a week': (r) => ({ ani: r.ani, start: around(r, 7 * dayMs) }),
  'dnis + a day': (r) => ({ dnis: r.dnis, start: around(r, dayMs) }),
  'a day': (r) => ({ start: around(r, dayMs) }),
  'an hour': (r) => ({ start: around(r, hourMs) }),
  'ended in an hour': (r) => ({ end: around(r, hourMs) }),
  aor: ({ aors }) => ({ aor: aors[0] }),
  'agent + a week': (r) => ({ agentId: r.agentId ?? 'agent-1', start: around(r, 7 * dayMs) }),
  'custom data, one': (r) => ({ customData: [{ field: 1, value: orderOf(tenth(r)) }] }),
  'custom data, many': (r) => ({ customData: [{ field: 2, value: classOf(tenth(r)) }] }),
};

const asked = (make, withAccount) => (at, rows) => {
  const recording = drawn(at, rows, withAccount ? 2 : 1);
  const account = withAccount ? { account: recording.account } : {};
  return { criteria: { ...make(recording), ...account }, limit };
};

const alone = Object.entries(criteria).map(([name, make]) => [name, asked(make, false)]);
const ofAccount = Object.entries(criteria).map(([name, make]) => [
  `account + ${name}`,
  asked(make, true),
]);

/** From anywhere in what is found, as by a client that has paged there. */
const paging = (make) => (at, rows) => {
  const { startMs, id } = drawn(at, rows, 3);
  return { criteria: make(drawn(at, rows, 4)), limit, after: { startMs, id } };
};

export const kinds = {
  ...Object.fromEntries(alone),
  ...Object.fromEntries(ofAccount),
  'account alone': asked(() => ({}), true),
  'deep page of dnis': paging(({ dnis }) => ({ dnis })),
  'deep page of an account': paging(({ account }) => ({ account })),
  'deep page of all': paging(() => ({})),
  'common ani + rare agent': (at, rows) => {
    const r = drawn(at, rows, 5);
    return { criteria: { ani: 'anonymous', agentId: r.agentId ?? 'agent-7' }, limit };
  },
  /** Nobody has it, and nothing leads to that: the search gives up, and says so. */
  'too much': (at, rows) => ({ criteria: { dnis: drawn(at, rows, 6).dnis, rss: 77 }, limit }),
};
/** Kinds that the aim is not for. */
export const beyond = new Set(['too much']);
