import { type Codec, Incomplete } from './codec.js';
import { type Content, rawContent } from './content.js';
import { DecodeError, LimitError, checkInteger, hex } from './errors.js';
import { type DecodeAt, type Layout, type Open, isCounted, layout } from './layout.js';
import { mapped } from './mapped.js';
import { DEFAULT_MAX_BYTES, Sized, bytes, utf8 } from './sized.js';
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
  const frames =
    <U>(open: Open<U>): DecodeAt<U> =>
    (c) => {
      const { bytes, at, end } = c;
      if (end - at < headerBytes) return c.short(headerBytes);
      let length = 0;
      for (let i = lengthBytes; i-- > 0;) length = length * 256 + (bytes[at + place(i)] as number);
      const frameBytes = headerBytes + adjust + length;
      const least = Math.max(headerBytes, skip);
      if (frameBytes < least) throw new DecodeError(`expected a frame of at least ${least} bytes, saw ${frameBytes}`);
      if (frameBytes > maxFrameBytes) throw new LimitError('a frame', frameBytes, maxFrameBytes);
      return c.take(frameBytes) < 0 ? Incomplete : open(c, at + skip, c.at);
    };
  return layout<Uint8Array>({
    least: () => headerBytes,
    encodeTo(out, value) {
      const frameBytes = size(value);
      if (isCounted(out, frameBytes)) return;
      const frame = new Uint8Array(frameBytes);
      frame.set(value, skip);
      let length = frame.length - headerBytes - adjust;
      for (let i = 0; i < lengthBytes; i++, length = Math.floor(length / 256)) frame[place(i)] = length;
      out.writeBytes(frame);
    },
    frames,
    decodeAt: frames(rawContent.decode),
  });
}

/** What a netstring says before its bytes: how many there are with the comma after them, one less in decimal digits. */
const decimal = (maxFrameBytes: number): Layout<number> => {
  const write = (byteLength: number): string => `${byteLength - 1}:`;
  return layout<number>({
    least: () => 2,
    encodeTo(out, byteLength) {
      out.writeUtf8(write(byteLength));
    },
    decodeAt(c) {
      const { bytes, at, end } = c;
      let length = 0;
      for (let i = at; i < end; i++) {
        const digit = (bytes[i] as number) - ZERO;
        if (digit === COLON - ZERO && i > at) {
          c.at = i + 1;
          return length + 1;
        }
        // Another digit after a zero would be a second way to say the same.
        if (digit < 0 || digit > 9 || (i > at && length === 0)) {
          throw new DecodeError(`expected decimal digits and a colon, saw ${shown(digit + ZERO)}`);
        }
        length = length * 10 + digit;
        if (length > maxFrameBytes) throw new LimitError('a length', length, maxFrameBytes);
      }
      return c.short(end - at + 1);
    },
  });
};

/** A byte that should have been a character, in errors. */
const shown = (byte: number): string =>
  byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : `0x${hex([byte])}`;

const ZERO = 0x30;
const COLON = 0x3a;
const COMMA = 0x2c;

function netstring({ maxFrameBytes = DEFAULT_MAX_BYTES }: FramerOptions = {}): Codec<Uint8Array> {
  checkInteger('maxFrameBytes', maxFrameBytes, 0);
  const withComma: Content<Uint8Array> = {
    ...rawContent,
    byteLength: (value) => checkInteger('a length in bytes', rawContent.byteLength(value), 0, maxFrameBytes) + 1,
    write(out, value) {
      out.writeBytes(value);
      out.writeUint8(COMMA);
    },
    trim: (open) => (c, start, stop) => {
      const last = stop - 1;
      if (c.bytes[last] !== COMMA) throw new DecodeError(`expected a comma, saw ${shown(c.bytes[last] as number)}`);
      return open(c, start, last);
    },
  };
  return new Sized(withComma, decimal(maxFrameBytes), maxFrameBytes + 1);
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
