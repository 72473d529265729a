import type { WriteBuffer } from '@millrace/write-buffer';
import { MalformedValueError } from './malformed-value-error.js';
import { kindOf, outOfRange, wrongKind } from './refused-value-error.js';
import type { ValueReader, WireType } from './wire-type.js';

/**
 * A string of bits, the value of `bit(n)` and `bit varying`. It never changes.
 *
 * The first bit, the leftmost one in SQL, is the highest bit of the first byte.
 */
export class BitString {
  /** How many bits, from 0 on. */
  readonly length: number;
  /** Padded with zeros; not shared with anybody. TS-private: brand checks fail across copies of the package. */
  private readonly _bytes: Uint8Array;

  /**
   * Copies bits out of bytes.
   *
   * @param bytes - The bits, eight in each byte; what is in the last byte beyond `length` is ignored.
   * @param length - How many of them, from 0 to `bytes.length * 8`, by default all; `bytes` has no byte more than needed.
   * @throws {RangeError} If the two do not fit together.
   */
  constructor(bytes: Uint8Array, length: number = bytes.length * 8) {
    if (!Number.isInteger(length) || length < 0 || bytesOf(length) !== bytes.length) {
      throw new RangeError(`expected a length that fits ${bytes.length} bytes, got ${length}`);
    }
    this.length = length;
    this._bytes = Uint8Array.from(bytes);
    const last = this._bytes[bytes.length - 1];
    if (last !== undefined) this._bytes[bytes.length - 1] = last & (0xff << (bytes.length * 8 - length));
  }

  /**
   * Makes one of the digits 0 and 1.
   *
   * @param digits - The first bit first; may be empty.
   * @throws {TypeError} If it is no string.
   * @throws {RangeError} If there is something else in it.
   */
  static from(digits: string): BitString {
    if (typeof digits !== 'string') throw new TypeError(`expected a string of 0 and 1, got ${kindOf(digits)}`);
    if (!BITS.test(digits)) throw new RangeError('expected a string of 0 and 1, got another character');
    return new BitString(packed(digits), digits.length);
  }

  /** A copy of the bits, eight in each byte, the last one padded with zeros. */
  get bytes(): Uint8Array {
    return this._bytes.slice();
  }

  /**
   * Returns one bit.
   *
   * @param index - From 0, the leftmost, to `length - 1`; `undefined` is returned for others.
   */
  at(index: number): 0 | 1 | undefined {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) return undefined;
    return ((this._bytes[index >>> 3] ?? 0) & (0x80 >>> (index & 7))) === 0 ? 0 : 1;
  }

  /** Whether the other has the same bits. */
  equals(other: BitString): boolean {
    return this.toString() === other.toString();
  }

  /** The digits 0 and 1, as the server prints them. */
  toString(): string {
    let digits = '';
    for (const byte of this._bytes) digits += byte.toString(2).padStart(8, '0');
    return digits.slice(0, this.length);
  }

  /** The digits 0 and 1. */
  toJSON(): string {
    return this.toString();
  }
}

/** `bit(n)` as a {@link BitString}, written from one or from a string of 0 and 1. */
export const bit: WireType = bitType(1560, 'bit'); // pg_type.dat
/** `bit varying`, likewise. */
export const varbit: WireType = bitType(1562, 'varbit'); // pg_type.dat

const BITS = /^[01]*$/;

function bitType(oid: number, name: string): WireType {
  const read: ValueReader = (bytes, view, start, end) => readBits(name, bytes, view, start, end);
  return { oid, name, reader: () => read, write: writeBits };
}

function bytesOf(bits: number): number {
  return Math.ceil(bits / 8);
}

function packed(digits: string): Uint8Array {
  const bytes = new Uint8Array(bytesOf(digits.length));
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = Number.parseInt(digits.slice(i * 8, i * 8 + 8).padEnd(8, '0'), 2);
  }
  return bytes;
}

/** An int32 of bits, then the bytes that they need. */
function readBits(name: string, bytes: Uint8Array, view: DataView, start: number, end: number): BitString {
  const length = end - start;
  if (length < 4) throw new MalformedValueError(`${name} is at least 4 bytes long, got ${length}`);
  const bits = view.getInt32(start);
  if (bits < 0 || bytesOf(bits) !== length - 4) {
    throw new MalformedValueError(`${name} of ${length} bytes says that it has ${bits} bits`);
  }
  return new BitString(bytes.subarray(start + 4, end), bits);
}

function writeBits(out: WriteBuffer, value: unknown): void {
  const expected = 'a BitString or a string of 0 and 1';
  if (typeof value === 'string') {
    if (!BITS.test(value)) throw outOfRange(expected, 'another string');
    writePacked(out, packed(value), value.length);
  } else if (value instanceof BitString) writePacked(out, value.bytes, value.length);
  else throw wrongKind(expected, value);
}

function writePacked(out: WriteBuffer, bytes: Uint8Array, bits: number): void {
  out.writeInt32(4 + bytes.length);
  out.writeInt32(bits);
  out.writeBytes(bytes);
}
