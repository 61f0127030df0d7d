import { expect, it } from 'vitest';
import { Dispatcher } from '../../src/webhook/dispatcher.ts';
import { delivery, destinationOf } from '../support/deliveries.ts';
import { until } from '../support/until.ts';

it('nothing is read or sent before the start, whatever is made or changed by then', async () => {
  const asked: string[] = [];
  const dispatcher = new Dispatcher({
    store: {
      due: ({ destination }) => {
        asked.push(`due ${destination}`);
        return Promise.resolve({ rows: [], nextDueMs: null });
      },
      settle: () => Promise.resolve(),
    },
    sender: {
      send: () => {
        asked.push('send');
        return Promise.resolve({ kind: 'answered', status: 200, answer: '' });
      },
      close: () => Promise.resolve(),
    },
    nowMs: () => Date.now(),
    bounds: { perHost: 1, inAll: 1 },
    onTrouble: () => undefined,
    onFault: (error) => {
      throw error;
    },
  });
  const destination = destinationOf({ id: 'x', dialect: 'focalscope', url: 'http://x.example/' });
  dispatcher.enrol('x', { destination, origin: 'file', madeMs: 0, changedMs: 0 });
  dispatcher.made([{ destination: 'x', delivery: delivery(1, 'a') }], new Set());
  dispatcher.nudge('x');
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(asked).toEqual([]);
  dispatcher.start();
  await until('it is read', () => asked.length > 0);
  expect(asked).toEqual(['due x']);
  await dispatcher.stop(0);
});
