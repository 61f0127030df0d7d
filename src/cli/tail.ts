/** `offhook tail`: calls as they happen, one line per event. */
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { ExtensionPattern } from '../call/extension.ts';
import { FeedError } from '../client/error.ts';
import type { CallEvent, FeedEvent } from '../client/event.ts';
import type { Feed } from '../client/feed.ts';
import { connectFeed } from '../client/node.ts';
import { notificationTypes } from '../subscriber/message.ts';
import type { NotificationType } from '../subscriber/message.ts';
import { notificationNames, several, wholeNumber } from './arguments.ts';
import type { FeedAddress } from './arguments.ts';
import { Failure, exitCodesHelp } from './failure.ts';
import { Lines } from './line.ts';
import { newsOfCall } from './news.ts';
import { extensionOption, jsonOption, serverOption, tlsOptions, tokenOption } from './options.ts';
import type { Surface } from './surface.ts';

interface TailOptions {
  readonly extension: readonly string[];
  readonly prefix: readonly string[];
  readonly server: FeedAddress;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly events: readonly NotificationType[];
  readonly after?: string;
  readonly snapshot?: true;
  readonly count?: number;
  readonly token?: string;
  readonly json?: true;
}

export function tailCommand(surface: Surface): Command {
  const command = new Command('tail')
    .description('show calls as they happen')
    .addOption(extensionOption())
    .addOption(
      new Option('--prefix <digits>', 'only extensions that begin so (may be repeated)')
        .default([], 'none')
        .argParser(several),
    )
    .addOption(serverOption());
  for (const option of tlsOptions()) command.addOption(option);
  return command
    .addOption(
      new Option('--events <types>', `only some of ${notificationTypes.join(', ')}`)
        .default(notificationTypes, 'all')
        .argParser(notificationNames),
    )
    .option('--after <position>', 'begin after this position, as --json shows it')
    .option('--snapshot', 'begin with the calls that are going on')
    .option('--count <n>', 'end after so many events', wholeNumber(1, 1_000_000_000))
    .addOption(tokenOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  offhook tail --extension 1001\n  offhook tail --prefix 10 --snapshot --json\n' +
        `  offhook tail --server tls://feed.example:7400 --ca ca.pem\n${exitCodesHelp}`,
    )
    .action((options: TailOptions) => tail(options, surface));
}

async function tail(options: TailOptions, surface: Surface): Promise<void> {
  const show = options.json === true ? jsonShow(surface) : lineShow(options, surface);
  let events = 0;
  try {
    for await (const event of follow(options)) {
      show(event);
      if (event.kind === 'call' || event.kind === 'source') events += 1;
      if (events === options.count) return;
    }
  } catch (error) {
    throw error instanceof FeedError ? failureOf(error, options.server) : error;
  }
}

function follow(options: TailOptions): Feed {
  const extensions = patternsOf(options);
  return connectFeed({
    url: options.server.url,
    extensions: extensions.length === 0 ? undefined : extensions,
    events: options.events,
    snapshot: options.snapshot,
    after: options.after,
    token: options.token === '' ? undefined : options.token,
    ca: pem(options.ca),
    cert: pem(options.cert),
    key: pem(options.key),
    servername: options.servername,
    failFast: true,
  });
}

function patternsOf(options: TailOptions): readonly ExtensionPattern[] {
  return [
    ...options.extension.map((number): ExtensionPattern => ({ kind: 'number', number })),
    ...options.prefix.map((prefix): ExtensionPattern => ({ kind: 'prefix', prefix })),
  ];
}

function pem(file: string | undefined): Buffer | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file);
  } catch (cause) {
    const next = 'Check the files given with --ca, --cert and --key.';
    throw new Failure(2, `${file} cannot be read.`, next, { cause });
  }
}

/** What ended the feed, for a person. */
function failureOf(error: FeedError, { shown }: FeedAddress): Failure {
  const cause = { cause: error };
  switch (error.code) {
    case 'FEED_UNREACHABLE':
      return new Failure(
        2,
        `No feed at ${shown} (${error.message}).`,
        'Start a server with `offhook simulate`, or name another with --server.',
        cause,
      );
    case 'FEED_UNTRUSTED':
      return new Failure(
        2,
        `No trust between us and ${shown} (${error.message}).`,
        'Name the authority with --ca; where the server asks who we are, also --cert and --key.',
        cause,
      );
    case 'FEED_PROTOCOL':
      return new Failure(
        2,
        `What answers at ${shown} does not speak the feed protocol (${error.message}).`,
        'Check the address given with --server; the feed has a port of its own, 7400 by default.',
        cause,
      );
    default: {
      const next = 'Check the options; a token is given with --token or in OFFHOOK_TOKEN.';
      return new Failure(1, `The server refuses: ${error.message}`, next, cause);
    }
  }
}

/** Lines for people: events on standard output, what happens to the connection beside it. */
function lineShow(options: TailOptions, surface: Surface): (event: FeedEvent) => void {
  const lines = new Lines(surface.paint);
  const whose = [...options.extension, ...options.prefix.map((prefix) => `${prefix}…`)];
  const calls = whose.length === 0 ? 'all calls' : `calls of ${whose.join(', ')}`;
  const print = (line: string | undefined): void => {
    if (line !== undefined) surface.out(line);
  };
  const aside = (text: string): void => surface.aside(surface.asidePaint('dim', text));
  return (event) => {
    switch (event.kind) {
      case 'call':
        print(lines.call(clock(new Date()), newsOfCall(event)));
        return;
      case 'source':
        print(lines.source(clock(new Date()), event));
        return;
      case 'lost':
        aside(
          `-- connection lost (${event.reason}); again in ${(event.retryMs / 1000).toFixed(1)} s`,
        );
        return;
      case 'connected':
        if (!event.recovered) {
          const loss = '!! events were missed that the server no longer has; now going on:';
          surface.aside(surface.asidePaint('red', loss));
        } else if (event.again) aside('-- connected again, nothing was missed');
        else aside(`-- ${calls} at ${options.server.shown}, as they happen (Ctrl-C ends)`);
    }
  };
}

/** `hh:mm:ss` where the person is. */
function clock(at: Date): string {
  return at.toTimeString().slice(0, 8);
}

/** One JSON object a line, with everything the server said; the connection's fate among them. */
function jsonShow(surface: Surface): (event: FeedEvent) => void {
  return (event) => surface.out(JSON.stringify(event.kind === 'call' ? callJson(event) : event));
}

function callJson({ kind, type, position, snapshot, record, call }: CallEvent): unknown {
  const cdr = { state: call.end === undefined ? 'ongoing' : 'ended', ...record };
  return { kind, type, position, snapshot, cdr, call };
}
