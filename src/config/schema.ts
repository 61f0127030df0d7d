/**
 * The zod schemas that follow from the table of settings, and what each row expects in words. What zod
 * says about a value is used to find it; what the person reads comes from the table.
 */
import { z } from 'zod';
import { lists, mostTables } from './lists.ts';
import { sections } from './settings.ts';
import { commonSourceSettings, sourceTypes } from './source-settings.ts';
import { isRequired } from './setting.ts';
import type { Setting, Settings } from './setting.ts';

const longestPath = 4096;
const mostPaths = 64;
const longestSecret = 4096;
const mostSources = 100;
const mostDestinations = 10_000;

function valueSchema(setting: Setting): z.ZodType {
  switch (setting.kind) {
    case 'text':
      return shaped(setting, setting.min ?? 1, setting.max ?? 255);
    case 'number': {
      const number = z.number().min(setting.min).max(setting.max);
      return setting.whole === true ? number.int() : number;
    }
    case 'flag':
      return z.boolean();
    case 'choice':
      return z.enum(setting.options);
    case 'choices': {
      const { options } = setting;
      return z
        .array(z.enum(options))
        .max(options.length)
        .refine((chosen) => new Set(chosen).size === chosen.length);
    }
    case 'path':
      return z.string().min(1).max(longestPath);
    case 'paths':
      return z.array(z.string().min(1).max(longestPath)).max(mostPaths);
    case 'texts':
      return z.array(z.string().refine(setting.accepts)).max(setting.most);
    case 'secret':
      return shaped(setting, 1, longestSecret);
  }
}

/** One check of everything, so that one value is one problem. */
function shaped(
  { pattern, accepts }: Extract<Setting, { kind: 'text' | 'secret' }>,
  min: number,
  max: number,
): z.ZodType {
  return z.string().refine((text) => {
    const isLong = text.length >= min && text.length <= max;
    return isLong && (pattern?.test(text) ?? true) && (accepts?.(text) ?? true);
  });
}

/** What a row accepts, to stand after "expected". */
export function expectation(setting: Setting): string {
  switch (setting.kind) {
    case 'text': {
      if (setting.shape !== undefined) return setting.shape;
      return `a text of ${setting.min ?? 1} to ${setting.max ?? 255} characters`;
    }
    case 'number': {
      const kind = setting.whole === true ? 'a whole number' : 'a number';
      const unit = setting.unit === undefined ? '' : ` (${setting.unit})`;
      return `${kind} from ${setting.min} to ${setting.max}${unit}`;
    }
    case 'flag':
      return 'true or false';
    case 'choice':
      return `one of ${optionsText(setting.options)}`;
    case 'choices':
      return `a list of ${optionsText(setting.options)}, each once at most`;
    case 'path':
      return 'a path';
    case 'paths':
      return 'a list of paths';
    case 'texts':
      return `a list of ${setting.shape}`;
    case 'secret': {
      const value = setting.shape ?? 'a text';
      return `${value}, { env = "NAME" } or { file = "PATH" }`;
    }
  }
}

function optionsText(options: readonly string[]): string {
  return options.map((option) => `"${option}"`).join(', ');
}

/** What a row accepts as one item of its list, or the whole of it where it is no list. */
export function itemExpectation(setting: Setting): string {
  if (setting.kind === 'paths') return 'a path';
  if (setting.kind === 'choices') return `one of ${optionsText(setting.options)}`;
  return setting.kind === 'texts' ? setting.itemShape : expectation(setting);
}

function tableShape(settings: Settings): Record<string, z.ZodType> {
  const shape: Record<string, z.ZodType> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const value = valueSchema(setting);
    shape[name] = isRequired(setting) ? value : value.optional();
  }
  return shape;
}

/** The whole file. Secrets must have been resolved to text; defaults are not filled in. */
export const fileSchema = z.strictObject({
  ...Object.fromEntries(
    Object.entries(sections).map(([name, settings]) => [
      name,
      z.strictObject(tableShape(settings)).optional(),
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(lists).map(([name, settings]) => [
      name,
      z
        .array(z.strictObject(tableShape(settings)))
        .max(mostTables[name as keyof typeof lists])
        .optional(),
    ]),
  ),
  // What belongs into one is known where destinations are.
  destination: z.array(z.record(z.string(), z.unknown())).max(mostDestinations).optional(),
  source: z
    .array(
      z.discriminatedUnion('type', [
        sourceSchema('ami'),
        sourceSchema('simulator'),
        sourceSchema('replay'),
        sourceSchema('ingest'),
      ]),
    )
    .max(mostSources)
    .optional(),
});

function sourceSchema(type: keyof typeof sourceTypes) {
  return z.strictObject({
    type: z.literal(type),
    ...tableShape(commonSourceSettings),
    ...tableShape(sourceTypes[type]),
  });
}
