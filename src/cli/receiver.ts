/** `offhook receiver`: takes requests as a receiver would, shows them, and misbehaves when asked to. */
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Fault, faultMeanings, faultShape, parseFault } from '../receiver/fault.ts';
import type { Received } from '../receiver/received.ts';
import { Receiver } from '../receiver/receiver.ts';
import { decimal, wholeNumber } from './arguments.ts';
import { codeOf, exitCodesHelp, Failure } from './failure.ts';
import { jsonOption } from './options.ts';
import { receivedJson, receivedLine, Tally } from './receiver-line.ts';
import { Wishes } from './stopping.ts';
import type { Surface } from './surface.ts';

interface ReceiverOptions {
  readonly host: string;
  readonly port: number;
  readonly fault: readonly Fault[];
  readonly seed: number;
  readonly retryAfter: number;
  readonly late: number;
  readonly location?: string;
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  readonly quiet?: true;
  readonly json?: true;
}

export function receiverCommand(surface: Surface): Command {
  return new Command('receiver')
    .description('receive webhooks and show them, well or badly behaved on request')
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on; 0 takes any', wholeNumber(0, 65_535), 7490)
    .addOption(
      new Option('--fault <fault>', 'how to misbehave, see below (may be repeated)')
        .default([], 'none')
        .argParser(severalFaults),
    )
    .option('--seed <n>', 'the same seed misbehaves the same way', wholeNumber(0, 4_294_967_295), 1)
    .option(
      '--retry-after <seconds>',
      'patience to ask for with 429 and 503',
      wholeNumber(0, 86_400),
      1,
    )
    .option('--late <seconds>', 'how late the fault "late" is', decimal(0.001, 86_400), 30)
    .option('--location <url>', 'where the fault "redirect" leads (default: cloud metadata)')
    .option('--tls-certificate <file>', 'certificate for HTTPS, PEM')
    .option('--tls-key <file>', 'key of that certificate, PEM')
    .option('--quiet', 'only what it all came to')
    .addOption(jsonOption())
    .addHelpText('after', help())
    .action((options: ReceiverOptions) => receive(options, surface));
}

function help(): string {
  const widest = Math.max(...Object.keys(faultMeanings).map((name) => name.length));
  const faults = [
    ['500', 'answers this status, or any other from 200 to 599'],
    ...Object.entries(faultMeanings),
  ].map(([name = '', meaning = '']) => `  ${name.padEnd(widest)}  ${meaning}`);
  return [
    '',
    'Faults, for every request; with ":3" for the next three, with ":10%" by chance:',
    ...faults,
    '  Of several, each request meets the first that applies.',
    '',
    'Some faults need no help from a receiver: a name that does not exist',
    '(http://nobody.invalid/), a port where nobody listens, a certificate that the',
    'sender does not trust (--tls-certificate with one that you signed yourself).',
    '',
    'Examples:',
    '  offhook receiver',
    '  offhook receiver --fault 500:3',
    '  offhook receiver --fault 503:10% --fault hang:2% --retry-after 5',
    '  offhook receiver --tls-certificate receiver.pem --tls-key receiver.key --json',
    exitCodesHelp,
  ].join('\n');
}

function severalFaults(text: string, before: readonly Fault[]): readonly Fault[] {
  const fault = parseFault(text);
  if (fault === undefined) {
    const seen = JSON.stringify(text.slice(0, 40));
    throw new InvalidArgumentError(`Saw ${seen}, expected ${faultShape}.`);
  }
  return [...before, fault];
}

async function receive(options: ReceiverOptions, surface: Surface): Promise<void> {
  const stopped = firstSignal();
  const { host, port, fault: faults, seed, retryAfter, late, location, json, quiet } = options;
  const tls = tlsOf(options);
  const tally = new Tally();
  const onRequest = (received: Received): void => {
    tally.take(received);
    if (quiet === true) return;
    surface.out(json === true ? receivedJson(received) : receivedLine(received, surface.paint));
  };
  const lateMs = late * 1_000;
  const receiver = await started({
    ...{ host, port, faults, seed, retryAfter, lateMs, location, tls },
    onRequest,
  });
  const aside = (text: string): void => surface.aside(surface.asidePaint('dim', text));
  aside(`-- requests to ${receiver.url} are shown here (Ctrl-C ends)`);
  await stopped;
  await receiver.close();
  aside(`-- ${tally.text}`);
}

async function started(options: Parameters<typeof Receiver.start>[0]): Promise<Receiver> {
  try {
    return await Receiver.start(options);
  } catch (error) {
    // What OpenSSL says names functions of its own.
    if (options?.tls === undefined || /^E[A-Z]+$/.test(codeOf(error) ?? '')) throw error;
    const next = 'Both are PEM files; the key must be the one that the certificate was made for.';
    throw new Failure(1, 'Certificate and key cannot be used.', next, { cause: error });
  }
}

function tlsOf({
  tlsCertificate,
  tlsKey,
}: ReceiverOptions): { readonly certificate: string; readonly key: string } | undefined {
  if (tlsCertificate === undefined && tlsKey === undefined) return undefined;
  if (tlsCertificate === undefined || tlsKey === undefined) {
    const missing = tlsKey === undefined ? '--tls-key' : '--tls-certificate';
    throw new Failure(2, `${missing} is missing.`, 'HTTPS needs a certificate and its key.');
  }
  return { certificate: textOf(tlsCertificate), key: textOf(tlsKey) };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const next = 'Check the files given with --tls-certificate and --tls-key.';
    throw new Failure(2, `${file} cannot be read.`, next, { cause });
  }
}

/** Resolves with the first wish to stop; a second one ends the process. */
function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    const wishes = new Wishes();
    const heard = (): void => {
      const wish = wishes.heard(performance.now());
      if (wish === 'first') resolve();
      if (wish === 'again') process.exit(1);
    };
    process.on('SIGTERM', heard);
    process.on('SIGINT', heard);
  });
}
