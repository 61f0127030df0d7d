/** `offhook calls`: the ongoing calls of a running server. */
import { Command } from 'commander';
import { callTable, readCalls } from './call-table.ts';
import { exitCodesHelp } from './failure.ts';
import { ask, parseJson, unexpectedAnswer } from './http.ts';
import { extensionOption, httpOption, jsonOption, tokenOption } from './options.ts';
import type { Surface } from './surface.ts';

interface CallsOptions {
  readonly extension: readonly string[];
  readonly http: string;
  readonly token?: string;
  readonly json?: true;
}

export function callsCommand(surface: Surface): Command {
  return new Command('calls')
    .description('list the calls that are going on')
    .addOption(extensionOption())
    .addOption(httpOption())
    .addOption(tokenOption())
    .addOption(jsonOption())
    .addHelpText('after', `\nExample:\n  offhook calls --extension 1001\n${exitCodesHelp}`)
    .action((options: CallsOptions) => listCalls(options, surface));
}

async function listCalls(options: CallsOptions, surface: Surface): Promise<void> {
  const query = new URLSearchParams();
  for (const number of options.extension) query.append('extension', number);
  const path = options.extension.length === 0 ? '/v1/calls' : `/v1/calls?${query.toString()}`;
  const answer = await ask(options.http, path, 'application/json', options.token);
  const body = answer.status === 200 ? parseJson(answer.body) : undefined;
  const calls = readCalls(body);
  if (calls === undefined) throw unexpectedAnswer(options.http, answer);
  if (options.json === true) {
    surface.out(JSON.stringify(body, null, 2));
    return;
  }
  if (calls.length === 0) {
    surface.out(
      options.extension.length === 0 ? 'No call is going on.' : 'No such call is going on.',
    );
    return;
  }
  for (const line of callTable(calls, Date.now(), surface.paint)) surface.out(line);
  const count = calls.length === 1 ? '1 call' : `${calls.length} calls`;
  surface.aside(surface.asidePaint('dim', `${count}; \`offhook cdr <call>\` shows one's record.`));
}
