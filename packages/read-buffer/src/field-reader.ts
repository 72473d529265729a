import { BufferOverflowError, BufferUnderflowError, FrameError } from './errors.js';
import { NumberReader } from './number-reader.js';
import { needleOf, search, searchByte } from './search.js';
import { setRunning } from './text-window.js';

/**
 * Decodes as much as it can of `bytes` from `start` up to, not including, `end`, and returns the offset after the last
 * thing that it took whole; `start` if it took nothing. `view` has the same indices as `bytes`. It keeps neither.
 */
export type RunDecoder = (bytes: Uint8Array, view: DataView, start: number, end: number) => number;

const ZERO = Uint8Array.of(0);

/** Reads strings and bytes, and looks for them. */
export abstract class FieldReader extends NumberReader {
  /** From which offset on `readUntil` looked last, and for what; and how many bytes it need not look at again. */
  private _scanFrom = -1;
  private _scannedFor = '';
  private _scannedBytes = 0;

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
    const isResumed = this._scanFrom === start && this._scannedFor === needle.join();
    const found = this._find(needle, isResumed ? this._scannedBytes : 0, limit);
    if (found >= 0) return this.readBytes(found + needle.length);
    this._scanFrom = start;
    this._scannedFor = needle.join();
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

  /** Calls `decode` on the bytes up to `end`, and returns whether that moved the cursor. */
  protected _decodeRun(decode: RunDecoder, end: number): boolean {
    const start = this._cursor;
    const bytes = this._bytes;
    const framing = this._framing;
    setRunning(this._text, end);
    let next: number;
    try {
      next = decode(bytes, this._view, start, end);
    } finally {
      setRunning(undefined, 0);
    }
    if (this._bytes !== bytes || this._cursor !== start || this._framing !== framing) {
      throw new TypeError('a run decoder must not use its buffer');
    }
    // Positive, then negated: so NaN fails, too.
    if (!(next >>> 0 === next && next >= start && next <= end)) throw new FrameError(next - start, end - start, 0);
    this._cursor = next;
    return next > start;
  }
}

function checkCount(name: string, count: number): number {
  if (count >>> 0 === count) return count;
  throw new RangeError(`expected ${name} of 0 or more, saw ${count}`);
}
