/**
 * The settings as they are in force, for the log line at start and for people: in the names and units
 * of the file, secrets only as "set" or "not set".
 */
import { lists } from './lists.ts';
import { sections } from './settings.ts';
import type { Config, TokenSettings, UserSettings } from './settings.ts';
import { slicing } from './setting.ts';
import type { Setting, Settings } from './setting.ts';
import { sourceSettings } from './tree.ts';

export type EffectiveTable = Readonly<Record<string, unknown>>;

export interface EffectiveSettings {
  readonly sections: Readonly<Record<string, EffectiveTable>>;
  /** By name of the token. */
  readonly tokens: Readonly<Record<string, EffectiveTable>>;
  /** Those of the tokens file, by name. */
  readonly filedTokens: Readonly<Record<string, EffectiveTable>>;
  /** By e-mail address of the user. */
  readonly users: Readonly<Record<string, EffectiveTable>>;
  /** Those of the users file, by e-mail address. */
  readonly filedUsers: Readonly<Record<string, EffectiveTable>>;
  /** By id. */
  readonly accounts: Readonly<Record<string, EffectiveTable>>;
  /** By name of the field. */
  readonly customData: Readonly<Record<string, EffectiveTable>>;
  /** By event. */
  readonly policies: Readonly<Record<string, EffectiveTable>>;
  /** By name of the source. */
  readonly sources: Readonly<Record<string, EffectiveTable>>;
  /** By id; nothing of where and how they are told, which may hold secrets. */
  readonly destinations: Readonly<Record<string, EffectiveTable>>;
}

/** A plain object for a log line; an optional value that was not given is left out. */
export function effectiveSettings(config: Config): EffectiveSettings {
  const { tokens, filedTokens, users, filedUsers, sources, destinations, ...slices } = config;
  const found = new Map<string, object>(Object.entries(slices));
  const sectionTables = Object.entries(sections).map(
    ([name, settings]) => [name, effectiveTable(settings, found.get(name) ?? {})] as const,
  );
  const sourceTables = sources.map((source) => {
    const { name: _name, ...table } = effectiveTable(sourceSettings(source.type), source);
    return [source.name, { type: source.type, ...table }] as const;
  });
  return {
    sections: Object.fromEntries(sectionTables),
    tokens: Object.fromEntries(tokens.map(tokenTable)),
    filedTokens: Object.fromEntries(filedTokens.map(tokenTable)),
    users: Object.fromEntries(users.map(userTable)),
    filedUsers: Object.fromEntries(filedUsers.map(userTable)),
    accounts: tables(lists.account, 'id', config.accounts),
    customData: tables(lists.customData, 'name', config.customData),
    policies: tables(lists.policy, 'event', config.policies),
    sources: Object.fromEntries(sourceTables),
    destinations: Object.fromEntries(
      destinations.map(({ id, dialect, enabled = true }) => [String(id), { dialect, enabled }]),
    ),
  };
}

function tokenTable(token: TokenSettings): readonly [string, EffectiveTable] {
  const { name: _name, ...table } = effectiveTable(lists.token, token);
  return [token.name, table];
}

function userTable(user: UserSettings): readonly [string, EffectiveTable] {
  const { email: _email, ...table } = effectiveTable(lists.user, user);
  return [user.email, table];
}

/** Tables by the value of one of their rows. */
function tables(
  settings: Settings,
  key: string,
  slices: readonly object[],
): Readonly<Record<string, EffectiveTable>> {
  return Object.fromEntries(
    slices.map((slice) => {
      const { [key]: name, ...table } = effectiveTable(settings, slice);
      return [String(name), table];
    }),
  );
}

function effectiveTable(settings: Settings, slice: object): EffectiveTable {
  const values = new Map<string, unknown>(Object.entries(slice));
  const table: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const { factor, suffix } = slicing(setting);
    const value = values.get(name + suffix);
    if (setting.kind === 'secret') table[name] = value === undefined ? 'not set' : 'set';
    else if (typeof value === 'number') table[name] = value / factor;
    else if (value !== undefined) table[name] = value;
  }
  return table;
}

/** The same for a terminal: looks like the file, with units as comments, and without what is not of it. */
export function effectiveText(config: Config): string {
  const { tokens, filedTokens, users, filedUsers, sources, destinations, ...slices } = config;
  const found = new Map<string, object>(Object.entries(slices));
  const parts = Object.entries(sections).map(([name, settings]) =>
    tableText(`[${name}]`, settings, found.get(name) ?? {}),
  );
  const listed = {
    ...{ token: tokens, user: users, account: config.accounts },
    ...{ customData: config.customData, policy: config.policies },
  } satisfies Record<keyof typeof lists, readonly object[]>;
  for (const [list, settings] of Object.entries(lists)) {
    for (const each of listed[list as keyof typeof lists]) {
      parts.push(tableText(`[[${list}]]`, settings, each));
    }
  }
  for (const source of sources) {
    const head = `[[source]]\ntype = "${source.type}"`;
    parts.push(tableText(head, sourceSettings(source.type), source));
  }
  for (const { name, extensions, control, manage } of filedTokens) {
    const may = `extensions = ${JSON.stringify(extensions)}, control = ${control}, manage = ${manage}`;
    parts.push(`# token ${JSON.stringify(name)} of the tokens file: ${may}\n`);
  }
  for (const { email, account, control, video } of filedUsers) {
    const may = `${account === undefined ? '' : `account = ${account}, `}control = ${control}, video = ${video}`;
    parts.push(`# user ${JSON.stringify(email)} of the users file: ${may}\n`);
  }
  for (const { id, dialect, enabled } of destinations) {
    const off = enabled === false ? ', not enabled' : '';
    parts.push(`# destination ${JSON.stringify(id)}: ${String(dialect)}${off}\n`);
  }
  return parts.join('\n');
}

function tableText(head: string, settings: Settings, slice: object): string {
  const table = effectiveTable(settings, slice);
  const lines = Object.entries(settings).map(([name, setting]) =>
    lineText(name, setting, table[name]),
  );
  return `${head}\n${lines.join('')}`;
}

function lineText(name: string, setting: Setting, value: unknown): string {
  if (setting.kind === 'secret') return `# ${name} is ${String(value)}\n`;
  if (value === undefined) return '';
  const unit = setting.kind === 'number' && setting.unit !== undefined ? `  # ${setting.unit}` : '';
  return `${name} = ${JSON.stringify(value)}${unit}\n`;
}
