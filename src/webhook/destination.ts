/**
 * What a destination is: where, in which dialect, what of, and how patiently. The same table stands in the
 * configuration file, is sent to the API and comes back from it.
 */
import { z } from 'zod';
import { plainName, plainNameShape } from '../base/names.ts';
import { type ExtensionPattern, filterOf, parsePattern } from '../call/extension.ts';
import { isBlock } from './address.ts';
import type { DestinationProblem } from './dialect/dialect.ts';
import { type DialectName, dialectNames, dialects } from './dialects.ts';
import type { Filter } from './filter.ts';
import { problemsOf, seenOf } from './problems.ts';

const blockShape = 'an address or a block of them, such as "192.0.2.7" or "10.0.0.0/8"';
const extensionShape =
  'an extension, such as "1001", "10*" or "1000-1099" (equally long, from low to high)';
const seconds = (min: number, max: number) => z.number().min(min).max(max);
const names = z.array(z.string().min(1).max(255)).max(1_000).default([]);

/** How a request proves who sends it, beside what a dialect signs. */
const auth = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('basic'),
    username: z.string().min(1).max(255),
    password: z.string().max(4_096),
  }),
  z.strictObject({ kind: z.literal('bearer'), token: z.string().min(1).max(4_096) }),
]);

/** Headers that only the sender of a request may set. */
const ownHeaders =
  /^(host|connection|content-length|transfer-encoding|upgrade|te|trailer|keep-alive|expect|idempotency-key|authorization)$/;

const header = z
  .string()
  .regex(/^[\x20-\x7e\t]*$/, 'printable ASCII')
  .max(4_096);

const commonShape = {
  id: z.string().regex(plainName, plainNameShape),
  dialect: z.enum(dialectNames),
  url: z.string().min(1).max(4_096).optional(),
  /** The first one is used while it answers; the others in turn while it does not. */
  urls: z.array(z.string().min(1).max(4_096)).min(1).max(8).optional(),
  enabled: z.boolean().default(true),
  directions: z
    .array(z.enum(['internal', 'incoming', 'outgoing', 'external']))
    .max(4)
    .default([]),
  extensions: z
    .array(
      z
        .string()
        .max(64)
        .refine((text) => parsePattern(text) !== undefined, extensionShape),
    )
    .max(1_000)
    .default([]),
  queues: names,
  dids: names,
  sources: names,
  headers: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/, 'the name of a header')
        .refine(
          (name) => !ownHeaders.test(name.toLowerCase()),
          'a header that is not set otherwise',
        ),
      header,
    )
    .refine((headers) => Object.keys(headers).length <= 32, 'at most 32 headers')
    .default({}),
  auth: auth.optional(),
  /** Seconds until a request whose answer has not begun has failed. */
  timeout: seconds(0.1, 120).default(5),
  /** Requests under way at one time. */
  concurrency: z.number().int().min(1).max(64).default(4),
  /** Seconds for which live parts are worth telling. */
  liveFor: seconds(1, 86_400).default(30),
  /** Seconds for which records are tried. */
  recordFor: seconds(60, 30 * 86_400).default(3 * 86_400),
  /** Seconds before the second, third, … attempt; absent: those of the dialect. */
  retries: z.array(seconds(0, 86_400)).max(20).optional(),
  /** Most items of one request, where the dialect allows several, and seconds to wait for more of them. */
  batch: z
    .strictObject({
      size: z.number().int().min(1).max(100).default(1),
      wait: seconds(0, 10).default(0),
    })
    .optional(),
  /** Address blocks that are reached although they are private, such as "10.1.0.0/16". */
  allowAddresses: z.array(z.string().max(64).refine(isBlock, blockShape)).max(100).default([]),
} as const;

const commonSchema = z.strictObject(commonShape);
/** The names of the common table, for its documentation. */
export const commonNames: readonly string[] = Object.keys(commonShape);
type Common = z.output<typeof commonSchema>;

