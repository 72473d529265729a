/**
 * A write would make the buffer longer than its `maxBytes`, or a frame longer than its layout can say.
 *
 * A write that throws it has written nothing. An `endFrame` that throws it leaves the frame open, so that no byte of
 * it can be taken: `reset()` drops it, and so does the `atomic()` around it.
 */
export class BufferOverflowError extends Error {
  override readonly name = 'BufferOverflowError';
  /** Stable name of this kind of error. */
  readonly code = 'ERR_WRITE_BUFFER_OVERFLOW';
  /** How many bytes the write or the whole frame needs. */
  readonly requested: number;
  /** How many bytes there is room for. */
  readonly available: number;

  /** Makes the error for `requested` bytes where there is room for `available`. */
  constructor(what: 'write' | 'frame', requested: number, available: number) {
    super(`${what} of ${requested} bytes, room for ${available}`);
    this.requested = requested;
    this.available = available;
  }
}
