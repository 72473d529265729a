import type { WriteBuffer } from '@millrace/write-buffer';
import { date, timestamp, timestamptz } from './date-time.js';
import { MalformedValueError } from './malformed-value-error.js';
import { int4, int8 } from './numbers.js';
import { numeric } from './numeric.js';
import { Range } from './range.js';
import type { RangeLike } from './range.js';
import { RefusedValueError, wrongKind } from './refused-value-error.js';
import type { ValueReader, ValueWriter, WireType } from './wire-type.js';

// On the wire (range_send in rangetypes.c): a byte of flags, and for each bound that is there an int32 length and the
// subtype's bytes. A multirange (multirangetypes.c): int32 count, and each range behind its int32 length.
const EMPTY = 0x01;
const LOWER_INCLUSIVE = 0x02;
const UPPER_INCLUSIVE = 0x04;
const LOWER_INFINITE = 0x08;
const UPPER_INFINITE = 0x10;
const ALL_FLAGS = 0x1f;

/** Makes the range type over a subtype that is sent in binary; the values are {@link Range}s. */
export function rangeOf(oid: number, name: string, subtype: WireType): WireType {
  return { oid, name, reader: (options) => rangeReader(name, subtype.reader(options)), write: rangeWriter(subtype) };
}

/** Makes the multirange type of a range type that is sent in binary: an array of {@link Range}s. */
export function multirangeOf(oid: number, name: string, range: WireType): WireType {
  return {
    oid,
    name,
    valuesAreArrays: true,
    reader: (options) => multirangeReader(name, range.reader(options)),
    write: multirangeWriter(range),
  };
}

/** The ranges that every server has: OIDs of the range, its array, its multirange and its array, by pg_type.dat. */
const BUILT_IN: readonly (readonly [subtype: WireType, name: string, number, number, number, number])[] = [
  [int4, 'int4', 3904, 3905, 4451, 6150],
  [numeric, 'num', 3906, 3907, 4532, 6151],
  [timestamp, 'ts', 3908, 3909, 4533, 6152],
  [timestamptz, 'tstz', 3910, 3911, 4534, 6153],
  [date, 'date', 3912, 3913, 4535, 6155],
  [int8, 'int8', 3926, 3927, 4536, 6157],
];

/** Ranges and multiranges of every server, beside the OIDs of their arrays. */
export const RANGE_TYPES: readonly (readonly [type: WireType, arrayOid: number | undefined])[] = BUILT_IN.flatMap(
  ([subtype, name, oid, arrayOid, multirangeOid, multirangeArrayOid]) => {
    const range = rangeOf(oid, `${name}range`, subtype);
    const multirange = multirangeOf(multirangeOid, `${name}multirange`, range);
    return [
      [range, arrayOid],
      [multirange, multirangeArrayOid],
    ] as const;
  },
);

/** What each range and multirange of every server is made of. */
export const RANGE_PARTS: ReadonlyMap<number, { readonly kind: 'subtype' | 'range'; readonly oid: number }> = new Map<
  number,
  { readonly kind: 'subtype' | 'range'; readonly oid: number }
>(
  BUILT_IN.flatMap(([subtype, , oid, , multirangeOid]) => [
    [oid, { kind: 'subtype' as const, oid: subtype.oid }] as const,
    [multirangeOid, { kind: 'range' as const, oid }] as const,
  ]),
);

function rangeReader(name: string, readBound: ValueReader): ValueReader {
  return function readRange(bytes, view, start, end) {
    if (end - start < 1) throw new MalformedValueError(`${name} is at least 1 byte long, got ${end - start}`);
    const flags = view.getUint8(start);
    if ((flags & ~ALL_FLAGS) !== 0) throw new MalformedValueError(`${name} has no flags ${flags}`);
    let at = start + 1;
    const nextBound = (): unknown => {
      const length = end - at < 4 ? -1 : view.getInt32(at);
      at += 4;
      if (length < 0 || length > end - at)
        throw new MalformedValueError(`${name} of ${end - start} bytes ends in a bound`);
      at += length;
      return readBound(bytes, view, at - length, at);
    };
    const isEmpty = (flags & EMPTY) !== 0;
    const lower = isEmpty || (flags & LOWER_INFINITE) !== 0 ? null : nextBound();
    const upper = isEmpty || (flags & UPPER_INFINITE) !== 0 ? null : nextBound();
    if (at !== end) throw new MalformedValueError(`${name} of ${end - start} bytes ends ${end - at} bytes early`);
    if (isEmpty) return Range.empty();
    return new Range(lower, upper, boundsOf((flags & LOWER_INCLUSIVE) !== 0, (flags & UPPER_INCLUSIVE) !== 0));
  };
}

