/**
 * The log: JSON lines, each an event with fields (`log.info({ session, durationMs }, 'session.closed')`).
 * Event names say what has happened; ids and durations have the same field names everywhere. Rooms know
 * the interface; who starts the process makes the log.
 */
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { partyFields, redactor, secretFields } from './redact.ts';
import type { Fields } from './redact.ts';

/** What a room may do with the log. Fields first, then the event's name; no string building. */
export interface Log {
  debug(fields: Fields, event: string): void;
  info(fields: Fields, event: string): void;
  warn(fields: Fields, event: string): void;
  /** An error goes into the field `err`. */
  error(fields: Fields, event: string): void;
  /** A log whose lines all carry `fields`. */
  child(fields: Fields): Log;
}

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** True leaves numbers and names of callers and called in the lines. */
  readonly parties: boolean;
}

/** A log whose manner can be changed while it is in use. */
export interface TunableLog extends Log {
  /** From here on lines are written so, by it and by its children. */
  tune(options: LogOptions): void;
}

/** Bytes of lines that may wait for a log reader that has stopped reading; beyond, lines are lost. */
const mostWaitingBytes = 4 * 1024 * 1024;

/**
 * Makes the log of a process.
 * @param destination where lines go; standard error when absent, flushed when the process exits
 */
export function createLog(options: LogOptions, destination?: DestinationStream): TunableLog {
  const manner: Manner = { ...mannerOf(options) };
  const logger = pino(
    {
      level: 'debug',
      base: null,
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination ?? pino.destination({ fd: 2, sync: false, maxLength: mostWaitingBytes }),
  );
  const log = logOver(logger, manner);
  return { ...log, tune: (changed) => void Object.assign(manner, mannerOf(changed)) };
}

const levels = ['debug', 'info', 'warn', 'error'] as const;

/** How lines are written at the moment; shared with the children. */
interface Manner {
  /** Of the lowest level that is written. */
  from: number;
  redact: (fields: Fields) => Fields;
}

function mannerOf({ level, parties }: LogOptions): Manner {
  const hidden = parties ? secretFields : [...secretFields, ...partyFields];
  return { from: levels.indexOf(level), redact: redactor(hidden) };
}

function logOver(logger: Logger, manner: Manner): Log {
  const writer = (level: LogOptions['level']) => {
    const at = levels.indexOf(level);
    return (fields: Fields, event: string) => {
      if (at >= manner.from) logger[level](manner.redact(fields), event);
    };
  };
  return {
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
    child: (fields) => logOver(logger.child(manner.redact(fields)), manner),
  };
}

/** A log that writes nothing. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};
