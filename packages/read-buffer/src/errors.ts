/** A read wants more bytes than there are, or a length that is none. The cursor did not move. */
export class BufferUnderflowError extends Error {
  override readonly name = 'BufferUnderflowError';
  /** Stable name of this kind of error. */
  readonly code = 'ERR_READ_BUFFER_UNDERFLOW';
  /** How many bytes were asked for; negative, fractional or NaN where the caller passed such a length. */
  readonly requested: number;
  /** How many bytes can be read. */
  readonly available: number;

  /** Makes the error for a read of `requested` bytes where `available` can be read. */
  constructor(requested: number, available: number) {
    super(
      requested >>> 0 === requested
        ? `expected ${requested} bytes, ${available} can be read`
        : `expected a length from 0 to ${available}, saw ${requested}`,
    );
    this.requested = requested;
    this.available = available;
  }
}

/** More bytes than a limit allows: `maxBufferedBytes` of a feed, or `maxBytes` of `readUntil`. Nothing changed. */
export class BufferOverflowError extends Error {
  override readonly name = 'BufferOverflowError';
  /** Stable name of this kind of error. */
  readonly code = 'ERR_READ_BUFFER_OVERFLOW';
  /** How many bytes were to be added; for `readUntil`, how many bytes at least come before the end of the delimiter. */
  readonly requested: number;
  /** How many bytes the limit has room for. */
  readonly available: number;

  /** Makes the error for `requested` bytes where a limit has room for `available`. */
  constructor(what: string, requested: number, available: number) {
    super(`${what}: ${requested} bytes, at most ${available} are allowed`);
    this.requested = requested;
    this.available = available;
  }
}

/** The peer sent a frame length that cannot be: longer than allowed, or shorter than the header that says it. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  /** Stable name of this kind of error. */
  readonly code = 'ERR_READ_BUFFER_FRAME';
  /** How long the whole frame would be, in bytes, as its header says. */
  readonly requested: number;
  /** The longest frame allowed, in bytes. */
  readonly available: number;

  /** Makes the error for a frame of `requested` bytes, its header of `headerBytes` included. */
  constructor(requested: number, available: number, headerBytes: number) {
    super(`expected a frame of ${headerBytes} to ${available} bytes, the header says ${requested}`);
    this.requested = requested;
    this.available = available;
  }
}
