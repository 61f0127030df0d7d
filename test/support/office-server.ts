/**
 * An office behind a real HTTP server on a free port.
 */
import type { Grant } from '../../src/access/grant.ts';
import { createApiServer } from '../../src/api/server.ts';
import type { Office } from './office.ts';

export async function serveOffice(
  office: Office,
  authorize: (header: string | undefined) => Grant | undefined,
  onFault: (error: unknown) => void,
): Promise<{ readonly base: string; readonly close: () => Promise<void> }> {
  const server = createApiServer(
    { host: '127.0.0.1', port: 0, bodyBytes: 1_000 },
    {
      calls: {
        ongoing: () => [],
        position: () => 'epoch1-42',
        find: () => Promise.resolve(undefined),
        recent: () => Promise.resolve([]),
      },
      metrics: { contentType: 'text/plain', text: () => Promise.resolve('') },
      health: { sources: () => [], journalTrouble: () => undefined },
      guard: { authorize, waitMs: () => 0 },
      webhooks: office.administration,
      onFault,
    },
  );
  const { host, port } = await server.listen();
  return { base: `http://${host}:${port}`, close: () => server.close() };
}
