/** What goes out over HTTP: what dead receivers cost the others, what waits for them, and how fast it goes. */
import { backlog } from './webhook-backlog.mjs';
import { dead } from './webhook-dead.mjs';
import { throughput } from './webhook-throughput.mjs';

export async function webhook(load, options) {
  return {
    dead: await dead(load, options),
    backlog: await backlog(load, options),
    throughput: await throughput(load, options),
  };
}
