import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import type { ValueOptions } from '../statement.js';
import type { BinaryType, ValueReader } from './binary-type.js';
import { checkLength } from './malformed-value-error.js';
import { outOfRange, wrongKind } from './refused-value-error.js';

/** `int2` as a number. */
export const int2: BinaryType = {
  oid: 21, // pg_type.dat, as every OID of this file
  name: 'int2',
  reader: () => readInt2,
  write(out, value) {
    const integer = integerBetween(value, -32_768, 32_767);
    out.writeInt32(2);
    out.writeInt16(integer);
  },
};

/** `int4` as a number. */
export const int4: BinaryType = {
  oid: 23,
  name: 'int4',
  reader: () => readInt4,
  write(out, value) {
    const integer = integerBetween(value, -2_147_483_648, 2_147_483_647);
    out.writeInt32(4);
    out.writeInt32(integer);
  },
};

/** `oid` as a number: unsigned, unlike `int4`. */
export const oid: BinaryType = {
  oid: 26,
  name: 'oid',
  reader: () => readOid,
  write(out, value) {
    const integer = integerBetween(value, 0, 4_294_967_295);
    out.writeInt32(4);
    out.writeUint32(integer);
  },
};

/** `int8` as `ValueOptions.int8` says; written from a bigint, a safe integer or decimal digits. */
export const int8: BinaryType = {
  oid: 20,
  name: 'int8',
  reader: int8Reader,
  write(out, value) {
    const integer = int8From(value);
    out.writeInt32(8);
    out.writeBigInt64(integer);
  },
};

/** `float4` as a number, exactly: 0.1 comes as 0.10000000149011612. Writing rounds to the nearest float4. */
export const float4: BinaryType = {
  oid: 700,
  name: 'float4',
  reader: () => readFloat4,
  write: writeFloat4,
};

/** `float8` as a number, bit for bit, negative zero included. */
export const float8: BinaryType = {
  oid: 701,
  name: 'float8',
  reader: () => readFloat8,
  write(out, value) {
    if (typeof value !== 'number') throw wrongKind('a number', value);
    out.writeInt32(8);
    out.writeFloat64(value);
  },
};

function readInt2(input: ReadBuffer, length: number): number {
  checkLength('int2', 2, length);
  return input.readInt16();
}

function readInt4(input: ReadBuffer, length: number): number {
  checkLength('int4', 4, length);
  return input.readInt32();
}

function readOid(input: ReadBuffer, length: number): number {
  checkLength('oid', 4, length);
  return input.readUint32();
}

function readFloat4(input: ReadBuffer, length: number): number {
  checkLength('float4', 4, length);
  return input.readFloat32();
}

function readFloat8(input: ReadBuffer, length: number): number {
  checkLength('float8', 8, length);
  return input.readFloat64();
}

function int8Reader(options: ValueOptions): ValueReader {
  switch (options.int8) {
    case 'number':
      return readInt8AsNumber;
    case 'string':
      return readInt8AsString;
    case 'bigint':
    case undefined:
      return readInt8;
  }
}

function readInt8(input: ReadBuffer, length: number): bigint {
  checkLength('int8', 8, length);
  return input.readBigInt64();
}

function readInt8AsString(input: ReadBuffer, length: number): string {
  return readInt8(input, length).toString();
}

function readInt8AsNumber(input: ReadBuffer, length: number): number {
  checkLength('int8', 8, length);
  const high = input.readInt32();
  const value = high * 4_294_967_296 + input.readUint32(); // 2 ** 32
  // The sum is exact wherever it is safe; where it was rounded, it was rounded to something that is not safe either.
  if (!Number.isSafeInteger(value)) {
    throw new RangeError("the value is not a safe integer as a number; ask for int8 as 'bigint' or 'string'");
  }
  return value;
}

function integerBetween(value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && value >= min && value <= max && Number.isInteger(value)) return value;
  const expected = `an integer from ${min} to ${max}`;
  if (typeof value === 'bigint') {
    if (value >= min && value <= max) return Number(value);
    throw outOfRange(expected, 'a bigint out of range');
  }
  if (typeof value !== 'number') throw wrongKind(expected, value);
  throw outOfRange(expected, kindOfNumber(value));
}

const INT8_MIN = -(2n ** 63n);
const INT8_MAX = 2n ** 63n - 1n;
const INT8_DIGITS = /^[+-]?0*\d{1,19}$/; // 2 ** 63 has 19 digits

function int8From(value: unknown): bigint {
  const expected = 'a bigint, a safe integer or a string of decimal digits from -2^63 to 2^63-1';
  switch (typeof value) {
    case 'bigint':
      return int8InRange(value, expected, 'a bigint');
    case 'number':
      if (Number.isSafeInteger(value)) return BigInt(value);
      throw outOfRange(expected, Number.isInteger(value) ? 'a number that is not a safe integer' : kindOfNumber(value));
    case 'string':
      if (INT8_DIGITS.test(value)) return int8InRange(BigInt(value), expected, 'a string of digits');
      throw outOfRange(expected, 'a string of another form');
    default:
      throw wrongKind(expected, value);
  }
}

function int8InRange(value: bigint, expected: string, kind: string): bigint {
  if (value < INT8_MIN || value > INT8_MAX) throw outOfRange(expected, `${kind} out of range`);
  return value;
}

function writeFloat4(out: WriteBuffer, value: unknown): void {
  if (typeof value !== 'number') throw wrongKind('a number', value);
  const rounded = Math.fround(value);
  // The server refuses both in its text form too: silently, a finite number would become infinite or vanish.
  const isLost = (Number.isFinite(value) && !Number.isFinite(rounded)) || (rounded === 0 && value !== 0);
  if (isLost) throw outOfRange('a number that float4 can hold', 'a number out of range');
  out.writeInt32(4);
  out.writeFloat32(rounded);
}

function kindOfNumber(value: number): string {
  if (Number.isInteger(value)) return 'a number out of range';
  return Number.isFinite(value) ? 'a number with a fraction' : 'a number that is not finite';
}
