/**
 * What the end of a WebSocket means for a client, by its close code. Runs in a browser too.
 */
import type { Closing } from './effect.ts';

/** Codes of RFC 6455 that say that we broke the protocol, or speak another one. */
const broken: ReadonlySet<number> = new Set([1002, 1003, 1007, 1009, 1010, 4002]);

/**
 * @param code as the close frame or the library has it; 1006 where there was no frame
 * @param reason the text beside it, often empty
 */
export function closingOf(code: number, reason: string): Closing {
  const said = reason === '' ? '' : ` (${reason.slice(0, 120)})`;
  if (code === 4003)
    return { reason: `the token is not accepted${said}`, code: 'FEED_UNAUTHORIZED' };
  if (broken.has(code)) {
    return { reason: `the server did not understand us: ${code}${said}`, code: 'FEED_PROTOCOL' };
  }
  return {
    reason: code === 1006 ? 'the connection was cut' : `the server closed it: ${code}${said}`,
  };
}
