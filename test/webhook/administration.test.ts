// Who manages destinations and deliveries, on a real store: what is kept, shown, hidden and told of it.
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Occurrence } from '../../src/webhook/occurrence.ts';
import { readDestination } from '../../src/webhook/destination.ts';
import { ended, lifeOf, started } from '../support/calls.ts';
import {
  answered,
  destinationOf,
  type Office,
  officeOpensMs,
  openOffice,
  planted,
  standardSecret,
  written,
} from '../support/office.ts';

let office: Office;
beforeEach(async () => {
  office = await openOffice();
});

const opened = new Date(officeOpensMs).toISOString();

function entries(): unknown[] {
  return office.audited.map((each: Occurrence) => (each.kind === 'model' ? each.object : each));
}

describe('a destination that is made', () => {
  it('is kept, in force, and shown without its secrets', async () => {
    const made = await office.administration.create(written('crm'), 'ada');
    const shown = {
      id: 'crm',
      dialect: 'standard',
      origin: 'api',
      status: 'pending',
      since: opened,
      paused: false,
      madeAt: opened,
      changedAt: opened,
      counters: {
        ...{ accepted: 0, waiting: 0, delivered: 0, collapsed: 0, expired: 0, dead: 0 },
        ...{ attempts: 0, failures: 0 },
      },
      settings: {
        ...written('crm'),
        url: 'https://receiver.example/hook?token=***',
        headers: { 'X-Api-Key': '***' },
        auth: { kind: 'bearer', token: '***' },
        standard: { secrets: ['***'] },
      },
    };
    expect(made).toEqual({ kind: 'done', destination: shown });
    expect(await office.administration.destinations()).toEqual([shown]);
    expect(office.roster.get('crm')?.destination).toEqual(destinationOf(written('crm')));
    const [row] = await office.store.destinations();
    expect(JSON.parse(row?.body ?? '')).toEqual(written('crm'));
  });

  it('is refused when there is one of its id, and says where that one is written', async () => {
    office.roster.renewFile([destinationOf(written('filed'))], officeOpensMs);
    await office.administration.create(written('crm'), 'ada');
    expect(await office.administration.create(written('crm'), 'ada')).toEqual({ kind: 'exists' });
    expect(await office.administration.create(written('filed'), 'ada')).toEqual({
      kind: 'from-file',
    });
    expect(entries()).toHaveLength(1);
  });

  it('is one, however many ask for it at once', async () => {
    const asked = Array.from({ length: 5 }, () =>
      office.administration.create(written('crm'), 'a'),
    );
    const kinds = (await Promise.all(asked)).map(({ kind }) => kind);
    expect(kinds.sort()).toEqual(['done', 'exists', 'exists', 'exists', 'exists']);
  });

  it('is refused with all that is wrong with it, and nothing is kept', async () => {
    const bad = written('Bad id', {
      timeout: 0,
      colour: 'red',
      headers: { 'X-Api-Key': '\u0001x' },
    });
    const refused = await office.administration.create(bad, 'ada');
    expect(refused).toMatchObject({
      kind: 'problems',
      problems: [
        { path: 'id', seen: '"Bad id"' },
        { path: 'headers.X-Api-Key', seen: 'a hidden value', expected: 'printable ASCII' },
        { path: 'timeout', seen: '0' },
        { path: 'colour' },
      ],
    });
    expect(await office.store.destinations()).toEqual([]);
    expect(entries()).toEqual([]);
  });
});

