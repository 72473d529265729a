import { hostStrings } from './host-strings.js';
import { NumberWriter } from './number-writer.js';
import type { Plan } from './plan.js';
import { checkInteger, outOfRange, refusal, requireBytes, wrongType } from './ranges.js';
import { putVarint, varintBytes } from './varint.js';

/**
 * Encodes into `bytes` from offset `at` on, and returns the offset after the last byte it wrote.
 *
 * @param bytes - Where to write. Only the room that {@link WriteBuffer.writeRun} was asked for may be touched.
 * @param view - The same memory with the same indices.
 * @param at - The offset of the first byte of that room.
 * @remarks Lifetime: both views are lent for the call. Reentrancy: it must not use the buffer that called it.
 */
export type RunEncoder = (bytes: Uint8Array, view: DataView, at: number) => number;

/** perf: up to about this many characters a loop is faster than a call into the host, which costs 36 ns. */
const SHORT_STRING_CHARS = 24;

/** Writes what has no fixed width: varints, bytes, text, plans and runs. */
export abstract class FieldWriter extends NumberWriter {
  /**
   * Appends an unsigned integer in as few bytes as it needs: seven bits in each, the lowest first, the top bit set in all
   * but the last (LEB128, the varint of Protocol Buffers).
   *
   * @param value - From 0 to 2^53 - 1, for 1 to 8 bytes.
   * @throws {RangeError} If `value` is not an integer in that range; nothing is written.
   */
  writeVarint(value: number): void {
    if ((value & 0x7f) === value) {
      const at = this._reserve(1);
      this._bytes[at] = value;
    } else this._writeLongVarint(value);
  }

  /** Appends an unsigned integer as a varint, from 0 to 2^64 - 1, in 1 to 10 bytes; see {@link writeVarint}. */
  writeVarintBigInt(value: bigint): void {
    if (BigInt.asUintN(64, value) !== value) throw refusal('BigUint64', value);
    // The low 28 bits make four whole bytes, and what is above them is a safe integer.
    const low = Number(value & 0xfff_ffffn);
    const high = Number(value >> 28n);
    if (high === 0) {
      this.writeVarint(low);
      return;
    }
    const at = this._reserve(4 + varintBytes(high));
    putVarint(this._bytes, at, low + 0x1000_0000); // a fifth byte, so that the fourth says that more follow
    putVarint(this._bytes, at + 4, high);
  }

  /**
   * Appends a copy of `bytes`. For large ones that nobody will change, see {@link WriteBuffer.writeRef}.
   *
   * @throws {TypeError} If `bytes` is no Uint8Array; nothing is written.
   */
  writeBytes(bytes: Uint8Array): void {
    requireBytes(bytes);
    const at = this._reserve(bytes.length);
    this._bytes.set(bytes, at);
  }

  /**
   * Appends an int32 with the number of bytes that follow, and a copy of `bytes`; see {@link writeBytes}.
   *
   * @throws {RangeError} If there are 2^31 bytes or more; nothing is written.
   */
  writeLengthPrefixedBytes(bytes: Uint8Array): void {
    requireBytes(bytes);
    const { length } = bytes;
    checkInteger('length', length, 0, 0x7fff_ffff);
    const at = this._reserve(4 + length);
    this._view.setInt32(at, length);
    this._bytes.set(bytes, at + 4);
  }

  /**
   * Appends `text` in UTF-8, without a length or an end. A lone surrogate, which UTF-8 cannot say, becomes U+FFFD.
   *
   * @returns How many bytes were written.
   * @throws {TypeError} If `text` is not a string; nothing is written.
   */
  writeUtf8(text: string): number {
    const byteLength = this._encode(text, 0, 0);
    this._cursor += byteLength;
    return byteLength;
  }

  /**
   * Appends `text` in UTF-8 and a zero byte that ends it; see {@link writeUtf8}.
   *
   * @returns How many bytes were written, the zero included.
   * @throws {RangeError} If `text` contains U+0000, which would end it early; nothing is written.
   */
  writeCString(text: string): number {
    const byteLength = this._encode(text, 0, 1);
    const end = this._cursor + byteLength;
    this._bytes[end] = 0;
    this._cursor = end + 1;
    return byteLength + 1;
  }

  /** Appends an int32 with the number of bytes that follow, and `text` in UTF-8; see {@link writeUtf8}. */
  writeLengthPrefixedUtf8(text: string): void {
    const byteLength = this._encode(text, 4, 0);
    this._view.setInt32(this._cursor, byteLength);
    this._cursor += 4 + byteLength;
  }

