import type { Connection } from '../subscriber/connection.ts';
import type { Address } from './server.ts';
export interface HttpDoor {
  readonly address: Address;
  readonly connections: ReadonlySet<Connection>;
  closeFeed(): void;
  close(): Promise<void>;
}
export function openHttp(_config: unknown, _parts: unknown): Promise<HttpDoor | undefined> {
  return Promise.resolve(undefined);
}
