/**
 * Looking into a running server from outside, by the inspector that Node opens on SIGUSR1: a collection
 * on request, and what the heap holds then. The server is otherwise as its user starts it.
 */
import { WebSocket } from 'ws';
import { residentBytes } from './proc.mjs';

export class Inspection {
  #pid;
  #socket;
  #asked = 0;

  /** @param port the one that the process was given with `--inspect-port` */
  static async of(pid, port) {
    const inspection = new Inspection();
    inspection.#pid = pid;
    process.kill(pid, 'SIGUSR1');
    for (let left = 100; left > 0; left -= 1) {
      const targets = await fetch(`http://127.0.0.1:${port}/json/list`).then(
        (answer) => answer.json(),
        () => undefined,
      );
      if (targets !== undefined) {
        inspection.#socket = new WebSocket(targets[0].webSocketDebuggerUrl);
        await new Promise((resolve) => inspection.#socket.once('open', resolve));
        return inspection;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('The inspector did not open.');
  }

  #ask(method, params = {}) {
    this.#asked += 1;
    const id = this.#asked;
    return new Promise((resolve) => {
      const hear = (data) => {
        const answer = JSON.parse(data);
        if (answer.id !== id) return;
        this.#socket.off('message', hear);
        resolve(answer.result);
      };
      this.#socket.on('message', hear);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /** Memory in bytes once everything that can be collected has been, and a moment has passed. */
  async settled() {
    for (let round = 0; round < 3; round += 1) {
      await this.#ask('HeapProfiler.collectGarbage');
      await new Promise((resolve) => setTimeout(resolve, 400));
    }
    const expression = 'JSON.stringify(process.memoryUsage())';
    const { result } = await this.#ask('Runtime.evaluate', { expression });
    const { heapUsed, heapTotal, external, arrayBuffers } = JSON.parse(result.value);
    return { rss: residentBytes(this.#pid), heapUsed, heapTotal, external, arrayBuffers };
  }

  close() {
    this.#socket.terminate();
  }
}
