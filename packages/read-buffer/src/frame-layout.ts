/** Where the length of a frame is, and what it counts: an optional type byte, the length, the payload. */
export interface FrameLayout {
  /** `1`: a type byte comes before the length. */
  readonly typeBytes: 0 | 1;
  /** The width of the length, in bytes. It is read as a number without a sign. */
  readonly lengthBytes: 1 | 2 | 4;
  /** What the length counts: the payload; the payload and the length itself; or those and the type byte. */
  readonly lengthIncludes: 'payload' | 'length' | 'frame';
  /** `true`: the length has its lowest byte first. Default `false`. */
  readonly littleEndian?: boolean | undefined;
  /** The longest frame that is accepted, in bytes, header and payload together. */
  readonly maxFrameBytes: number;
}

/** A layout as the reader uses it. */
export interface Framing {
  readonly typeBytes: number;
  readonly lengthBytes: number;
  readonly headerBytes: number;
  readonly littleEndian: boolean;
  readonly maxFrameBytes: number;
  /** What to add to the length to get the bytes of the whole frame. */
  readonly uncountedBytes: number;
}

/** Throws a RangeError that says what is expected if `layout` makes no sense. */
export function framingOf(layout: FrameLayout, maxBufferedBytes: number): Framing {
  const { typeBytes, lengthBytes, lengthIncludes, littleEndian = false, maxFrameBytes } = layout;
  const headerBytes = typeBytes + lengthBytes;
  const uncountedBytes = { payload: headerBytes, length: typeBytes, frame: 0 }[lengthIncludes];
  const isKnown = [0, 1].includes(typeBytes) && [1, 2, 4].includes(lengthBytes);
  if (
    isKnown &&
    Number.isInteger(uncountedBytes + maxFrameBytes) &&
    maxFrameBytes >= headerBytes &&
    maxFrameBytes <= maxBufferedBytes
  ) {
    return { typeBytes, lengthBytes, headerBytes, littleEndian, maxFrameBytes, uncountedBytes };
  }
  throw new RangeError(
    `expected typeBytes 0 or 1, lengthBytes 1, 2 or 4, lengthIncludes payload, length or frame, maxFrameBytes ` +
      `${headerBytes} to ${maxBufferedBytes}, saw ${JSON.stringify(layout)}`,
  );
}
