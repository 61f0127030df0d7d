/**
 * The configuration file on disk, and what reading it needs of this machine. The only file of this room
 * that touches the disk.
 */
import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import { readBounded } from '../base/bounded-file.ts';
import { ConfigError } from '../base/errors.ts';
import { readConfig } from './read.ts';
import type { Surroundings } from './read.ts';
import type { Config } from './settings.ts';
import { readTokenBook } from './token-book.ts';
import type { TokenBook } from './token-book.ts';
import { readUserBook } from './user-book.ts';
import type { UserBook } from './user-book.ts';

const largestFile = 1024 * 1024;
const largestSecretFile = 64 * 1024;

/** What other rooms know of what a configuration names; see `FilePlaces` and `Surroundings`. */
export type Readers = Pick<Surroundings, 'readTokens' | 'readUsers' | 'destinationProblems'>;

/**
 * Loads the configuration at `path`; the environment wins over the file.
 * @throws {ConfigError} CONFIG_UNREADABLE when the file cannot be read
 * @throws {InvalidConfigError} CONFIG_INVALID with every problem found
 */
export function loadConfig(path: string, readers: Readers): Config {
  return readConfig(configText(path), path, thisMachine(dirname(resolve(path)), readers));
}

/**
 * What the configuration at `path` says of tokens, whatever else in it is wrong.
 * @throws {ConfigError} CONFIG_UNREADABLE when the file cannot be read
 * @throws {InvalidConfigError} CONFIG_INVALID when it is no TOML
 */
export function loadTokenBook(path: string): TokenBook {
  const places = { env: process.env, folder: dirname(resolve(path)) };
  return readTokenBook(configText(path), path, places);
}

/**
 * The same of users.
 * @throws {ConfigError} CONFIG_UNREADABLE when the file cannot be read
 * @throws {InvalidConfigError} CONFIG_INVALID when it is no TOML
 */
export function loadUserBook(path: string): UserBook {
  const places = { env: process.env, folder: dirname(resolve(path)) };
  return readUserBook(configText(path), path, places);
}

function configText(path: string): string {
  try {
    return readText(resolve(path), largestFile);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${path} cannot be read: ${reason}.`;
    throw new ConfigError('CONFIG_UNREADABLE', message, { cause: error });
  }
}

/** @param folder absolute folder that relative paths in the settings start from */
export function thisMachine(folder: string, readers: Readers): Surroundings {
  return {
    env: process.env,
    hostname: hostname(),
    folder,
    readSecret: (path) => readText(path, largestSecretFile),
    fileFault,
    ...readers,
  };
}

function fileFault(path: string): string | undefined {
  try {
    if (statSync(path).isDirectory()) return reasons['EISDIR'];
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return reasonOf(error).message;
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not UTF-8 text; save it as UTF-8',
};

/** @throws {Error} whose message is the reason alone, to follow "cannot be read" */
function readText(path: string, limit: number): string {
  try {
    return textOf(path, limit);
  } catch (error) {
    throw reasonOf(error);
  }
}

/** An error whose message is the reason alone. */
function reasonOf(error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = reasons[code];
  if (reason !== undefined) return new Error(reason, { cause: error });
  return error instanceof Error ? error : new Error(String(error));
}

function textOf(path: string, limit: number): string {
  const file = openSync(path, 'r');
  try {
    const bytes = readBounded(file, limit);
    if (bytes === undefined) throw new Error(`it is larger than ${limit} bytes`);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } finally {
    closeSync(file);
  }
}
