// Deliveries over HTTP: listing, looking at one, and telling them once more.
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { anybody } from '../../src/access/grant.ts';
import { ended } from '../support/calls.ts';
import { type Office, openOffice, planted, written } from '../support/office.ts';
import { serveOffice } from '../support/office-server.ts';

let office: Office;
let base: string;
beforeEach(async () => {
  office = await openOffice();
  const server = await serveOffice(
    office,
    () => anybody,
    () => undefined,
  );
  base = server.base;
  onTestFinished(server.close);
  await office.administration.create(written('crm'), 'ada');
});

async function ask(path: string, body?: unknown): Promise<{ status: number; json: unknown }> {
  const json = { 'content-type': 'application/json' };
  const response = await fetch(
    base + path,
    body === undefined
      ? {}
      : { method: 'POST', headers: json, body: body === null ? '' : JSON.stringify(body) },
  );
  return { status: response.status, json: JSON.parse(await response.text()) };
}

it('are listed in pages, and shown one by one without a secret', async () => {
  const ids: number[] = [];
  for (let n = 0; n < 3; n += 1) ids.push(...(await office.happens(ended(n))));
  const page = await ask('/v1/deliveries?destination=crm&limit=2');
  expect(page).toMatchObject({
    status: 200,
    json: { deliveries: [{ id: ids[2] }, { id: ids[1] }], before: ids[1] },
  });
  const rest = await ask(`/v1/deliveries?limit=2&before=${ids[1]}`);
  expect(rest.json).toEqual({ deliveries: [expect.objectContaining({ id: ids[0] })] });
  const call = ended(1).call.id;
  expect((await ask(`/v1/deliveries?call=${call}&state=dead`)).json).toEqual({ deliveries: [] });
  await office.settle(ids[0] ?? 0, 'dead');
  const one = await ask(`/v1/deliveries/${ids[0]}`);
  expect(one).toMatchObject({
    status: 200,
    json: { state: 'dead', attemptLog: [{ status: 200 }] },
  });
  for (const secret of planted) expect(JSON.stringify(one.json)).not.toContain(secret);
});

it.each([
  'state=gone',
  'limit=0',
  'limit=501',
  'before=x',
  'destination=a&destination=b',
  'call=',
  'colour=red',
])('are not listed by ?%s', async (query) => {
  expect(await ask(`/v1/deliveries?${query}`)).toMatchObject({
    status: 400,
    json: { code: 'QUERY_INVALID' },
  });
});

it('are told once more, one or many', async () => {
  const [id = 0] = await office.happens(ended(1));
  expect(await ask(`/v1/deliveries/${id}/replay`, null)).toMatchObject({
    status: 409,
    json: { code: 'DELIVERY_WAITING' },
  });
  await office.settle(id, 'dead');
  const one = await ask(`/v1/deliveries/${id}/replay`, null);
  expect(one).toEqual({ status: 202, json: { replayed: 1 } });
  await office.settle(id, 'delivered');
  // Without a state the dead ones are meant, and this one is not.
  const dead = await ask('/v1/deliveries/replay', { destination: 'crm' });
  expect(dead.json).toEqual({ replayed: 0 });
  const any = { destination: 'crm', state: 'any', from: '2026-01-04T23:00:00-01:00' };
  expect((await ask('/v1/deliveries/replay', any)).json).toEqual({ replayed: 1 });
  for (const unknown of ['999', 'x', '99999999999999999999']) {
    expect(await ask(`/v1/deliveries/${unknown}/replay`, null)).toMatchObject({ status: 404 });
    expect(await ask(`/v1/deliveries/${unknown}`)).toMatchObject({
      status: 404,
      json: { code: 'DELIVERY_UNKNOWN' },
    });
  }
  expect(await ask('/v1/deliveries/replay', { destination: 'gone' })).toMatchObject({
    status: 404,
    json: { code: 'DESTINATION_UNKNOWN' },
  });
});

it.each([
  [null, ''],
  [{}, ''],
  [[], ''],
  [{ state: 'waiting' }, 'state'],
  [{ from: 'yesterday' }, 'from'],
  [{ from: '2026-01-05T00:00:00Z', through: '2026-01-04T00:00:00Z' }, 'through'],
  [{ destination: 'No name' }, 'destination'],
  [{ all: true }, 'all'],
])('are not told once more for %j', async (body, path) => {
  expect(await ask('/v1/deliveries/replay', body)).toMatchObject({
    status: 422,
    json: { code: 'REPLAY_INVALID', problems: [{ path }] },
  });
});
