/** Verifications over HTTP: one at a time, which whoever reads no more does not keep from others. */
import { connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { Downloads } from '../../src/record/downloads.ts';
import { MediaFiles } from '../../src/record/media.ts';
import { openArchive, serveArchive } from '../support/archive.ts';
import { until } from '../support/until.ts';

it('whose reader takes nothing ends, and another may begin', async () => {
  const archive = await openArchive();
  const media = new MediaFiles([archive.root], new Downloads({ stalledMs: 1_000 }));
  const server = await serveArchive({ ...archive, media });
  let ended = 0;
  server.verify = async function* () {
    try {
      for (;;) {
        yield { kind: 'orphan', file: 'x'.repeat(60_000), bytes: 1 };
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      ended += 1;
    }
  };
  const { hostname, port } = new URL(server.base);
  const reader = connect(Number(port), hostname);
  onTestFinished(() => void reader.destroy());
  reader.on('error', () => undefined);
  reader.pause();
  reader.write('POST /v1/recordings/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
  const again = () => fetch(`${server.base}/v1/recordings/verify`, { method: 'POST' });
  await until('it is under way', async () => {
    const { status, body } = await again();
    await body?.cancel();
    return status === 409;
  });
  await until('it has ended', () => ended > 0);
  server.verify = async function* () {
    yield { kind: 'done', segments: 0, files: 0, findings: 0 };
  };
  await until('another may begin', async () => (await again()).status === 200);
});

it('that rests for longer than readers may is not cut off', async () => {
  const archive = await openArchive();
  const media = new MediaFiles([archive.root], new Downloads({ stalledMs: 100 }));
  const server = await serveArchive({ ...archive, media });
  server.verify = async function* () {
    yield { kind: 'progress', segments: 0, files: 0 };
    await new Promise((resolve) => setTimeout(resolve, 500));
    yield { kind: 'done', segments: 0, files: 0, findings: 0 };
  };
  const response = await fetch(`${server.base}/v1/recordings/verify`, { method: 'POST' });
  expect((await response.text()).trim().split('\n')).toHaveLength(2);
});
