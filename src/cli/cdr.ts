/** `offhook cdr <id>`: the record of one call, ongoing or ended, as clients get it. */
import { Command } from 'commander';
import { exitCodesHelp, Failure } from './failure.ts';
import { ask, parseJson, unexpectedAnswer } from './http.ts';
import { httpOption, jsonOption, tokenOption } from './options.ts';
import type { Surface } from './surface.ts';

interface CdrOptions {
  readonly http: string;
  readonly token?: string;
  readonly json?: true;
}

const longestId = 200;

export function cdrCommand(surface: Surface): Command {
  const example = '1651d3c9-7bce-51e0-a220-005056c00008';
  return new Command('cdr')
    .description('print the record of a call, as XML')
    .argument('<id>', 'id of the call, as `offhook calls` and `offhook tail` show it')
    .addOption(httpOption())
    .addOption(tokenOption())
    .addOption(jsonOption())
    .addHelpText('after', `\nExample:\n  offhook cdr ${example}\n${exitCodesHelp}`)
    .action((id: string, options: CdrOptions) => printCdr(id, options, surface));
}

async function printCdr(id: string, options: CdrOptions, surface: Surface): Promise<void> {
  if (id.length > longestId) throw notFound(`${id.slice(0, longestId)}…`);
  const accept = options.json === true ? 'application/json' : 'application/xml';
  const path = `/v1/cdrs/${encodeURIComponent(id)}`;
  const answer = await ask(options.http, path, accept, options.token);
  if (answer.status === 404 && isUnknownCall(answer.body)) throw notFound(id);
  if (answer.status !== 200) throw unexpectedAnswer(options.http, answer);
  if (options.json === true) {
    const call = parseJson(answer.body);
    if (call === undefined) throw unexpectedAnswer(options.http, answer);
    surface.out(JSON.stringify(call, null, 2));
    return;
  }
  if (!answer.body.includes('<verbacdr')) throw unexpectedAnswer(options.http, answer);
  surface.out(surface.isTerminal ? indentedXml(answer.body) : answer.body.trimEnd());
}

function notFound(id: string): Failure {
  return new Failure(
    1,
    `No call has the id ${JSON.stringify(id)}.`,
    '`offhook calls` lists the ongoing ones; records of old calls are dropped after a while.',
  );
}

/** A 404 of offhook says which; any other web server's 404 says nothing about calls. */
function isUnknownCall(body: string): boolean {
  const value = parseJson(body);
  const hasCode = typeof value === 'object' && value !== null && 'code' in value;
  return hasCode && value.code === 'CALL_UNKNOWN';
}

/** One element a line, for people. What goes to a program keeps the bytes of the server. */
export function indentedXml(xml: string): string {
  // Between two tags there is no text of a record: a `>` in text is written as a reference.
  const lines = xml
    .trim()
    .replaceAll(/\p{Cc}/gu, '\ufffd')
    .split(/(?<=>)(?=<)/);
  let depth = 0;
  return lines
    .map((line) => {
      const closes = line.startsWith('</');
      const whole = line.endsWith('/>') || line.includes('</') || line.startsWith('<?');
      if (closes) depth -= 1;
      const text = '  '.repeat(Math.max(0, depth)) + line;
      if (!closes && !whole) depth += 1;
      return text;
    })
    .join('\n');
}
