import { checkInteger } from './ranges.js';

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
export function checkLayout({ typeBytes, lengthBytes, lengthIncludes, maxFrameBytes }: FrameLayout): void {
  checkOneOf('typeBytes', typeBytes, 0, 1);
  checkOneOf('lengthBytes', lengthBytes, 1, 2, 4);
  checkOneOf('lengthIncludes', lengthIncludes, 'payload', 'length', 'frame');
  checkInteger('maxFrameBytes', maxFrameBytes, typeBytes + lengthBytes);
}

function checkOneOf(name: string, seen: string | number, ...allowed: (string | number)[]): void {
  if (!allowed.includes(seen)) throw new RangeError(`expected ${name} of ${allowed.join()}, saw ${seen}`);
}
