import { type Codec, Incomplete } from './codec.js';
import { constant } from './constant.js';
import { copyBytes, rawContent } from './content.js';
import type { Cursor } from './cursor.js';
import { DecodeError, LimitError, checkOption, wrongRange } from './errors.js';
import { type EncodeTo, Layout, fromBytes, toBytes } from './layout.js';
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

class LengthPrefixed extends Layout<Uint8Array> {
  private readonly _lengthBytes: number;
  private readonly _littleEndian: boolean;
  private readonly _offset: number;
  private readonly _headerBytes: number;
  private readonly _adjust: number;
  private readonly _skip: number;
  private readonly _max: number;

  constructor(options: LengthPrefixedOptions) {
    super();
    const {
      lengthBytes = 4,
      littleEndian = false,
      offset = 0,
      adjust = 0,
      maxFrameBytes = DEFAULT_MAX_BYTES,
    } = options;
    this._lengthBytes = checkOption('lengthBytes', lengthBytes, 1, 6);
    this._littleEndian = littleEndian;
    this._offset = checkOption('offset', offset, 0);
    this._headerBytes = offset + lengthBytes;
    this._adjust = checkOption('adjust', adjust, Number.MIN_SAFE_INTEGER);
    this._skip = checkOption('skip', options.skip ?? this._headerBytes, 0);
    this._max = checkOption('maxFrameBytes', maxFrameBytes, this._headerBytes);
  }

  least(): number {
    return this._headerBytes;
  }

  size(value: Uint8Array): number {
    const frameBytes = this._skip + rawContent.byteLength(value);
    const longest = Math.min(this._max, 256 ** this._lengthBytes - 1 + this._adjust + this._headerBytes);
    const shortest = this._headerBytes + Math.max(0, this._adjust);
    if (frameBytes < shortest || frameBytes > longest) throw wrongRange('a frame', shortest, longest, frameBytes);
    return frameBytes;
  }

  encodeTo: EncodeTo<Uint8Array> = (out, value) => {
    const frame = new Uint8Array(this.size(value));
    frame.set(value, this._skip);
    let length = frame.length - this._headerBytes - this._adjust;
    for (let i = 0; i < this._lengthBytes; i++, length = Math.floor(length / 256)) frame[this._at(i)] = length;
    out.writeBytes(frame);
  };

  decodeAt = (c: Cursor): Uint8Array | typeof Incomplete => {
    const { at, end } = c;
    if (end - at < this._headerBytes) return c.short(this._headerBytes, 0);
    let length = 0;
    for (let i = this._lengthBytes - 1; i >= 0; i--) length = length * 256 + (c.bytes[at + this._at(i)] ?? 0);
    const frameBytes = this._headerBytes + this._adjust + length;
    const least = Math.max(this._headerBytes, this._skip);
    if (frameBytes < least) throw new DecodeError(`expected a frame of at least ${least} bytes, saw ${frameBytes}`);
    if (frameBytes > this._max) throw new LimitError('a frame', frameBytes, this._max);
    if (end - at < frameBytes) return c.short(frameBytes, 0);
    c.at = at + frameBytes;
    return copyBytes(c.bytes, at + this._skip, c.at);
  };

  /** Where the byte of the length is that counts 256 to the power of `i`. */
  private _at(i: number): number {
    return this._offset + (this._littleEndian ? i : this._lengthBytes - 1 - i);
  }
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
  if (!/^(0|[1-9]\d*)$/.test(text))
    throw new DecodeError(`expected a length in decimal digits, saw ${JSON.stringify(text)}`);
  return Number(text);
}

function lines({ maxFrameBytes = DEFAULT_MAX_BYTES }: FramerOptions = {}): Codec<string> {
  const line = utf8({ until: '\n' }, { maxBytes: maxFrameBytes });
  const strip = (text: string): string => (text.endsWith('\r') ? text.slice(0, -1) : text);
  return mapped(line, strip, (text) => {
    if (typeof text === 'string' && text.endsWith('\r'))
      throw new RangeError('expected a line without a carriage return at its end');
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
  lengthPrefixed: (options = {}) => new LengthPrefixed(options),
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
