// The bridge in its place: what the store has kept of destinations.
import { expect, it, onTestFinished } from 'vitest';
import { Webhooks } from '../../src/app/webhooks.ts';
import { readConfig } from '../../src/config/read.ts';
import { StoreClient } from '../../src/store/client.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { newFolder } from '../support/data-folder.ts';
import { bareMachine } from '../support/surroundings.ts';

it('a destination that cannot be read any more is logged without its secrets, and the others work', async () => {
  const store = await StoreClient.open({ folder: await newFolder(), onFailure: () => undefined });
  onTestFinished(() => store.close());
  const table = { dialect: 'standard', url: 'https://crm.example/' };
  const good = { id: 'good', ...table, standard: { secrets: [`whsec_${'a'.repeat(40)}`] } };
  const bodies = {
    damaged: '{"id":"dam',
    good: JSON.stringify(good),
    strange: JSON.stringify({
      id: 'strange',
      ...table,
      auth: { kind: 'bearer', token: ['S3CRET'] },
    }),
  };
  for (const [id, body] of Object.entries(bodies)) {
    await store.putDestination({ id, body, madeMs: 1, changedMs: 1 });
  }
  const logged: string[] = [];
  const log = {
    ...silentLog,
    error: (fields: object, event: string) => void logged.push(event + JSON.stringify(fields)),
  };
  const webhooks = await Webhooks.open(readConfig('', 'it', bareMachine), {
    ...{ store, log, open: [] },
    find: () => Promise.resolve(undefined),
    onAttempt: () => undefined,
    onFirst: () => undefined,
  });
  onTestFinished(() => webhooks.stop());
  const ids = (await webhooks.administration.destinations()).map(({ id }) => id);
  expect(ids).toEqual(['good']);
  expect(logged).toEqual([
    expect.stringMatching(/^destination.unreadable.*"damaged"/),
    expect.stringMatching(/^destination.unreadable.*"strange".*auth.token/),
  ]);
  expect(logged.join()).not.toContain('S3CRET');
});
