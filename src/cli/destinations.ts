/** `offhook destinations`: who a running server tells of calls over HTTP, and changing that. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { parse as parseToml } from 'smol-toml';
import { z } from 'zod';
import { exitCodesHelp, Failure } from './failure.ts';
import { parseJson } from './http.ts';
import { manage, type ServerOptions } from './managing.ts';
import { httpOption, jsonOption, tokenOption } from './options.ts';
import type { Surface } from './surface.ts';
import { type Cell, type Ink, type Paint, printable, table } from './terminal.ts';

interface WriteOptions extends ServerOptions {
  readonly file?: string;
  readonly id?: string;
  readonly dialect?: string;
  readonly url?: string;
  readonly allowAddress?: readonly string[];
}

const listed = z.object({
  id: z.string(),
  dialect: z.string(),
  origin: z.string(),
  status: z.string(),
  paused: z.boolean(),
  reason: z.string().optional(),
  counters: z.object({
    waiting: z.number(),
    delivered: z.number(),
    collapsed: z.number(),
    expired: z.number(),
    dead: z.number(),
  }),
  settings: z.record(z.string(), z.unknown()),
});
export type ListedDestination = z.infer<typeof listed>;
const answer = z.object({ destinations: z.array(listed) });

export function destinationsCommand(surface: Surface): Command {
  const parent = new Command('destinations').description(
    'list and manage who is told of calls over HTTP',
  );
  const add = (usage: string, about: string, example: string): Command => {
    const command = parent.command(usage).description(about);
    command.addOption(httpOption()).addOption(tokenOption()).addOption(jsonOption());
    const examples = `\nExample:\n  offhook destinations ${example}\n${exitCodesHelp}`;
    return command.addHelpText('after', examples);
  };
  const writing = (command: Command): Command =>
    command
      .option('--file <file>', 'read it from a TOML or JSON file; - reads standard input')
      .option('--dialect <name>', 'oracle-isr, focalscope, netsapiens or standard')
      .option('--url <url>', 'where requests go')
      .option(
        '--allow-address <block>',
        'private addresses that it may reach (may be repeated)',
        collect,
      );

  add('list', 'list the destinations and how they are', 'list').action((options: ServerOptions) =>
    list(options, surface),
  );
  add('show <id>', 'print one with all that is set, secrets hidden', 'show crm').action(
    async (id: string, options: ServerOptions) => {
      const shown = await manage(options, 'GET', pathOf(id));
      surface.out(JSON.stringify(shown, null, 2));
    },
  );
  const made = 'add --id crm --dialect focalscope --url https://crm.example/calls';
  writing(add('add', 'make a destination', made))
    .option('--id <id>', 'its name')
    .action(async (options: WriteOptions) => {
      const made = await manage(options, 'POST', '/v1/destinations', read(options, options.id));
      told(options, surface, made, 'is made', '`offhook destinations test` tries it.');
    });
  writing(
    add(
      'update <id>',
      'replace a destination as a whole; *** keeps a secret',
      'update crm --file crm.toml',
    ),
  ).action(async (id: string, options: WriteOptions) => {
    const changed = await manage(options, 'PUT', pathOf(id), read(options, id));
    told(options, surface, changed, 'is changed');
  });
  add('remove <id>', 'remove a destination; what waits for it is given up', 'remove crm').action(
    async (id: string, options: ServerOptions) => {
      await manage(options, 'DELETE', pathOf(id));
      told(options, surface, { id }, 'is removed');
    },
  );
  add('pause <id>', 'send nothing; everything waits', 'pause crm').action(
    async (id: string, options: ServerOptions) => {
      const changed = await manage(options, 'POST', `${pathOf(id)}/pause`);
      told(options, surface, changed, 'is paused', '`offhook destinations resume` goes on.');
    },
  );
  add('resume <id>', 'go on, also where the receiver had gone', 'resume crm').action(
    async (id: string, options: ServerOptions) => {
      const changed = await manage(options, 'POST', `${pathOf(id)}/resume`);
      told(options, surface, changed, 'goes on');
    },
  );
  add('test <id>', 'tell it of a made-up event', 'test crm').action(
    async (id: string, options: ServerOptions) => {
      const made = await manage(options, 'POST', `${pathOf(id)}/test`);
      const { delivery } = z.object({ delivery: z.number() }).parse(made);
      if (options.json === true) surface.out(JSON.stringify(made, null, 2));
      else surface.out(`Delivery ${delivery} is on its way.`);
      surface.aside(`\`offhook deliveries show ${delivery}\` says what comes of it.`);
    },
  );
  return parent;
}

function pathOf(id: string): string {
  return `/v1/destinations/${encodeURIComponent(id)}`;
}

async function list(options: ServerOptions, surface: Surface): Promise<void> {
  const body = await manage(options, 'GET', '/v1/destinations');
  const found = answer.safeParse(body).data?.destinations;
  if (found === undefined) {
    const next = 'Check the address given with --http.';
    throw new Failure(2, `What answers at ${options.http} is no offhook server.`, next);
  }
  if (options.json === true) {
    surface.out(JSON.stringify(body, null, 2));
    return;
  }
  if (found.length === 0) {
    surface.out('There is no destination.');
    surface.aside('`offhook destinations add --help` shows how to make one.');
    return;
  }
  for (const line of destinationTable(found, surface.paint)) surface.out(line);
  for (const { id, reason } of found) {
    if (reason !== undefined) surface.aside(`${printable(id)}: ${printable(reason)}`);
  }
}

const inks: Readonly<Record<string, Ink>> = { active: 'green', error: 'red', disabled: 'yellow' };
const widestCell = 44;

/** Destinations as a table for people, a line each under a heading. */
export function destinationTable(
  destinations: readonly ListedDestination[],
  paint: Paint,
): readonly string[] {
  const heading = [
    'Destination',
    'Status',
    'Dialect',
    'Waiting',
    'Delivered',
    'Dropped',
    'Dead',
    'From',
    'URL',
  ];
  const rows = destinations.map(({ counters, settings, ...each }): readonly Cell[] => {
    const status = each.paused ? `${each.status}, paused` : each.status;
    const urls = Array.isArray(settings['urls']) ? settings['urls'] : [settings['url']];
    return [
      { text: printable(each.id) },
      { text: printable(status), ink: each.paused ? 'yellow' : (inks[each.status] ?? 'plain') },
      { text: printable(each.dialect) },
      { text: String(counters.waiting) },
      { text: String(counters.delivered) },
      { text: String(counters.collapsed + counters.expired) },
      { text: String(counters.dead), ...(counters.dead > 0 && { ink: 'red' as const }) },
      { text: printable(each.origin), ink: 'dim' },
      { text: printable(urls.map(String).join(' ')) },
    ];
  });
  return table(heading, rows, widestCell, paint);
}

