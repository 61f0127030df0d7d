/**
 * Whether a request can go on the wire just as it is. The URL is cut where its path begins and never written
 * anew: receivers are promised their bytes as they were typed. Pure.
 */
import type { OutgoingRequest } from './dialect/dialect.ts';
import { plainUrl } from './printable.ts';

export type Wire =
  | {
      readonly kind: 'wire';
      /** Scheme, host and port. */
      readonly origin: string;
      /** Path and query, byte for byte. */
      readonly path: string;
    }
  | { readonly kind: 'fault'; readonly fault: string };

/** Some servers answer 414 to less; what is longer is no URL that anybody meant. */
const longestUrl = 65_536;

/** What says where a message ends is nobody's but the connection's. */
const ofTheConnection =
  /^(host|connection|content-length|transfer-encoding|upgrade|te|trailer|keep-alive|proxy-connection|expect)$/;

export function wireOf({ url, method, headers, body }: OutgoingRequest): Wire {
  if (url.length > longestUrl) return fault(`The URL has more than ${longestUrl} characters.`);
  const strange = /[^\x21-\x7e]/.exec(url);
  if (strange !== null) return fault(`The URL has ${named(strange[0])}, expected printable ASCII.`);
  const [, scheme, authority = '', path = ''] = /^(https?):\/\/([^/?#\\]+)(.*)$/i.exec(url) ?? [];
  const shown = plainUrl(url);
  if (scheme === undefined || !URL.canParse(`${scheme}://${authority}`)) {
    return fault(`${shown} is no http or https URL.`);
  }
  if (path.includes('#')) return fault(`${shown} has a fragment ("#…"), which cannot be sent.`);
  if (!/^([/?]|$)/.test(path)) return fault(`${shown} is no http or https URL.`);
  const { origin, username, password } = new URL(`${scheme}://${authority}`);
  if (username !== '' || password !== '' || authority.includes('@')) {
    return fault(`${shown} has a user or password, which cannot be sent in a URL.`);
  }
  const headerFault = Object.entries(headers).map(faultOfHeader).find(isText);
  if (headerFault !== undefined) return fault(headerFault);
  // Without a length, which a GET does not carry, its body would be read as the next request.
  if (method === 'GET' && body !== undefined && body !== '') return fault('A GET has a body.');
  return { kind: 'wire', origin, path: path.startsWith('/') ? path : `/${path}` };
}

function faultOfHeader([name, value]: readonly [string, string]): string | undefined {
  if (!/^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/.test(name)) {
    return `${JSON.stringify(name.slice(0, 60))} is no name of a header.`;
  }
  if (ofTheConnection.test(name)) return `The header ${name} is set by the connection alone.`;
  const strange = /[^\x20-\x7e\t]/.exec(value);
  if (strange === null) return undefined;
  return `The header ${name} has ${named(strange[0])}, expected printable ASCII.`;
}

function named(character: string): string {
  return `the character U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function isText(value: string | undefined): value is string {
  return value !== undefined;
}

function fault(text: string): Wire {
  return { kind: 'fault', fault: text };
}
