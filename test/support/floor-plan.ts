/**
 * The rules of the house as functions over source files: which room may import which, which files touch the
 * outside, what a file looks like. They take text and give sentences about what is wrong, so that a test can
 * hand them a bad sample as well as the house itself.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, posix } from 'node:path';
import ts from 'typescript';

/** Each floor's rooms, from the ground up. A room imports from lower floors only. */
export const floors: readonly (readonly string[])[] = [
  ['base'],
  ['call', 'receiver', 'store', 'telemetry'],
  ['access', 'config', 'feed', 'journal', 'record'],
  ['source', 'subscriber', 'webhook', 'api', 'face'],
  ['client', 'app'],
  ['cli'],
];

/** The only files that touch the outside, and what of it. All others are pure. */
export const doors: Readonly<Record<string, string>> = {
  'access/certificates.ts': 'files of certificates and keys',
  'access/owned-file.ts':
    'files that commands keep, and a timer: waits for another who changes one',
  'access/gate.ts': 'Node’s list of addresses, which opens nothing',
  'access/pages.ts': 'whether a text is an address, which opens nothing',
  'access/scrypt.ts': 'dice: draws salts',
  'access/tokens.ts': 'dice: draws new tokens',
  'base/bounded-file.ts': 'reads an open file',
  'base/clock.ts': 'the clock itself',
  'base/rounds.ts': 'a timer: the rest between two rounds',
  'client/browser.ts': 'the page: its address and its WebSocket',
  'client/driver.ts': 'timer, clock and dice of a feed',
  'client/tcp.ts': 'sockets to a server',
  'client/websocket.ts': 'sockets to a server',
  'config/load.ts': 'reads the configuration file and the environment',
  'face/routes.ts': 'HTTP',
  'face/sending.ts': 'HTTP',
  'journal/embedded.ts': 'timers: tries a failed commit again',
  'journal/retention.ts': 'timers: drops what is too old',
  'record/downloads.ts': 'connections of readers',
  'record/filing.ts': 'timers: tries a failed file again',
  'record/media.ts': 'media files',
  'record/media-folders.ts': 'folders of media files',
  'record/media-slice.ts': 'reads an open file',
  'record/media-survey.ts': 'timers: looks at files at a pace',
  'record/metadata-file.ts': 'files',
  'record/open-folder.ts': 'folders of media files',
  'record/reaping.ts': 'timers: removes what is too old',
  'record/verification.ts': 'media files, and rests between looks at them',
  'source/supervisor.ts': 'timers: tries a lost connection again',
  'source/ami/client.ts': 'socket to the PBX',
  'source/ingest/intake.ts': 'timer: how long a sender waits',
  'source/ingest/routes.ts': 'HTTP',
  'source/replay/server.ts': 'files, a socket and the pace of a transcript',
  'source/simulator/simulator.ts': 'timer: the pace of the play',
  'subscriber/tcp.ts': 'sockets of subscribers',
  'subscriber/websocket.ts': 'sockets of subscribers',
  'telemetry/log.ts': 'the log',
  'telemetry/metrics.ts': 'the numbers of the process',
  'webhook/agent.ts': 'sockets to receivers, and their names',
  'webhook/bridge.ts': 'rests between events that many want',
  'webhook/dispatcher.ts': 'timers, and the dice of waits',
  'webhook/settling.ts': 'timers: gathers, and tries a failed writing again',
  'webhook/outbox-retention.ts': 'timers: drops what is too old',
  'webhook/sender.ts': 'HTTP to receivers',
};

/** Rooms that are doors as a whole. */
export const doorRooms: ReadonlySet<string> = new Set(['store', 'receiver', 'api', 'app', 'cli']);

/** What is called so is pure in every room, whatever the table above says. */
const pureName =
  /^(.*-)?(codec|session|translate|framer|lexer|registry|transitions|message|outbound|group|feeding|sight|hub|mute|deadlines|backoff|xml)\.ts$/;
const pureRooms: ReadonlySet<string> = new Set(['call', 'feed']);

