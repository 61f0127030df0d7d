/** A server and its subscribers for as long as a part needs them. */
import { end, folder, startOffhook, startRival } from '../processes.mjs';

export const offhooks = ['offhook tcp', 'offhook ws'];
export const rivals = ['redis', 'nats', 'naive ws'];

/**
 * Starts the server that `wire` belongs to and opens an audience.
 * @returns `server`, and `close`; undefined where the server is not installed
 */
export async function withAudience(load, wire, { subscribers, own, looking }) {
  const data = folder();
  const server = wire.startsWith('offhook')
    ? await startOffhook({ dir: data.path, pbxPort: (await load.ask('pbx')).port })
    : await startRival(wire, data.path);
  if (server === undefined) {
    data.remove();
    return undefined;
  }
  await load.ask('open', {
    wire,
    ports: server.ports,
    serverPid: server.pid,
    subscribers,
    own,
    looking,
  });
  const close = async () => {
    await load.ask('close');
    await end(server.child);
    data.remove();
  };
  return { server, close };
}

/** What a reader must know about a row: who else was at its limit, or took part of the machine. */
export function remarks({ cores, lost, complete }) {
  return [
    cores.load >= 0.9 && 'load process at its limit',
    cores.others >= 0.15 && `other work took ${cores.others.toFixed(1)} cores`,
    lost > 0 && `${lost} subscribers lost`,
    !complete && 'did not drain',
  ]
    .filter(Boolean)
    .join(', ');
}
