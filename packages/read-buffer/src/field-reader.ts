import { ChunkChain } from './chunk-chain.js';
import { BufferOverflowError, BufferUnderflowError, FrameError } from './errors.js';
import { decodeLatin1, decodeUtf8 } from './host-strings.js';
import { moveTo, type Place, seek } from './search.js';
import { copyBytes } from './segment.js';

/**
 * Decodes as much as it can of `bytes` from `start` up to, not including, `end`, and returns the offset after the last
 * thing that it took whole; `start` if it took nothing. `view` has the same indices as `bytes`. It keeps neither.
 */
export type RunDecoder = (bytes: Uint8Array, view: DataView, start: number, end: number) => number;

/** Reads fields from the segments: bounded by the frame where framing is on, across chunks where it is off. */
export abstract class FieldReader extends ChunkChain {
  private _scanFrom = -1;
  private _scanNeedle: number | Uint8Array = -1;

  /** How many bytes can be read: of the current frame, or without framing all that was fed. */
  get length(): number {
    return this._framing === null ? this._totalEnd - this._base - this._cursor : this._end - this._cursor;
  }

  /**
   * Reads an integer of 8 bits, from 0 to 255.
   *
   * @throws {BufferUnderflowError} If it is not there; the cursor does not move. So does every read.
   */
  readUint8(): number {
    const at = this._take(1);
    return this._view.getUint8(at);
  }

  /** Reads an integer of 8 bits, from -128 to 127. */
  readInt8(): number {
    const at = this._take(1);
    return this._view.getInt8(at);
  }

  /** Reads a big-endian integer of 16 bits, from 0 to 65535. */
  readUint16(): number {
    const at = this._take(2);
    return this._view.getUint16(at);
  }

  /** Reads a big-endian integer of 16 bits, from -32768 to 32767. */
  readInt16(): number {
    const at = this._take(2);
    return this._view.getInt16(at);
  }

  /** Reads a big-endian integer of 32 bits, from 0 to 2^32 - 1. */
  readUint32(): number {
    const at = this._take(4);
    return this._view.getUint32(at);
  }

  /** Reads a big-endian integer of 32 bits, from -2^31 to 2^31 - 1. */
  readInt32(): number {
    const at = this._take(4);
    return this._view.getInt32(at);
  }

  /** Reads a big-endian integer of 64 bits, from 0 to 2^64 - 1. */
  readBigUint64(): bigint {
    const at = this._take(8);
    return this._view.getBigUint64(at);
  }

  /** Reads a big-endian integer of 64 bits, from -2^63 to 2^63 - 1. */
  readBigInt64(): bigint {
    const at = this._take(8);
    return this._view.getBigInt64(at);
  }

  /** Reads a big-endian IEEE 754 number of 32 bits. */
  readFloat32(): number {
    const at = this._take(4);
    return this._view.getFloat32(at);
  }

  /** Reads a big-endian IEEE 754 number of 64 bits. */
  readFloat64(): number {
    const at = this._take(8);
    return this._view.getFloat64(at);
  }

  /**
   * Reads `byteLength` bytes as UTF-8. What is not UTF-8 becomes U+FFFD; a byte order mark is kept.
   *
   * @param byteLength - Bytes, not characters.
   * @throws {BufferUnderflowError} If there are fewer, or `byteLength` is no length; the cursor does not move.
   */
  readUtf8(byteLength: number): string {
    this._gather(byteLength);
    const text = decodeUtf8(this._bytes, this._cursor, this._cursor + byteLength);
    this._cursor += byteLength;
    return text;
  }

  /** Reads `byteLength` bytes as ISO 8859-1: each byte is the code point of the same number; see {@link readUtf8}. */
  readLatin1(byteLength: number): string {
    this._gather(byteLength);
    const text = decodeLatin1(this._bytes, this._cursor, this._cursor + byteLength);
    this._cursor += byteLength;
    return text;
  }

  /**
   * Reads UTF-8 up to a zero byte, and skips the zero byte.
   *
   * @throws {BufferUnderflowError} If there is no zero byte; the cursor does not move.
   */
  readCString(): string {
    const byteLength = this.indexOf(0);
    if (byteLength < 0) throw new BufferUnderflowError(this.length + 1, this.length);
    const text = this.readUtf8(byteLength);
    this.skip(1);
    return text;
  }

  /**
   * Reads `byteLength` bytes as a copy.
   *
   * @throws {BufferUnderflowError} If there are fewer, or `byteLength` is no length; the cursor does not move.
   * @remarks Lifetime: the copy is the caller's.
   */
  readBytes(byteLength: number): Uint8Array {
    this._check(byteLength);
    const bytes = new Uint8Array(byteLength);
    this._copyOut(bytes);
    return bytes;
  }

