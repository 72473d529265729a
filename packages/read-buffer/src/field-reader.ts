import { ChunkChain } from './chunk-chain.js';
import { BufferOverflowError, BufferUnderflowError, FrameError } from './errors.js';
import { needleOf, search, searchByte } from './search.js';
import { setRunning } from './text-window.js';

/**
 * Decodes as much as it can of `bytes` from `start` up to, not including, `end`, and returns the offset after the last
 * thing that it took whole; `start` if it took nothing. `view` has the same indices as `bytes`. It keeps neither.
 */
export type RunDecoder = (bytes: Uint8Array, view: DataView, start: number, end: number) => number;

const ZERO = Uint8Array.of(0);

/** Reads fields from the segments: bounded by the frame where framing is on, across chunks where it is off. */
export abstract class FieldReader extends ChunkChain {
  /** From which offset on `readUntil` looked last, and for what; and how many bytes it need not look at again. */
  private _scan = '';
  private _scannedBytes = 0;

  /** How many bytes can be read: of the current frame, or without framing all that was fed. */
  get length(): number {
    return this._framing === null ? this.bufferedBytes : this._end - this._cursor;
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

  /** Reads an integer of 16 bits, from 0 to 65535, big-endian. */
  readUint16(): number {
    const at = this._take(2);
    return this._view.getUint16(at);
  }

  /** Reads an integer of 16 bits, from -32768 to 32767, big-endian. */
  readInt16(): number {
    const at = this._take(2);
    return this._view.getInt16(at);
  }

  /** Reads an integer of 32 bits, from 0 to 2^32 - 1, big-endian. */
  readUint32(): number {
    const at = this._take(4);
    return this._view.getUint32(at);
  }

  /** Reads an integer of 32 bits, from -2^31 to 2^31 - 1, big-endian. */
  readInt32(): number {
    const at = this._take(4);
    return this._view.getInt32(at);
  }

  /** Reads an integer of 64 bits, from 0 to 2^64 - 1, big-endian. */
  readBigUint64(): bigint {
    const at = this._take(8);
    return this._view.getBigUint64(at);
  }

  /** Reads an integer of 64 bits, from -2^63 to 2^63 - 1, big-endian. */
  readBigInt64(): bigint {
    const at = this._take(8);
    return this._view.getBigInt64(at);
  }

  /** Reads an IEEE 754 number of 32 bits, big-endian. */
  readFloat32(): number {
    const at = this._take(4);
    return this._view.getFloat32(at);
  }

  /** Reads an IEEE 754 number of 64 bits, big-endian. */
  readFloat64(): number {
    const at = this._take(8);
    return this._view.getFloat64(at);
  }

  /** Reads an integer of 16 bits, from 0 to 65535, little-endian. */
  readUint16LE(): number {
    const at = this._take(2);
    return this._view.getUint16(at, true);
  }

  /** Reads an integer of 16 bits, from -32768 to 32767, little-endian. */
  readInt16LE(): number {
    const at = this._take(2);
    return this._view.getInt16(at, true);
  }

  /** Reads an integer of 32 bits, from 0 to 2^32 - 1, little-endian. */
  readUint32LE(): number {
    const at = this._take(4);
    return this._view.getUint32(at, true);
  }

  /** Reads an integer of 32 bits, from -2^31 to 2^31 - 1, little-endian. */
  readInt32LE(): number {
    const at = this._take(4);
    return this._view.getInt32(at, true);
  }

  /** Reads an integer of 64 bits, from 0 to 2^64 - 1, little-endian. */
  readBigUint64LE(): bigint {
    const at = this._take(8);
    return this._view.getBigUint64(at, true);
  }

  /** Reads an integer of 64 bits, from -2^63 to 2^63 - 1, little-endian. */
  readBigInt64LE(): bigint {
    const at = this._take(8);
    return this._view.getBigInt64(at, true);
  }

  /** Reads an IEEE 754 number of 32 bits, little-endian. */
  readFloat32LE(): number {
    const at = this._take(4);
    return this._view.getFloat32(at, true);
  }

  /** Reads an IEEE 754 number of 64 bits, little-endian. */
  readFloat64LE(): number {
    const at = this._take(8);
    return this._view.getFloat64(at, true);
  }

  /**
   * Reads a big-endian integer of 64 bits as a number.
   *
   * @throws {RangeError} If it is not from -(2^53 - 1) to 2^53 - 1; the cursor does not move.
   * @remarks Cost: allocates nothing, unlike `readBigInt64`.
   */
  readSafeInt64(): number {
    const at = this._take(8);
    return this._checkSafe(this._view.getInt32(at) * 2 ** 32 + this._view.getUint32(at + 4), 8);
  }

  /** Reads a little-endian integer of 64 bits as a number; see {@link readSafeInt64}. */
  readSafeInt64LE(): number {
    const at = this._take(8);
    return this._checkSafe(this._view.getInt32(at + 4, true) * 2 ** 32 + this._view.getUint32(at, true), 8);
  }

  /**
   * Reads an unsigned LEB128 varint: seven bits a byte, the lowest first, the top bit set in all but the last byte.
   *
   * @throws {RangeError} If it is more than 2^53 - 1; the cursor does not move. `readVarintBigInt` reads up to 2^64 - 1.
   * @throws {BufferOverflowError} If it is longer than 10 bytes; the cursor does not move.
   * @throws {BufferUnderflowError} If its last byte is not there; the cursor does not move.
   * @see {@link https://protobuf.dev/programming-guides/encoding/#varints | Base 128 varints}
   */
  readVarint(): number {
    const byteLength = this._gatherVarint();
    const value = this._varintBits(0, byteLength);
    this._cursor += byteLength;
    return this._checkSafe(value, byteLength);
  }

  /**
   * Reads an unsigned LEB128 varint of up to 64 bits as a bigint; see {@link readVarint}.
   *
   * @throws {BufferOverflowError} If it is more than 2^64 - 1 or longer than 10 bytes; the cursor does not move.
   */
  readVarintBigInt(): bigint {
    const byteLength = this._gatherVarint();
    const low = this._varintBits(0, Math.min(7, byteLength));
    const high = this._varintBits(7, byteLength);
    this._cursor += byteLength;
    return (BigInt(high) << 49n) + BigInt(low);
  }

  /**
   * Reads `byteLength` bytes as UTF-8. What is not UTF-8 becomes U+FFFD; a byte order mark is kept.
   *
   * @param byteLength - Bytes, not characters.
   * @throws {BufferUnderflowError} If there are fewer, or `byteLength` is no length; the cursor does not move.
   */
  readUtf8(byteLength: number): string {
    this._gather(byteLength);
    const text = this._text.utf8(this._cursor, this._cursor + byteLength, this._bytesEnd);
    this._cursor += byteLength;
    return text;
  }

  /** Reads `byteLength` bytes as ISO 8859-1: each byte is the code point of the same number; see {@link readUtf8}. */
  readLatin1(byteLength: number): string {
    this._gather(byteLength);
    const text = this._text.latin1(this._cursor, this._cursor + byteLength, this._bytesEnd);
    this._cursor += byteLength;
    return text;
  }

  /**
   * Reads UTF-8 up to a zero byte, and skips the zero byte.
   *
   * @throws {BufferUnderflowError} If there is no zero byte; the cursor does not move.
   */
  readCString(): string {
    let start = this._cursor;
    let end = searchByte(this._bytes, 0, start, this._end);
    if (end < 0) {
      const byteLength = this._find(ZERO, 0, this.length);
      if (byteLength < 0) throw new BufferUnderflowError(this.length + 1, this.length);
      this._gather(byteLength + 1);
      start = this._cursor;
      end = start + byteLength;
    }
    this._cursor = end + 1;
    return this._text.utf8(start, end, this._bytesEnd);
  }

  /**
   * Reads `byteLength` bytes as a copy.
   *
   * @throws {BufferUnderflowError} If there are fewer, or `byteLength` is no length; the cursor does not move.
   * @remarks Lifetime: the copy is the caller's.
   */
  readBytes(byteLength: number): Uint8Array {
    return this.viewBytes(byteLength).slice();
  }

  /**
   * Reads as many bytes as `target` is long into it.
   *
   * @throws {BufferUnderflowError} If there are fewer; the cursor does not move and `target` does not change.
   */
  readInto(target: Uint8Array): void {
    target.set(this.viewBytes(target.length));
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
    this._stretch();
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
      this._advance();
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
    this._stretch();
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
    this._stretch();
    if (this._cursor === this._end) return false;
    return this._decodeRun(decode, this._end);
  }

  /**
   * Returns the byte at `offset` from the cursor; the cursor does not move.
   *
   * @param offset - Bytes from the cursor. Default 0.
   * @throws {BufferUnderflowError} If there is no such byte; `requested` counts the bytes up to its end.
   */
  peekUint8(offset = 0): number {
    return this._peek(offset, 1).getUint8(this._cursor + offset);
  }

  /**
   * Returns the big-endian int32 at `offset` from the cursor; the cursor does not move.
   *
   * @param offset - Bytes from the cursor. Default 0.
   * @throws {BufferUnderflowError} If its four bytes are not all there; `requested` counts the bytes up to its end.
   */
  peekInt32(offset = 0): number {
    return this._peek(offset, 4).getInt32(this._cursor + offset);
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
    return this._find(needleOf(needle), checkCount('from', from), this.length);
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
    const needle = needleOf(delimiter);
    const start = this._base + this._cursor;
    const limit = Math.min(this.length, checkCount('maxBytes', maxBytes));
    const scan = `${start}:${needle.join()}`;
    const found = this._find(needle, this._scan === scan ? this._scannedBytes : 0, limit);
    if (found >= 0) return this.readBytes(found + needle.length);
    this._scan = scan;
    this._scannedBytes = Math.max(0, limit - needle.length + 1);
    if (this.length >= maxBytes) throw new BufferOverflowError('no delimiter', this.length + 1, maxBytes);
    return undefined;
  }

  /** Finds `needle` in the bytes `from` to `limit` from the cursor on, and returns how far from the cursor it begins. */
  private _find(needle: Uint8Array, from: number, limit: number): number {
    for (let at = from; ;) {
      const end = Math.min(limit, this._end - this._cursor);
      const found = search(this._bytes, needle, this._cursor + at, this._cursor + end);
      if (found >= 0) return found - this._cursor;
      if (end === limit) return -1;
      // A needle may begin at the end of a chunk. More is joined in growing steps, so that the rest of a chunk is not.
      at = Math.max(at, end - needle.length + 1);
      this._pull(Math.min(limit, 2 * end + 64));
    }
  }

  /** Moves the cursor over the next `byteLength` bytes, which are contiguous then, and returns where they begin. */
  private _take(byteLength: number): number {
    let at = this._cursor;
    if (at + byteLength > this._end) {
      this._gather(byteLength);
      at = this._cursor;
    }
    this._cursor = at + byteLength;
    return at;
  }

  /** Makes `byteLength` bytes at `offset` from the cursor contiguous with it, and returns the view of them. */
  private _peek(offset: number, byteLength: number): DataView {
    if (!(offset >= 0)) throw new BufferUnderflowError(offset, this.length);
    this._gather(offset + byteLength);
    return this._view;
  }

  /** Goes on to the next chunk, if fields may span chunks and this one was read. */
  private _stretch(): void {
    if (this._cursor === this._end && this._framing === null) this._advance();
  }

  /** Makes the next `byteLength` bytes contiguous, or throws. */
  protected _gather(byteLength: number): void {
    if (byteLength >>> 0 === byteLength && byteLength <= this._end - this._cursor) return;
    this._check(byteLength);
    this._pull(byteLength);
  }

  /** Makes the bytes of the next varint contiguous, and returns how many there are. */
  private _gatherVarint(): number {
    const available = Math.min(10, this.length);
    this._gather(available);
    for (let i = 0; i < available; i++) {
      // The tenth byte has the 64th bit alone.
      if ((this._bytes[this._cursor + i] ?? 0) < (i < 9 ? 0x80 : 2)) return i + 1;
    }
    if (available < 10) throw new BufferUnderflowError(available + 1, available);
    throw new BufferOverflowError('varint above 2^64 - 1', 10, 9);
  }

  /** Returns the bits in the bytes from `from` up to `to` of the varint at the cursor. */
  private _varintBits(from: number, to: number): number {
    let value = 0;
    for (let i = to - 1; i >= from; i--) value = value * 128 + ((this._bytes[this._cursor + i] ?? 0) & 0x7f);
    return value;
  }

  /** Returns `value`, which was read from the last `byteLength` bytes, or goes back there and throws. */
  private _checkSafe(value: number, byteLength: number): number {
    if (Number.isSafeInteger(value)) return value;
    this._cursor -= byteLength;
    throw new RangeError(`expected a safe integer, saw ${value}`);
  }

  /** Calls `decode` on the bytes up to `end`, and returns whether that moved the cursor. */
  protected _decodeRun(decode: RunDecoder, end: number): boolean {
    const start = this._cursor;
    const bytes = this._bytes;
    setRunning(this._text, end);
    let next = -1;
    try {
      next = decode(bytes, this._view, start, end);
    } finally {
      setRunning(undefined, 0);
    }
    if (this._bytes !== bytes || this._cursor !== start) throw new TypeError('a run decoder must not use its buffer');
    // Positive, then negated: so NaN fails, too.
    if (!(next >>> 0 === next && next >= start && next <= end)) throw new FrameError(next - start, end - start, 0);
    this._cursor = next;
    return next > start;
  }

  /** Throws unless `byteLength` is a length, and as many bytes can be read. */
  private _check(byteLength: number): void {
    // In a positive form, then negated: so NaN, negative and fractional lengths fail too.
    if (!(byteLength >>> 0 === byteLength && byteLength <= this.length)) {
      throw new BufferUnderflowError(byteLength, this.length);
    }
  }
}

function checkCount(name: string, count: number): number {
  if (count >>> 0 === count) return count;
  throw new RangeError(`expected ${name} of 0 or more, saw ${count}`);
}
