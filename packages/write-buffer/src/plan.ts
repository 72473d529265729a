import { requireBytes } from './ranges.js';

/**
 * Bytes that are the same each time, prepared so that {@link WriteBuffer.writePlan} appends them more cheaply than
 * `writeBytes`: the head of a prepared statement's messages, or a whole message with a few places to patch.
 *
 * Immutable: it holds a copy, and no slab.
 */
export class Plan {
  /** How many bytes it appends. */
  readonly length: number;
  /** @internal Its bytes as big-endian words, the last one filled up with zeros. */
  readonly _words: Int32Array;

  /**
   * Makes a plan of a copy of `bytes`: for what was composed in a `WriteBuffer`, its `view()`.
   *
   * @throws {TypeError} If `bytes` is no Uint8Array.
   */
  constructor(bytes: Uint8Array) {
    requireBytes(bytes);
    this.length = bytes.length;
    const words = new Int32Array((bytes.length + 3) >>> 2);
    for (const [i, byte] of bytes.entries()) (words[i >>> 2] as number) |= byte << (24 - 8 * (i & 3));
    this._words = words;
  }
}
