/** An error about a number of bytes. */
abstract class ByteCountError extends Error {
  /** How many bytes were asked for or sent; negative, fractional or NaN where the caller passed such a length. */
  readonly requested: number;
  /** How many bytes can be read, or are allowed. */
  readonly available: number;

  constructor(message: string, requested: number, available: number) {
    super(message);
    this.requested = requested;
    this.available = available;
  }
}

/** A read wants more bytes than there are, or a length that is none. The cursor did not move. */
export class BufferUnderflowError extends ByteCountError {
  override readonly name = 'BufferUnderflowError';
  /** Stable name of this kind of error. */
  readonly code = 'ERR_READ_BUFFER_UNDERFLOW';

  /** Makes the error for a read of `requested` bytes where `available` can be read. */
  constructor(requested: number, available: number) {
    super(`expected ${requested} bytes, saw ${available}`, requested, available);
  }
}

/**
 * More bytes than a limit allows: a feed, a line, a varint. Nothing changed. For a line or a varint, `requested` counts
 * the bytes that there are at least.
 */
export class BufferOverflowError extends ByteCountError {
  override readonly name = 'BufferOverflowError';
  /** Stable name of this kind of error. */
  readonly code = 'ERR_READ_BUFFER_OVERFLOW';

  /** Makes the error for `requested` bytes where a limit has room for `available`. */
  constructor(what: string, requested: number, available: number) {
    super(`${what}: expected at most ${available} bytes, saw ${requested}`, requested, available);
  }
}

/**
 * A frame that cannot be: the peer sent a length (`requested`) above the limit (`available`), or below that of the header
 * that says it; or a `RunDecoder` returned an offset outside its bytes.
 */
export class FrameError extends ByteCountError {
  override readonly name = 'FrameError';
  /** Stable name of this kind of error. */
  readonly code = 'ERR_READ_BUFFER_FRAME';

  /** Makes the error for a frame of `requested` bytes where `minimum` to `available` are allowed. */
  constructor(requested: number, available: number, minimum: number) {
    super(`expected a frame of ${minimum} to ${available} bytes, saw ${requested}`, requested, available);
  }
}