const outside =
  /^(node:(child_process|cluster|dgram|dns|fs|http|http2|https|inspector|net|os|process|readline|repl|timers|tls|worker_threads)(\/.*)?|ws|undici|fastify|better-sqlite3|pino|prom-client|commander)$/;
const outsideWords =
  /\b(Date\.now|(set|clear)(Timeout|Interval|Immediate)|queueMicrotask|Math\.random|random(Bytes|UUID|Int|FillSync)|fetch|nanoid)\(|\bnew Date\(\)|\b(process|console|performance)\.|\bglobalThis\b/g;

const longestFile = 320;

export interface Import {
  /** As written. */
  readonly name: string;
  /** Gone at run time. */
  readonly isTypeOnly: boolean;
}

export interface SourceFile {
  /** Below src, with slashes: `call/registry.ts`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

export function sourceFile(path: string, text: string): SourceFile {
  const typeOnly = typeOnlyNames(path, text);
  const { importedFiles } = ts.preProcessFile(text, true, true);
  const imports = importedFiles.map(({ fileName: name, pos }) => ({
    name,
    isTypeOnly: typeOnly.has(pos),
  }));
  return { path, text, imports };
}

/** Where the names of imports stand that are nothing but types. */
function typeOnlyNames(path: string, text: string): ReadonlySet<number> {
  const places = new Set<number>();
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  for (const statement of file.statements) {
    const isTypeOnly =
      (ts.isImportDeclaration(statement) &&
        statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) ||
      (ts.isExportDeclaration(statement) && statement.isTypeOnly);
    if (isTypeOnly && statement.moduleSpecifier)
      places.add(statement.moduleSpecifier.getStart(file));
  }
  return places;
}

/** All TypeScript files below a folder. */
export function sourceFiles(folder: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => sourceFile(path, readFileSync(join(folder, path), 'utf8')));
}

/** `source/ami/codec.ts` is in `source/ami`; files directly in `source/` are in `source`. */
export function roomOf(path: string): string {
  const parts = path.split('/').slice(0, -1);
  return parts.slice(0, parts[0] === 'source' ? 2 : 1).join('/');
}

function floorOf(room: string): number | undefined {
  const at = floors.findIndex((rooms) => rooms.includes(room.split('/')[0] ?? ''));
  return at < 0 ? undefined : at;
}

/** The file that a relative import names, below src; undefined for a package. */
function targetOf(from: string, name: string): string | undefined {
  return name.startsWith('.') ? posix.normalize(posix.join(posix.dirname(from), name)) : undefined;
}

export function wrongFloors(files: readonly SourceFile[]): string[] {
  const paths = new Set(files.map(({ path }) => path));
  return files.flatMap(({ path, imports }) => {
    const room = roomOf(path);
    const floor = floorOf(room);
    if (floor === undefined) return [`${path} is in no room that stands on a floor`];
    return imports.flatMap(({ name }) => {
      const target = targetOf(path, name);
      if (target === undefined) return [];
      if (!paths.has(target)) return [`${path} imports ${name}, which is no file of src`];
      const other = roomOf(target);
      const otherFloor = floorOf(other) ?? 0;
      if (other === room || otherFloor < floor) return [];
      // What all sources share lies beside them.
      if (other === 'source' && room.startsWith('source/')) return [];
      const where = otherFloor > floor ? 'a higher floor' : 'another room of its floor';
      return [`${path} imports ${target}, on ${where}`];
    });
  });
}

/** Packages that nobody declared. */
export function undeclared(files: readonly SourceFile[], declared: ReadonlySet<string>): string[] {
  return files.flatMap(({ path, imports }) =>
    imports
      .filter(({ name }) => !name.startsWith('.') && !name.startsWith('#'))
      .filter(({ name }) => !isDeclared(name, declared))
      .map(({ name }) => `${path} imports ${name}, which package.json does not declare`),
  );
}

function isDeclared(name: string, declared: ReadonlySet<string>): boolean {
  if (name.startsWith('node:')) return builtinModules.includes(name.slice('node:'.length));
  const parts = name.split('/');
  return declared.has(parts.slice(0, name.startsWith('@') ? 2 : 1).join('/'));
}

/** What of the outside a file touches: modules and words. */
function touches({ text, imports }: SourceFile): string[] {
  const modules = imports.map(({ name }) => name).filter((name) => outside.test(name));
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { removeComments: true, target: ts.ScriptTarget.ESNext },
  });
  const words = Array.from(outputText.matchAll(outsideWords), ([word]) => word);
  return [...new Set([...modules, ...words])];
}

