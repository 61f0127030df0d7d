/**
 * What somebody may see and do, and who is granted it: the tokens that were given out, by their hashes.
 */
import {
  type ExtensionFilter,
  type ExtensionPattern,
  filterOf,
  nothing,
  parsePattern,
} from '../call/extension.ts';
import { hashToken, longestToken } from './tokens.ts';

/** What a connection or request may see and do. Compared by identity: a changed token is another grant. */
export interface Grant {
  /** Who holds it, for the log. */
  readonly name: string;
  /** The extensions whose calls may be seen. */
  readonly scope: ExtensionFilter;
  /** Whether recorders may be driven. */
  readonly control: boolean;
  /** Whether destinations and deliveries may be seen and managed, those of every call. */
  readonly manage: boolean;
}

/** Where no token is asked for. */
export const anybody: Grant = {
  name: 'anybody',
  scope: filterOf([]),
  control: true,
  manage: true,
};

/** A token as it was given out. */
export interface TokenGrant {
  readonly name: string;
  /** SHA-256 of the token, 64 hexadecimal digits. */
  readonly sha256: string;
  /** Pattern texts as `parsePattern` reads them; none: every extension. */
  readonly extensions: readonly string[];
  readonly control: boolean;
  readonly manage: boolean;
}

/** What has become of a grant since it was given. */
export type Standing = 'holds' | 'changed' | 'gone';

export class Grants {
  #byHash = new Map<string, { readonly written: string; readonly grant: Grant }>();

  constructor(tokens: readonly TokenGrant[]) {
    this.replace(tokens);
  }

  /** From here on these tokens hold; the grants of those that have not changed stay what they were. */
  replace(tokens: readonly TokenGrant[]): void {
    const before = this.#byHash;
    this.#byHash = new Map();
    for (const token of tokens) {
      const hash = token.sha256.toLowerCase();
      const written = JSON.stringify([
        token.name,
        token.control,
        token.manage,
        [...token.extensions].sort(),
      ]);
      const known = before.get(hash);
      const same = known !== undefined && known.written === written;
      this.#byHash.set(hash, same ? known : { written, grant: grantOf(token) });
    }
  }

  /**
   * The grant of a token, or undefined when there is no such token. It is looked up by its hash: whoever
   * learns by timing how far a hash agrees is no nearer to a token with that hash.
   */
  verify(token: string): Grant | undefined {
    if (token === '' || token.length > longestToken) return undefined;
    return this.#byHash.get(hashToken(token))?.grant;
  }

  /** Of a grant that `verify` once gave. */
  standing(grant: Grant): Standing {
    let standing: Standing = 'gone';
    for (const { grant: current } of this.#byHash.values()) {
      if (current === grant) return 'holds';
      if (current.name === grant.name) standing = 'changed';
    }
    return standing;
  }
}

/** A pattern that cannot be read grants nothing: the settings have been checked before they come here. */
function grantOf({ name, extensions, control, manage }: TokenGrant): Grant {
  const patterns = extensions
    .map(parsePattern)
    .filter((pattern): pattern is ExtensionPattern => pattern !== undefined);
  const isUnread = patterns.length === 0 && extensions.length > 0;
  return { name, scope: isUnread ? nothing : filterOf(patterns), control, manage };
}
