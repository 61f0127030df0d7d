import { describe, expect, it } from 'vitest';
import { ConfigError, StoreError } from '../../src/base/errors.ts';
import { explain, Failure, failureText } from '../../src/cli/failure.ts';
import { InvalidConfigError } from '../../src/config/problem.ts';

function systemError(code: string, fields: object): Error {
  return Object.assign(new Error(`listen ${code}`), { code, ...fields });
}

describe('a failure', () => {
  it('is a sentence and what to do next, without a stack', () => {
    const text = failureText(new Failure(2, 'No server answers.', 'Start one.'), false);
    expect(text).toBe('offhook: No server answers.\nStart one.\n');
  });

  it('shows where it comes from when that is asked for', () => {
    const cause = new Error('inner');
    const text = failureText(new Failure(1, 'Outer.', undefined, { cause }), true);
    expect(text).toMatch(/^offhook: Outer\.\nError: inner\n {4}at /);
  });

  it('keeps its exit code', () => {
    const failure = new Failure(2, 'x');
    expect(explain(failure)).toBe(failure);
  });
});

describe('a data folder in use', () => {
  it('is said once, in the words of the store', () => {
    const failure = explain(new StoreError('STORE_IN_USE', 'In use; stop the other one.'));
    expect(failureText(failure, false)).toBe('offhook: In use; stop the other one.\n');
  });
});

describe('an error of the machine', () => {
  it.each([
    [
      systemError('EADDRINUSE', { address: '127.0.0.1', port: 7400 }),
      'Port 7400 on 127.0.0.1 is in use by another program.',
      'Stop the other one, or choose another port.',
    ],
    [
      systemError('EADDRNOTAVAIL', { address: '10.9.8.7', port: 7400 }),
      'Port 7400 on 10.9.8.7 is no address of this machine.',
      'Listen on 127.0.0.1',
    ],
    [systemError('EACCES', {}), 'Permission denied: listen EACCES.', 'Run as a user who may'],
    [
      new ConfigError('CONFIG_UNREADABLE', 'x.toml cannot be read: there is no such file.'),
      'x.toml cannot be read',
      'offhook simulate',
    ],
    [
      new InvalidConfigError('x.toml', [{ path: 'feed.port', seen: '-1', expected: 'a port' }]),
      'feed.port: saw -1, expected a port',
      'Correct these settings',
    ],
    [new Error('odd'), 'odd', 'OFFHOOK_DEBUG=1'],
    ['a text', 'a text', 'OFFHOOK_DEBUG=1'],
  ])('is said in words: %s', (error, message, next) => {
    const failure = explain(error);
    expect(failure.exitCode).toBe(1);
    expect(failure.message).toContain(message);
    expect(failure.next).toContain(next);
  });
});
