/**
 * What carries a conversation: one line at a time, dialled when the conversation says so. Each transport owns
 * its sockets and its encoding; what passes here are values.
 */
import type { Request } from '../subscriber/message.ts';
import type { ServerMessage } from '../subscriber/reading.ts';
import type { Closing } from './effect.ts';

/** One connection, whether it is there yet or not. */
export interface Line {
  send(request: Request): void;
  /** Stops reading; never called where the transport cannot. */
  pause(): void;
  resume(): void;
  /** Lets it go; what was sent still goes out. */
  hangUp(): void;
}

/** Who listens to a line. */
export interface LineListener {
  opened(): void;
  /** Something came, if only half a message. */
  heard(): void;
  received(message: ServerMessage): void;
  /** It has ended or could not be made; nothing comes after that. Never called within `dial`. */
  closed(closing: Closing): void;
}

export interface Transport {
  /** Whether a line can stop reading. */
  readonly canPause: boolean;
  dial(listener: LineListener): Line;
}
