/**
 * Who asks: the user of a token, which comes in the address, as the vendor has it, or in a header.
 */
import { bearerToken } from '../access/bearer.ts';
import type { ApiUser } from '../access/users.ts';
import { missing, nack, type Verdict } from './codes.ts';
import type { Parameters } from './parameters.ts';
import type { FacePorts } from './ports.ts';

export type Admission =
  | { readonly kind: 'admitted'; readonly user: ApiUser; readonly tokenInUrl?: string }
  | {
      readonly kind: 'refused';
      readonly verdict: Verdict;
      /** When to come again. */
      readonly waitMs?: number;
    };

/** Nothing that is answered quotes a token. */
export function admission(
  logins: FacePorts['logins'],
  parameters: Parameters,
  authorization: string | undefined,
): Admission {
  const tokenInUrl = parameters.get('token') || undefined;
  const token = tokenInUrl ?? bearerToken(authorization);
  if (token === undefined) return { kind: 'refused', verdict: missing('token') };
  const user = logins.userOf(token);
  if (user === undefined) {
    return {
      kind: 'refused',
      verdict: nack('The token is unknown or has expired; log in again', 401),
    };
  }
  const waitMs = logins.waitMs(token);
  if (waitMs > 0) {
    const message = 'Too many requests of this token; expected the next one a little later';
    return { kind: 'refused', verdict: nack(message, 429), waitMs };
  }
  return { kind: 'admitted', user, ...(tokenInUrl !== undefined && { tokenInUrl }) };
}
