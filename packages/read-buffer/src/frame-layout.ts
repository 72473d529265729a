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

/** Throws a RangeError that names the first property of `layout` that makes no sense. */
export function framingOf(layout: FrameLayout, maxBufferedBytes: number): Framing {
  const { typeBytes, lengthBytes, lengthIncludes, littleEndian = false, maxFrameBytes } = layout;
  check('typeBytes', [0, 1], typeBytes);
  check('lengthBytes', [1, 2, 4], lengthBytes);
  check('lengthIncludes', ['payload', 'length', 'frame'], lengthIncludes);
  const headerBytes = typeBytes + lengthBytes;
  if (!(Number.isSafeInteger(maxFrameBytes) && maxFrameBytes >= headerBytes && maxFrameBytes <= maxBufferedBytes)) {
    throw new RangeError(
      `maxFrameBytes must be an integer from ${headerBytes}, the header, to ${maxBufferedBytes}, maxBufferedBytes, ` +
        `saw ${maxFrameBytes}`,
    );
  }
  const uncountedBytes = { payload: headerBytes, length: typeBytes, frame: 0 }[lengthIncludes];
  return { typeBytes, lengthBytes, headerBytes, littleEndian, maxFrameBytes, uncountedBytes };
}

function check(name: string, allowed: readonly (string | number)[], seen: string | number): void {
  if (!allowed.includes(seen)) throw new RangeError(`${name} must be one of ${allowed.join(', ')}, saw ${seen}`);
}
