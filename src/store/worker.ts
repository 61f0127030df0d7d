/**
 * The thread that holds a connection: opens it, carries out one request after the other, answers.
 * Nothing is decided here. What SQLite refuses is answered; anything else is a bug and ends the thread.
 */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import type { Database } from 'better-sqlite3';
import { StoreError } from '../base/errors.ts';
import {
  isRefusal,
  lockFolder,
  openForFolding,
  openForReading,
  openForWriting,
  reasonOf,
} from './database.ts';
import type {
  Exchanges,
  Folds,
  Handlers,
  Reads,
  Reply,
  Request,
  Searches,
  StoreErrorCode,
  WorkerOptions,
  Writes,
} from './messages.ts';
import { fold, foldEveryMs } from './folding.ts';
import { reader } from './reader.ts';
import { recordingReader } from './recording-reader.ts';
import { epochOf, headOf, writer } from './writer.ts';

if (parentPort !== null) {
  // Parse door: StoreClient alone starts this file, and only with WorkerOptions.
  start(parentPort, workerData as WorkerOptions);
}

function start(port: MessagePort, options: WorkerOptions): void {
  try {
    if (options.mode === 'write') serveWrites(port, options);
    else if (options.mode === 'read') serveReads(port, options);
    else if (options.mode === 'search') serveSearches(port, options);
    else serveFolds(port, options);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    // Parse door: every StoreError carries one of the STORE_ codes.
    const code = error.code as StoreErrorCode;
    tell(port, { kind: 'refused', code, message: error.message });
  }
}

function serveWrites(port: MessagePort, { folder, maxPages }: WorkerOptions): void {
  const lock = lockFolder(folder);
  try {
    const db = openForWriting(folder, maxPages);
    const close = (): null => {
      // A backup program may be reading; then the log is carried over at the next start instead.
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      db.close();
      lock.close();
      return null;
    };
    serve<Writes>(port, db, { ...writer(db), close });
  } catch (error) {
    lock.close();
    throw error;
  }
}

function serveReads(port: MessagePort, { folder }: WorkerOptions): void {
  const db = openForReading(folder);
  const close = (): null => (db.close(), null);
  serve<Reads>(port, db, { ...reader(db), close });
}

function serveSearches(port: MessagePort, { folder }: WorkerOptions): void {
  const db = openForReading(folder);
  // Pages above the leaves of some thirty indexes, and what one client pages through.
  db.exec('PRAGMA cache_size = -64000');
  const close = (): null => (db.close(), null);
  serve<Searches>(port, db, { ...recordingReader(db), close });
}

function serveFolds(port: MessagePort, { folder }: WorkerOptions): void {
  const db = openForFolding(folder);
  const timer = setInterval(() => fold(db), foldEveryMs);
  const close = (): null => {
    clearInterval(timer);
    db.close();
    return null;
  };
  serve<Folds>(port, db, { close });
}

function serve<E extends Exchanges<E>>(port: MessagePort, db: Database, handlers: Handlers<E>) {
  function answer<K extends keyof E>(request: Request<E, K>): Reply {
    try {
      return { kind: 'done', id: request.id, answer: handlers[request.kind](request.ask) };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return { kind: 'failed', id: request.id, message: reasonOf(error) };
    }
  }
  port.on('message', (request: Request<E>) => {
    tell(port, answer(request));
    if (!db.open) port.close();
  });
  tell(port, { kind: 'opened', epoch: epochOf(db), head: headOf(db) });
}

function tell(port: MessagePort, reply: Reply): void {
  port.postMessage(reply);
}
