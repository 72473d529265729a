import type { Codec } from './codec.js';
import type { Cursor } from './cursor.js';
import { DecodeError, MAX, checkInteger, wrongType } from './errors.js';
import { type DecodeAt, type EncodeTo, Layout } from './layout.js';

/** The kinds of numbers of fixed size. `Number` ends those of 64 bits that are a number, not a bigint. */
export type NumberKind =
  'u8' | 'i8' | 'bool' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'f64' | 'u64' | 'i64' | 'u64Number' | 'i64Number';

/** Reads a value whose bytes are all there, and moves behind it. */
export type Read = (c: Cursor) => unknown;

/**
 * How many bytes a kind takes, what its methods are called (`get…` of a DataView, `write…` of a WriteBuffer), and what
 * makes its reader.
 *
 * perf: struct without generated code; one closure per kind, because a shared one that switches is several times slower.
 */
export const NUMBERS: Readonly<
  Record<NumberKind, readonly [byteLength: number, method: string, reader: (littleEndian: boolean) => Read]>
> = {
  u8: [
    1,
    'Uint8',
    () => (c) => {
      const { at } = c;
      c.at = at + 1;
      return c.view.getUint8(at);
    },
  ],
  i8: [
    1,
    'Int8',
    () => (c) => {
      const { at } = c;
      c.at = at + 1;
      return c.view.getInt8(at);
    },
  ],
  bool: [
    1,
    'Uint8',
    () => (c) => {
      const { at } = c;
      c.at = at + 1;
      return readBool(c.view.getUint8(at));
    },
  ],
  u16: [
    2,
    'Uint16',
    (le) => (c) => {
      const { at } = c;
      c.at = at + 2;
      return c.view.getUint16(at, le);
    },
  ],
  i16: [
    2,
    'Int16',
    (le) => (c) => {
      const { at } = c;
      c.at = at + 2;
      return c.view.getInt16(at, le);
    },
  ],
  u32: [
    4,
    'Uint32',
    (le) => (c) => {
      const { at } = c;
      c.at = at + 4;
      return c.view.getUint32(at, le);
    },
  ],
  i32: [
    4,
    'Int32',
    (le) => (c) => {
      const { at } = c;
      c.at = at + 4;
      return c.view.getInt32(at, le);
    },
  ],
  f32: [
    4,
    'Float32',
    (le) => (c) => {
      const { at } = c;
      c.at = at + 4;
      return c.view.getFloat32(at, le);
    },
  ],
  f64: [
    8,
    'Float64',
    (le) => (c) => {
      const { at } = c;
      c.at = at + 8;
      return c.view.getFloat64(at, le);
    },
  ],
  u64: [
    8,
    'BigUint64',
    (le) => (c) => {
      const { at } = c;
      c.at = at + 8;
      return c.view.getBigUint64(at, le);
    },
  ],
  i64: [
    8,
    'BigInt64',
    (le) => (c) => {
      const { at } = c;
      c.at = at + 8;
      return c.view.getBigInt64(at, le);
    },
  ],
  u64Number: [
    8,
    'BigUint64',
    (le) => (c) => {
      const { at } = c;
      c.at = at + 8;
      return readSafe(c.view, at, le, false);
    },
  ],
  i64Number: [
    8,
    'BigInt64',
    (le) => (c) => {
      const { at } = c;
      c.at = at + 8;
      return readSafe(c.view, at, le, true);
    },
  ],
};

/** A number of fixed size. */
export class Fixed<T> extends Layout<T> {
  declare readonly kind: NumberKind;
  declare readonly littleEndian: boolean;
  declare readonly byteLength: number;
  /** The method of WriteBuffer that writes it, and whether {@link checkNumber} comes first. */
  declare readonly writer: string;
  declare readonly isChecked: boolean;
  declare readonly read: Read;
  declare decodeAt: DecodeAt<T>;
  declare encodeTo: EncodeTo<T>;

  constructor(kind: NumberKind, littleEndian: boolean) {
    super();
    const [byteLength, method, reader] = NUMBERS[kind];
    this.kind = kind;
    this.littleEndian = littleEndian;
    this.byteLength = byteLength;
    this.writer = `write${method}${littleEndian ? 'LE' : ''}`;
    this.isChecked = kind === 'bool' || kind.startsWith('f') || kind.endsWith('Number');
    const read = reader(littleEndian);
    this.read = read;
    this.decodeAt = (c) => (c.end - c.at < byteLength ? c.short(byteLength) : (read(c) as T));
    const { writer, isChecked } = this;
    this.encodeTo = (out, value) => {
      out[writer as 'writeUint8']((isChecked ? checkNumber(kind, value) : value) as number);
    };
  }

  least(): number {
    return this.byteLength;
  }
}

/** Checks what a WriteBuffer does not, and returns what it is to write. */
export function checkNumber(kind: NumberKind, value: unknown): number | bigint {
  if (kind === 'bool') {
    if (typeof value !== 'boolean') throw wrongType('a boolean', value);
    return value ? 1 : 0;
  }
  if (kind.startsWith('f')) {
    if (typeof value !== 'number') throw wrongType('a number', value);
    return value;
  }
  return BigInt(checkInteger('an integer', value, kind === 'u64Number' ? 0 : -MAX));
}

