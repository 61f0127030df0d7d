/**
 * What an answer says as a tree, and the tree as XML or as JSON the way the vendor writes them: in JSON, an item
 * of a list is wrapped into an object of one key, save where it is not. Pure.
 */
import { declaration, element, escapeText } from '../base/xml.ts';

export type Tree = string | number | boolean | Branch | List;

export interface Branch {
  readonly kind: 'branch';
  readonly members: readonly Member[];
}

export interface Member {
  /** The name of an element; never anything that others have chosen. */
  readonly name: string;
  readonly value: Tree;
  /** Absent: in both. */
  readonly only?: 'xml' | 'json';
}

export interface List {
  readonly kind: 'list';
  /** Name of each item's element, and of the key that wraps it in JSON. */
  readonly item: string;
  readonly items: readonly Tree[];
  /** True where JSON has the items without that key. */
  readonly isBare: boolean;
}

export type Form = 'xml' | 'json';

/** Members in their order; those without a value are left out. */
export function branch(members: Readonly<Record<string, Tree | undefined>>): Branch {
  return { kind: 'branch', members: membersOf(members) };
}

export function membersOf(members: Readonly<Record<string, Tree | undefined>>): Member[] {
  return Object.entries(members).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value }],
  );
}

export function list(item: string, items: readonly Tree[]): List {
  return { kind: 'list', item, items, isBare: false };
}

export function bareList(item: string, items: readonly Tree[]): List {
  return { kind: 'list', item, items, isBare: true };
}

/** The whole document; characters that XML cannot hold become U+FFFD there. */
export function written(form: Form, root: string, content: Branch): string {
  if (form === 'json') return `${JSON.stringify({ [root]: jsonOf(content) })}\n`;
  return `${declaration}\n${xmlOf(root, content)}\n`;
}

function xmlOf(name: string, value: Tree): string {
  return element(name, '', xmlContent(value));
}

function xmlContent(value: Tree): string {
  if (typeof value === 'string') return escapeText(value);
  if (typeof value !== 'object') return String(value);
  switch (value.kind) {
    case 'branch':
      return onLines(
        value.members
          .filter(({ only }) => only !== 'json')
          .map((member) => xmlOf(member.name, member.value)),
      );
    case 'list':
      return onLines(value.items.map((item) => xmlOf(value.item, item)));
  }
}

/** An element a line and nothing before it, as the vendor's documents show their answers. */
function onLines(elements: readonly string[]): string {
  return elements.length === 0 ? '' : `\n${elements.join('\n')}\n`;
}

function jsonOf(value: Tree): unknown {
  if (typeof value !== 'object') return value;
  switch (value.kind) {
    case 'branch':
      return Object.fromEntries(
        value.members
          .filter(({ only }) => only !== 'xml')
          .map((member) => [member.name, jsonOf(member.value)]),
      );
    case 'list':
      return value.items.map((item) =>
        value.isBare ? jsonOf(item) : { [value.item]: jsonOf(item) },
      );
  }
}

/** The form that an Accept header asks for: XML, unless it likes JSON better. Never nothing. */
export function formFor(accept: string | undefined): Form {
  const ranges = (accept ?? '').toLowerCase().split(',').slice(0, mostRanges).map(readRange);
  const weight = (...types: readonly string[]): number =>
    Math.max(0, ...ranges.filter(({ type }) => types.includes(type)).map(({ quality }) => quality));
  const json = weight('application/json');
  return json > 0 && json > weight('application/xml', 'text/xml') ? 'json' : 'xml';
}

const mostRanges = 32;

function readRange(text: string): { readonly type: string; readonly quality: number } {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim());
  const given = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  const quality = given === undefined ? 1 : Number(given);
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}

export const contentTypes: Readonly<Record<Form, string>> = {
  xml: 'application/xml; charset=utf-8',
  json: 'application/json; charset=utf-8',
};
