/**
 * A part of an open file as a stream that owns the file: it is closed when the stream ends, however that is.
 */
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';

const chunkBytes = 64 * 1024;

export class MediaSlice extends Readable {
  readonly #file: Pick<FileHandle, 'read' | 'close'>;
  #at: number;
  readonly #end: number;
  readonly #onRead: ((bytes: number) => void) | undefined;

  /**
   * @param from first byte
   * @param through last byte; less than `from` for none
   * @param onRead told of all that is passed on
   */
  constructor(
    file: Pick<FileHandle, 'read' | 'close'>,
    from: number,
    through: number,
    onRead?: (bytes: number) => void,
  ) {
    super({ highWaterMark: chunkBytes });
    this.#file = file;
    this.#at = from;
    this.#end = through + 1;
    this.#onRead = onRead;
  }

  override _read(): void {
    if (this.#at >= this.#end) {
      this.push(null);
      return;
    }
    const wanted = Math.min(chunkBytes, this.#end - this.#at);
    this.#file.read(Buffer.allocUnsafe(wanted), 0, wanted, this.#at).then(
      ({ bytesRead, buffer }) => {
        if (bytesRead === 0) {
          // As much was promised as the file had: whoever waits for the rest would wait for ever.
          this.destroy(new Error(`the file has become shorter than ${this.#end} bytes`));
          return;
        }
        this.#at += bytesRead;
        this.#onRead?.(bytesRead);
        this.push(buffer.subarray(0, bytesRead));
      },
      (error: unknown) => {
        this.destroy(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#file.close().then(
      () => done(error),
      (closing: unknown) => done(error ?? (closing instanceof Error ? closing : null)),
    );
  }
}