/** Decodes a byte that says yes or no. */
export function readBool(byte: number): boolean {
  if (byte > 1) throw new DecodeError(`expected a bool, 0 or 1, saw ${byte}`);
  return byte === 1;
}

// perf: a bigint costs ten times as much.
/** Decodes an integer of 64 bits that a number can say. */
export function readSafe(view: DataView, at: number, littleEndian: boolean, isSigned: boolean): number {
  const highAt = littleEndian ? at + 4 : at;
  const high = isSigned ? view.getInt32(highAt, littleEndian) : view.getUint32(highAt, littleEndian);
  const value = high * 2 ** 32 + view.getUint32(littleEndian ? at : at + 4, littleEndian);
  if (value > MAX || value < -MAX) throw new DecodeError(`expected a safe integer, saw ${value}`);
  return value;
}

function fixed<T>(kind: NumberKind, littleEndian = false): Codec<T> {
  return new Fixed<T>(kind, littleEndian);
}

/** An integer of 8 bits, from 0 to 255. */
export const u8: Codec<number> = /* @__PURE__ */ fixed('u8');
/** An integer of 8 bits, from -128 to 127. */
export const i8: Codec<number> = /* @__PURE__ */ fixed('i8');
/** A byte, 0 or 1. Other bytes are a {@link DecodeError}. */
export const bool: Codec<boolean> = /* @__PURE__ */ fixed('bool');
/** A big-endian integer of 16 bits, from 0 to 65535. */
export const u16: Codec<number> = /* @__PURE__ */ fixed('u16');
/** A little-endian integer of 16 bits, from 0 to 65535. */
export const u16LE: Codec<number> = /* @__PURE__ */ fixed('u16', true);
/** A big-endian integer of 16 bits, from -32768 to 32767. */
export const i16: Codec<number> = /* @__PURE__ */ fixed('i16');
/** A little-endian integer of 16 bits, from -32768 to 32767. */
export const i16LE: Codec<number> = /* @__PURE__ */ fixed('i16', true);
/** A big-endian integer of 32 bits, from 0 to 2^32 - 1. */
export const u32: Codec<number> = /* @__PURE__ */ fixed('u32');
/** A little-endian integer of 32 bits, from 0 to 2^32 - 1. */
export const u32LE: Codec<number> = /* @__PURE__ */ fixed('u32', true);
/** A big-endian integer of 32 bits, from -2^31 to 2^31 - 1. */
export const i32: Codec<number> = /* @__PURE__ */ fixed('i32');
/** A little-endian integer of 32 bits, from -2^31 to 2^31 - 1. */
export const i32LE: Codec<number> = /* @__PURE__ */ fixed('i32', true);
/** A big-endian IEEE 754 number of 32 bits; `encode` writes the nearest one. */
export const f32: Codec<number> = /* @__PURE__ */ fixed('f32');
/** A little-endian IEEE 754 number of 32 bits; `encode` writes the nearest one. */
export const f32LE: Codec<number> = /* @__PURE__ */ fixed('f32', true);
/** A big-endian IEEE 754 number of 64 bits. */
export const f64: Codec<number> = /* @__PURE__ */ fixed('f64');
/** A little-endian IEEE 754 number of 64 bits. */
export const f64LE: Codec<number> = /* @__PURE__ */ fixed('f64', true);
/** A big-endian integer of 64 bits as a bigint, from 0 to 2^64 - 1. */
export const u64: Codec<bigint> = /* @__PURE__ */ fixed('u64');
/** A little-endian integer of 64 bits as a bigint, from 0 to 2^64 - 1. */
export const u64LE: Codec<bigint> = /* @__PURE__ */ fixed('u64', true);
/** A big-endian integer of 64 bits as a bigint, from -2^63 to 2^63 - 1. */
export const i64: Codec<bigint> = /* @__PURE__ */ fixed('i64');
/** A little-endian integer of 64 bits as a bigint, from -2^63 to 2^63 - 1. */
export const i64LE: Codec<bigint> = /* @__PURE__ */ fixed('i64', true);
/** As {@link u64}, but a number: one above 2^53 - 1 is a {@link DecodeError}. */
export const u64Number: Codec<number> = /* @__PURE__ */ fixed('u64Number');
/** As {@link u64LE}, but a number: one above 2^53 - 1 is a {@link DecodeError}. */
export const u64NumberLE: Codec<number> = /* @__PURE__ */ fixed('u64Number', true);
/** As {@link i64}, but a number: one beyond ±(2^53 - 1) is a {@link DecodeError}. */
export const i64Number: Codec<number> = /* @__PURE__ */ fixed('i64Number');
/** As {@link i64LE}, but a number: one beyond ±(2^53 - 1) is a {@link DecodeError}. */
export const i64NumberLE: Codec<number> = /* @__PURE__ */ fixed('i64Number', true);
