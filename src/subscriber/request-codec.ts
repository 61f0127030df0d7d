/**
 * Requests: what a client may ask, out of a document and back into one. Lenient where the outside
 * system's clients may differ (unknown attributes, `True`, a Call that wraps its State), strict where a
 * slip would change the meaning without anybody noticing.
 */
import { ProtocolError } from '../base/errors.ts';
import { attribute, declaration, element } from '../base/xml.ts';
import { parseDocument, type Element } from './document-codec.ts';
import { wire, type Refusal, type Request, type RequestHead } from './message.ts';
import { isRefusal, quoted, refusal, unknownRequest } from './refusal.ts';
import { extensionsOf, extensionXml, feedOf, feedXml, flagOf } from './subscription-codec.ts';

/**
 * The request in one document.
 * @param document the bytes of one message, as the framer gave it or a WebSocket message brought it
 * @returns a refusal to be answered when it is no request we can serve; a ProtocolError, to be answered
 *   once before the session ends, when it is no well-formed document within bounds
 */
export function parseRequest(document: Uint8Array): Request | Refusal | ProtocolError {
  const root = parseDocument(document);
  if (root instanceof ProtocolError) return root;
  if (root.name !== wire.root) {
    return refusal(undefined, `The root is ${quoted(root.name)}; expected ${wire.root}.`);
  }
  const requests = root.children.filter((child) => child.name === 'Request');
  const [request] = requests;
  if (request === undefined || requests.length > 1) {
    return refusal(undefined, `${requests.length} Request elements; expected exactly one.`);
  }
  const type = request.attributes.get('type');
  if (type === undefined || type === '') {
    return refusal(
      undefined,
      'The Request has no type; expected one such as type="SubscribeOnCallEvent".',
    );
  }
  const id = request.attributes.get('id');
  const head = id === undefined ? { type } : { type, id };
  const parse = parsers.get(type);
  if (parse !== undefined) return parse(head, request);
  return unknownRequest(head, parsers.keys());
}

type Parser = (head: RequestHead, request: Element) => Request | Refusal;

const { requests } = wire;

const parsers: ReadonlyMap<string, Parser> = new Map<string, Parser>([
  [requests.subscribe, subscribe],
  [requests.unsubscribe, (head) => ({ kind: 'unsubscribe', head })],
  [requests.ongoing, ongoing],
  ...requests.detail.map((type): [string, Parser] => [type, detail]),
  [requests.mute, mute],
  [requests.muteState, muteState],
  [requests.summary, (head) => ({ kind: 'summary', head })],
  [requests.authenticate, authenticate],
  [requests.keepalive, (head) => ({ kind: 'keepalive', head })],
]);

function subscribe(head: RequestHead, request: Element): Request | Refusal {
  const extensions = extensionsOf(head, request, ['Extension', wire.elements.feed]);
  if (isRefusal(extensions)) return extensions;
  const feeds = request.children.filter((child) => child.name === wire.elements.feed);
  if (feeds.length > 1)
    return refusal(head, `${feeds.length} Feed elements; expected at most one.`);
  if (feeds[0] === undefined) return { kind: 'subscribe', head, extensions };
  const feed = feedOf(head, feeds[0]);
  return isRefusal(feed) ? feed : { kind: 'subscribe', head, extensions, feed };
}

function ongoing(head: RequestHead, request: Element): Request | Refusal {
  const extensions = extensionsOf(head, request, ['Extension']);
  return isRefusal(extensions) ? extensions : { kind: 'ongoing', head, extensions };
}

function detail(head: RequestHead, request: Element): Request | Refusal {
  const call = callOf(head, request);
  return isRefusal(call) ? call : { kind: 'detail', head, call };
}

function muteState(head: RequestHead, request: Element): Request | Refusal {
  const call = callOf(head, request);
  return isRefusal(call) ? call : { kind: 'mute-state', head, call };
}

function mute(head: RequestHead, request: Element): Request | Refusal {
  const call = callOf(head, request);
  if (isRefusal(call)) return call;
  // The outside system's sample can be read either way: State beside Call, or inside it.
  const states = [request, ...request.children.filter((child) => child.name === 'Call')]
    .flatMap((parent) => parent.children)
    .filter((child) => child.name === 'State');
  const [state] = states;
  if (state === undefined || states.length > 1) {
    return refusal(head, `${states.length} State elements; expected exactly one.`);
  }
  const callerMuted = flagOf(head, state, 'callerMuted');
  if (isRefusal(callerMuted)) return callerMuted;
  const calleeMuted = flagOf(head, state, 'calleeMuted');
  if (isRefusal(calleeMuted)) return calleeMuted;
  if (callerMuted === undefined || calleeMuted === undefined) {
    return refusal(
      head,
      'The State lacks callerMuted or calleeMuted; expected both, "true" or "false".',
    );
  }
  return { kind: 'mute', head, call, callerMuted, calleeMuted };
}

function authenticate(head: RequestHead, request: Element): Request | Refusal {
  const token = request.attributes.get('token');
  if (token === undefined || token === '') {
    return refusal(head, 'The Request has no token; expected token="…".');
  }
  return { kind: 'authenticate', head, token };
}

function callOf(head: RequestHead, request: Element): string | Refusal {
  const calls = request.children.filter((child) => child.name === 'Call');
  if (calls.length !== 1)
    return refusal(head, `${calls.length} Call elements; expected exactly one.`);
  const id = calls[0]?.attributes.get('id');
  if (id === undefined || id === '') return refusal(head, 'The Call has no id; expected id="…".');
  return id;
}

/** The document that asks for `request`, as our own client sends it. */
export function requestXml(request: Request): string {
  const attributes =
    attribute('type', request.head.type) +
    attribute('id', request.head.id) +
    (request.kind === 'authenticate' ? attribute('token', request.token) : '');
  const content = element('Request', attributes, parametersXml(request));
  return `${declaration}${element(wire.root, '', content)}\n`;
}

function parametersXml(request: Request): string {
  switch (request.kind) {
    case 'subscribe':
      return (
        request.extensions.map(extensionXml).join('') +
        (request.feed === undefined ? '' : feedXml(request.feed))
      );
    case 'ongoing':
      return request.extensions.map(extensionXml).join('');
    case 'detail':
    case 'mute-state':
      return element('Call', attribute('id', request.call));
    case 'mute':
      return element('Call', attribute('id', request.call)) + muteXml(request);
    case 'unsubscribe':
    case 'summary':
    case 'authenticate':
    case 'keepalive':
      return '';
  }
}

/** The State element of a mute request and of the answer to GetMuteState. */
export function muteXml(state: {
  readonly callerMuted: boolean;
  readonly calleeMuted: boolean;
}): string {
  return element(
    'State',
    attribute('callerMuted', state.callerMuted) + attribute('calleeMuted', state.calleeMuted),
  );
}
