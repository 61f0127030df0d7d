/**
 * Settings from the environment: each row of a single section has a variable, which wins over the
 * file. Sources and tokens have none; their secrets can refer to variables.
 */
import { nearest } from './problem.ts';
import type { Problem } from './problem.ts';
import { sections } from './settings.ts';
import type { Setting } from './setting.ts';
import { isTree } from './tree.ts';
import type { Tree } from './tree.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const prefix = 'OFFHOOK_';

/** `OFFHOOK_FEED_KEEP_ALIVE` for `keepAlive` of `[feed]`. */
export function environmentName(section: string, name: string): string {
  const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`);
  return `${prefix}${section.toUpperCase()}_${snake.toUpperCase()}`;
}

/**
 * Puts the values of the environment into the tree; an empty variable counts as not set.
 * @returns the variable behind each path that was set so
 */
export function takeEnvironment(
  tree: Tree,
  env: Environment,
  problems: Problem[],
): Map<string, string> {
  const taken = new Map<string, string>();
  const known = new Set<string>();
  for (const [section, settings] of Object.entries(sections)) {
    for (const [name, setting] of Object.entries(settings)) {
      const variable = environmentName(section, name);
      known.add(variable);
      const text = env[variable];
      if (text === undefined || text === '') continue;
      const into = tree[section] ?? (tree[section] = Object.create(null));
      if (!isTree(into)) continue;
      into[name] = environmentValue(setting, text);
      taken.set(`${section}.${name}`, variable);
    }
  }
  problems.push(...misspelt(env, known));
  return taken;
}

/**
 * Other programs and orchestrators set variables under this prefix too, so an unknown one is a problem
 * only when it looks like a slip of one of ours.
 */
function misspelt(env: Environment, known: ReadonlySet<string>): Problem[] {
  const problems: Problem[] = [];
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith(prefix) || known.has(variable)) continue;
    const meant = nearest(variable, [...known]) ?? inAnotherSection(variable, known);
    if (meant === undefined) continue;
    problems.push({ path: variable, seen: 'an unknown variable', expected: meant });
  }
  return problems;
}

/** The variable of the same setting where it belongs: one that is set in vain must not pass unnoticed. */
function inAnotherSection(variable: string, known: ReadonlySet<string>): string | undefined {
  const starts = Object.keys(sections).map((section) => environmentName(section, ''));
  const start = starts.find((each) => variable.startsWith(each));
  if (start === undefined) return undefined;
  const name = variable.slice(start.length);
  const [home, ...more] = starts.map((each) => each + name).filter((each) => known.has(each));
  return more.length === 0 ? home : undefined;
}

/** The value of a variable's text; what cannot be read stays text, for the check to refuse. */
function environmentValue(setting: Setting, text: string): unknown {
  switch (setting.kind) {
    case 'number':
      return /^-?[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : text;
    case 'flag':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'paths':
    case 'texts':
    case 'choices':
      return text.split(',').map((item) => item.trim());
    case 'text':
    case 'choice':
    case 'path':
    case 'secret':
      return text;
  }
}
