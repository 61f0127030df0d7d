import { describe, expect, it } from 'vitest';
import { createLog } from '../../src/telemetry/log.ts';
import type { LogOptions } from '../../src/telemetry/log.ts';

const secretFields = [
  'secret',
  'password',
  'token',
  'tokenSha256',
  'sha256',
  'authorization',
  'cookie',
];
const partyFields = [
  'caller',
  'called',
  'party',
  'dialled',
  'number',
  'name',
  'address',
  'device',
  'agent',
  'extension',
  'extensions',
  'transferee',
  'legs',
  'cdr',
];

/** A log and the lines it has written. */
function logInMemory(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = createLog(
    { level: 'info', parties: false, ...options },
    { write: (line) => void lines.push(line) },
  );
  const last = (): unknown => JSON.parse(lines.at(-1) ?? 'null');
  return { log, lines, last };
}

/** The field at the top, in an object, in a list, and deep down. */
function everywhere(field: string, value: unknown): Record<string, unknown> {
  return {
    [field]: value,
    inside: { [field]: value },
    list: [{ [field]: value }],
    deep: { a: { b: { c: { d: { [field]: value } } } } },
  };
}

describe('a log line', () => {
  it('is one event with its fields, level and time', () => {
    const { log, lines, last } = logInMemory();
    log.info({ session: 's1', durationMs: 12 }, 'session.closed');
    expect(lines).toHaveLength(1);
    expect(last()).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      session: 's1',
      durationMs: 12,
      event: 'session.closed',
    });
  });

  it('carries the fields of the child log it came from', () => {
    const { log, last } = logInMemory();
    log.child({ source: 'pbx' }).child({ peer: '::1' }).warn({ retryMs: 5 }, 'source.lost');
    expect(last()).toMatchObject({ level: 'warn', source: 'pbx', peer: '::1', retryMs: 5 });
  });

  it('is not written below the level', () => {
    const { log, lines } = logInMemory({ level: 'warn' });
    log.debug({}, 'x');
    log.info({}, 'x');
    log.warn({}, 'x');
    log.error({}, 'x');
    expect(lines).toHaveLength(2);
  });

  it('holds an error with its code and stack', () => {
    const { log, last } = logInMemory();
    const err = Object.assign(new TypeError('no such thing'), { code: 'E_X' });
    log.error({ err }, 'process.failed');
    expect(last()).toMatchObject({
      err: { type: 'TypeError', message: 'no such thing', code: 'E_X', stack: expect.any(String) },
    });
  });

  it('survives a value that holds itself', () => {
    const { log, lines } = logInMemory();
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    log.info({ loop }, 'x');
    expect(lines).toHaveLength(1);
  });
});

describe('secrets', () => {
  it.each(secretFields)('are not in the log, wherever %s stands', (field) => {
    const { log, lines, last } = logInMemory({ parties: true });
    log.info(everywhere(field, 'hunter2'), 'x');
    expect(lines.join()).not.toContain('hunter2');
    expect(last()).toMatchObject(everywhere(field, '[redacted]'));
  });

  it('are not in the fields of a child log, and letter case does not matter', () => {
    const { log, lines } = logInMemory();
    log.child({ headers: { Authorization: 'hunter2' } }).info({}, 'x');
    expect(lines.join()).toContain('[redacted]');
    expect(lines.join()).not.toContain('hunter2');
  });

  it('may be said to be set or not', () => {
    const { log, last } = logInMemory();
    log.info({ a: { secret: 'set' }, b: { secret: 'not set' } }, 'x');
    expect(last()).toMatchObject({ a: { secret: 'set' }, b: { secret: 'not set' } });
  });
});

describe('call parties', () => {
  it.each(partyFields)('are not in the log, wherever %s stands', (field) => {
    const { log, lines, last } = logInMemory();
    log.info(everywhere(field, { number: '+4930123456' }), 'x');
    log.info(everywhere(field, '+4930123456'), 'x');
    expect(lines.join()).not.toContain('+4930123456');
    expect(last()).toMatchObject(everywhere(field, '[redacted]'));
  });

  it('are in the log where the operator wants them', () => {
    const { log, last } = logInMemory({ parties: true });
    log.info({ caller: { number: '1001', name: 'Ann' } }, 'call.ended');
    expect(last()).toMatchObject({ caller: { number: '1001', name: 'Ann' } });
  });

  it('are left in the values that were given to the log', () => {
    const { log } = logInMemory();
    const fields = { call: { caller: { number: '1001' } } };
    log.info(fields, 'x');
    expect(fields).toEqual({ call: { caller: { number: '1001' } } });
  });
});