function collect(block: string, before: readonly string[] = []): readonly string[] {
  return [...before, block];
}

/** What is to be sent: the file, and over it what was given with flags. */
function read(options: WriteOptions, id: string | undefined): unknown {
  const { file, dialect, url, allowAddress } = options;
  return {
    ...(file === undefined ? {} : tableIn(file)),
    ...(id !== undefined && { id }),
    ...(dialect !== undefined && { dialect }),
    ...(url !== undefined && { url }),
    ...(allowAddress !== undefined && { allowAddresses: allowAddress }),
  };
}

/** The destination in a file: JSON, or TOML, with or without the heading that it has in the configuration. */
function tableIn(file: string): Readonly<Record<string, unknown>> {
  const text = textOf(file);
  const value = parseJson(text) ?? tomlOf(text, file);
  const within = z.object({ destination: z.tuple([z.record(z.string(), z.unknown())]) });
  const found = within.safeParse(value).data?.destination[0] ?? value;
  const given = z.record(z.string(), z.unknown()).safeParse(found).data;
  if (given !== undefined) return given;
  throw new Failure(1, `${file} holds no destination.`, 'Write one table, as JSON or TOML.');
}

function textOf(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    const next = 'Name a file that can be read, or - for standard input.';
    throw new Failure(1, `${file} cannot be read.`, next, { cause: error });
  }
}

function tomlOf(text: string, file: string): unknown {
  try {
    return parseToml(text);
  } catch (error) {
    // What the parser says quotes the text, in which secrets stand.
    throw new Failure(1, `${file} is neither JSON nor TOML.`, undefined, { cause: error });
  }
}

function told(
  options: ServerOptions,
  surface: Surface,
  destination: unknown,
  what: string,
  next?: string,
): void {
  if (options.json === true) {
    surface.out(JSON.stringify(destination, null, 2));
    return;
  }
  const id = z.object({ id: z.string() }).safeParse(destination).data?.id ?? '';
  surface.out(`The destination ${printable(id)} ${what}.`);
  if (next !== undefined) surface.aside(next);
}
