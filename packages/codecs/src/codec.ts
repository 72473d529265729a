import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';

/** What `decode` returns while a value is not complete: feed more bytes, and call it again. */
export const Incomplete: unique symbol = Symbol('Incomplete');

/** Whether a value is missing. perf: struct; V8 compares anything with a symbol by a call, but tells symbols at once. */
export function isIncomplete(value: unknown): value is typeof Incomplete {
  return typeof value === 'symbol' && value === Incomplete;
}

/**
 * Both directions of one binary layout.
 *
 * Anything of this shape can be a part of a larger codec; those that this package makes are faster there.
 */
export interface Codec<T> {
  /**
   * Appends the bytes of `value`.
   *
   * @throws {TypeError} If `value` has the wrong type. {@link RangeError} if it cannot be said in this layout, a length
   *   above a limit included. In each case nothing is written.
   */
  encode(out: WriteBuffer, value: T): void;
  /**
   * Reads one value.
   *
   * @returns `Incomplete` if a part of it is missing; the cursor is then where it was.
   * @throws {DecodeError} If the bytes are not such a value; the cursor is then where it was.
   * @remarks Cost: starts at the beginning each time. A {@link Decoder} goes on where it stopped.
   */
  decode(input: ReadBuffer): T | typeof Incomplete;
  /** Makes a decoder for one stream. */
  decoder(): Decoder<T>;
  /**
   * Counts the bytes that `encode` would write. Throws as `encode` does where it cannot.
   *
   * @remarks Cost: codecs of this package encode the value and look, but only count the bytes of strings and byte arrays,
   *   except inside of {@link within}. For short values that takes half as long again as `encode`, for long byte
   *   arrays next to nothing.
   */
  size?(value: T): number;
}

/**
 * Decodes the values of one stream, and remembers a part of a value field by field: no byte is looked at again when more
 * of them come, except for the one number or string that was cut.
 *
 * Use either `decode` or `feed`. After an error the stream cannot be understood any more: every later call throws the
 * same error.
 */
export interface Decoder<T> {
  /**
   * Goes on with the current value. What it understood is consumed, even if the value is not complete.
   *
   * @throws {DecodeError} If the bytes are not such a value.
   * @throws {TypeError} If `feed` keeps bytes of a value; they stay.
   */
  decode(input: ReadBuffer): T | typeof Incomplete;
  /**
   * Takes the next chunk of the stream and calls `onValue` for each value that it completes.
   *
   * @param chunk - Of any length. It may be used for something else afterwards: what is left of it is copied.
   * @param onValue - Called before this returns. What it throws ends the decoder as an error of the stream does.
   * @throws {DecodeError} If the bytes are not such a value. The values before it were delivered.
   * @throws {TypeError} If `onValue` calls this decoder, or `chunk` is no Uint8Array: then nothing was taken.
   */
  feed(chunk: Uint8Array, onValue: (value: T) => void): void;
  /** Whether a part of a value is waiting for the rest. At the end of a stream it says that the stream was cut. */
  readonly isPartial: boolean;
}

/** Any codec, for constraints. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a codec of anything: it both takes and gives values
export type AnyCodec = Codec<any>;

/** The type of the values of a codec: `type Point = Infer<typeof point>`. */
export type Infer<C extends AnyCodec> = C extends { decoder(): Decoder<infer T> } ? T : never;
