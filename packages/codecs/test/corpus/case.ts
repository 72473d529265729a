import type { Codec } from '../../src/index.js';

/** Bytes that once went wrong, and the code of the error that they are. */
export interface WireCase {
  readonly what: string;
  readonly codec: Codec<unknown>;
  readonly wire: () => Uint8Array;
  readonly code: 'ERR_CODECS_DECODE' | 'ERR_CODECS_LIMIT';
  /** The byte at which it has to be noticed, where all before it come one by one. */
  readonly noticedAt?: number;
}

/** Values that once were encoded to bytes that do not give them back: a RangeError. */
export interface ValueCase {
  readonly what: string;
  readonly codec: Codec<unknown>;
  readonly value: unknown;
}
