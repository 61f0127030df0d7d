/**
 * Reads a conversation of protocol/feed/conversations: every line begins with who sends it (`C:` client,
 * `S:` server, `X:` client, breaking the rules); lines of one sender belong to one document until the
 * document is complete; `#` begins a remark.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Framer } from '../../src/subscriber/framer.ts';
import { readingBounds } from '../../src/subscriber/reading.ts';

export interface Turn {
  readonly from: 'client' | 'server' | 'wrong client';
  /** The bytes as they go over the wire, with the line feed at their end. */
  readonly text: string;
}

const folder = new URL('../../protocol/feed/', import.meta.url);

export const schemaFile = new URL('feed.xsd', folder);
export const jsonSchemaFile = new URL('feed.schema.json', folder);

export type Encoding = 'xml' | 'json';

export function read(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8');
}

/** Names of the files of an encoding in a folder of protocol/feed, without their folder. */
export function list(
  name: 'examples' | 'conversations',
  encoding: Encoding = 'xml',
): readonly string[] {
  const isJson = (file: string): boolean => file.startsWith('json-') || file.endsWith('.json');
  const files = readdirSync(new URL(name, folder)).sort();
  return files.filter((file) => isJson(file) === (encoding === 'json'));
}

const senders = { C: 'client', S: 'server', X: 'wrong client' } as const;

export function readConversation(name: string): readonly Turn[] {
  const turns: Turn[] = [];
  let framer = new Framer(readingBounds);
  let text = '';
  for (const line of read(`conversations/${name}`).split('\n')) {
    const match = /^([CSX]): (.*)$/.exec(line);
    if (match === null) {
      if (text !== '' || (line !== '' && !line.startsWith('#'))) {
        throw new Error(`${name}: cannot be read at: ${line}`);
      }
      continue;
    }
    const [, sender, content = ''] = match;
    text += `${content}\n`;
    if (framer.push(Buffer.from(`${content}\n`)).length === 0) continue;
    turns.push({ from: senders[sender === 'C' ? 'C' : sender === 'S' ? 'S' : 'X'], text });
    framer = new Framer(readingBounds);
    text = '';
  }
  return turns;
}

/** A conversation in JSON: every message is one line. */
export function readJsonConversation(name: string): readonly Turn[] {
  return read(`conversations/${name}`)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, sender, text] = /^([CSX]): (.*)$/.exec(line) ?? [];
      if (sender !== 'C' && sender !== 'S' && sender !== 'X') {
        throw new Error(`${name}: cannot be read at: ${line}`);
      }
      return { from: senders[sender], text: text ?? '' };
    });
}
