/**
 * The dialect of NetSapiens' event subscriptions: one model per destination, its objects posted as a JSON
 * array. The contract is in protocol/webhook/netsapiens.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Call } from '../../call/call.ts';
import type { OfCall } from '../../call/event.ts';
import { extensionKey } from '../../call/extension.ts';
import type { Destination } from '../destination.ts';
import { keptOut } from '../filter.ts';
import { type ModelObject, type Occurrence } from '../occurrence.ts';
import { type Dialect, isRequestsFault, type Item, type Part } from './dialect.ts';
import { jsonOf } from './json-text.ts';
import { callModel, originModel } from './netsapiens-call.ts';
import { changesOf, type LiveModel, objectOf } from './netsapiens-live.ts';
import {
  fedBy,
  isOfLite,
  keyStyles,
  type Model,
  models,
  noteOfModel,
  spelt,
  usualKeyStyle,
} from './netsapiens-models.ts';
import { agentModel, presenceModel } from './netsapiens-people.ts';
import {
  cdrObject,
  namesInRecord,
  namesInRecording,
  recordedLegs,
  recordingObject,
} from './netsapiens-record.ts';
import type { Site } from './netsapiens-words.ts';
import { atAgent, trialNumber } from './netsapiens-trial.ts';
import { recordingChanges } from './recordings.ts';
import { trialEvent } from './trial-call.ts';

const name = z.string().min(1).max(255);

const options = z.strictObject({
  model: z.enum(models),
  /** Objects of other domains are left out. */
  domain: name.default('*'),
  /** Only objects that this extension takes part in. */
  user: name.default('*'),
  /** What receivers know the subscription by, and should keep to themselves. */
  correlationId: z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, '1 to 255 printable ASCII characters without spaces')
    .exactOptional(),
  keyStyle: z.enum(keyStyles).exactOptional(),
  /** The name of the server that objects carry. */
  hostname: z.string().max(255).default(''),
  /** The domain that calls carry: they have none of their own. */
  domainName: name.exactOptional(),
});
export type NetsapiensOptions = z.output<typeof options>;

const liveModels: Readonly<Partial<Record<Model, LiveModel>>> = {
  call: callModel,
  call_origid: originModel,
  agent: agentModel,
  presence: presenceModel,
};

/** A subscription's id as the original makes them, 32 hexadecimal digits; the same for the same destination. */
function correlationIdOf({ id, options: own }: Destination<NetsapiensOptions>): string {
  const derived = createHash('sha256').update(`offhook subscription ${id}`).digest('hex');
  return own.correlationId ?? derived.slice(0, 32);
}

function siteOf(call: Call, { hostname, domain, domainName }: NetsapiensOptions): Site {
  return { hostname, domain: domainName ?? (domain === '*' ? call.source : domain) };
}

/** Whether somebody of these is the one that the destination is limited to. */
function names(user: string, found: readonly string[]): boolean {
  if (user === '*') return true;
  const wanted = extensionKey(user);
  return found.some((each) => extensionKey(each) === wanted);
}

function partsOfCall(
  event: OfCall,
  before: Call | undefined,
  destination: Destination<NetsapiensOptions>,
): readonly Part[] {
  const { call } = event;
  const { options: own, filter } = destination;
  const { model, user } = own;
  const site = siteOf(call, own);
  // A call that the filter lets through only now is new to the destination, with all that it has.
  const wasTold =
    before !== undefined &&
    keptOut(filter, { kind: 'call', event: { ...event, call: before } }) === undefined;
  const told = wasTold ? before : undefined;
  const live = liveModels[model];
  if (live !== undefined) {
    return changesOf(model, live, told, call, site, (row) => names(user, row.users));
  }
  if (model === 'cdr' && event.kind === 'call.ended') {
    return recordedLegs(call).flatMap((leg, nth) =>
      names(user, namesInRecord(call, leg)) ? [recordPart('cdr', nth)] : [],
    );
  }
  if (model === 'call_recording') {
    return recordingChanges(event, before).flatMap(({ step, index }) =>
      step === 'ended' && names(user, namesInRecording(call, index))
        ? [recordPart('call_recording', index)]
        : [],
    );
  }
  return [];
}

function recordPart(model: Model, nth: number): Part {
  return {
    topic: `${model}:${nth + 1}`,
    class: 'record',
    supersedes: 'nothing',
    about: String(nth),
  };
}

/** Members of objects that name a user or a domain, as either style spells them. */
const userKeys = ['user', 'from_user_id', 'terminating_user_id', 'target'];
const domainKeys = ['domain'];
/** The audit log is filtered by whom it happened to. */
const auditDomainKeys = ['target_domain'];

