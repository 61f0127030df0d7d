/**
 * A place in the journal as clients hold it: opaque to them, epoch and number to us.
 */
export interface Position {
  readonly epoch: string;
  readonly seq: number;
}

const shape = /^([0-9a-z]{6,32})-(0|[1-9][0-9]{0,15})$/;

export function formatPosition(position: Position): string {
  return `${position.epoch}-${position.seq}`;
}

/** The position, or undefined for a text that is none. */
export function parsePosition(text: string): Position | undefined {
  const match = shape.exec(text);
  if (match === null) return undefined;
  return { epoch: match[1] ?? '', seq: Number(match[2]) };
}