describe('a destination that is changed', () => {
  it('as it was shown stays what it is', async () => {
    await office.administration.create(written('crm'), 'ada');
    const shown = await office.administration.destination('crm');
    office.nowMs += 60_000;
    const changed = await office.administration.update('crm', shown?.settings, 'ada');
    expect(changed).toMatchObject({
      kind: 'done',
      destination: { madeAt: opened, changedAt: '2026-01-05T00:01:00.000Z' },
    });
    expect(office.roster.get('crm')?.destination.written).toEqual(written('crm'));
  });

  it('takes new secrets beside those that came back hidden', async () => {
    await office.administration.create(written('crm'), 'ada');
    const standard = { secrets: [standardSecret(2), '***'] };
    const { id: _id, ...rest } = written('crm', {
      standard,
      auth: { kind: 'bearer', token: '***' },
    });
    await office.administration.update('crm', rest, 'ada');
    expect(office.roster.get('crm')?.destination.written).toEqual(
      written('crm', { standard: { secrets: [standardSecret(2), standardSecret(1)] } }),
    );
  });

  it('cannot become another one, nor be one that is not there or in the file', async () => {
    office.roster.renewFile([destinationOf(written('filed'))], officeOpensMs);
    await office.administration.create(written('crm'), 'ada');
    const { administration } = office;
    expect(await administration.update('crm', written('other'), 'ada')).toMatchObject({
      kind: 'problems',
      problems: [{ path: 'id', seen: '"other"' }],
    });
    expect(await administration.update('gone', written('gone'), 'ada')).toEqual({
      kind: 'unknown',
    });
    expect(await administration.update('filed', written('filed'), 'a')).toEqual({
      kind: 'from-file',
    });
    expect(await administration.remove('filed', 'ada')).toEqual({ kind: 'from-file' });
    expect(await administration.remove('gone', 'ada')).toEqual({ kind: 'unknown' });
  });
});

describe('a destination that is removed', () => {
  it('gives up what waits for it, however much that is, and its history stays', async () => {
    await office.administration.create(written('crm'), 'ada');
    await office.administration.create(written('other'), 'ada');
    for (let n = 0; n < 600; n += 1) await office.happens(started(n));
    const removed = await office.administration.remove('crm', 'ada');
    expect(removed).toMatchObject({ kind: 'done', destination: { counters: { waiting: 600 } } });
    expect(office.roster.get('crm')).toBeUndefined();
    expect((await office.store.destinations()).map(({ id }) => id)).toEqual(['other']);
    const states = await office.store.destinationStates();
    expect(states.find(({ destination }) => destination === 'crm')).toMatchObject({
      ...{ accepted: 600, waiting: 0, dead: 600 },
    });
    expect(states.find(({ destination }) => destination === 'other')).toMatchObject({
      ...{ accepted: 600, waiting: 600, dead: 0 },
    });
    const query = { destination: 'crm', limit: 1 };
    expect(await office.administration.deliveries(query)).toMatchObject([
      { state: 'dead', reason: 'the destination was removed' },
    ]);
  });

  it('is there again when the store fails, and can be removed then', async () => {
    await office.administration.create(written('crm'), 'ada');
    const [id = 0] = await office.happens(started(1));
    office.isDiskFull = true;
    await expect(office.administration.remove('crm', 'ada')).rejects.toThrow('disk is full');
    expect(office.roster.get('crm')).toMatchObject({ origin: 'api', madeMs: officeOpensMs });
    expect(await office.administration.delivery(id)).toMatchObject({ state: 'waiting' });
    office.isDiskFull = false;
    expect(await office.administration.remove('crm', 'ada')).toMatchObject({ kind: 'done' });
    expect(await office.administration.delivery(id)).toMatchObject({ state: 'dead' });
  });

  it('and made anew is not paused because it was', async () => {
    const { administration } = office;
    await administration.create(written('crm'), 'ada');
    await administration.pause('crm', true, 'ada');
    expect(office.bridge.outlet('crm')?.paused).toBe(true);
    await administration.remove('crm', 'ada');
    const made = await administration.create(written('crm'), 'ada');
    expect(made).toMatchObject({ destination: { paused: false, status: 'pending' } });
    expect(office.bridge.outlet('crm')?.paused).toBe(false);
  });
});

