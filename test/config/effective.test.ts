import { describe, expect, it } from 'vitest';
import { effectiveSettings, effectiveText } from '../../src/config/effective.ts';
import { readConfig } from '../../src/config/read.ts';
import { bareMachine } from '../support/surroundings.ts';

const hash = 'ab'.repeat(32);
const text = `
  [feed]
  keepAlive = 7
  [journal]
  maxAge = 0.5
  [[token]]
  name = "wall"
  sha256 = "${hash}"
  [[source]]
  type = "ami"
  name = "pbx"
  host = "h"
  username = "u"
  secret = "hunter2"
  [[source]]
  type = "ingest"
  name = "own"
`;
const filed = {
  name: 'desk',
  sha256: 'cd'.repeat(32),
  extensions: ['10*'],
  control: true,
  manage: false,
};
const surroundings = { ...bareMachine, readTokens: () => [filed] };
const config = readConfig(text, 'it', surroundings);

describe('the effective settings', () => {
  it('have the names and units of the file', () => {
    const { sections, sources } = effectiveSettings(config);
    expect(sections['feed']).toMatchObject({ keepAlive: 7, port: 7400 });
    expect(sections['journal']).toEqual({ maxAge: 0.5, maxSize: 1024 });
    expect(sources['pbx']).toMatchObject({ type: 'ami', host: 'h', giveUpAfter: 300 });
  });

  it('say of a secret only whether it is set', () => {
    const { sources, tokens, filedTokens } = effectiveSettings(config);
    expect(sources['pbx']).toMatchObject({ secret: 'set' });
    expect(sources['own']).toMatchObject({ tokenSha256: 'not set' });
    expect(tokens['wall']).toEqual({
      sha256: 'set',
      extensions: [],
      control: false,
      manage: false,
    });
    expect(filedTokens['desk']).toEqual({
      sha256: 'set',
      extensions: ['10*'],
      control: true,
      manage: false,
    });
  });

  it('hold no secret in either form', () => {
    const shown = JSON.stringify(effectiveSettings(config)) + effectiveText(config);
    expect(shown).not.toContain('hunter2');
    expect(shown).not.toContain(hash);
    expect(shown).not.toContain(filed.sha256);
  });

  it('read as a configuration that means the same', () => {
    const shown = effectiveText(config);
    expect(shown).toContain('# token "desk" of the tokens file: extensions = ["10*"]');
    expect(shown).toContain('[journal]\nmaxAge = 0.5  # days\nmaxSize = 1024  # MiB\n');
    const again = readConfig(
      shown
        .replaceAll('# secret is set', 'secret = "hunter2"')
        .replaceAll('# sha256 is set', `sha256 = "${hash}"`),
      'it',
      surroundings,
    );
    expect(again).toEqual(config);
  });
});
