import { ReadBuffer } from '@millrace/read-buffer';
import { WriteBuffer } from '@millrace/write-buffer';
import { type Codec, type Decoder, type Incomplete, isIncomplete } from './codec.js';
import type { Cursor } from './cursor.js';
import { StreamDecoder } from './decoder.js';
import { DecodeError, MAX, wrongType } from './errors.js';

/** Decodes one value at a cursor; see cursor.ts. */
export type DecodeAt<T> = (cursor: Cursor) => T | typeof Incomplete;

/** Encodes one value. What it wrote before a throw is undone by its caller. */
export type EncodeTo<T> = (out: WriteBuffer, value: T) => void;

/** Makes a value of the bytes of a frame, which are at the cursor: from `start` up to `stop`. */
export type Open<U> = (cursor: Cursor, start: number, stop: number) => U;

/** What `size` encodes into; between two values it is empty, and holds no memory. Other codecs never see it. */
const meter = /* @__PURE__ */ new WriteBuffer({ maxBytes: MAX });
/** How many bytes were counted that are not in it. */
let skippedBytes = 0;
let isMeasuring = false;

/** Returns whether `out` only measures: then the bytes are counted, and need not be written. */
export function isCounted(out: WriteBuffer, byteLength: number): boolean {
  if (out !== meter) return false;
  skippedBytes += byteLength;
  return true;
}

/** A codec of this package: works on bytes at a cursor, and knows its parts. */
export abstract class Layout<T> implements Codec<T> {
  /** A closure of its own for every layout, which generated code may replace. */
  abstract decodeAt: DecodeAt<T>;
  abstract encodeTo: EncodeTo<T>;
  /** Decodes value after value until the bytes end; only generated code sets it, where it is faster. */
  drain: ((cursor: Cursor, onValue: (value: T) => void) => void) | undefined = undefined;
  #idle: StreamDecoder<T> | undefined = undefined;

  /** The fewest bytes that a value takes. */
  abstract least(): number;

  size(value: T): number {
    // `from` of a mapped codec may ask for a size, too: what is counted for the value around that one stays.
    const isInner = isMeasuring;
    const start = meter.length + skippedBytes;
    isMeasuring = true;
    try {
      this.encode(meter, value);
      return meter.length + skippedBytes - start;
    } finally {
      isMeasuring = isInner;
      if (!isInner) meter.reset();
      skippedBytes = start - meter.length;
    }
  }

  /** The same layout over copies of its parts; a layout without parts has no such method. */
  copy?(copyOf: CopyOf): Layout<T>;

  /** Decodes the same frames to what `open` makes of their bytes; a layout that is no framer has no such method. */
  frames?<U>(open: Open<U>): DecodeAt<U>;

  encode(out: WriteBuffer, value: T): void {
    out.atomic(() => {
      this.encodeTo(out, value);
    });
  }

  decode(input: ReadBuffer): T | typeof Incomplete {
    // Not one for all: `to` of a mapped codec may decode with this very codec.
    const decoder = this.#idle ?? new StreamDecoder<T>(this);
    this.#idle = undefined;
    try {
      return decoder.decodeOnce(input);
    } finally {
      this.#idle = decoder;
    }
  }

  decoder(): Decoder<T> {
    return new StreamDecoder<T>(this);
  }
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a layout of anything: it both takes and gives values
export type AnyLayout = Layout<any>;
/** Returns the layout that takes the place of a part. */
export type CopyOf = <T>(part: Layout<T>) => Layout<T>;

/** What a layout without a class of its own consists of. */
type Traits<T> = Pick<Layout<T>, 'decodeAt' | 'encodeTo' | 'least'> & Partial<Pick<Layout<T>, 'copy' | 'frames'>>;

class Plain<T> extends Layout<T> {
  declare decodeAt: DecodeAt<T>;
  declare encodeTo: EncodeTo<T>;
  declare least: () => number;

  constructor(traits: Traits<T>) {
    super();
    Object.assign(this, traits);
  }
}

/** Makes a layout of functions: what they share is in variables, which take less room than fields. */
export function layout<T, More = unknown>(traits: Traits<T> & Omit<More, keyof Codec<T>>): Layout<T> & More {
  return new Plain(traits) as Layout<T> & More;
}

/**
 * A codec that is not of this package, as a layout. It cannot be resumed: a value that comes in pieces is decoded from
 * its start again.
 */
function foreign<T>(codec: Codec<T>): Layout<T> {
  return layout<T>({
    least: () => 0,
    encodeTo: (out, value) => {
      if (out === meter) skippedBytes += codec.size?.(value) ?? toBytes(codec, value).length;
      else codec.encode(out, value);
    },
    decodeAt(c) {
      const input = new ReadBuffer();
      c.scanned = 0;
      input.feed(c.bytes.subarray(c.at, c.end));
      const value = codec.decode(input);
      if (isIncomplete(value)) return c.short(c.end - c.at + 1, c.end - c.at);
      c.at = c.end - input.length;
      return value;
    },
  });
}

/** Any codec as a layout. Throws a TypeError if it is none. */
export function layoutOf<T>(codec: Codec<T>): Layout<T> {
  if (codec instanceof Layout) return codec as Layout<T>;
  const { encode, decode } = (codec as Partial<Codec<T>> | undefined) ?? {};
  if (typeof encode !== 'function' || typeof decode !== 'function') throw wrongType('a codec', codec);
  return foreign(codec);
}

/**
 * Encodes one value into bytes of its own.
 *
 * @throws As {@link Codec.encode} does.
 */
export function toBytes<T>(codec: Codec<T>, value: T): Uint8Array {
  const out = new WriteBuffer();
  codec.encode(out, value);
  const chunk = out.take();
  const bytes = chunk.slice();
  out.recycle(chunk);
  return bytes;
}

/**
 * Decodes `bytes`, which must be one whole value and nothing else.
 *
 * @throws {DecodeError} If they are not, or a part is missing, or bytes are left.
 */
export function fromBytes<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const input = new ReadBuffer();
  input.feed(bytes);
  const value = codec.decode(input);
  return whole(value, bytes.length, input.length);
}

/** Throws unless a value was decoded of `byteLength` bytes, and none of them is left. */
export function whole<T>(value: T | typeof Incomplete, byteLength: number, restBytes: number): T {
  if (isIncomplete(value)) throw new DecodeError(`expected a whole value, saw ${byteLength} bytes of it`);
  if (restBytes > 0) throw new DecodeError(`expected the end, saw ${restBytes} bytes more`);
  return value;
}
