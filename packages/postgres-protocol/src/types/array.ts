import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import type { ValueOptions } from '../statement.js';
import { arrayLowerBounds, attachLowerBounds } from './array-lower-bounds.js';
import type { BinaryType, ValueReader, ValueWriter } from './binary-type.js';
import { MalformedValueError } from './malformed-value-error.js';
import { kindOf, outOfRange, RefusedValueError, wrongKind } from './refused-value-error.js';

// On the wire (array_send in arrayfuncs.c): int32 dimensions, int32 "has NULLs", the element's OID; for each dimension
// int32 size and int32 lower bound; then the elements in row-major order, each with its int32 length, -1 for NULL.

const MAX_DIMENSIONS = 6; // MAXDIM in c.h
const HEADER_BYTES = 12;
const DIMENSION_BYTES = 8;
const MIN_ELEMENT_BYTES = 4;

/**
 * Makes the array type of an element type: nested arrays with one level for each dimension, `null` for NULL.
 *
 * @param elementsMayBeArrays - For json and jsonb, whose values may be JavaScript arrays themselves. Such an array has
 * one dimension, unless it was decoded with more.
 */
export function arrayOf(oid: number, element: BinaryType, elementsMayBeArrays = false): BinaryType {
  return {
    oid,
    name: `${element.name}[]`,
    reader: (options) => arrayReader(element, options, elementsMayBeArrays),
    write: arrayWriter(element, elementsMayBeArrays),
  };
}

function arrayReader(element: BinaryType, options: ValueOptions, elementsMayBeArrays: boolean): ValueReader {
  const readElement = element.reader(options);
  return function readArray(input, length) {
    const unreadAfter = input.length - length;
    if (length < HEADER_BYTES || unreadAfter < 0) {
      throw new MalformedValueError(`an array is not ${length} bytes long with ${input.length} left`);
    }
    const { sizes, bounds } = readDimensions(input, length, element);
    const array = sizes.length === 0 ? [] : readLevel(input, sizes, 0, readElement);
    if (input.length !== unreadAfter) {
      throw new MalformedValueError(`an array of ${length} bytes ends ${input.length - unreadAfter} bytes off`);
    }
    const hasPlainBounds = bounds.every((bound) => bound === 1);
    if (!hasPlainBounds || (elementsMayBeArrays && sizes.length > 1)) attachLowerBounds(array, bounds);
    return array;
  };
}

/** Reads all that stands before the elements. Afterwards their number is known to fit into the bytes of the value. */
function readDimensions(input: ReadBuffer, length: number, element: BinaryType): { sizes: number[]; bounds: number[] } {
  const dimensions = input.readInt32();
  const hasNulls = input.readInt32();
  const elementOid = input.readUint32();
  const elementsBytes = length - HEADER_BYTES - dimensions * DIMENSION_BYTES;
  if (!(dimensions >= 0 && dimensions <= MAX_DIMENSIONS && elementsBytes >= 0 && (hasNulls === 0 || hasNulls === 1))) {
    throw new MalformedValueError(`an array has no ${dimensions} dimensions with NULL flag ${hasNulls}`);
  }
  if (elementOid !== element.oid) {
    throw new MalformedValueError(`an array of type ${element.oid} holds elements of type ${elementOid}`);
  }
  const sizes: number[] = [];
  const bounds: number[] = [];
  let count = dimensions === 0 ? 0 : 1;
  for (let i = 0; i < dimensions; i++) {
    const size = input.readInt32();
    if (size < 0) throw new MalformedValueError(`an array dimension has size ${size}`);
    count *= size;
    sizes.push(size);
    bounds.push(input.readInt32());
  }
  // Before anything is allocated: a size is the peer's word, the bytes of the frame are there.
  if (count * MIN_ELEMENT_BYTES > elementsBytes) {
    throw new MalformedValueError(`an array has no ${count} elements in ${elementsBytes} bytes`);
  }
  return count === 0 ? { sizes: [], bounds: [] } : { sizes, bounds };
}

function readLevel(input: ReadBuffer, sizes: readonly number[], level: number, readElement: ValueReader): unknown[] {
  const size = sizes[level] ?? 0;
  const isLeaf = level === sizes.length - 1;
  const array: unknown[] = [];
  for (let i = 0; i < size; i++) {
    if (isLeaf) {
      const length = input.readInt32();
      array.push(length === -1 ? null : readElement(input, length));
    } else {
      array.push(readLevel(input, sizes, level + 1, readElement));
    }
  }
  return array;
}

