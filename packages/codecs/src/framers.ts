import { type Codec, Incomplete } from './codec.js';
import type { Cursor } from './cursor.js';
import { rawContent } from './content.js';
import { DecodeError, LimitError, checkInteger } from './errors.js';
import { type Layout, layout } from './layout.js';
import { mapped } from './mapped.js';
import { DEFAULT_MAX_BYTES, bytes, utf8 } from './sized.js';
import { varint } from './varint.js';

/** The limit of all framers: longer frames are rejected as soon as that can be known. */
export interface FramerOptions {
  /** The longest frame, in bytes, without what says where it ends. Default 16 MiB. */
  readonly maxFrameBytes?: number | undefined;
}

/** Where a frame says how long it is. */
export interface LengthPrefixedOptions extends FramerOptions {
  /** How many bytes the length takes, from 1 to 6. Default 4. */
  readonly lengthBytes?: number | undefined;
  /** Whether its lowest byte comes first. Default false. */
  readonly littleEndian?: boolean | undefined;
  /** How many bytes of the frame come before the length. Default 0. */
  readonly offset?: number | undefined;
  /** What has to be added to the length to get the number of bytes after it: -4 where it counts its own 4. Default 0. */
  readonly adjust?: number | undefined;
  /** How many bytes at the beginning of a frame are not handed out. Default: all up to the end of the length. */
  readonly skip?: number | undefined;
}

function lengthPrefixed({
  lengthBytes = 4,
  littleEndian = false,
  offset = 0,
  adjust = 0,
  skip = offset + lengthBytes,
  maxFrameBytes = DEFAULT_MAX_BYTES,
}: LengthPrefixedOptions = {}): Codec<Uint8Array> {
  checkInteger('lengthBytes', lengthBytes, 1, 6);
  checkInteger('offset', offset, 0);
  checkInteger('adjust', adjust, Number.MIN_SAFE_INTEGER);
  const headerBytes = offset + lengthBytes;
  checkInteger('skip', skip, 0);
  checkInteger('maxFrameBytes', maxFrameBytes, headerBytes);
  /** Where the byte of the length is that counts 256 to the power of `i`. */
  const place = (i: number): number => offset + (littleEndian ? i : lengthBytes - 1 - i);
  const size = (value: Uint8Array): number => {
    const longest = Math.min(maxFrameBytes, 256 ** lengthBytes - 1 + adjust + headerBytes);
    return checkInteger('a frame', skip + rawContent.byteLength(value), headerBytes + Math.max(0, adjust), longest);
  };
  return framer({
    least: () => headerBytes,
    size,
    encodeTo(out, value) {
      const frame = new Uint8Array(size(value));
      frame.set(value, skip);
      let length = frame.length - headerBytes - adjust;
      for (let i = 0; i < lengthBytes; i++, length = Math.floor(length / 256)) frame[place(i)] = length;
      out.writeBytes(frame);
    },
    tailBytes: 0,
    find(c) {
      const { bytes, at, end } = c;
      if (end - at < headerBytes) return miss(c, headerBytes);
      let length = 0;
      for (let i = lengthBytes; i-- > 0;) length = length * 256 + (bytes[at + place(i)] as number);
      const frameBytes = headerBytes + adjust + length;
      const least = Math.max(headerBytes, skip);
      if (frameBytes < least) throw new DecodeError(`expected a frame of at least ${least} bytes, saw ${frameBytes}`);
      if (frameBytes > maxFrameBytes) throw new LimitError('a frame', frameBytes, maxFrameBytes);
      return c.take(frameBytes) < 0 ? miss(c, frameBytes) : at + skip;
    },
  });
}

