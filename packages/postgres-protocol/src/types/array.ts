import { attachLowerBounds } from './array-lower-bounds.js';
import { arrayWriter } from './array-writer.js';
import { MalformedValueError } from './malformed-value-error.js';
import { numberLoopOf, type NumberArray, type NumberLoop } from './number-loops.js';
import { textArrayReader, textArrayWriter } from './text-array.js';
import type { ValueOptions } from './value-options.js';
import type { ValueReader, WireType } from './wire-type.js';

// On the wire (array_send in arrayfuncs.c): int32 dimensions, int32 "has NULLs", the element's OID; for each dimension
// int32 size and int32 lower bound; then the elements in row-major order, each with its int32 length, -1 for NULL.

const MAX_DIMENSIONS = 6; // MAXDIM in c.h
const HEADER_BYTES = 12;
const DIMENSION_BYTES = 8;
const LENGTH_BYTES = 4;
/** Up to here memory is taken in one piece; more would make V8 choose a hash table. */
const MAX_PREALLOCATED = 1 << 24;

/**
 * Makes the array type of an element type: nested arrays with one level for each dimension, `null` for NULL. Elements of
 * a type without a binary format make an array without one.
 *
 * @param delimiter - What stands between elements in text: `pg_type.typdelim`. Default: a comma.
 */
export function arrayOf(oid: number, element: WireType, delimiter = ','): WireType {
  const name = `${element.name}[]`;
  if (element.format === 0) {
    return {
      oid,
      name,
      format: 0,
      valuesAreArrays: true,
      reader: (options) => textArrayReader(element, options, delimiter),
      write: textArrayWriter(element, delimiter),
    };
  }
  return {
    oid,
    name,
    valuesAreArrays: true,
    reader: (options) => arrayReader(element, options),
    write: arrayWriter(element),
  };
}

function arrayReader(element: WireType, options: ValueOptions): ValueReader {
  const readElement = element.reader(options);
  const loop = numberLoopOf(element.inline?.(options));
  const wantsTyped = options.arrays === 'typed';
  return function readArray(bytes, view, start, end) {
    const dimensions = checkHeader(view, start, end, element);
    const at = start + HEADER_BYTES + dimensions * DIMENSION_BYTES;
    const count = countElements(view, start, end, dimensions);
    if (count === 0) {
      if (at !== end) throw new MalformedValueError(`an empty array has ${end - at} bytes behind its header`);
      return wantsTyped && loop !== undefined ? loop.typed(0) : [];
    }
    const isPlain = dimensions === 1 && view.getInt32(start + HEADER_BYTES + 4) === 1;
    const isTyped = wantsTyped && isPlain;
    const flat =
      (loop && readNumbers(loop, view, at, end, count, isTyped)) ??
      readElements(bytes, view, at, end, count, readElement);
    return isPlain ? flat : shaped(flat as unknown[], view, start, dimensions, element.valuesAreArrays === true);
  };
}

/** Reads all that stands before the dimensions, and returns how many these are. */
function checkHeader(view: DataView, start: number, end: number, element: WireType): number {
  const length = end - start;
  if (length < HEADER_BYTES) throw new MalformedValueError(`an array is at least 12 bytes long, got ${length}`);
  const dimensions = view.getInt32(start);
  const hasNulls = view.getInt32(start + 4);
  const isSound = dimensions >= 0 && dimensions <= MAX_DIMENSIONS && (hasNulls === 0 || hasNulls === 1);
  if (!isSound || dimensions * DIMENSION_BYTES > length - HEADER_BYTES) {
    throw new MalformedValueError(
      `an array of ${length} bytes has no ${dimensions} dimensions with NULL flag ${hasNulls}`,
    );
  }
  const elementOid = view.getUint32(start + 8);
  if (elementOid !== element.oid) {
    throw new MalformedValueError(`an array of type ${element.oid} holds elements of type ${elementOid}`);
  }
  return dimensions;
}

/** Multiplies the sizes. So many elements are known to fit into the bytes of the value. */
function countElements(view: DataView, start: number, end: number, dimensions: number): number {
  const at = start + HEADER_BYTES + dimensions * DIMENSION_BYTES;
  let count = dimensions === 0 ? 0 : 1;
  for (let i = start + HEADER_BYTES; i < at; i += DIMENSION_BYTES) {
    const size = view.getInt32(i);
    if (size < 0) throw new MalformedValueError(`an array dimension has size ${size}`);
    count *= size;
  }
  // Before anything is allocated: a size is the peer's word, the bytes of the frame are there.
  if (count * LENGTH_BYTES > end - at) {
    throw new MalformedValueError(`an array has no ${count} elements in ${end - at} bytes`);
  }
  return count;
}

/** Returns `undefined` where a length is not that of the type: because of a NULL, or because something is wrong. */
function readNumbers(
  loop: NumberLoop,
  view: DataView,
  at: number,
  end: number,
  count: number,
  isTyped: boolean,
): NumberArray | undefined {
  if (count * (LENGTH_BYTES + loop.byteLength) !== end - at) return undefined;
  const target = isTyped ? loop.typed(count) : (emptyArray(count) as number[]);
  return loop.read(view, at, count, target) ? target : undefined;
}

function readElements(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  count: number,
  read: ValueReader,
): unknown[] {
  const array = emptyArray(count);
  let at = start;
  for (let i = 0; i < count; i++) {
    if (end - at < LENGTH_BYTES)
      throw new MalformedValueError(`an array of ${count} elements ends before element ${i}`);
    const length = view.getInt32(at);
    at += LENGTH_BYTES;
    if (length === -1) {
      array[i] = null;
      continue;
    }
    if (!(length >= 0 && length <= end - at)) {
      throw new MalformedValueError(`an array element of ${length} bytes has ${end - at} bytes left`);
    }
    array[i] = read(bytes, view, at, at + length);
    at += length;
  }
  if (at !== end) throw new MalformedValueError(`an array ends ${end - at} bytes off`);
  return array;
}

// perf: long arrays; no growth, and no copies on the way.
function emptyArray(count: number): unknown[] {
  return count <= MAX_PREALLOCATED ? new Array<unknown>(count) : [];
}

/** Gives the elements the shape of the dimensions, and their lower bounds where these say anything. */
function shaped(
  flat: unknown[],
  view: DataView,
  start: number,
  dimensions: number,
  elementsAreArrays: boolean,
): unknown[] {
  const bounds: number[] = [];
  let array = flat;
  for (let i = dimensions - 1; i >= 0; i--) {
    const at = start + HEADER_BYTES + i * DIMENSION_BYTES;
    bounds.unshift(view.getInt32(at + 4));
    if (i > 0) array = inGroups(array, view.getInt32(at));
  }
  const hasPlainBounds = bounds.every((bound) => bound === 1);
  if (!hasPlainBounds || (elementsAreArrays && dimensions > 1)) attachLowerBounds(array, bounds);
  return array;
}

function inGroups(array: readonly unknown[], size: number): unknown[] {
  const groups: unknown[] = [];
  for (let i = 0; i < array.length; i += size) groups.push(array.slice(i, i + size));
  return groups;
}
