/** The schema says yes to everything that is published, and no to what is not meant. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { list, read, readConversation, schemaFile } from './conversation.ts';

let folder: string;

beforeAll(() => {
  if (spawnSync('xmllint', ['--version']).error !== undefined) {
    throw new Error('xmllint is not installed; on Debian: apt-get install libxml2-utils');
  }
  folder = mkdtempSync(join(tmpdir(), 'offhook-schema-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The names of the documents that the schema does not accept, with its reasons. */
function rejected(documents: ReadonlyMap<string, string>, schema = fileURLToPath(schemaFile)) {
  const files = [...documents].map(([name, text], at) => {
    const file = join(folder, `${at}.xml`);
    writeFileSync(file, text);
    return { name, file };
  });
  const { stderr } = spawnSync(
    'xmllint',
    ['--noout', '--nonet', '--schema', schema, ...files.map(({ file }) => file)],
    { encoding: 'utf8' },
  );
  const failing = files.filter(({ file }) => !stderr.includes(`${file} validates`));
  return { names: failing.map(({ name }) => name), reasons: stderr };
}

describe('the schema', () => {
  it('accepts every example', () => {
    const documents = new Map(list('examples').map((file) => [file, read(`examples/${file}`)]));
    expect(documents.size).toBeGreaterThan(40);
    expect(rejected(documents).names).toEqual([]);
  });

  it('accepts every document of every conversation, but those that break the rules', () => {
    const documents = new Map(
      list('conversations').flatMap((file) =>
        readConversation(file)
          .filter(({ from }) => from !== 'wrong client')
          .map(({ text }, at): [string, string] => [`${file}, document ${at + 1}`, text]),
      ),
    );
    expect(documents.size).toBeGreaterThan(30);
    expect(rejected(documents).names).toEqual([]);
  });

  const cdr =
    read('examples/notification-call-start.xml').match(/<verbacdr.*<\/verbacdr>/)?.[0] ?? '';

  it.each([
    ['another root', '<Verba><Request type="Keepalive"/></Verba>'],
    ['an unknown request', '<VerbaApi><Request type="GetWeather"/></VerbaApi>'],
    ['a request without a type', '<VerbaApi><Request id="1"/></VerbaApi>'],
    ['two requests', '<VerbaApi><Request type="Keepalive"/><Request type="Keepalive"/></VerbaApi>'],
    [
      'an event that does not exist',
      '<VerbaApi><Request type="SubscribeOnCallEvent"><Feed events="CallStart CallMiddle"/></Request></VerbaApi>',
    ],
    [
      'a range of no digits',
      '<VerbaApi><Request type="SubscribeOnCallEvent"><Extension from="a" to="b"/></Request></VerbaApi>',
    ],
    [
      'a call without an id',
      '<VerbaApi><Request type="GetCallDetail"><Call/></Request></VerbaApi>',
    ],
    [
      'another result code',
      '<VerbaApi><Response code="1"><Request type="Unsubscribe"/></Response></VerbaApi>',
    ],
    [
      'a failure of no known class',
      '<VerbaApi><Response code="2"><ErrorMessage description="Oops">x</ErrorMessage></Response></VerbaApi>',
    ],
    [
      'a keep-alive of no time',
      '<VerbaApi><Response code="0"><Keepalive time="0"/></Response></VerbaApi>',
    ],
    [
      'a goodbye for no known reason',
      '<VerbaApi><Notification type="Goodbye" reason="bored"/></VerbaApi>',
    ],
    [
      'an unknown notification',
      `<VerbaApi><Notification type="CallMiddle">${cdr}</Notification></VerbaApi>`,
    ],
    [
      'parties without the record',
      '<VerbaApi><Notification type="CallStart"><CallState state="ringing" revision="1" source="a"/></Notification></VerbaApi>',
    ],
    [
      'a record with a time of another form',
      `<VerbaApi><Notification type="CallStart">${cdr.replace(' 09:', 'T09:')}</Notification></VerbaApi>`,
    ],
    [
      'a record with an element nobody knows',
      `<VerbaApi><Notification type="CallStart">${cdr.replace('<ondemand>', '<extra/><ondemand>')}</Notification></VerbaApi>`,
    ],
    [
      'a record without an id',
      `<VerbaApi><Notification type="CallStart">${cdr.replace(/<id>.*<\/id>/, '')}</Notification></VerbaApi>`,
    ],
  ])('rejects %s', (what, text) => {
    expect(rejected(new Map([[what, text]])).names).toEqual([what]);
  });

  it('can be read by a validator on its own terms', () => {
    const schema = readFileSync(schemaFile, 'utf8').replace('type="Request"', 'type="Reqest"');
    const broken = join(folder, 'broken.xsd');
    writeFileSync(broken, schema);
    const { reasons } = rejected(new Map([['any', '<VerbaApi/>']]), broken);
    expect(reasons).toContain('failed to compile');
  });
});
