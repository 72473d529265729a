import type { Codec } from './codec.js';
import { constant } from './constant.js';
import { copyBytes, rawContent } from './content.js';
import { DecodeError, LimitError, checkInteger } from './errors.js';
import { fromBytes, layout, toBytes } from './layout.js';
import { mapped } from './mapped.js';
import { DEFAULT_MAX_BYTES, bytes, utf8 } from './sized.js';
import { struct } from './struct.js';
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
  return layout<Uint8Array>({
    least: () => headerBytes,
    size,
    encodeTo(out, value) {
      const frame = new Uint8Array(size(value));
      frame.set(value, skip);
      let length = frame.length - headerBytes - adjust;
      for (let i = 0; i < lengthBytes; i++, length = Math.floor(length / 256)) frame[place(i)] = length;
      out.writeBytes(frame);
    },
    decodeAt(c) {
      const { bytes, at, end } = c;
      if (end - at < headerBytes) return c.short(headerBytes);
      let length = 0;
      for (let i = lengthBytes; i-- > 0;) length = length * 256 + (bytes[at + place(i)] as number);
      const frameBytes = headerBytes + adjust + length;
      const least = Math.max(headerBytes, skip);
      if (frameBytes < least) throw new DecodeError(`expected a frame of at least ${least} bytes, saw ${frameBytes}`);
      if (frameBytes > maxFrameBytes) throw new LimitError('a frame', frameBytes, maxFrameBytes);
      if (end - at < frameBytes) return c.short(frameBytes);
      c.at = at + frameBytes;
      return copyBytes(bytes, at + skip, c.at);
    },
  });
}

function netstring({ maxFrameBytes = DEFAULT_MAX_BYTES }: FramerOptions = {}): Codec<Uint8Array> {
  const digits = utf8({ until: ':' }, { maxBytes: 16 });
  const length = mapped(digits, parseLength, String);
  const whole = struct({ frame: bytes(length, { maxBytes: maxFrameBytes }), end: constant(',') });
  return mapped(
    whole,
    ({ frame }) => frame,
    (frame) => ({ frame, end: ',' as const }),
  );
}

function parseLength(text: string): number {
  if (!/^(0|[1-9]\d*)$/.test(text)) throw new DecodeError(`expected decimal digits, saw ${JSON.stringify(text)}`);
  return Number(text);
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

/**
 * A value that fills the frames of a framer: `within(framers.lengthPrefixed(), message)`.
 *
 * A value that needs more bytes than its frame has, or leaves some, is a {@link DecodeError}.
 */
export function within<T>(framer: Codec<Uint8Array>, codec: Codec<T>): Codec<T> {
  return mapped(
    framer,
    (frame) => fromBytes(codec, frame),
    (value) => toBytes(codec, value),
  );
}
