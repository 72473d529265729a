import type { Codec } from './codec.js';
import { Incomplete } from './codec.js';
import { copyBytes, isBytes } from './content.js';
import type { Cursor } from './cursor.js';
import { DecodeError } from './errors.js';
import { type EncodeTo, Layout, toBytes } from './layout.js';

class Constant<T> extends Layout<T> {
  encodeTo: EncodeTo<T>;
  private readonly _value: T;
  private readonly _bytes: Uint8Array;

  constructor(value: T, bytes: Uint8Array) {
    super();
    this._value = value;
    this._bytes = bytes;
    this.encodeTo = (out, given) => {
      this._check(given);
      out.writeBytes(bytes);
    };
  }

  least(): number {
    return this._bytes.length;
  }

  size(value: T): number {
    this._check(value);
    return this._bytes.length;
  }

  decodeAt = (c: Cursor): T | typeof Incomplete => {
    const { at } = c;
    const expected = this._bytes;
    const byteLength = Math.min(expected.length, c.end - at);
    for (let i = 0; i < byteLength; i++) {
      if (c.bytes[at + i] !== expected[i]) {
        throw new DecodeError(`expected the constant ${hex(expected)}, saw ${hex(c.bytes.subarray(at, at + i + 1))}`);
      }
    }
    if (byteLength < expected.length) return c.short(expected.length, 0);
    c.at = at + byteLength;
    return isBytes(this._value) ? (copyBytes(expected, 0, byteLength) as T) : this._value;
  };

  private _check(value: unknown): void {
    const own = this._value;
    if (value === undefined || Object.is(value, own)) return;
    if (isBytes(own) && isBytes(value) && hex(own) === hex(value)) return;
    throw new RangeError(`expected the constant ${hex(this._bytes)}, saw another value`);
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/**
 * Bytes that never change, such as a magic number: `constant('PING\r\n')` or `constant(u32, 0xcafebabe)`.
 *
 * Other bytes are a {@link DecodeError} as soon as one differs. When encoding, the value may be left out of a struct.
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
  if (typeof first === 'string') return new Constant(first, new TextEncoder().encode(first));
  if (isBytes(first)) return new Constant(first, copyBytes(first, 0, first.length));
  return new Constant(value, toBytes(first, value));
}
