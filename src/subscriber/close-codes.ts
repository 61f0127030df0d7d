/**
 * How the end of a session looks on WebSocket: one code per reason (RFC 6455 §7.4; 4000–4999 are for
 * applications), and whether the client should come back. protocol/feed/README.md shows the same table.
 */
import type { GoodbyeReason } from './message.ts';

export const closeCodes: Readonly<
  Record<GoodbyeReason, { readonly code: number; readonly comeBack: boolean }>
> = {
  'going-away': { code: 1001, comeBack: true },
  'slow-consumer': { code: 4001, comeBack: true },
  'protocol-error': { code: 4002, comeBack: false },
  unauthorized: { code: 4003, comeBack: false },
  idle: { code: 4004, comeBack: true },
};