it('pausing holds for destinations of the file too, and going on ends it', async () => {
  office.roster.renewFile([destinationOf(written('filed'))], officeOpensMs);
  const { administration } = office;
  const paused = await administration.pause('filed', true, 'ada');
  expect(paused).toMatchObject({ kind: 'done', destination: { origin: 'file', paused: true } });
  expect(office.bridge.outlet('filed')?.paused).toBe(true);
  const going = await administration.pause('filed', false, 'ada');
  expect(going).toMatchObject({ kind: 'done', destination: { paused: false } });
  expect(office.bridge.outlet('filed')?.paused).toBe(false);
  expect(await administration.pause('gone', true, 'ada')).toEqual({ kind: 'unknown' });
});

it('one that is switched off is disabled, and says why', async () => {
  const made = await office.administration.create(written('crm', { enabled: false }), 'ada');
  expect(made).toMatchObject({
    destination: { status: 'disabled', reason: 'it is switched off: enabled = false' },
  });
});

it('a test makes a delivery of something made up, whatever the filter', async () => {
  const filtered = written('crm', { extensions: ['9999'], sources: ['nowhere'] });
  await office.administration.create(filtered, 'ada');
  const tried = await office.administration.test('crm', 'ada');
  if (tried.kind !== 'sent') throw new Error(tried.kind);
  expect(await office.administration.delivery(tried.delivery)).toMatchObject({
    destination: 'crm',
    state: 'waiting',
    tells: { kind: 'call' },
  });
  expect(await office.administration.test('gone', 'ada')).toEqual({ kind: 'unknown' });
});

describe('deliveries', () => {
  it('are listed newest first, in pages, by destination, call and state', async () => {
    const { administration } = office;
    await administration.create(written('crm'), 'ada');
    await administration.create(written('other'), 'ada');
    const [first = 0] = await office.happens(started(1));
    await office.happens(started(2));
    await office.settle(first, 'delivered');
    const all = await administration.deliveries({ limit: 10 });
    expect(all.map(({ id }) => id)).toEqual(all.map(({ id }) => id).sort((a, b) => b - a));
    expect(all).toHaveLength(4);
    expect(await administration.deliveries({ limit: 2 })).toEqual(all.slice(0, 2));
    const before = all[1]?.id ?? 0;
    expect(await administration.deliveries({ limit: 2, before })).toEqual(all.slice(2));
    const call = started(1).call.id;
    const ofCall = await administration.deliveries({ limit: 10, call, destination: 'crm' });
    expect(ofCall).toEqual([
      {
        id: first,
        destination: 'crm',
        call,
        topic: 'call.started',
        class: 'live',
        state: 'delivered',
        attempts: 1,
        key: started(1).id,
        sequence: started(1).call.revision,
        madeAt: opened,
        expiresAt: '2026-01-05T00:00:30.000Z',
        settledAt: opened,
      },
    ]);
    const waiting = await administration.deliveries({ limit: 10, state: 'waiting' });
    expect(waiting.map(({ dueAt }) => dueAt)).toEqual([opened, opened, opened]);
  });

  it('are shown with their attempts and what they tell, without what a receiver repeats', async () => {
    const { administration } = office;
    await administration.create(written('crm'), 'ada');
    const [id = 0] = await office.happens(started(1));
    const answer = `who is ${JSON.stringify(written('crm'))}?`;
    const attempt = { ...answered, status: 500, error: 'status', answer };
    await office.settle(id, 'dead', { attempt, reason: 'token B34RER-of-auth refused' });
    const shown = await administration.delivery(id);
    expect(shown).toMatchObject({
      state: 'dead',
      reason: 'token *** refused',
      attemptLog: [
        {
          at: opened,
          durationMs: 12,
          url: 'https://receiver.example/hook?token=***',
          status: 500,
          error: 'status',
        },
      ],
      tells: { kind: 'call', event: { id: started(1).id } },
    });
    for (const secret of planted) expect(JSON.stringify(shown)).not.toContain(secret);
    expect(await administration.delivery(999_999)).toBeUndefined();
  });
});

