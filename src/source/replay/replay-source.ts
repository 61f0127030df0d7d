/**
 * A recorded transcript as a source: starts the PBX made of it, then the source that listens to that.
 */
import type { Source, SourcePort } from '../source.ts';
import { type ReplayServer, type ReplaySettings, serveReplay } from './server.ts';

/** Builds the source that connects to the given port of this machine. */
export type ListenTo = (port: number, tell: SourcePort) => Source;

export class ReplaySource implements Source {
  readonly name: string;
  readonly type = 'replay';
  /**
   * Resolves when the whole transcript has been heard, and the quiet after it; rejects when there is
   * none that could be read.
   */
  readonly heard: Promise<void>;
  readonly #settings: ReplaySettings;
  readonly #port: SourcePort;
  readonly #listen: ListenTo;
  #server: ReplayServer | undefined;
  #listening: Source | undefined;
  #starting: Promise<void> = Promise.resolve();
  #isPlayed = false;
  #resolve: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(
    settings: ReplaySettings & { readonly name: string },
    port: SourcePort,
    listen: ListenTo,
  ) {
    this.name = settings.name;
    this.#settings = settings;
    this.#port = port;
    this.#listen = listen;
    this.heard = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever does not wait for it learns of a failure by the source's state.
    this.heard.catch(() => undefined);
  }

  start(): void {
    this.#starting = this.#start();
  }

  async #start(): Promise<void> {
    try {
      this.#server = await serveReplay(this.#settings);
    } catch (error) {
      this.#port.state('down', error instanceof Error ? error.message : String(error));
      this.#reject(error);
      return;
    }
    void this.#server.played.then(() => (this.#isPlayed = true));
    this.#listening = this.#listen(this.#server.port, {
      signal: (signal) => this.#port.signal(signal),
      // What was recorded long ago says nothing of how late it is heard now.
      heard: () => this.#port.heard(),
      state: (state, reason) => {
        this.#port.state(state, reason);
        // The transcript's connection has ended and the quiet PBX has been taken stock of.
        if (state === 'up' && this.#isPlayed) this.#resolve();
      },
    });
    this.#listening.start();
  }

  async stop(): Promise<void> {
    await this.#starting;
    await this.#listening?.stop();
    this.#server?.close();
  }
}
