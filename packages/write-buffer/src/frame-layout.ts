/** Where the length of a frame is, and what it counts: an optional type byte, the length, the payload. */
export interface FrameLayout {
  /** `1`: a type byte comes before the length. */
  readonly typeBytes: 0 | 1;
  /** The width of the length, in bytes. */
  readonly lengthBytes: 1 | 2 | 4;
  /** What the length counts: the payload; the payload and the length itself; or those and the type byte. */
  readonly lengthIncludes: 'payload' | 'length' | 'frame';
  /** `true`: the length has its lowest byte first. Default `false`. */
  readonly littleEndian?: boolean | undefined;
  /** The longest frame, in bytes, header and payload together. */
  readonly maxFrameBytes: number;
}

/** A type byte where a type is given, and an int32 that counts itself: the messages of PostgreSQL. */
export const DEFAULT_LAYOUT: FrameLayout = {
  typeBytes: 1,
  lengthBytes: 4,
  lengthIncludes: 'length',
  maxFrameBytes: 2 ** 31 - 1,
};

/** Throws a RangeError that names the first property of `layout` that makes no sense. */
export function checkLayout(layout: FrameLayout): void {
  const { typeBytes, lengthBytes, lengthIncludes, maxFrameBytes } = layout;
  check('typeBytes', [0, 1], typeBytes);
  check('lengthBytes', [1, 2, 4], lengthBytes);
  check('lengthIncludes', ['payload', 'length', 'frame'], lengthIncludes);
  const headerBytes = typeBytes + lengthBytes;
  if (!(Number.isSafeInteger(maxFrameBytes) && maxFrameBytes >= headerBytes)) {
    throw new RangeError(`maxFrameBytes must be an integer from ${headerBytes}, the header, saw ${maxFrameBytes}`);
  }
}

function check(name: string, allowed: readonly (string | number)[], seen: string | number): void {
  if (!allowed.includes(seen)) throw new RangeError(`${name} must be one of ${allowed.join(', ')}, saw ${seen}`);
}

/** The longest frame with this header: by the limit, and by what the length field can hold. */
export function longestFrame(layout: FrameLayout, headerBytes: number): number {
  const uncounted =
    layout.lengthIncludes === 'frame'
      ? 0
      : layout.lengthIncludes === 'length'
        ? headerBytes - layout.lengthBytes
        : headerBytes;
  return Math.min(layout.maxFrameBytes, 2 ** (8 * layout.lengthBytes) - 1 + uncounted);
}

/** What the length field of a frame of `frameBytes` says. */
export function lengthOf(layout: FrameLayout, frameBytes: number, headerBytes: number): number {
  switch (layout.lengthIncludes) {
    case 'frame':
      return frameBytes;
    case 'length':
      return frameBytes - headerBytes + layout.lengthBytes;
    case 'payload':
      return frameBytes - headerBytes;
  }
}

/** Writes a length field. */
export function writeLength(layout: FrameLayout, view: DataView, at: number, length: number): void {
  if (layout.lengthBytes === 4) view.setUint32(at, length, layout.littleEndian);
  else if (layout.lengthBytes === 2) view.setUint16(at, length, layout.littleEndian);
  else view.setUint8(at, length);
}
