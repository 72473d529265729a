/** The data ended before a read had what it was to wait for. Its bytes are in `partial`, and no longer in the reader. */
export class IncompleteReadError extends Error {
  override readonly name = 'IncompleteReadError';
  /** Stable name of this kind of error. */
  readonly code = 'ERR_STREAMS_INCOMPLETE_READ';
  /** What came before the end. */
  readonly partial: Uint8Array;
  /** How many bytes were asked for; `undefined` where a delimiter was. */
  readonly expectedBytes: number | undefined;
  /** How many bytes came: the length of `partial`. */
  readonly receivedBytes: number;

  /** Makes the error for a read of `expectedBytes`, or of all bytes up to a delimiter, that got `partial`. */
  constructor(partial: Uint8Array, expectedBytes: number | undefined) {
    const wanted = expectedBytes === undefined ? 'a delimiter' : `${expectedBytes} bytes`;
    super(`expected ${wanted}, saw the end of the data after ${partial.length} bytes`);
    this.partial = partial;
    this.expectedBytes = expectedBytes;
    this.receivedBytes = partial.length;
  }
}

/** The first `maxBytes` bytes contain no delimiter. Nothing was taken: all of them can still be read in another way. */
export class StreamLimitError extends Error {
  override readonly name = 'StreamLimitError';
  /** Stable name of this kind of error. */
  readonly code = 'ERR_STREAMS_LIMIT';
  /** The limit that the caller had set. */
  readonly maxBytes: number;
  /** How many bytes were there, at least `maxBytes`. */
  readonly bufferedBytes: number;

  /** Makes the error for a limit of `maxBytes` where `bufferedBytes` had come without a delimiter. */
  constructor(maxBytes: number, bufferedBytes: number) {
    super(`expected a delimiter within ${maxBytes} bytes, saw none in ${bufferedBytes}`);
    this.maxBytes = maxBytes;
    this.bufferedBytes = bufferedBytes;
  }
}

/** The peer's bytes are not what the codec of a framed connection describes, or end in the middle of a value. */
export class FramedError extends Error {
  override readonly name = 'FramedError';
  /** Stable name of this kind of error. */
  readonly code = 'ERR_STREAMS_FRAMED';
  /** How many values came before the one that is broken. */
  readonly valueIndex: number;
  /** How many bytes of the connection came before the chunk in which it broke. */
  readonly chunkStart: number;
  /** How many bytes came up to the end of that chunk; `chunkStart` where the data just ended. */
  readonly chunkEnd: number;

  /** Makes the error for the value numbered `valueIndex`, from 0. */
  constructor(message: string, valueIndex: number, chunkStart: number, chunkEnd: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.valueIndex = valueIndex;
    this.chunkStart = chunkStart;
    this.chunkEnd = chunkEnd;
  }
}
