import { ChunkChain } from './chunk-chain.js';
import { BufferOverflowError, BufferUnderflowError } from './errors.js';

/** Reads numbers: bounded by the frame where framing is on, across chunks where it is off. */
export abstract class NumberReader extends ChunkChain {
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
      if ((this._bytes[this._cursor + i] as number) < (i < 9 ? 0x80 : 2)) return i + 1;
    }
    if (available < 10) throw new BufferUnderflowError(available + 1, available);
    throw new BufferOverflowError('varint above 2^64 - 1', 10, 9);
  }

  /** Returns the bits in the bytes from `from` up to `to` of the varint at the cursor. */
  private _varintBits(from: number, to: number): number {
    let value = 0;
    for (let i = to - 1; i >= from; i--) value = value * 128 + ((this._bytes[this._cursor + i] as number) & 0x7f);
    return value;
  }

  /** Returns `value`, which was read from the last `byteLength` bytes, or goes back there and throws. */
  private _checkSafe(value: number, byteLength: number): number {
    if (Number.isSafeInteger(value)) return value;
    this._cursor -= byteLength;
    throw new RangeError(`expected a safe integer, saw ${value}`);
  }

  /** Throws unless `byteLength` is a length, and as many bytes can be read. */
  protected _check(byteLength: number): void {
    // In a positive form, then negated: so NaN, negative and fractional lengths fail too.
    if (!(byteLength >>> 0 === byteLength && byteLength <= this.length)) {
      throw new BufferUnderflowError(byteLength, this.length);
    }
  }
}
