/**
 * What follows from something that an AMI conversation was told: to be carried out in order by whoever owns the
 * socket.
 */
import type { SourceError } from '../../base/errors.ts';
import type { CallSignal } from '../../call/signal.ts';
import type { RecorderResult, SourceState } from '../source.ts';
import type { AmiAction } from './message.ts';

export type AmiEffect =
  | { readonly kind: 'send'; readonly action: AmiAction }
  | { readonly kind: 'signal'; readonly signal: CallSignal }
  | { readonly kind: 'state'; readonly state: SourceState; readonly reason?: string }
  | { readonly kind: 'result'; readonly command: number; readonly result: RecorderResult }
  | { readonly kind: 'close'; readonly error: SourceError };
