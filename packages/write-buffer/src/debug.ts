/**
 * What `@millrace/write-buffer` is under the export condition `millrace-debug`: the same, but a view of a `ReadBuffer`
 * whose time is over is refused, by an error that says who ended it.
 *
 * @packageDocumentation
 */
import type { ChunkOwner } from './chunk-owner.js';
import { WriteBuffer as PlainWriteBuffer } from './write-buffer.js';

export type { WriteBufferOptions } from './options.js';
export { Plan } from './plan.js';
export type { RunEncoder } from './field-writer.js';
export type { ChunkOwner } from './chunk-owner.js';
export type { FrameLayout } from './frame-layout.js';
export { BufferOverflowError } from './errors.js';

/** A `WriteBuffer` that refuses views whose time is over, with a TypeError; nothing is written. */
export class WriteBuffer extends PlainWriteBuffer {
  override writeBytes(bytes: Uint8Array): void {
    assertLive(bytes);
    super.writeBytes(bytes);
  }

  override writeLengthPrefixedBytes(bytes: Uint8Array): void {
    assertLive(bytes);
    super.writeLengthPrefixedBytes(bytes);
  }

  override writeRef(chunk: Uint8Array, owner?: ChunkOwner): this {
    assertLive(chunk);
    return super.writeRef(chunk, owner);
  }
}

/** `@millrace/read-buffer` keeps there who released which memory. */
function assertLive(bytes: Uint8Array): void {
  const registry = (globalThis as Record<symbol, unknown>)[Symbol.for('millrace.released-views')];
  const error = (registry as WeakMap<object, Error> | undefined)?.get(bytes.buffer);
  if (error !== undefined) throw new TypeError(`the view was ${error.message}`, { cause: error });
}