function partsOfObject(occurrence: ModelObject, own: NetsapiensOptions): readonly Part[] {
  const { model, user, domain } = own;
  if (fedBy[model] === 'calls') return [];
  const isEntry = model === 'auditlog_lite' && occurrence.model === 'auditlog';
  const isMeant = occurrence.model === model || (isEntry && isOfLite(occurrence.object));
  if (!isMeant) return [];
  const members = new Map(Object.entries(spelt(occurrence.object, 'underscore')));
  const texts = (keys: readonly string[]): string[] =>
    keys.flatMap((key) => {
      const value = members.get(key);
      return typeof value === 'string' || typeof value === 'number' ? [String(value)] : [];
    });
  const isAudit = fedBy[model] === 'administration';
  const inDomain = domain === '*' || texts(isAudit ? auditDomainKeys : domainKeys).includes(domain);
  if (!inDomain || !names(user, texts(userKeys))) return [];
  return [{ topic: model, class: 'record', supersedes: 'nothing' }];
}

/** @throws {RangeError} when the item is about nothing that the destination's model has */
function objectIn(
  { occurrence, about }: Item,
  own: NetsapiensOptions,
): Readonly<Record<string, unknown>> {
  const { model, keyStyle } = own;
  if (occurrence.kind === 'model') {
    // Made elsewhere: its spelling is its maker's, unless the destination insists.
    return keyStyle === undefined ? occurrence.object : spelt(occurrence.object, keyStyle);
  }
  if (occurrence.kind !== 'call') {
    throw new RangeError(`seen an occurrence of kind "${occurrence.kind}", expected one of a call`);
  }
  return spelt(textsOf(occurrence.event, about, own), keyStyle ?? usualKeyStyle[model]);
}

function textsOf(
  { call, atMs }: OfCall,
  about: string | undefined,
  own: NetsapiensOptions,
): Readonly<Record<string, string>> {
  const { model } = own;
  const site = siteOf(call, own);
  const live = liveModels[model];
  if (live !== undefined) return objectOf(live, about, call, site, atMs);
  const nth = /^\d{1,6}$/.test(about ?? '') ? Number(about) : -1;
  if (model === 'cdr') return cdrObject(call, nth, site);
  if (model === 'call_recording') return recordingObject(call, nth);
  throw new RangeError(`seen a call, expected an object of the model "${model}"`);
}

function sampleOf(
  destination: Destination<NetsapiensOptions>,
  id: string,
  atMs: number,
): Occurrence {
  const { model, user, domain } = destination.options;
  if (fedBy[model] === 'calls') {
    const number = user === '*' ? trialNumber : user;
    const ended = model === 'cdr' ? 'call.ended' : 'recording.ended';
    const kind = liveModels[model] === undefined ? ended : 'call.started';
    return { kind: 'call', event: atAgent(trialEvent(kind, id, atMs), number) };
  }
  const named = {
    domain: domain === '*' ? 'test' : domain,
    user: user === '*' ? trialNumber : user,
  };
  const entry = {
    action: 'create',
    object: 'user',
    target_domain: named.domain,
    target: named.user,
  };
  const isAudit = fedBy[model] === 'administration';
  const object = { id, ...named, ...(isAudit ? entry : { note: 'offhook test' }) };
  return { kind: 'model', id, atMs, model, lane: 'test', object };
}

export const netsapiens: Dialect<NetsapiensOptions> = {
  name: 'netsapiens',
  meaning: 'event subscriptions of NetSapiens: objects of one model, posted as a JSON array',
  options,
  check: ({ model, domain, domainName }) => {
    const isNever = fedBy[model] === 'calls' && domain !== '*' && (domainName ?? domain) !== domain;
    if (!isNever) return [];
    const expected = `"*", or the domain that calls carry (domainName, "${domainName}")`;
    return [{ path: 'netsapiens.domain', seen: JSON.stringify(domain), expected }];
  },
  partsOf: (occurrence, before, destination) => {
    if (occurrence.kind === 'call') return partsOfCall(occurrence.event, before, destination);
    return occurrence.kind === 'model' ? partsOfObject(occurrence, destination.options) : [];
  },
  render: (items, destination, { url }) => {
    if (items.length === 0) throw new RangeError('seen no items, expected at least one');
    const objects = items.map((item) => objectIn(item, destination.options));
    const headers = {
      'content-type': 'application/json',
      'x-correlation-id': correlationIdOf(destination),
    };
    return { method: 'POST', url, headers, body: jsonOf(objects) };
  },
  batches: true,
  isTaken: (status) => status >= 200 && status <= 302,
  isFinal: isRequestsFault,
  retries: [1, 5, 30, 120, 600],
  sample: sampleOf,
  note: ({ options: { model } }) => noteOfModel(model),
};
