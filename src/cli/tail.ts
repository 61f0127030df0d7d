/** `offhook tail`: calls as they happen, one line per event. */
import { Command, Option } from 'commander';
import { notificationTypes } from '../subscriber/message.ts';
import type { ExtensionPattern, NotificationType } from '../subscriber/message.ts';
import type { ServerMessage } from '../subscriber/reading.ts';
import { notificationNames, several, wholeNumber } from './arguments.ts';
import type { HostPort } from './arguments.ts';
import { exitCodesHelp } from './failure.ts';
import { followFeed } from './feed-connection.ts';
import type { FeedNews, FeedRequest } from './feed-connection.ts';
import { Lines } from './line.ts';
import { newsOfMessage } from './news.ts';
import { extensionOption, jsonOption, serverOption, tokenOption } from './options.ts';
import type { Surface } from './surface.ts';

interface TailOptions {
  readonly extension: readonly string[];
  readonly prefix: readonly string[];
  readonly server: HostPort;
  readonly events: readonly NotificationType[];
  readonly after?: string;
  readonly snapshot?: true;
  readonly count?: number;
  readonly token?: string;
  readonly json?: true;
}

export function tailCommand(surface: Surface): Command {
  return new Command('tail')
    .description('show calls as they happen')
    .addOption(extensionOption())
    .addOption(
      new Option('--prefix <digits>', 'only extensions that begin so (may be repeated)')
        .default([], 'none')
        .argParser(several),
    )
    .addOption(serverOption())
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
      `\nExamples:\n  offhook tail --extension 1001\n  offhook tail --prefix 10 --snapshot --json\n${exitCodesHelp}`,
    )
    .action((options: TailOptions) => tail(options, surface));
}

async function tail(options: TailOptions, surface: Surface): Promise<void> {
  const request: FeedRequest = {
    server: options.server,
    extensions: patternsOf(options),
    events: options.events,
    snapshot: options.snapshot === true,
    ...(options.after === undefined ? {} : { after: options.after }),
    ...(options.token === undefined ? {} : { token: options.token }),
  };
  const show = options.json === true ? jsonShow(surface) : lineShow(options, surface);
  let events = 0;
  for await (const news of followFeed(request)) {
    show(news);
    if (news.kind === 'call' || news.kind === 'source') events += 1;
    if (events === options.count) return;
  }
}

function patternsOf(options: TailOptions): readonly ExtensionPattern[] {
  return [
    ...options.extension.map((number): ExtensionPattern => ({ kind: 'number', number })),
    ...options.prefix.map((prefix): ExtensionPattern => ({ kind: 'prefix', prefix })),
  ];
}

/** Lines for people: events on standard output, what happens to the connection beside it. */
function lineShow(options: TailOptions, surface: Surface): (news: FeedNews) => void {
  const lines = new Lines(surface.paint);
  const { host, port } = options.server;
  const whose = [...options.extension, ...options.prefix.map((prefix) => `${prefix}…`)];
  const calls = whose.length === 0 ? 'all calls' : `calls of ${whose.join(', ')}`;
  const print = (line: string | undefined): void => {
    if (line !== undefined) surface.out(line);
  };
  const aside = (text: string): void => surface.aside(surface.asidePaint('dim', text));
  return (news) => {
    switch (news.kind) {
      case 'call':
        print(lines.call(clock(new Date()), newsOfMessage(news)));
        return;
      case 'source':
        print(lines.source(clock(new Date()), news));
        return;
      case 'lost':
        aside(
          `-- connection lost (${news.reason}); again in ${(news.retryMs / 1000).toFixed(1)} s`,
        );
        return;
      case 'connected':
        if (!news.recovered) {
          const loss = '!! events were missed that the server no longer has; now going on:';
          surface.aside(surface.asidePaint('red', loss));
        } else if (news.again) aside('-- connected again, nothing was missed');
        else aside(`-- ${calls} at ${host}:${port}, as they happen (Ctrl-C ends)`);
    }
  };
}

/** `hh:mm:ss` where the person is. */
function clock(at: Date): string {
  return at.toTimeString().slice(0, 8);
}

/** One JSON object a line, with everything the server said; the connection's fate among them. */
function jsonShow(surface: Surface): (news: FeedNews) => void {
  return (news) => surface.out(JSON.stringify(jsonOf(news)));
}

export function jsonOf(news: FeedNews): unknown {
  switch (news.kind) {
    case 'call':
      return callJson(news);
    case 'source':
    case 'connected':
    case 'lost':
      return news;
  }
}

function callJson(news: Extract<ServerMessage, { readonly kind: 'call' }>): unknown {
  const { kind, type, position, snapshot, cdr, view } = news;
  const record = { state: cdr.ended ? 'ended' : 'ongoing', ...Object.fromEntries(cdr.fields) };
  return { kind, type, position, snapshot, cdr: record, call: view };
}
