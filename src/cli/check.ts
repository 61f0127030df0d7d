/** `offhook check`: whether a configuration can be used, and what it comes to. */
import { Command } from 'commander';
import { CertificateError, Certificates } from '../access/certificates.ts';
import { soonDays, usesTls } from '../app/securing.ts';
import { systemClock } from '../base/clock.ts';
import { ConfigError } from '../base/errors.ts';
import { effectiveSettings, effectiveText } from '../config/effective.ts';
import { clearTextWarnings } from '../config/exposure.ts';
import { loadConfig } from '../config/load.ts';
import { InvalidConfigError } from '../config/problem.ts';
import type { Config } from '../config/settings.ts';
import { explain, exitCodesHelp, Failure } from './failure.ts';
import { configOption, jsonOption } from './options.ts';
import { readers } from './readers.ts';
import type { Surface } from './surface.ts';
import { printable } from './terminal.ts';

interface CheckOptions {
  readonly config: string;
  readonly json?: true;
}

export function checkCommand(surface: Surface): Command {
  return new Command('check')
    .description('check a configuration; print every problem, or the settings in force')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText('after', `\nExample:\n  offhook check --config offhook.toml\n${exitCodesHelp}`)
    .action((options: CheckOptions) => check(options, surface));
}

function check(options: CheckOptions, surface: Surface): void {
  let config: Config;
  let warnings: readonly string[];
  try {
    config = loadConfig(options.config, readers);
    warnings = [...clearTextWarnings(config), ...certificateWarnings(config)];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    report(error, options, surface);
    return;
  }
  if (options.json === true) {
    surface.out(
      JSON.stringify({ ok: true, warnings, settings: effectiveSettings(config) }, null, 2),
    );
    return;
  }
  surface.out(effectiveText(config).trimEnd());
  const enabled = config.sources.filter((source) => source.enabled).length;
  const sources = enabled === 1 ? 'one source' : `${enabled} sources`;
  const { length } = config.destinations;
  const told = length === 1 ? 'one destination' : `${length} destinations`;
  const both = length === 0 ? sources : `${sources} and ${told}`;
  surface.aside(surface.asidePaint('green', `✔ ${options.config} is good, with ${both}.`));
  if (enabled === 0) {
    surface.aside('  Without a source no call is ever seen; add a [[source]].');
  }
  if (config.face.enabled && config.users.length + config.filedUsers.length === 0) {
    surface.aside('  Without a user nobody can log in under /Face; `offhook users add <email>`.');
  }
  for (const warning of warnings)
    surface.aside(`  ${surface.asidePaint('yellow', '!')} ${warning}`);
}

/**
 * Looks into the certificates where a listener uses them.
 * @throws {CertificateError} when they cannot be used
 */
function certificateWarnings(config: Config): readonly string[] {
  if (!usesTls(config)) return [];
  const { daysLeft, expiresAtMs } = Certificates.load(config.tls, systemClock);
  if (daysLeft >= soonDays) return [];
  const days = daysLeft === 1 ? 'one day' : `${daysLeft} days`;
  const expires = new Date(expiresAtMs).toISOString();
  return [`The certificate in tls.certificate expires in ${days}, on ${expires}.`];
}

function report(error: ConfigError, options: CheckOptions, surface: Surface): void {
  const isListed = error instanceof InvalidConfigError || error instanceof CertificateError;
  const problems = isListed ? error.problems : [];
  if (options.json === true) {
    const { code, message } = error;
    surface.out(JSON.stringify({ ok: false, code, message, problems }, null, 2));
  } else {
    if (problems.length === 0) throw explain(error);
    const { paint } = surface;
    for (const { path, seen, expected } of problems) {
      surface.out(`${paint('red', '✘')} ${paint('bold', printable(path))}`);
      surface.out(`    seen:     ${printable(seen)}`);
      surface.out(`    expected: ${printable(expected)}`);
    }
  }
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  throw new Failure(1, `${options.config} has ${count}.`);
}