  /**
   * Appends the bytes of `plan`.
   *
   * @returns The place of its first byte: `patchInt32(place + 5, value)` fills in what differs from time to time, four
   *   bytes from its sixth on. Valid until the next `take` or `reset`.
   * @throws {TypeError} If `plan` is no Plan; nothing is written.
   * @remarks Cost: for a short one half of `writeBytes`, which is the better one above 50 bytes or so.
   */
  writePlan(plan: Plan): number {
    const { length, _words: words } = plan;
    if (!(words instanceof Int32Array)) throw wrongType('Plan', plan);
    const at = this._reserve(length);
    // The zeros after the last byte are written, but not counted.
    for (let i = 0; i < words.length; i++) this._view.setInt32(at + 4 * i, words[i] as number);
    return at - this._start;
  }

  /**
   * Makes room for `maxBytes` bytes in one piece and lets `encode` fill as many of them as it wants.
   *
   * @param maxBytes - The most that `encode` may write, from 0 to 2^32 - 1.
   * @param encode - Called once, before this returns. It returns the offset after its last byte.
   * @throws {RangeError} If `maxBytes` is out of its range, or `encode` returns an offset outside of its room: nothing
   *   is counted as written.
   * @throws {TypeError} If `encode` used this buffer: what it wrote that way stays, the run is not counted.
   * @throws {BufferOverflowError} If `maxBytes` bytes would exceed the buffer's `maxBytes`; `encode` is not called.
   * @throws Whatever `encode` throws; nothing is counted as written.
   * @remarks Cost: one check of the room and one call, however much is written.
   */
  writeRun(maxBytes: number, encode: RunEncoder): void {
    if (maxBytes >>> 0 !== maxBytes) throw outOfRange('maxBytes', 0, 0xffff_ffff, maxBytes);
    const at = this._reserve(maxBytes);
    this._cursor = at; // nothing is counted yet
    const bytes = this._bytes;
    try {
      const end = encode(bytes, this._view, at);
      if (this._cursor !== at || this._bytes !== bytes) throw new TypeError('a run used its buffer');
      if (end >>> 0 !== end || end < at || end > at + maxBytes) {
        throw outOfRange('run end', at, at + maxBytes, end);
      }
      this._cursor = end;
    } finally {
      if (this._cursor === this._start) this._release(); // an empty buffer holds no slab
    }
  }

  private _writeLongVarint(value: number): void {
    checkInteger('varint', value, 0);
    const at = this._reserve(varintBytes(value));
    putVarint(this._bytes, at, value);
  }

  /**
   * Encodes `text` at `headBytes` after the cursor, which does not move.
   *
   * @param endBytes - 1: it must not contain U+0000, and there must be room for one after it.
   */
  private _encode(text: string, headBytes: number, endBytes: 0 | 1): number {
    const start = this._cursor + headBytes;
    // What is no string is told so where it is rare.
    const length = typeof text === 'string' ? text.length : 1 + SHORT_STRING_CHARS;
    if (length <= SHORT_STRING_CHARS && start + length + endBytes <= this._limit) {
      const bytes = this._bytes;
      let i = 0;
      for (; i < length; i++) {
        const unit = text.charCodeAt(i);
        if (unit < endBytes || unit > 0x7f) break;
        bytes[start + i] = unit;
      }
      if (i === length) return length;
    }
    return this._encodeLong(text, headBytes, endBytes);
  }

  private _encodeLong(text: string, headBytes: number, endBytes: 0 | 1): number {
    if (typeof text !== 'string') throw wrongType('string', text);
    const nul = text.indexOf('\0');
    if (endBytes > 0 && nul >= 0) throw new RangeError(`expected no NUL, saw one at ${nul}`);
    const start = this._cursor + headBytes;
    const end = this._limit - endBytes;
    // perf: tried before it is counted. With room for a character left (4 bytes at most), it was all written.
    if (start + text.length <= end) {
      const byteLength = hostStrings.writeUtf8(this._bytes, start, end, text);
      if (start + byteLength + 4 <= end) return byteLength;
    }
    const byteLength = hostStrings.utf8Length(text);
    const at = this._reserve(headBytes + byteLength + endBytes);
    this._cursor = at;
    return hostStrings.writeUtf8(this._bytes, at + headBytes, at + headBytes + byteLength, text);
  }
}
