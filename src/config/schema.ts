/**
 * The zod schemas that follow from the table of settings, and what each row expects in words. What zod
 * says about a value is used to find it; what the person reads comes from the table.
 */
import { z } from 'zod';
import { tokenSettings } from './access-settings.ts';
import { sections } from './settings.ts';
import { commonSourceSettings, sourceTypes } from './source-settings.ts';
import { isRequired } from './setting.ts';
import type { Setting, Settings } from './setting.ts';

const longestPath = 4096;
const mostPaths = 64;
const longestSecret = 4096;
const mostTokens = 10_000;
const mostSources = 100;
const mostDestinations = 10_000;

function valueSchema(setting: Setting): z.ZodType {
  switch (setting.kind) {
    case 'text': {
      const text = z
        .string()
        .min(setting.min ?? 1)
        .max(setting.max ?? 255);
      return setting.pattern === undefined ? text : text.regex(setting.pattern);
    }
    case 'number': {
      const number = z.number().min(setting.min).max(setting.max);
      return setting.whole === true ? number.int() : number;
    }
    case 'flag':
      return z.boolean();
    case 'choice':
      return z.enum(setting.options);
    case 'path':
      return z.string().min(1).max(longestPath);
    case 'paths':
      return z.array(z.string().min(1).max(longestPath)).max(mostPaths);
    case 'texts':
      return z.array(z.string().refine(setting.accepts)).max(setting.most);
    case 'secret': {
      const secret = z.string().min(1).max(longestSecret);
      return setting.pattern === undefined ? secret : secret.regex(setting.pattern);
    }
  }
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
      return `one of ${setting.options.map((option) => `"${option}"`).join(', ')}`;
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

/** What a row accepts as one item of its list, or the whole of it where it is no list. */
export function itemExpectation(setting: Setting): string {
  if (setting.kind === 'paths') return 'a path';
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
  token: z
    .array(z.strictObject(tableShape(tokenSettings)))
    .max(mostTokens)
    .optional(),
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
