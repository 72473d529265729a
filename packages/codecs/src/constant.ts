import type { Codec } from './codec.js';
import { copyBytes, isBytes } from './content.js';
import { DecodeError } from './errors.js';
import { type Layout, layout, toBytes } from './layout.js';

function constantOf<T>(own: T, expected: Uint8Array): Layout<T> {
  const size = (value: T): number => {
    const isSame =
      value === undefined || Object.is(value, own) || (isBytes(own) && isBytes(value) && String(own) === String(value));
    if (!isSame) throw new RangeError(`expected the constant ${expected.join(' ')}, saw another`);
    return expected.length;
  };
  return layout<T>({
    least: () => expected.length,
    encodeTo(out, value) {
      size(value);
      out.writeBytes(expected);
    },
    decodeAt(c) {
      const { at, scanned } = c;
      const byteLength = Math.min(expected.length, c.end - at);
      c.scanned = 0;
      for (let i = scanned; i < byteLength; i++) {
        if (c.bytes[at + i] === expected[i]) continue;
        throw new DecodeError(
          `expected the constant ${expected.join(' ')}, saw ${c.bytes.subarray(at, at + i + 1).join(' ')}`,
        );
      }
      // The next byte may be another one already.
      if (byteLength < expected.length) return c.short(byteLength + 1, byteLength);
      c.at = at + byteLength;
      return isBytes(own) ? (copyBytes(expected, 0, byteLength) as T) : own;
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