export function impure(
  files: readonly SourceFile[],
  allowed: Readonly<Record<string, string>> = doors,
): string[] {
  return files.flatMap((file) => {
    const { path } = file;
    const room = path.split('/')[0] ?? '';
    if (doorRooms.has(room)) return [];
    const touched = touches(file).join(', ');
    const isDoor = Object.hasOwn(allowed, path);
    if (!isDoor) return touched === '' ? [] : [`${path} is no door and touches ${touched}`];
    const mustBePure = pureRooms.has(room) || pureName.test(path.split('/').at(-1) ?? '');
    if (mustBePure) return [`${path} is listed as a door and must be pure`];
    return touched === '' ? [`${path} is listed as a door and touches nothing`] : [];
  });
}

export function lostDoors(
  files: readonly SourceFile[],
  listed: Readonly<Record<string, string>> = doors,
): string[] {
  const paths = new Set(files.map(({ path }) => path));
  return Object.keys(listed)
    .filter((path) => !paths.has(path))
    .map((path) => `${path} is listed as a door and is not there`);
}

/** Files that import each other in a circle, types left aside. */
export function circles(files: readonly SourceFile[]): string[] {
  const next = new Map<string, readonly string[]>();
  for (const { path, imports } of files) {
    const values = imports.filter(({ isTypeOnly }) => !isTypeOnly);
    next.set(
      path,
      values.flatMap(({ name }) => targetOf(path, name) ?? []),
    );
  }
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path);
    if (at >= 0) found.push([...way.slice(at), path].join(' → '));
    if (at >= 0 || done.has(path)) return;
    for (const target of next.get(path) ?? []) walk(target, [...way, path]);
    done.add(path);
  };
  for (const path of next.keys()) walk(path, []);
  return found;
}

export function tooLong(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split('\n').length;
    return lines > longestFile ? [`${path} has ${lines} lines, ${longestFile} at the most`] : [];
  });
}

/** A header says in a sentence or more what belongs in the room; a program's first line may come before. */
export function headless(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const [header] = /^(#!.*\n)?\/\*\*[^]*?\*\/\n/.exec(text) ?? [];
    const words = header?.match(/\p{L}+/gu)?.length ?? 0;
    return words >= 5 ? [] : [`${path} does not begin with a header`];
  });
}

/** Only what the package exports may pass on what others have made. */
export function barrels(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    if (path === 'index.ts') return [];
    const { statements } = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
    const passed = statements.filter(
      (each) => ts.isExportDeclaration(each) && each.moduleSpecifier !== undefined,
    );
    const wholesale = passed.some(
      (each) => ts.isExportDeclaration(each) && each.exportClause === undefined,
    );
    const nothingElse = passed.length > 0 && passed.length === statements.length;
    const isIndex = path.endsWith('/index.ts');
    return wholesale || nothingElse || isIndex ? [`${path} is a barrel`] : [];
  });
}

/** Rooms by floor, from the table of a document: `| 3 | \`source/\` \`api/\` | … |`. */
export function floorsIn(document: string): string[][] {
  const found: string[][] = [];
  for (const [, floor, rooms = ''] of document.matchAll(/^\| (\d+) \| ([^|]+) \|/gm)) {
    const names = Array.from(rooms.matchAll(/`([a-z-]+)\/`/g), ([, name = '']) => name);
    found[Number(floor)] = [...(found[Number(floor)] ?? []), ...names];
  }
  return found;
}

/** The text of a file, or undefined where there is none. */
export function textOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
