import type { WriteBuffer } from '@millrace/write-buffer';
import { checkLength } from './malformed-value-error.js';
import { outOfRange, wrongKind } from './refused-value-error.js';
import type { ValueOptions } from './value-options.js';
import type { InlineRead, ValueReader, WireType } from './wire-type.js';

/** `int2` as a number. */
export const int2: WireType = {
  oid: 21, // pg_type.dat, as every OID of this file
  name: 'int2',
  reader: () => readInt2,
  inline: () => ({ byteLength: 2, expression: 'view.getInt16(at)', typedArray: 'Int16Array' }),
  write(out, value) {
    const integer = integerBetween(value, -32_768, 32_767);
    out.writeInt32(2);
    out.writeInt16(integer);
  },
};

/** `int4` as a number. */
export const int4: WireType = {
  oid: 23,
  name: 'int4',
  reader: () => readInt4,
  inline: () => ({ byteLength: 4, expression: 'view.getInt32(at)', typedArray: 'Int32Array' }),
  write(out, value) {
    const integer = integerBetween(value, -2_147_483_648, 2_147_483_647);
    out.writeInt32(4);
    out.writeInt32(integer);
  },
};

/** `oid` as a number: unsigned, unlike `int4`. */
export const oid: WireType = {
  oid: 26,
  name: 'oid',
  reader: () => readOid,
  inline: () => ({ byteLength: 4, expression: 'view.getUint32(at)', typedArray: 'Uint32Array' }),
  write(out, value) {
    const integer = integerBetween(value, 0, 4_294_967_295);
    out.writeInt32(4);
    out.writeUint32(integer);
  },
};

/** `int8` as `ValueOptions.int8` says; written from a bigint, a safe integer or decimal digits. */
export const int8: WireType = {
  oid: 20,
  name: 'int8',
  reader: int8Reader,
  inline: int8Inline,
  write(out, value) {
    const integer = int8From(value);
    out.writeInt32(8);
    out.writeBigInt64(integer);
  },
};

/** `float4` as a number, exactly: 0.1 comes as 0.10000000149011612. Writing rounds to the nearest float4. */
export const float4: WireType = {
  oid: 700,
  name: 'float4',
  reader: () => readFloat4,
  inline: () => ({ byteLength: 4, expression: 'view.getFloat32(at)', typedArray: 'Float32Array' }),
  write: writeFloat4,
};

/** `float8` as a number, bit for bit, negative zero included. */
export const float8: WireType = {
  oid: 701,
  name: 'float8',
  reader: () => readFloat8,
  inline: () => ({ byteLength: 8, expression: 'view.getFloat64(at)', typedArray: 'Float64Array' }),
  write(out, value) {
    if (typeof value !== 'number') throw wrongKind('a number', value);
    out.writeInt32(8);
    out.writeFloat64(value);
  },
};

function readInt2(_bytes: Uint8Array, view: DataView, start: number, end: number): number {
  checkLength('int2', 2, end - start);
  return view.getInt16(start);
}

function readInt4(_bytes: Uint8Array, view: DataView, start: number, end: number): number {
  checkLength('int4', 4, end - start);
  return view.getInt32(start);
}

function readOid(_bytes: Uint8Array, view: DataView, start: number, end: number): number {
  checkLength('oid', 4, end - start);
  return view.getUint32(start);
}

function readFloat4(_bytes: Uint8Array, view: DataView, start: number, end: number): number {
  checkLength('float4', 4, end - start);
  return view.getFloat32(start);
}

function readFloat8(_bytes: Uint8Array, view: DataView, start: number, end: number): number {
  checkLength('float8', 8, end - start);
  return view.getFloat64(start);
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

function int8Inline(options: ValueOptions): InlineRead {
  switch (options.int8) {
    case 'number':
      return { byteLength: 8, expression: 'safeInt8(view, at)', constants: { safeInt8 } };
    case 'string':
      return { byteLength: 8, expression: 'view.getBigInt64(at).toString()' };
    case 'bigint':
    case undefined:
      return { byteLength: 8, expression: 'view.getBigInt64(at)', typedArray: 'BigInt64Array' };
  }
}

function readInt8(_bytes: Uint8Array, view: DataView, start: number, end: number): bigint {
  checkLength('int8', 8, end - start);
  return view.getBigInt64(start);
}

function readInt8AsString(bytes: Uint8Array, view: DataView, start: number, end: number): string {
  return readInt8(bytes, view, start, end).toString();
}

function readInt8AsNumber(_bytes: Uint8Array, view: DataView, start: number, end: number): number {
  checkLength('int8', 8, end - start);
  return safeInt8(view, start);
}

function safeInt8(view: DataView, at: number): number {
  const value = view.getInt32(at) * 4_294_967_296 + view.getUint32(at + 4); // 2 ** 32
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
