/**
 * Loaded into the server under attack before its own program: tells, when it is asked over IPC, how much
 * memory is held after everything that can be let go of was, and what holds the process.
 */
import { isMainThread } from 'node:worker_threads';

if (isMainThread && process.channel) {
  process.on('message', () => {
    globalThis.gc();
    const { heapUsed, external } = process.memoryUsage();
    const resources = process.getActiveResourcesInfo();
    process.send({
      heldBytes: heapUsed + external,
      sockets: resources.filter((name) => name === 'TCPSocketWrap').length,
    });
  });
  process.channel.unref();
}