function arrayWriter(element: BinaryType, elementsMayBeArrays: boolean): ValueWriter {
  return function writeArray(out, value) {
    if (!Array.isArray(value)) throw wrongKind(`an array of ${element.name}`, value);
    const bounds = arrayLowerBounds(value);
    const sizes = elementsMayBeArrays ? sizesToDepth(value, bounds?.length ?? 1) : sizesOf(value);
    const isEmpty = sizes.includes(0);
    const lengthAt = out.reserveInt32();
    const start = out.length;
    out.writeInt32(isEmpty ? 0 : sizes.length);
    const hasNullsAt = out.reserveInt32();
    out.writeUint32(element.oid);
    if (!isEmpty) {
      for (const [i, size] of sizes.entries()) {
        out.writeInt32(size);
        out.writeInt32(bounds?.length === sizes.length ? (bounds[i] ?? 1) : 1);
      }
    }
    // An empty one has no elements to write, but is checked for its shape all the same.
    const elements = new ElementWriter(out, element.write, sizes, elementsMayBeArrays);
    elements.writeAll(value);
    out.patchInt32(hasNullsAt, elements.hasNulls ? 1 : 0);
    out.patchInt32(lengthAt, out.length - start);
  };
}

/** The sizes of all dimensions, by the first element of each; whether the others agree is checked on writing. */
function sizesOf(array: readonly unknown[]): number[] {
  const sizes: number[] = [];
  let level: unknown = array;
  while (Array.isArray(level)) {
    if (sizes.length === MAX_DIMENSIONS) throw outOfRange(`at most ${MAX_DIMENSIONS} dimensions`, 'more');
    sizes.push(level.length);
    level = level[0] as unknown;
  }
  return sizes;
}

function sizesToDepth(array: readonly unknown[], depth: number): number[] {
  const sizes: number[] = [];
  let level: unknown = array;
  while (sizes.length < depth && Array.isArray(level)) {
    sizes.push(level.length);
    level = level[0] as unknown;
  }
  return sizes;
}

/** Writes the elements of one array and knows which one it is at, for the message if one is refused. */
class ElementWriter {
  hasNulls = false;
  private readonly _out: WriteBuffer;
  private readonly _write: ValueWriter;
  private readonly _sizes: readonly number[];
  private readonly _elementsMayBeArrays: boolean;
  private readonly _path: number[] = [];

  constructor(out: WriteBuffer, write: ValueWriter, sizes: readonly number[], elementsMayBeArrays: boolean) {
    this._out = out;
    this._write = write;
    this._sizes = sizes;
    this._elementsMayBeArrays = elementsMayBeArrays;
  }

  writeAll(array: readonly unknown[]): void {
    try {
      this._writeLevel(array);
    } catch (error) {
      if (!(error instanceof RefusedValueError)) throw error;
      const where = this._path.map((index) => `[${index}]`).join('');
      throw new RefusedValueError(error.kind, `element ${where}: ${error.message}`, { cause: error.cause });
    }
  }

  private _writeLevel(array: readonly unknown[]): void {
    const depth = this._path.length;
    const isLeaf = depth === this._sizes.length - 1;
    // Not for...of: a hole is an element too, and refused as one.
    for (let i = 0; i < array.length; i++) {
      this._path[depth] = i;
      const item = array[i];
      if (isLeaf) this._writeElement(item);
      else this._writeLevel(this._checkedArray(item, this._sizes[depth + 1] ?? 0));
    }
    this._path.length = depth;
  }

  /** All arrays of one level are of the same length: PostgreSQL's arrays are rectangular. */
  private _checkedArray(item: unknown, size: number): readonly unknown[] {
    const expected = `an array of ${size} elements as its first sibling`;
    if (!Array.isArray(item)) throw wrongKind(expected, item);
    if (item.length !== size) {
      throw new RefusedValueError('type', `expected ${expected}, got an array of ${item.length}`);
    }
    return item;
  }

  private _writeElement(item: unknown): void {
    if (item === null) {
      this._out.writeInt32(-1);
      this.hasNulls = true;
      return;
    }
    if (item === undefined) throw wrongKind('a value, or null for NULL', item);
    if (Array.isArray(item) && !this._elementsMayBeArrays) {
      throw new RefusedValueError('type', `expected no array, as its first sibling, got ${kindOf(item)}`);
    }
    this._write(this._out, item);
  }
}