describe('telling once more', () => {
  async function lives(calls: number): Promise<number[]> {
    const ids: number[] = [];
    for (let n = 0; n < calls; n += 1) ids.push(...(await office.happens(ended(n))));
    return ids;
  }

  it('makes a dead one wait again, and is refused for one that waits', async () => {
    const { administration } = office;
    await administration.create(written('crm'), 'ada');
    const [id = 0] = await lives(1);
    expect(await administration.replay({ delivery: id }, 'ada')).toEqual({ kind: 'waiting' });
    await office.settle(id, 'dead');
    office.nowMs += 1_000;
    expect(await administration.replay({ delivery: id }, 'ada')).toEqual({
      kind: 'replayed',
      count: 1,
    });
    const days = 3 * 86_400_000;
    expect(await administration.delivery(id)).toMatchObject({
      state: 'waiting',
      expiresAt: new Date(office.nowMs + days).toISOString(),
    });
    expect(await administration.replay({ delivery: 999 }, 'ada')).toEqual({ kind: 'unknown' });
  });

  it('makes a copy with the same key of one that was delivered', async () => {
    const { administration } = office;
    await administration.create(written('crm'), 'ada');
    const [id = 0] = await lives(1);
    await office.settle(id, 'delivered');
    await administration.replay({ delivery: id }, 'ada');
    const [copy, original] = await administration.deliveries({ limit: 9, destination: 'crm' });
    expect([copy?.state, original?.state]).toEqual(['waiting', 'delivered']);
    expect([copy?.key, original?.id]).toEqual([original?.key, id]);
    // What is made next has another id than the copy.
    const [next = 0] = await office.happens(ended(7));
    expect(next).toBeGreaterThan(copy?.id ?? Infinity);
  });

  it('takes all dead ones of a destination, in steps, and leaves the rest', async () => {
    const { administration } = office;
    await administration.create(written('crm'), 'ada');
    await administration.create(written('other'), 'ada');
    const ids = await lives(600);
    await Promise.all(ids.map((id, at) => office.settle(id, at % 50 === 0 ? 'delivered' : 'dead')));
    const query = { destination: 'crm', state: 'dead', limit: 2_000 } as const;
    const dead = await administration.deliveries(query);
    expect(dead.length).toBeGreaterThan(500);
    expect(await administration.replay({ destination: 'crm', state: 'dead' }, 'ada')).toEqual({
      kind: 'replayed',
      count: dead.length,
    });
    const states = new Map(
      (await administration.destinations()).map(({ id, counters }) => [id, counters]),
    );
    expect(states.get('crm')).toMatchObject({ waiting: dead.length, dead: 0 });
    expect(states.get('other')).toMatchObject({ waiting: 0 });
    expect(await administration.replay({ destination: 'gone' }, 'ada')).toEqual({
      kind: 'unknown',
    });
  });

  it('takes those made in a range of time, of every destination in force', async () => {
    const { administration } = office;
    for (const id of ['crm', 'other', 'gone']) await administration.create(written(id), 'ada');
    const early = await lives(1);
    office.nowMs += 60_000;
    const late = await office.happens(ended(50));
    for (const id of [...early, ...late]) await office.settle(id, 'delivered');
    await administration.remove('gone', 'ada');
    const fromMs = officeOpensMs + 1;
    expect(await administration.replay({ fromMs }, 'ada')).toEqual({ kind: 'replayed', count: 2 });
    expect(await administration.replay({ throughMs: officeOpensMs, fromMs: 0 }, 'ada')).toEqual({
      kind: 'replayed',
      count: 2,
    });
    const [ofGone] = await administration.deliveries({ destination: 'gone', limit: 1 });
    expect(await administration.replay({ delivery: ofGone?.id ?? 0 }, 'ada')).toEqual({
      kind: 'removed',
    });
  });
});

