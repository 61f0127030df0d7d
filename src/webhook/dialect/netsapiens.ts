/** To be written. */
import { z } from 'zod';
import { type Dialect, isRequestsFault, isSuccess } from './dialect.ts';

const options = z.strictObject({});

export const netsapiens: Dialect<z.output<typeof options>> = {
  name: 'netsapiens',
  meaning: '',
  options,
  check: () => [],
  partsOf: () => [],
  render: (_items, _destination, { url }) => ({ method: 'POST', url, headers: {}, body: '' }),
  batches: false,
  isTaken: isSuccess,
  isFinal: isRequestsFault,
  retries: [],
  sample: (_destination, id, atMs) => ({
    kind: 'model',
    id,
    atMs,
    model: 'test',
    lane: '',
    object: {},
  }),
};
