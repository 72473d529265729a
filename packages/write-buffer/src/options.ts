import type { FrameLayout } from './frame-layout.js';

/** Options of a WriteBuffer. */
export interface WriteBufferOptions {
  /**
   * The size of the blocks in which batches are composed, in bytes, 16 or more. Default 16 KiB. Larger ones, up to
   * 256 KiB, are used while batches are larger.
   */
  readonly slabBytes?: number | undefined;
  /** The most bytes that may wait to be taken. Default 1 GiB. */
  readonly maxBytes?: number | undefined;
  /** How `beginFrame` and `endFrame` write lengths. Default: an int32 that counts itself, after the type if any. */
  readonly frame?: FrameLayout | undefined;
}
