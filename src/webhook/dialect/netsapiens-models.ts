/**
 * The models of the dialect `netsapiens`: which there are, where their objects come from, and how their keys
 * are spelt. Pure.
 */

export const models = [
  'agent',
  'auditlog',
  'auditlog_lite',
  'call',
  'call_origid',
  'call_recording',
  'cdr',
  'message',
  'messagesession',
  'presence',
  'subscriber',
  'voicemail',
] as const;
export type Model = (typeof models)[number];

/** Whom the objects of a model come from: the calls that we see, our own administration, or POST /v1/models. */
export type Feeder = 'calls' | 'administration' | 'ingest';

export const fedBy: Readonly<Record<Model, Feeder>> = {
  agent: 'calls',
  auditlog: 'administration',
  auditlog_lite: 'administration',
  call: 'calls',
  call_origid: 'calls',
  call_recording: 'calls',
  cdr: 'calls',
  message: 'ingest',
  messagesession: 'ingest',
  presence: 'calls',
  subscriber: 'ingest',
  voicemail: 'ingest',
};

/** For a person, where the objects of a model come from, and what is not to be expected. */
export function noteOfModel(model: Model): string {
  switch (model) {
    case 'agent':
    case 'presence':
      return `"${model}" is fed from the calls that we see: who is rung, talks or is free again. Logging in and out, and states that somebody sets by hand, are not seen.`;
    case 'auditlog':
      return '"auditlog" is fed by our own administration: one object for each thing that somebody changes here. Entries of other systems come by POST /v1/models.';
    case 'auditlog_lite':
      return '"auditlog_lite" is what of "auditlog" creates or deletes a domain, user, reseller, callqueue, agent, conference or phonenumber. Our own administration has none of these: objects come by POST /v1/models.';
    default:
      return fedBy[model] === 'ingest'
        ? `"${model}" has no source here: nothing is sent but what comes by POST /v1/models.`
        : `"${model}" is fed from the calls that we see.`;
  }
}

export const keyStyles = ['underscore', 'hyphen'] as const;
export type KeyStyle = (typeof keyStyles)[number];

/** As the posts of the original were seen; what nobody has seen is hyphenated, as all of version 2 is. */
export const usualKeyStyle: Readonly<Record<Model, KeyStyle>> = {
  agent: 'hyphen',
  auditlog: 'hyphen',
  auditlog_lite: 'hyphen',
  call: 'underscore',
  call_origid: 'underscore',
  call_recording: 'underscore',
  cdr: 'underscore',
  message: 'hyphen',
  messagesession: 'hyphen',
  presence: 'hyphen',
  subscriber: 'hyphen',
  voicemail: 'hyphen',
};

/** The object with the keys of its first level spelt so. */
export function spelt(
  object: Readonly<Record<string, unknown>>,
  style: KeyStyle,
): Readonly<Record<string, unknown>> {
  const entries = Object.entries(object).map(([key, value]): [string, unknown] => [
    style === 'hyphen' ? key.replaceAll('_', '-') : key.replaceAll('-', '_'),
    value,
  ]);
  return Object.fromEntries(entries);
}

/** Things whose coming and going is billed. */
const billed: ReadonlySet<unknown> = new Set([
  'domain',
  'user',
  'reseller',
  'callqueue',
  'agent',
  'conference',
  'phonenumber',
]);

/** Whether an entry of the audit log is one of the short log too. */
export function isOfLite(object: Readonly<Record<string, unknown>>): boolean {
  const { action } = object;
  return (action === 'create' || action === 'delete') && billed.has(object['object']);
}