function netstring({ maxFrameBytes = DEFAULT_MAX_BYTES }: FramerOptions = {}): Codec<Uint8Array> {
  checkInteger('maxFrameBytes', maxFrameBytes, 0);
  const prefixOf = (value: Uint8Array): string =>
    `${checkInteger('a length in bytes', rawContent.byteLength(value), 0, maxFrameBytes)}:`;
  return framer({
    least: () => 3,
    size: (value) => prefixOf(value).length + value.length + 1,
    encodeTo(out, value) {
      out.writeUtf8(prefixOf(value));
      out.writeBytes(value);
      out.writeUint8(COMMA);
    },
    tailBytes: 1,
    find(c) {
      const { bytes, at, end } = c;
      let length = 0;
      for (let i = at; i < end; i++) {
        const byte = bytes[i] as number;
        if (byte === COLON && i > at) return endOfNetstring(c, i + 1, length);
        // Another digit after a zero would be a second way to say the same.
        if (byte < ZERO || byte >= COLON || (i > at && length === 0)) {
          throw new DecodeError(
            `expected decimal digits and a colon, saw ${JSON.stringify(String.fromCharCode(byte))}`,
          );
        }
        length = length * 10 + byte - ZERO;
        if (length > maxFrameBytes) throw new LimitError('a length', length, maxFrameBytes);
      }
      return miss(c, end - at + 1);
    },
  });
}

const ZERO = 0x30;
const COLON = 0x3a;
const COMMA = 0x2c;

/** Moves behind the comma, and returns `start`. */
function endOfNetstring(c: Cursor, start: number, length: number): number {
  const { at } = c;
  const frameBytes = start - at + length + 1;
  if (c.take(frameBytes) < 0) return miss(c, frameBytes);
  const last = c.bytes[c.at - 1] as number;
  if (last !== COMMA) throw new DecodeError(`expected a comma, saw ${JSON.stringify(String.fromCharCode(last))}`);
  return start;
}

/** What a framer of its own kind consists of. */
interface FramerTraits extends Pick<Layout<Uint8Array>, 'least' | 'size' | 'encodeTo'> {
  /** Moves behind a frame, and returns where what is handed out of it begins, or -1 if bytes are missing. */
  readonly find: (c: Cursor) => number;
  /** How many bytes at the end of a frame are not handed out. */
  readonly tailBytes: number;
}

function framer({ find, tailBytes, ...traits }: FramerTraits): Layout<Uint8Array> {
  const frames: NonNullable<Layout<Uint8Array>['frames']> = (open) => (c) => {
    const start = find(c);
    return start < 0 ? Incomplete : open(c, start, c.at - tailBytes);
  };
  return layout<Uint8Array>({ ...traits, frames, decodeAt: frames(rawContent.decode) });
}

/** Says that a frame needs `needBytes`. */
function miss(c: Cursor, needBytes: number): -1 {
  c.short(needBytes);
  return -1;
}

function lines({ maxFrameBytes = DEFAULT_MAX_BYTES }: FramerOptions = {}): Codec<string> {
  const line = utf8({ until: '\n' }, { maxBytes: maxFrameBytes });
  const strip = (text: string): string => (text.endsWith('\r') ? text.slice(0, -1) : text);
  return mapped(line, strip, (text) => {
    if (typeof text === 'string' && text.endsWith('\r'))
      throw new RangeError('expected a line, saw a carriage return at its end');
    return text;
  });
}

/** Ways to cut a stream into frames. Each is a codec of what is in a frame, and rejects too long ones early. */
export const framers: {
  /** Frames that say how long they are, in a number anywhere in their header. */
  lengthPrefixed(options?: LengthPrefixedOptions): Codec<Uint8Array>;
  /** Frames after a {@link varint} with their length, as Protocol Buffers streams have. */
  varint(options?: FramerOptions): Codec<Uint8Array>;
  /** Frames that end with `delimiter`, which is not handed out and cannot be inside. */
  delimited(delimiter: string | Uint8Array, options?: FramerOptions): Codec<Uint8Array>;
  /** Lines of UTF-8, that end with a line feed. A carriage return before it counts as part of the frame, and is dropped. */
  lines(options?: FramerOptions): Codec<string>;
  /** Netstrings: `5:hello,`. */
  netstring(options?: FramerOptions): Codec<Uint8Array>;
  /** Frames that are always of the same length. */
  fixed(byteLength: number): Codec<Uint8Array>;
} = {
  lengthPrefixed,
  varint: ({ maxFrameBytes } = {}) => bytes(varint, { maxBytes: maxFrameBytes }),
  delimited: (delimiter, { maxFrameBytes } = {}) => bytes({ until: delimiter }, { maxBytes: maxFrameBytes }),
  lines,
  netstring,
  fixed: (byteLength) => bytes(byteLength),
};
