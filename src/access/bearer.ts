/**
 * Tokens as HTTP requests carry them (RFC 6750).
 */
import { type NamedHash, verifyToken } from './tokens.ts';

/** The token of an Authorization header, or undefined when it holds none. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
}

/** Checks an `Authorization: Bearer …` header against hashed tokens. */
export function bearer(tokens: readonly NamedHash[]): (header: string | undefined) => boolean {
  return (header) => {
    const token = bearerToken(header);
    return token !== undefined && verifyToken(token, tokens) !== undefined;
  };
}