/** A destination, checked. `written` is what was given, with secrets in clear. */
export interface Destination<Options = unknown> extends Omit<
  Common,
  'url' | 'urls' | 'extensions' | 'directions'
> {
  readonly dialect: DialectName;
  readonly urls: readonly [string, ...string[]];
  readonly filter: Filter;
  readonly options: Options;
  readonly written: Readonly<Record<string, unknown>>;
}

export type ReadDestination =
  | { readonly kind: 'destination'; readonly destination: Destination }
  | { readonly kind: 'problems'; readonly problems: readonly DestinationProblem[] };

/** The filter of the common table. */
function filterOfTable(table: Common): Filter {
  const patterns = table.extensions
    .map(parsePattern)
    .filter((pattern): pattern is ExtensionPattern => pattern !== undefined);
  const { directions, queues, dids, sources } = table;
  return { directions, extensions: filterOf(patterns), queues, dids, sources };
}

/**
 * Reads a destination as it stands in the configuration file or in a request: the common table, with the
 * dialect's own table under its name. Never throws; all problems are found at once.
 */
export function readDestination(written: unknown): ReadDestination {
  if (typeof written !== 'object' || written === null || Array.isArray(written)) {
    return wrong([{ path: '', seen: seenOf(written), expected: 'a table' }]);
  }
  const given = new Map(Object.entries(written));
  const dialect = dialectNames.find((name) => name === given.get('dialect'));
  const own = dialect === undefined ? undefined : (given.get(dialect) ?? {});
  // Where the dialect is not known, whose table is whose is not known either.
  for (const name of dialect === undefined ? dialectNames : [dialect]) given.delete(name);
  const common = commonSchema.safeParse(Object.fromEntries(given));
  const table = dialect === undefined ? undefined : dialects[dialect].options.safeParse(own);
  const problems = [
    ...(common.success ? urlProblems(common.data) : problemsOf(common.error, '', written)),
    ...(dialect === undefined || table === undefined || table.success
      ? []
      : problemsOf(table.error, dialect, own)),
  ];
  if (!common.success || dialect === undefined || table?.success !== true || problems.length > 0) {
    return wrong(problems);
  }
  const { url, urls, extensions: _, directions: __, ...rest } = common.data;
  const [first = '', ...others] = urls ?? [url ?? ''];
  const destination: Destination = {
    ...rest,
    dialect,
    urls: [first, ...others],
    filter: filterOfTable(common.data),
    options: table.data,
    written: Object.fromEntries(Object.entries(written)),
  };
  const more = dialects[dialect].check(table.data, destination);
  return more.length > 0 ? wrong(more) : { kind: 'destination', destination };
}

function wrong(problems: readonly DestinationProblem[]): ReadDestination {
  return { kind: 'problems', problems };
}

function urlProblems({ url, urls }: Common): DestinationProblem[] {
  if ((url === undefined) === (urls === undefined)) {
    const seen = url === undefined ? 'nothing' : '"url" and "urls"';
    return [{ path: 'url', seen, expected: 'one "url", or a list of "urls"' }];
  }
  const all = urls ?? [url ?? ''];
  return all.flatMap((each, index) => {
    const expected = urlFault(each);
    if (expected === undefined) return [];
    return [{ path: urls === undefined ? 'url' : `urls[${index}]`, seen: seenOf(each), expected }];
  });
}

/** What is expected instead of this URL; undefined when nothing is wrong with it. */
function urlFault(url: string): string | undefined {
  const plain = 'an http or https URL, such as "https://receiver.example/hook"';
  if (!/^https?:\/\/[^/?#]/i.test(url) || !URL.canParse(url)) return plain;
  const { username, password, hash } = new URL(url);
  if (username !== '' || password !== '')
    return 'a URL without user and password; give them under "auth"';
  return hash === '' && !url.includes('#') ? undefined : 'a URL without a fragment ("#…")';
}
