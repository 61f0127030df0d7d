/**
 * Requests that browsers send because of what stands in a page, which may be anybody's: the browser is on a machine
 * that may reach this server, the page is not. Pure.
 */
import { isIP } from 'node:net';

/**
 * Whether a page of this origin came from this very address. A name may be made to lead here by whoever owns
 * it, so only numeric addresses and localhost are believed.
 * @param own scheme and host that the request was sent to
 */
export function isOwnOrigin(origin: string, own: string): boolean {
  if (origin.toLowerCase() !== own.toLowerCase() || !URL.canParse(own)) return false;
  const { hostname } = new URL(own);
  return hostname === 'localhost' || isIP(hostname.replaceAll(/[[\]]/g, '')) !== 0;
}

/**
 * Whether a browser says that a page of somebody else had the request sent: by an origin, which comes with forms, or
 * by the site, which comes with images and links too. Programs say neither.
 * @param headers in lower case, as Node gives them
 * @param own scheme and host that the request was sent to
 */
export function isOfForeignPage(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  own: string,
): boolean {
  const { origin, 'sec-fetch-site': site } = headers;
  if (origin !== undefined && !(typeof origin === 'string' && isOwnOrigin(origin, own)))
    return true;
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}