  /**
   * Reads as many bytes as `target` is long into it.
   *
   * @throws {BufferUnderflowError} If there are fewer; the cursor does not move and `target` does not change.
   */
  readInto(target: Uint8Array): void {
    this._check(target.length);
    this._copyOut(target);
  }

  /**
   * Reads `byteLength` bytes as a view. Where they span chunks they are joined first.
   *
   * @throws {BufferUnderflowError} If there are fewer, or `byteLength` is no length; the cursor does not move.
   * @remarks Lifetime: until `endBorrow` or the next feed; `readBytes` gives an owned copy.
   */
  viewBytes(byteLength: number): Uint8Array {
    this._gather(byteLength);
    const start = this._cursor;
    this._cursor = start + byteLength;
    return this._bytes.subarray(start, this._cursor);
  }

  /**
   * Reads `byteLength` bytes as a view if they lie in one piece. Never joins, and so never copies.
   *
   * @returns `undefined` if there are fewer or they span chunks; the cursor does not move.
   * @throws {BufferUnderflowError} If `byteLength` is negative, fractional or NaN; the cursor does not move.
   * @remarks Lifetime: until `endBorrow` or the next feed.
   */
  tryViewBytes(byteLength: number): Uint8Array | undefined {
    if (byteLength >>> 0 !== byteLength) throw new BufferUnderflowError(byteLength, this.length);
    if (this._cursor === this._end && this._framing === null) this._settle();
    const start = this._cursor;
    if (byteLength > this._end - start) return undefined;
    this._cursor = start + byteLength;
    return this._bytes.subarray(start, this._cursor);
  }

  /**
   * Skips `byteLength` bytes.
   *
   * @throws {BufferUnderflowError} If there are fewer, or `byteLength` is no length; the cursor does not move.
   */
  skip(byteLength: number): void {
    this._check(byteLength);
    let left = byteLength;
    while (left > this._end - this._cursor) {
      left -= this._end - this._cursor;
      this._cursor = this._end;
      this._settle();
    }
    this._cursor += left;
  }

  /**
   * Shows the longest contiguous stretch from the cursor on; of length 0 only where nothing can be read. The cursor does
   * not move: `skip` what was used.
   *
   * @remarks Lifetime: until `endBorrow` or the next feed.
   */
  nextRun(): Uint8Array {
    if (this._cursor === this._end && this._framing === null) this._settle();
    return this._bytes.subarray(this._cursor, this._end);
  }

  /**
   * Calls `decode` once over the longest contiguous stretch from the cursor on, and moves the cursor to the offset that
   * it returns.
   *
   * @returns Whether the cursor moved; `false` also where nothing can be read, and then `decode` is not called.
   * @throws {FrameError} If the offset is not one from `start` to `end`; the cursor does not move. What `decode` throws
   *   passes through, and the cursor does not move.
   */
  readRun(decode: RunDecoder): boolean {
    if (this._cursor === this._end && this._framing === null) this._settle();
    const start = this._cursor;
    const end = this._end;
    if (start === end) return false;
    const next = decode(this._bytes, this._view, start, end);
    if (!(next >= start && next <= end)) throw new FrameError(next - start, end - start, 0);
    this._cursor = next;
    return next > start;
  }

  /**
   * Returns the byte at `offset` from the cursor; the cursor does not move.
   *
   * @param offset - Bytes from the cursor. Default 0.
   * @throws {BufferUnderflowError} If there is no such byte; `requested` counts the bytes up to its end.
   */
  peekUint8(offset = 0): number {
    if (!(offset >= 0)) throw new BufferUnderflowError(offset, this.length);
    this._check(offset + 1);
    return this._byteAt(this._cursor + offset);
  }

  /**
   * Returns the big-endian int32 at `offset` from the cursor; the cursor does not move.
   *
   * @param offset - Bytes from the cursor. Default 0.
   * @throws {BufferUnderflowError} If its four bytes are not all there; `requested` counts the bytes up to its end.
   */
  peekInt32(offset = 0): number {
    if (!(offset >= 0)) throw new BufferUnderflowError(offset, this.length);
    this._check(offset + 4);
    const at = this._cursor + offset;
    if (at + 4 <= this._end) return this._view.getInt32(at);
    return (this._byteAt(at) << 24) | (this._byteAt(at + 1) << 16) | (this._byteAt(at + 2) << 8) | this._byteAt(at + 3);
  }

