import { describe, expect, it } from 'vitest';
import { settingsTable } from '../../src/config/document.ts';
import { environmentName } from '../../src/config/environment.ts';
import { sections } from '../../src/config/settings.ts';
import { commonSourceSettings, sourceTypes } from '../../src/config/source-settings.ts';
import { expectation } from '../../src/config/schema.ts';
import { configOf } from '../../src/config/read.ts';
import type { Setting } from '../../src/config/setting.ts';
import { bareMachine } from '../support/surroundings.ts';

describe('the table of settings', () => {
  it('has a row for every setting, with its environment name', () => {
    const table = settingsTable();
    for (const [section, settings] of Object.entries(sections)) {
      expect(table).toContain(`#### \`[${section}]\``);
      for (const name of Object.keys(settings)) {
        const row = table
          .split('\n')
          .find(
            (line) => line.startsWith(`| \`${name}\` `) && line.includes(section.toUpperCase()),
          );
        expect(row, `${section}.${name}`).toContain(`\`${environmentName(section, name)}\``);
      }
    }
    for (const type of Object.keys(sourceTypes)) expect(table).toContain(`type "${type}"`);
  });

  it('says value, default and meaning of a setting', () => {
    const row = settingsTable()
      .split('\n')
      .find((line) => line.includes('OFFHOOK_FEED_KEEP_ALIVE'));
    expect(row?.split('|').map((cell) => cell.trim())).toEqual([
      '',
      '`keepAlive`',
      'a whole number from 0 to 3600 (seconds)',
      '`10`',
      'Interval of the keep-alives sent to subscribers; 0 turns them off.',
      '`OFFHOOK_FEED_KEEP_ALIVE`',
      '',
    ]);
  });

  it('has only defaults that the table itself accepts', () => {
    const values: Record<string, Record<string, unknown>> = {};
    for (const [section, settings] of Object.entries(sections)) {
      const defaults: Record<string, unknown> = {};
      for (const [name, setting] of Object.entries<Setting>(settings)) {
        if ('default' in setting) defaults[name] = setting.default;
      }
      values[section] = defaults;
    }
    expect(configOf(values, 'it', bareMachine)).toEqual(configOf({}, 'it', bareMachine));
  });

  it('says in words what each kind of setting expects', () => {
    expect(expectation(commonSourceSettings.name)).toBe('1 to 32 of a-z, 0-9 and "-"');
    expect(expectation(sections.log.level)).toBe('one of "debug", "info", "warn", "error"');
    expect(expectation(sections.record.mediaRoots)).toBe('a list of paths');
    expect(expectation(sections.access.allow)).toBe(
      'a list of addresses or blocks of them, such as "192.0.2.7" or "10.0.0.0/8"',
    );
    expect(expectation(sourceTypes.ami.host)).toBe('a text of 1 to 255 characters');
  });
});
