/**
 * The lists of tables whose rows are alike in every table of the list, such as `[[token]]`. Sources have rows
 * by their type, and what belongs into a destination is known where destinations are.
 */
import { tokenSettings } from './access-settings.ts';
import {
  accountSettings,
  customDataSettings,
  policySettings,
  userSettings,
} from './face-settings.ts';
import type { Settings } from './setting.ts';

export const lists = {
  token: tokenSettings,
  user: userSettings,
  account: accountSettings,
  customData: customDataSettings,
  policy: policySettings,
} as const satisfies Readonly<Record<string, Settings>>;

/** How many tables each may have. */
export const mostTables: Readonly<Record<keyof typeof lists, number>> = {
  token: 10_000,
  user: 10_000,
  account: 1_000,
  customData: 256,
  policy: 256,
};

/** Every list of tables that the file may have. */
export type ListName = keyof typeof lists | 'source' | 'destination';
export const listNames: readonly ListName[] = [
  'token',
  'source',
  'destination',
  'user',
  'account',
  'customData',
  'policy',
];

export function isListName(name: unknown): name is ListName {
  return listNames.some((each) => each === name);
}