function boundsOf(lowerInclusive: boolean, upperInclusive: boolean): '[)' | '[]' | '(]' | '()' {
  if (lowerInclusive) return upperInclusive ? '[]' : '[)';
  return upperInclusive ? '(]' : '()';
}

function rangeWriter(subtype: WireType): ValueWriter {
  return function writeRange(out, value) {
    const range = checkedRange(value);
    const lengthAt = out.reserveInt32();
    const start = out.length;
    if (range.isEmpty === true) {
      out.writeUint8(EMPTY);
    } else {
      const { lower, upper, lowerInclusive = true, upperInclusive = false } = range;
      const lowerFlag = isUnbounded(lower) ? LOWER_INFINITE : lowerInclusive ? LOWER_INCLUSIVE : 0;
      const upperFlag = isUnbounded(upper) ? UPPER_INFINITE : upperInclusive ? UPPER_INCLUSIVE : 0;
      out.writeUint8(lowerFlag | upperFlag);
      if (!isUnbounded(lower)) writeBound(out, subtype, 'lower', lower);
      if (!isUnbounded(upper)) writeBound(out, subtype, 'upper', upper);
    }
    out.patchInt32(lengthAt, out.length - start);
  };
}

function isUnbounded(bound: unknown): boolean {
  return bound === null || bound === undefined;
}

/** @throws {RefusedValueError} If it is neither a {@link Range} nor an object of its fields. */
export function checkedRange(value: unknown): RangeLike {
  const isLike =
    typeof value === 'object' &&
    value !== null &&
    (('lower' in value && 'upper' in value) || (value as RangeLike).isEmpty === true);
  if (!isLike) throw wrongKind('a Range, or an object with lower and upper', value);
  return value;
}

function writeBound(out: WriteBuffer, subtype: WireType, which: string, bound: unknown): void {
  try {
    subtype.write(out, bound);
  } catch (error) {
    if (!(error instanceof RefusedValueError)) throw error;
    throw new RefusedValueError(error.kind, `${which} bound: ${error.message}`, { cause: error.cause });
  }
}

function multirangeReader(name: string, readRange: ValueReader): ValueReader {
  return function readMultirange(bytes, view, start, end) {
    if (end - start < 4) throw new MalformedValueError(`${name} is at least 4 bytes long, got ${end - start}`);
    const count = view.getInt32(start);
    let at = start + 4;
    // Before anything is allocated: the count is the peer's word. No range has less than a length and its flags.
    if (count < 0 || count > (end - at) / 5) {
      throw new MalformedValueError(`${name} has no ${count} ranges in ${end - at} bytes`);
    }
    const ranges: unknown[] = [];
    for (let i = 0; i < count; i++) {
      const length = end - at < 4 ? -1 : view.getInt32(at);
      at += 4;
      if (length < 0 || length > end - at) throw new MalformedValueError(`${name} ends in its range ${i}`);
      ranges.push(readRange(bytes, view, at, at + length));
      at += length;
    }
    if (at !== end) throw new MalformedValueError(`${name} of ${end - start} bytes ends ${end - at} bytes early`);
    return ranges;
  };
}

function multirangeWriter(range: WireType): ValueWriter {
  return function writeMultirange(out, value) {
    if (!Array.isArray(value)) throw wrongKind('an array of ranges', value);
    const lengthAt = out.reserveInt32();
    const start = out.length;
    const ranges = value.slice(); // a getter in one may lengthen the list
    out.writeInt32(ranges.length);
    for (const [i, item] of ranges.entries()) {
      try {
        range.write(out, item);
      } catch (error) {
        if (!(error instanceof RefusedValueError)) throw error;
        throw new RefusedValueError(error.kind, `range [${i}]: ${error.message}`, { cause: error.cause });
      }
    }
    out.patchInt32(lengthAt, out.length - start);
  };
}
