import type { Codec } from './codec.js';
import { copyBytes, findBytes, isBytes } from './content.js';
import { DecodeError, hex } from './errors.js';
import { type Layout, layout, toBytes } from './layout.js';

function constantOf<T>(given: T, expected: Uint8Array): Layout<T> {
  const copyOf = (value: T): T => (isBytes(value) ? (copyBytes(value, 0, value.length) as T) : value);
  const own = copyOf(given);
  return layout<T>({
    least: () => expected.length,
    encodeTo(out, value) {
      const isSame =
        isBytes(own) && isBytes(value)
          ? value.length === own.length && findBytes(value, own, 0, own.length) === 0
          : value === undefined || Object.is(value, own);
      if (!isSame) throw new RangeError(`expected the constant ${hex(expected)}, saw another`);
      out.writeBytes(expected);
    },
    decodeAt(c) {
      const { at, scanned } = c;
      const byteLength = Math.min(expected.length, c.end - at);
      c.scanned = 0;
      for (let i = scanned; i < byteLength; i++) {
        if (c.bytes[at + i] === expected[i]) continue;
        throw new DecodeError(`expected the constant ${hex(expected)}, saw ${hex(c.bytes.subarray(at, at + i + 1))}`);
      }
      // The next byte may be another one already.
      if (byteLength < expected.length) return c.short(byteLength + 1, byteLength);
      c.at = at + byteLength;
      return copyOf(own);
    },
  });
}

/**
 * Bytes that never change, such as a magic number: `constant('PING\r\n')` or `constant(u32, 0xcafebabe)`.
 *
 * Other bytes are a {@link DecodeError} as soon as one differs. In a struct it is a key
 * of the value, which has to be there when encoding, too; `undefined` is accepted for it at run time.
 *
 * @param value - The bytes, or a string for its UTF-8.
 */
export function constant<const T extends string | Uint8Array>(value: T): Codec<T>;
/**
 * A value that never changes.
 *
 * @param codec - How `value` is written.
 * @throws As {@link Codec.encode} does if `codec` cannot write `value`.
 */
export function constant<T, const V extends T>(codec: Codec<T>, value: V): Codec<V>;
export function constant(...args: [string | Uint8Array] | [Codec<unknown>, unknown]): Codec<unknown> {
  const [first, value] = args;
  if (typeof first === 'string') return constantOf(first, new TextEncoder().encode(first));
  if (isBytes(first)) return constantOf(first, copyBytes(first, 0, first.length));
  return constantOf(value, toBytes(first, value));
}
