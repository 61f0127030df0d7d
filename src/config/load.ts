/**
 * The configuration file on disk, and what reading it needs of this machine. The only file of this room
 * that touches the disk.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../base/errors.ts';
import { readConfig } from './read.ts';
import type { Surroundings } from './read.ts';
import type { Config } from './settings.ts';

const largestFile = 1024 * 1024;
const largestSecretFile = 64 * 1024;

/**
 * Loads the configuration at `path`; the environment wins over the file.
 * @throws {ConfigError} CONFIG_UNREADABLE when the file cannot be read
 * @throws {InvalidConfigError} CONFIG_INVALID with every problem found
 */
export function loadConfig(path: string): Config {
  const absolute = resolve(path);
  let text: string;
  try {
    text = readBounded(absolute, largestFile);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${path} cannot be read: ${reason}.`;
    throw new ConfigError('CONFIG_UNREADABLE', message, { cause: error });
  }
  return readConfig(text, path, thisMachine(dirname(absolute)));
}

/** @param folder absolute folder that relative paths in the settings start from */
export function thisMachine(folder: string): Surroundings {
  return {
    env: process.env,
    hostname: hostname(),
    folder,
    readSecret: (path) => readBounded(path, largestSecretFile),
  };
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not UTF-8 text',
};

/** @throws {Error} whose message is the reason alone, to follow "cannot be read" */
function readBounded(path: string, limit: number): string {
  try {
    return readWhole(path, limit);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const reason = reasons[code];
    throw reason === undefined ? error : new Error(reason, { cause: error });
  }
}

/** Reads at most `limit` bytes; a device or a huge file never fills the memory. */
function readWhole(path: string, limit: number): string {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(limit + 1);
    let length = 0;
    for (;;) {
      const read = readSync(file, buffer, length, buffer.length - length, null);
      length += read;
      if (read === 0 || length > limit) break;
    }
    if (length > limit) throw new Error(`it is larger than ${limit} bytes`);
    return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length));
  } finally {
    closeSync(file);
  }
}
