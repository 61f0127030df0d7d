/** Which account a recording belongs to: the first whose sources and extensions fit its call. Pure. */
import type { Call } from '../call/call.ts';
import { type ExtensionPattern, filterOf, parsePattern, seesAny } from '../call/extension.ts';

export interface Account {
  /** From 1. */
  readonly id: number;
  readonly name: string;
  /** The route that recordings of the account are told to have come by. */
  readonly route: number;
  /** Pattern texts as `parsePattern` reads them; none: every extension. */
  readonly extensions: readonly string[];
  /** Names of sources; none: every source. */
  readonly sources: readonly string[];
}

export interface Belonging {
  readonly account: number;
  readonly route: number;
}

/** Where there are no accounts, everything belongs to this one. */
const onlyAccount: Belonging = { account: 1, route: 1 };
/** What fits none is seen by those alone who see every account. */
const noAccount: Belonging = { account: 0, route: 0 };

/** @returns what says where a call belongs */
export function belonging(accounts: readonly Account[]): (call: Call) => Belonging {
  if (accounts.length === 0) return () => onlyAccount;
  const fitting = accounts.map(({ id, route, extensions, sources }) => {
    const patterns = extensions
      .map(parsePattern)
      .filter((pattern): pattern is ExtensionPattern => pattern !== undefined);
    return { to: { account: id, route }, filter: filterOf(patterns), sources: new Set(sources) };
  });
  return (call) => {
    const found = fitting.find(
      ({ filter, sources }) =>
        seesAny(filter, call.extensions) && (sources.size === 0 || sources.has(call.source)),
    );
    return found?.to ?? noAccount;
  };
}
