/**
 * Is the process alive (`/healthz`), and does it see what it should see (`/readyz`)? For load balancers,
 * and for the person who wants to know which source is down, and why.
 */
import type { FastifyPluginCallback } from 'fastify';

export interface SourceHealth {
  readonly name: string;
  /** What kind of system it is. */
  readonly type: string;
  readonly state: 'connecting' | 'syncing' | 'up' | 'down';
  /** When it was last heard, milliseconds since 1970. */
  readonly heardAtMs?: number;
  /** From its own time of its last signal to when we took it, milliseconds; absent where it tells no times. */
  readonly lagMs?: number;
  /** Why it is not up, in words a person can act on. */
  readonly reason?: string;
}

export interface HealthPort {
  sources(): readonly SourceHealth[];
  /** What is wrong with the journal; undefined while its commits hold. */
  journalTrouble(): string | undefined;
}

export function healthRoutes(port: HealthPort): FastifyPluginCallback {
  return (app, _options, done) => {
    app.get('/healthz', (_request, reply) => reply.send({ status: 'ok' }));

    // A source that is connecting again has been down a moment ago, and may be so in a moment: only what
    // is up counts, so that the answer does not flap with every attempt.
    app.get('/readyz', (_request, reply) => {
      const sources = port.sources();
      const trouble = port.journalTrouble();
      const ready = trouble === undefined && sources.every(({ state }) => state === 'up');
      return reply.code(ready ? 200 : 503).send({
        status: ready ? 'ready' : 'not ready',
        sources: sources.map(({ heardAtMs, ...source }) => ({
          ...source,
          ...(heardAtMs !== undefined && { heardAt: new Date(heardAtMs).toISOString() }),
        })),
        journal: trouble === undefined ? { state: 'ok' } : { state: 'trouble', reason: trouble },
      });
    });
    done();
  };
}
