/**
 * What our client read from a server's document, put through our server's writers again: when the bytes
 * are the same, the reader has missed nothing and the writers have invented nothing.
 */
import { attribute, element, textElement } from '../../src/base/xml.ts';
import type { Call } from '../../src/call/call.ts';
import { callViewXml } from '../../src/subscriber/call-codec.ts';
import type {
  Answer,
  FailureClass,
  GoodbyeReason,
  NotificationType,
  SourceStatus,
} from '../../src/subscriber/message.ts';
import type {
  AnswerReading,
  CdrReading,
  OngoingReading,
  ServerMessage,
  SourceReading,
} from '../../src/subscriber/reading.ts';
import { started } from './scene.ts';
import { serverXml } from './messages.ts';

/** @throws Error when the message is none that we write */
export function rewrite(message: ServerMessage): string {
  switch (message.kind) {
    case 'answer':
      return serverXml({ kind: 'answer', answer: answerOf(message) });
    case 'failure': {
      const { head, detail } = message;
      const failure = known<FailureClass>(message.failure, [
        'Invalid Request',
        'Unknown Request',
        'Call Not Found',
        'Not Authorized',
        'Processing Error',
      ]);
      const answer: Answer = { kind: 'failure', ...(head && { head }), failure, detail };
      return serverXml({ kind: 'answer', answer });
    }
    case 'keepalive': {
      const { intervalS, position } = message;
      const keepAlive = { intervalS, ...(position !== undefined && { position }) };
      const sources = message.sources.map(sourceOf);
      return serverXml({ kind: 'keepalive', keepAlive: { ...keepAlive, sources } });
    }
    case 'call': {
      const { snapshot, position, view } = message;
      const feed =
        position === undefined || view === undefined
          ? {}
          : { feed: { position, snapshot, view: callViewXml(view) } };
      // Which types there are is the schema's to say.
      const type = message.type as NotificationType;
      return serverXml({ kind: 'call', notification: { type, cdr: cdrOf(message.cdr), ...feed } });
    }
    case 'source': {
      const { type, source, from, to, reason, position = '' } = message;
      return serverXml({
        kind: 'source',
        notification: {
          type: known(type, ['SourceGap', 'SourceUp']),
          source,
          from,
          ...(to !== undefined && { to }),
          ...(reason !== undefined && { reason }),
          position,
        },
      });
    }
    case 'goodbye': {
      const { position } = message;
      const reason = message.reason as GoodbyeReason;
      return serverXml({
        kind: 'goodbye',
        goodbye: position === undefined ? { reason } : { reason, position },
      });
    }
    case 'unknown':
      throw new Error(`Not a message of ours: ${message.name}`);
  }
}

function answerOf(reading: AnswerReading): Answer {
  const { head, keepAliveS, feed, calls, cdr, mute, summary } = reading;
  if (keepAliveS !== undefined || feed !== undefined) {
    return {
      kind: 'subscribed',
      head,
      keepAliveS: keepAliveS ?? 0,
      ...(feed && {
        feed: {
          position: feed.position,
          ...(feed.calls !== undefined && { calls: feed.calls }),
          ...(feed.recovered !== undefined && { recovered: feed.recovered }),
        },
      }),
    };
  }
  if (calls.length > 0) return { kind: 'ongoing', head, calls: calls.map(callOf) };
  if (cdr !== undefined) return { kind: 'detail', head, cdr: cdrOf(cdr) };
  if (mute !== undefined) {
    return { kind: 'mute-state', head: { ...head, type: 'GetMuteState' }, ...mute };
  }
  if (summary !== undefined) {
    const { calls: ongoingCalls, sources, ...rest } = summary;
    return {
      kind: 'summary',
      head,
      summary: { ...rest, ongoingCalls, sources: sources.map(sourceOf) },
    };
  }
  return { kind: 'done', head };
}

function cdrOf({ ended, fields }: CdrReading): string {
  const content = [...fields].map(([name, text]) => textElement(name, text)).join('');
  return element('verbacdr', attribute('state', ended ? 1 : 0), content);
}

function callOf({ id, caller, called, start }: OngoingReading): Call {
  return {
    ...started,
    id,
    caller: caller === undefined ? {} : { number: caller },
    called: called === undefined ? {} : { number: called },
    startedAtMs: msOf(start),
  };
}

function sourceOf({ name, state, heard, lagMs }: SourceReading): SourceStatus {
  return {
    name,
    state: known(state, ['connecting', 'syncing', 'up', 'down']),
    ...(heard !== undefined && { heardAtMs: msOf(heard) }),
    ...(lagMs !== undefined && { lagMs }),
  };
}

function msOf(time: string): number {
  return Date.parse(`${time.replace(' ', 'T')}Z`);
}

function known<T extends string>(text: string, all: readonly T[]): T {
  const found = all.find((one) => one === text);
  if (found === undefined) throw new Error(`"${text}" is none of ${all.join(', ')}`);
  return found;
}
