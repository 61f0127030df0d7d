/**
 * How many media files may be on their way to readers at one time, over whatever interface, and how long one of them
 * may take nothing: each holds a file open for as long as its reader likes.
 */
import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';

export interface Slot {
  /** The file goes out; the slot is free again when its stream is closed, however that comes. */
  give(stream: Readable, reader: ServerResponse): void;
  /** Nothing goes out. Harmless when something does, or this has been said before. */
  leave(): void;
}

export interface DownloadBounds {
  readonly most: number;
  /** A reader that takes nothing for so long is cut off, milliseconds. */
  readonly stalledMs: number;
}

const usual: DownloadBounds = { most: 256, stalledMs: 60_000 };

export class Downloads {
  readonly bounds: DownloadBounds;
  #count = 0;

  constructor(bounds: Partial<DownloadBounds> = {}) {
    this.bounds = { ...usual, ...bounds };
  }

  /** Undefined when there are too many already. */
  enter(): Slot | undefined {
    if (this.#count >= this.bounds.most) return undefined;
    this.#count += 1;
    let isHeld = true;
    let isGiven = false;
    const free = (): void => {
      if (isHeld) this.#count -= 1;
      isHeld = false;
    };
    return {
      give: (stream, reader) => {
        isGiven = true;
        stream.once('close', free);
        reader.setTimeout(this.bounds.stalledMs, () => reader.destroy());
      },
      leave: () => {
        if (!isGiven) free();
      },
    };
  }
}