  /**
   * Finds the first `needle` at or after `from`.
   *
   * @param needle - A byte from 0 to 255, or one or more bytes.
   * @param from - Bytes from the cursor. Default 0.
   * @returns Bytes from the cursor to its begin, or -1 if it is not there.
   * @throws {RangeError} If `needle` is empty or no byte, or `from` is negative, fractional or NaN.
   * @remarks Cost: linear in the bytes between, times the needle's length at worst.
   */
  indexOf(needle: number | Uint8Array, from = 0): number {
    checkNeedle(needle);
    if (from >>> 0 !== from) throw new RangeError(`expected a place of 0 or more, saw ${from}`);
    const start = this._base + this._cursor;
    const place: Place = { segment: this._segment, at: this._cursor };
    if (from > this.length) return -1;
    if (from > 0) moveTo(place, start + from);
    return seek(place, needle, start + this.length) ? place.segment.base + place.at - start : -1;
  }

  /**
   * Reads up to and including the next `delimiter`.
   *
   * It remembers how far it looked, so that calling it after each chunk costs no more than one call at the end.
   *
   * @param delimiter - A byte from 0 to 255, or one or more bytes.
   * @param maxBytes - The longest result, in bytes, the delimiter included. Default: no limit but that of the buffer.
   * @returns A copy, or `undefined` if there is no delimiter yet; then the cursor does not move.
   * @throws {BufferOverflowError} If the first `maxBytes` bytes contain no whole delimiter; the cursor does not move.
   * @throws {RangeError} If `delimiter` is empty or no byte, or `maxBytes` is no length; the cursor does not move.
   * @remarks Lifetime: the copy is the caller's.
   */
  readUntil(delimiter: number | Uint8Array, maxBytes = 0xffffffff): Uint8Array | undefined {
    checkNeedle(delimiter);
    if (maxBytes >>> 0 !== maxBytes) throw new RangeError(`expected maxBytes of 0 or more, saw ${maxBytes}`);
    const start = this._base + this._cursor;
    const place = this._placeToScan(delimiter, start);
    const delimiterBytes = typeof delimiter === 'number' ? 1 : delimiter.length;
    const limit = start + Math.min(this.length, maxBytes);
    if (seek(place, delimiter, limit)) {
      this._scan = undefined;
      return this.readBytes(place.segment.base + place.at - start + delimiterBytes);
    }
    if (this.length >= maxBytes) throw new BufferOverflowError('no delimiter', this.length + 1, maxBytes);
    return undefined;
  }

  /** Where the last search for `delimiter` from here on ended, or here. */
  private _placeToScan(delimiter: number | Uint8Array, start: number): Place {
    if (this._scan !== undefined && this._scanFrom === start && isSame(this._scanNeedle, delimiter)) return this._scan;
    this._scanFrom = start;
    this._scanNeedle = typeof delimiter === 'number' ? delimiter : new Uint8Array(delimiter);
    this._scan = { segment: this._segment, at: this._cursor };
    return this._scan;
  }

  /** Moves the cursor over the next `byteLength` bytes, which are then contiguous, and returns where they begin. */
  private _take(byteLength: number): number {
    if (byteLength > this._end - this._cursor) this._gather(byteLength);
    const at = this._cursor;
    this._cursor = at + byteLength;
    return at;
  }

  /** Makes the next `byteLength` bytes contiguous, or throws. */
  protected _gather(byteLength: number): void {
    if (byteLength >>> 0 === byteLength && byteLength <= this._end - this._cursor) return;
    this._check(byteLength);
    this._settle();
    if (byteLength > this._end - this._cursor) this._join(byteLength);
  }

  /** Throws unless `byteLength` is a length, and as many bytes can be read. */
  private _check(byteLength: number): void {
    // In a positive form, then negated: so NaN, negative and fractional lengths fail too.
    if (!(byteLength >>> 0 === byteLength && byteLength <= this.length)) {
      throw new BufferUnderflowError(byteLength, this.length);
    }
  }

  /** Fills `target`, for which there are enough bytes. */
  private _copyOut(target: Uint8Array): void {
    let filled = 0;
    for (;;) {
      const count = Math.min(target.length - filled, this._end - this._cursor);
      copyBytes(target, filled, this._bytes, this._cursor, this._cursor + count);
      this._cursor += count;
      filled += count;
      if (filled === target.length) return;
      this._settle();
    }
  }

  /** Returns the byte at an index of the current segment, which may lie in one of the next ones. */
  protected _byteAt(at: number): number {
    if (at < this._segmentEnd) return this._bytes[at] ?? 0;
    const offset = this._base + at;
    let segment = this._segment;
    while (offset >= segment.base + segment.end && segment.next !== undefined) segment = segment.next;
    return segment.bytes[offset - segment.base] ?? 0;
  }
}

function checkNeedle(needle: number | Uint8Array): void {
  if (typeof needle === 'number' ? (needle & 0xff) !== needle : needle.length === 0) {
    throw new RangeError(`expected a byte from 0 to 255 or at least one byte, saw ${needle.toString() || 'none'}`);
  }
}

function isSame(a: number | Uint8Array, b: number | Uint8Array): boolean {
  if (typeof a === 'number' || typeof b === 'number') return a === b;
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