it('everything that is done is told as entries of the audit log, to those who want them', async () => {
  const { administration } = office;
  const standard = { secrets: [standardSecret(1)], events: ['call.*', 'model.auditlog'] };
  await administration.create(written('auditor', { standard }), 'ada');
  await administration.create(written('crm'), 'ada');
  await administration.update('crm', written('crm'), 'bob');
  await administration.pause('crm', true, 'bob');
  await administration.pause('crm', false, 'bob');
  await administration.test('crm', 'bob');
  const [id = 0] = await office.happens(ended(1));
  await office.settle(id, 'dead');
  await administration.replay({ delivery: id }, 'cyd');
  await administration.replay({ destination: 'crm', state: 'dead' }, 'cyd');
  await administration.replay({ state: 'dead' }, 'cyd');
  await administration.remove('crm', 'cyd');
  const deeds = entries().map((each) => {
    const { action, object, user, target } = each as Record<string, string>;
    return `${user} ${action} ${object} ${target}`.trim();
  });
  expect(deeds).toEqual([
    'ada create destination auditor',
    'ada create destination crm',
    'bob update destination crm',
    'bob pause destination crm',
    'bob resume destination crm',
    'bob test destination crm',
    `cyd replay delivery ${id}`,
    'cyd replay delivery crm',
    'cyd replay delivery',
    'cyd delete destination crm',
  ]);
  expect(entries()[0]).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    datetime: opened,
    action: 'create',
    object: 'destination',
    user: 'ada',
    domain: 'desk',
    target_domain: 'desk',
    target: 'auditor',
  });
  const told = await administration.deliveries({ destination: 'auditor', limit: 100 });
  expect(told.filter(({ topic }) => topic === 'model.auditlog')).toHaveLength(10);
});

it('no secret is in anything that is shown, refused or audited, wherever it stands', async () => {
  const { administration } = office;
  const secret = fc
    .string({ unit: 'grapheme-ascii', minLength: 14, maxLength: 60 })
    .filter((text) => /^[^\s&;#"'()=*?\\<>%,{}/|`[\]]+$/.test(text));
  const change = fc.oneof(
    secret.map((text) => [text, { url: `https://h.example/?a=1&api_key=${text}` }] as const),
    secret.map((text) => [text, { url: `gopher://h/?sig=${text}` }] as const),
    secret.map((text) => [text, { headers: { 'x-hub-secret': text } }] as const),
    secret.map((text) => [text, { headers: { authorization: text } }] as const),
    secret.map(
      (text) => [text, { auth: { kind: 'basic', username: 'u', password: text } }] as const,
    ),
    secret.map((text) => [text, { auth: { kind: 'basic', username: text, pass: 'x' } }] as const),
    secret.map((text) => [text, { auth: text }] as const),
    secret.map((text) => [text, { standard: { secrets: [text] } }] as const),
    secret.map((text) => [text, { standard: { secrets: text, key: text } }] as const),
    secret.map((text) => [text, { standard: [{ token: text }] }] as const),
  );
  const life = lifeOf(3);
  await fc.assert(
    fc.asyncProperty(change, fc.nat(1_000_000), async ([text, changes], n) => {
      const id = `d${n}`;
      const table = written(id, changes);
      const heard: unknown[] = [await administration.create(table, 'ada')];
      const bad = { ...table, timeout: { token: text }, queues: [table] };
      heard.push(await administration.update(id, bad, 'ada'));
      heard.push(await administration.update(id, table, 'ada'));
      const read = readDestination(table);
      if (read.kind === 'destination') {
        const [first = 0] = await office.happens(life[0] ?? started(3));
        const answer = `echo ${text} ${encodeURIComponent(text)}`;
        await office.settle(first, 'dead', { reason: text, attempt: { ...answered, answer } });
        heard.push(await administration.delivery(first));
        heard.push(await administration.why(id, started(3).call.id));
        heard.push(await administration.deliveries({ destination: id, limit: 100 }));
      }
      heard.push(await administration.destinations());
      heard.push(await administration.remove(id, 'ada'));
      heard.push(office.audited.splice(0));
      const all = JSON.stringify(heard);
      for (const each of [text, text.slice(0, 10), ...planted]) expect(all).not.toContain(each);
    }),
    { numRuns: 25 },
  );
}, 60_000);
