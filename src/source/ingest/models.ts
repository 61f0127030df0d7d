/**
 * Objects of models in: what a destination may subscribe to and no call shows, such as voicemail, given to us
 * by whoever knows of it. From JSON that anybody may have sent to objects, or to a list of everything that is
 * wrong with it; taken once they are durable.
 */
import { uuidOf } from '../../call/identity.ts';
import { patiently, usualIntake } from './intake.ts';
import { bounds as bodyBounds } from './schema.ts';
import {
  fedByCalls,
  isTakenModel,
  objectBounds,
  objectSchema,
  type TakenModel,
  takenModels,
} from './models-schema.ts';
import {
  distinct,
  explain,
  type FieldProblem,
  isObject,
  pointer,
  type RowProblem,
  show,
} from './row-problem.ts';

/** An object, checked. */
export interface ToldObject {
  /** Ours: derived from the sender's id where there is one, so that a repeat has it too. */
  readonly id: string;
  readonly model: TakenModel;
  /** What is told in order: the objects of one lane. */
  readonly lane: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly object: Readonly<Record<string, unknown>>;
}

/** Who takes objects. */
export interface ObjectPort {
  /** Resolves when they are durable; rejects when that cannot be. */
  tell(objects: readonly ToldObject[]): Promise<void>;
}

export interface ObjectIntakeSettings {
  /** Objects that may wait for the disk before senders are told to come again; > 0. */
  readonly maxWaiting: number;
  /** How long a sender waits for the disk before being told to come again, milliseconds. */
  readonly patienceMs: number;
}

const usual: ObjectIntakeSettings = { maxWaiting: 2_000, patienceMs: usualIntake.patienceMs };

export type TakenObjects =
  | { readonly kind: 'told'; readonly accepted: number }
  /** Too much is waiting already; nothing of this batch was taken. */
  | { readonly kind: 'busy' }
  /** The disk takes its time: whether the batch will be durable is not known yet. */
  | { readonly kind: 'undecided' };

export class ObjectIntake {
  readonly #port: ObjectPort;
  readonly #settings: ObjectIntakeSettings;
  #waiting = 0;

  constructor(port: ObjectPort, settings: ObjectIntakeSettings = usual) {
    this.#port = port;
    this.#settings = settings;
  }

  /** Rejects when the house cannot make the batch durable; sending it again is safe where it has ids. */
  async take(objects: readonly ToldObject[]): Promise<TakenObjects> {
    const { maxWaiting, patienceMs } = this.#settings;
    const accepted = objects.length;
    if (accepted === 0) return { kind: 'told', accepted };
    if (this.#waiting > 0 && this.#waiting + accepted > maxWaiting) return { kind: 'busy' };
    this.#waiting += accepted;
    const told = this.#port
      .tell(objects)
      .then((): TakenObjects => ({ kind: 'told', accepted }))
      .finally(() => (this.#waiting -= accepted));
    return (await patiently(told, patienceMs)) ?? { kind: 'undecided' };
  }
}

export type ReadObjects =
  | { readonly kind: 'objects'; readonly objects: readonly ToldObject[] }
  | { readonly kind: 'problems'; readonly problems: readonly RowProblem[] };

/**
 * Reads a whole body, `{ "objects": [...] }`. All or nothing.
 * @param source name of the ingest source, under which ids are the sender's own
 * @param newId an id that nothing else has, for what has none
 */
export function readObjects(
  body: unknown,
  source: string,
  nowMs: number,
  newId: () => string,
): ReadObjects {
  if (!isObject(body)) return wrong('', body, 'an object with a list of "objects"');
  const stranger = Object.keys(body).find((field) => field !== 'objects');
  if (stranger !== undefined) {
    return wrong(pointer([stranger]), body[stranger], 'no field beside "objects"');
  }
  const { objects: rows } = body;
  if (!Array.isArray(rows)) return wrong('/objects', rows, 'a list of objects');
  const most = objectBounds.objectsPerBatch;
  if (rows.length > most) {
    const expected = `at most ${most} objects in one batch`;
    return {
      kind: 'problems',
      problems: [{ path: '/objects', seen: `${rows.length} objects`, expected }],
    };
  }
  const objects: ToldObject[] = [];
  const problems: RowProblem[] = [];
  rows.forEach((row: unknown, index) => {
    const read = readOne(row, source, nowMs, newId);
    if (Array.isArray(read)) problems.push(...read.map((one) => ({ index, ...one })));
    else objects.push(read);
  });
  return problems.length > 0 ? { kind: 'problems', problems } : { kind: 'objects', objects };
}

function wrong(path: string, seen: unknown, expected: string): ReadObjects {
  return { kind: 'problems', problems: [{ path, seen: show(seen), expected }] };
}

/** An object, or what is wrong with it. */
function readOne(
  row: unknown,
  source: string,
  nowMs: number,
  newId: () => string,
): ToldObject | FieldProblem[] {
  if (!isObject(row)) return [{ path: '', seen: show(row), expected: 'an object' }];
  const fault = modelFault(row['model']);
  if (fault !== undefined) return [{ path: '/model', seen: show(row['model']), expected: fault }];
  const parsed = objectSchema.safeParse(row);
  const { object } = row;
  const problems = [
    ...(parsed.error?.issues ?? []).flatMap((issue) => explain(issue, row, 'an object')),
    ...(isObject(object) ? faultsOf(object) : []),
  ];
  if (!parsed.success || !isObject(object)) return [...distinct(problems)];
  const { model, id, lane = '', at } = parsed.data;
  const atMs = at === undefined ? nowMs : Date.parse(at);
  if (atMs < bodyBounds.earliestMs || atMs > bodyBounds.latestMs) {
    const expected = 'a time between the years 2000 and 2100';
    problems.push({ path: '/at', seen: show(at), expected });
  }
  if (problems.length > 0) return [...distinct(problems)];
  const own =
    id === undefined ? uuidOf('object', source, newId()) : uuidOf('object', source, model, id);
  return { id: own, model, lane, atMs, object };
}

function modelFault(model: unknown): string | undefined {
  if (isTakenModel(model)) return undefined;
  const those = `one of ${takenModels.join(', ')}`;
  return fedByCalls.some((each) => each === model)
    ? `${those}; "${String(model)}" is made from the calls that are seen, and cannot be sent`
    : those;
}

/** Names that mean something to the language that reads them. */
const refused: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** What is wrong with the inside of an object. Takes no stack, however deep it is. */
function faultsOf(object: Readonly<Record<string, unknown>>): FieldProblem[] {
  const left: { readonly value: unknown; readonly depth: number }[] = [{ value: object, depth: 1 }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { value, depth } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (depth > objectBounds.depth) {
      const expected = `at most ${objectBounds.depth} levels`;
      return [{ path: '/object', seen: 'something that is nested deeper', expected }];
    }
    for (const [name, member] of Object.entries(value)) {
      if (refused.has(name)) {
        const expected = `no member called ${[...refused].map((each) => `"${each}"`).join(', ')}`;
        return [{ path: '/object', seen: show(name), expected }];
      }
      left.push({ value: member, depth: depth + 1 });
    }
  }
  const bytes = Buffer.byteLength(JSON.stringify(object));
  if (bytes <= objectBounds.objectBytes) return [];
  const expected = `at most ${objectBounds.objectBytes} bytes of JSON`;
  return [{ path: '/object', seen: `${bytes} bytes`, expected }];
}
