import { Batch } from './batch.js';
import { refusal } from './ranges.js';

/**
 * Writes numbers of fixed width.
 *
 * perf: each method is a check and a store in few bytecodes, so that many calls in a row are inlined into the caller, for
 * which V8 has 920 of them.
 */
export abstract class NumberWriter extends Batch {
  /**
   * Appends an integer of 8 bits, from 0 to 255.
   *
   * @throws {RangeError} If `value` is not an integer in that range; nothing is written.
   * @throws {BufferOverflowError} If `maxBytes` would be exceeded; nothing is written. This holds for every write below.
   */
  writeUint8(value: number): void {
    if ((value & 0xff) !== value) throw refusal('Uint8', value);
    const at = this._reserve(1);
    this._bytes[at] = value;
  }

  /** Appends an integer of 8 bits, from -128 to 127; see {@link writeUint8}. */
  writeInt8(value: number): void {
    if ((value << 24) >> 24 !== value) throw refusal('Int8', value);
    const at = this._reserve(1);
    this._bytes[at] = value;
  }

  /** Appends an integer of 16 bits, from 0 to 65535, big-endian; see {@link writeUint8}. */
  writeUint16(value: number): void {
    if ((value & 0xffff) !== value) throw refusal('Uint16', value);
    const at = this._reserve(2);
    this._view.setUint16(at, value);
  }

  /** Appends an integer of 16 bits, from 0 to 65535, little-endian; see {@link writeUint8}. */
  writeUint16LE(value: number): void {
    if ((value & 0xffff) !== value) throw refusal('Uint16', value);
    const at = this._reserve(2);
    this._view.setUint16(at, value, true);
  }

  /** Appends an integer of 16 bits, from -32768 to 32767, big-endian; see {@link writeUint8}. */
  writeInt16(value: number): void {
    if ((value << 16) >> 16 !== value) throw refusal('Int16', value);
    const at = this._reserve(2);
    this._view.setInt16(at, value);
  }

  /** Appends an integer of 16 bits, from -32768 to 32767, little-endian; see {@link writeUint8}. */
  writeInt16LE(value: number): void {
    if ((value << 16) >> 16 !== value) throw refusal('Int16', value);
    const at = this._reserve(2);
    this._view.setInt16(at, value, true);
  }

  /** Appends an integer of 32 bits, from 0 to 2^32 - 1, big-endian; see {@link writeUint8}. */
  writeUint32(value: number): void {
    if (value >>> 0 !== value) throw refusal('Uint32', value);
    const at = this._reserve(4);
    this._view.setUint32(at, value);
  }

  /** Appends an integer of 32 bits, from 0 to 2^32 - 1, little-endian; see {@link writeUint8}. */
  writeUint32LE(value: number): void {
    if (value >>> 0 !== value) throw refusal('Uint32', value);
    const at = this._reserve(4);
    this._view.setUint32(at, value, true);
  }

  /** Appends an integer of 32 bits, from -2^31 to 2^31 - 1, big-endian; see {@link writeUint8}. */
  writeInt32(value: number): void {
    if ((value | 0) !== value) throw refusal('Int32', value);
    const at = this._reserve(4);
    this._view.setInt32(at, value);
  }

  /** Appends an integer of 32 bits, from -2^31 to 2^31 - 1, little-endian; see {@link writeUint8}. */
  writeInt32LE(value: number): void {
    if ((value | 0) !== value) throw refusal('Int32', value);
    const at = this._reserve(4);
    this._view.setInt32(at, value, true);
  }

  /** Appends an integer of 64 bits, from 0 to 2^64 - 1, big-endian; see {@link writeUint8}. */
  writeBigUint64(value: bigint): void {
    if (BigInt.asUintN(64, value) !== value) throw refusal('BigUint64', value);
    const at = this._reserve(8);
    this._view.setBigUint64(at, value);
  }

  /** Appends an integer of 64 bits, from 0 to 2^64 - 1, little-endian; see {@link writeUint8}. */
  writeBigUint64LE(value: bigint): void {
    if (BigInt.asUintN(64, value) !== value) throw refusal('BigUint64', value);
    const at = this._reserve(8);
    this._view.setBigUint64(at, value, true);
  }

  /** Appends an integer of 64 bits, from -2^63 to 2^63 - 1, big-endian; see {@link writeUint8}. */
  writeBigInt64(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw refusal('BigInt64', value);
    const at = this._reserve(8);
    this._view.setBigInt64(at, value);
  }

  /** Appends an integer of 64 bits, from -2^63 to 2^63 - 1, little-endian; see {@link writeUint8}. */
  writeBigInt64LE(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw refusal('BigInt64', value);
    const at = this._reserve(8);
    this._view.setBigInt64(at, value, true);
  }

  /**
   * Appends an IEEE 754 number of 32 bits, big-endian: the nearest one to `value`, for large values an infinity.
   *
   * @throws {RangeError} If `value` is not a number; nothing is written.
   */
  writeFloat32(value: number): void {
    if (typeof value !== 'number') throw refusal('Float32', value);
    const at = this._reserve(4);
    this._view.setFloat32(at, value);
  }

  /** Appends an IEEE 754 number of 32 bits, little-endian; see {@link writeFloat32}. */
  writeFloat32LE(value: number): void {
    if (typeof value !== 'number') throw refusal('Float32', value);
    const at = this._reserve(4);
    this._view.setFloat32(at, value, true);
  }

  /** Appends an IEEE 754 number of 64 bits, big-endian; see {@link writeFloat32}. */
  writeFloat64(value: number): void {
    if (typeof value !== 'number') throw refusal('Float64', value);
    const at = this._reserve(8);
    this._view.setFloat64(at, value);
  }

  /** Appends an IEEE 754 number of 64 bits, little-endian; see {@link writeFloat32}. */
  writeFloat64LE(value: number): void {
    if (typeof value !== 'number') throw refusal('Float64', value);
    const at = this._reserve(8);
    this._view.setFloat64(at, value, true);
  }
}
