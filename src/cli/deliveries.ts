/** `offhook deliveries`: what destinations are told, what came of it, telling it once more, and why not. */
import { Command, Option } from 'commander';
import { z } from 'zod';
import { wholeNumber } from './arguments.ts';
import { exitCodesHelp, Failure } from './failure.ts';
import { manage, type ServerOptions } from './managing.ts';
import { httpOption, jsonOption, tokenOption } from './options.ts';
import type { Surface } from './surface.ts';
import { type Cell, type Ink, type Paint, printable, table } from './terminal.ts';

interface ListOptions extends ServerOptions {
  readonly destination?: string;
  readonly call?: string;
  readonly state?: string;
  readonly before?: number;
  readonly limit?: number;
}

interface ReplayOptions extends ServerOptions {
  readonly destination?: string;
  readonly state?: string;
  readonly from?: string;
  readonly through?: string;
}

const listed = z.object({
  id: z.number(),
  destination: z.string(),
  call: z.string().optional(),
  topic: z.string(),
  state: z.string(),
  reason: z.string().optional(),
  attempts: z.number(),
  madeAt: z.string(),
});
export type ListedDelivery = z.infer<typeof listed>;
const answer = z.object({ deliveries: z.array(listed), before: z.number().optional() });
const why = z.object({ verdict: z.string(), because: z.array(z.string()) });

const deliveryId = wholeNumber(1, Number.MAX_SAFE_INTEGER);

export function deliveriesCommand(surface: Surface): Command {
  const parent = new Command('deliveries').description('see and repeat what destinations are told');
  const add = (usage: string, about: string, example: string): Command => {
    const command = parent.command(usage).description(about);
    command.addOption(httpOption()).addOption(tokenOption()).addOption(jsonOption());
    const examples = `\nExample:\n  offhook deliveries ${example}\n${exitCodesHelp}`;
    return command.addHelpText('after', examples);
  };
  const states = ['waiting', 'delivered', 'collapsed', 'expired', 'dead'];

  add('list', 'list deliveries, newest first', 'list --destination crm --state dead')
    .option('--destination <id>', 'only of this destination')
    .option('--call <id>', 'only of this call')
    .addOption(new Option('--state <state>', 'only in this state').choices(states))
    .option('--before <delivery>', 'only older ones than this', deliveryId)
    .option('--limit <number>', 'at most so many', wholeNumber(1, 500))
    .action((options: ListOptions) => list(options, surface));
  add('show', 'print one, with its attempts and what it tells', 'show 17')
    .argument('<delivery>', 'its number', deliveryId)
    .action(async (id: number, options: ServerOptions) => {
      const shown = await manage(options, 'GET', `/v1/deliveries/${id}`);
      surface.out(JSON.stringify(shown, null, 2));
    });
  add('replay', 'tell deliveries once more', 'replay --destination crm --state dead')
    .argument('[delivery]', 'number of the only one', deliveryId)
    .option('--destination <id>', 'those of this destination')
    .addOption(
      new Option('--state <state>', 'those in this state; dead ones when nothing is said').choices([
        ...states.slice(1),
        'any',
      ]),
    )
    .option('--from <time>', 'those made since, such as 2026-01-31T12:00:00Z')
    .option('--through <time>', 'those made until')
    .action((id: number | undefined, options: ReplayOptions) => replay(id, options, surface));
  add(
    'why <destination> <call>',
    'say why a destination did or did not get a call',
    'why crm 1651d3c9-7bce-51e0-a220-005056c00008',
  ).action(async (id: string, call: string, options: ServerOptions) => {
    const query = new URLSearchParams({ call }).toString();
    const path = `/v1/destinations/${encodeURIComponent(id)}/why?${query}`;
    const body = await manage(options, 'GET', path);
    if (options.json === true) return surface.out(JSON.stringify(body, null, 2));
    const { verdict, because } = read(why, body, options);
    surface.out(surface.paint('bold', printable(verdict)));
    for (const sentence of because) surface.out(printable(sentence));
  });
  return parent;
}

function read<T>(schema: z.ZodType<T>, body: unknown, { http }: ServerOptions): T {
  const { data } = schema.safeParse(body);
  if (data !== undefined) return data;
  const next = 'Check the address given with --http.';
  throw new Failure(2, `What answers at ${http} is no offhook server.`, next);
}

async function list(options: ListOptions, surface: Surface): Promise<void> {
  const { destination, call, state, before, limit } = options;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ destination, call, state, before, limit })) {
    if (value !== undefined) query.set(name, String(value));
  }
  const text = query.toString();
  const body = await manage(options, 'GET', `/v1/deliveries${text === '' ? '' : `?${text}`}`);
  if (options.json === true) return surface.out(JSON.stringify(body, null, 2));
  const found = read(answer, body, options);
  if (found.deliveries.length === 0) return surface.out('There is no such delivery.');
  for (const line of deliveryTable(found.deliveries, surface.paint)) surface.out(line);
  if (found.before !== undefined) {
    surface.aside(surface.asidePaint('dim', `Older ones: --before ${found.before}.`));
  }
}

const inks: Readonly<Record<string, Ink>> = {
  delivered: 'green',
  waiting: 'yellow',
  dead: 'red',
};
const widestCell = 36;

/** Deliveries as a table for people, a line each under a heading. */
export function deliveryTable(
  deliveries: readonly ListedDelivery[],
  paint: Paint,
): readonly string[] {
  const heading = ['Delivery', 'State', 'Destination', 'What', 'Made', 'Tries', 'Call', 'Reason'];
  const rows = deliveries.map((each): readonly Cell[] => [
    { text: String(each.id) },
    { text: printable(each.state), ink: inks[each.state] ?? 'dim' },
    { text: printable(each.destination) },
    { text: printable(each.topic) },
    { text: printable(each.madeAt.slice(0, 19).replace('T', ' ')) },
    { text: String(each.attempts) },
    { text: printable(each.call ?? '–'), ink: 'dim' },
    { text: printable(each.reason ?? '–') },
  ]);
  return table(heading, rows, widestCell, paint);
}

async function replay(
  id: number | undefined,
  options: ReplayOptions,
  surface: Surface,
): Promise<void> {
  const { destination, state, from, through } = options;
  const which = { destination, state, from, through };
  const isNothing = Object.values(which).every((each) => each === undefined);
  if (id === undefined && isNothing) {
    const next = 'Name a delivery, or --destination, --state, --from or --through.';
    throw new Failure(2, 'What is to be told once more was not said.', next);
  }
  if (id !== undefined && !isNothing) {
    throw new Failure(2, 'A single delivery was named, and others too.', 'Leave out one of both.');
  }
  const path = id === undefined ? '/v1/deliveries/replay' : `/v1/deliveries/${id}/replay`;
  const body = await manage(options, 'POST', path, id === undefined ? which : undefined);
  if (options.json === true) return surface.out(JSON.stringify(body, null, 2));
  const { replayed } = read(z.object({ replayed: z.number() }), body, options);
  surface.out(`${replayed} ${replayed === 1 ? 'delivery is' : 'deliveries are'} told once more.`);
}
