/**
 * A recorded transcript as a source: starts the PBX made of it, then the source that listens to that.
 */
import type { Source, SourcePort } from '../source.ts';
import { type ReplayServer, type ReplaySettings, serveReplay } from './server.ts';

export class ReplaySource implements Source {
  readonly name: string;
  readonly type = 'replay';
  /** Resolves when the whole transcript has been said. */
  readonly played: Promise<void>;
  readonly #settings: ReplaySettings;
  readonly #port: SourcePort;
  readonly #listen: (port: number) => Source;
  #server: ReplayServer | undefined;
  #listening: Source | undefined;
  #starting: Promise<void> = Promise.resolve();
  #played: () => void = () => undefined;

  /** @param listen builds the source that connects to the given port of this machine */
  constructor(
    settings: ReplaySettings & { readonly name: string },
    port: SourcePort,
    listen: (port: number) => Source,
  ) {
    this.name = settings.name;
    this.#settings = settings;
    this.#port = port;
    this.#listen = listen;
    this.played = new Promise((resolve) => (this.#played = resolve));
  }

  start(): void {
    this.#starting = this.#start();
  }

  async #start(): Promise<void> {
    try {
      this.#server = await serveReplay(this.#settings);
    } catch (error) {
      this.#port.state('down', error instanceof Error ? error.message : String(error));
      return;
    }
    this.#listening = this.#listen(this.#server.port);
    this.#listening.start();
    void this.#server.played.then(this.#played);
  }

  async stop(): Promise<void> {
    await this.#starting;
    await this.#listening?.stop();
    this.#server?.close();
  }
}
