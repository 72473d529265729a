import type { WriteBuffer } from '@millrace/write-buffer';
import { arrayLowerBounds } from './array-lower-bounds.js';
import { kindOf, outOfRange, RefusedValueError, wrongKind } from './refused-value-error.js';
import type { ValueWriter, WireType } from './wire-type.js';

const MAX_DIMENSIONS = 6; // MAXDIM in c.h

/**
 * Makes the writer of an array type: nested arrays, rectangular, with `null` for NULL. An array of numbers may be a typed
 * one, on every level.
 */
export function arrayWriter(element: WireType): ValueWriter {
  const elementsMayBeArrays = element.valuesAreArrays === true;
  return function writeArray(out, value) {
    if (!isLevel(value)) throw wrongKind(`an array of ${element.name}`, value);
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

/** What has elements: never a Uint8Array, which is a bytea. */
type Level = readonly unknown[];

function isLevel(value: unknown): value is Level {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && TYPED_ARRAY.test(Object.prototype.toString.call(value)));
}

const TYPED_ARRAY = /^\[object (?:Int8|Int16|Uint16|Int32|Uint32|Float32|Float64|BigInt64|BigUint64)Array\]$/;

/** The sizes of all dimensions, by the first element of each; whether the others agree is checked on writing. */
function sizesOf(array: Level): number[] {
  const sizes: number[] = [];
  let level: unknown = array;
  while (isLevel(level)) {
    if (sizes.length === MAX_DIMENSIONS) throw outOfRange(`at most ${MAX_DIMENSIONS} dimensions`, 'more');
    sizes.push(level.length);
    level = level[0];
  }
  return sizes;
}

function sizesToDepth(array: Level, depth: number): number[] {
  const sizes: number[] = [];
  let level: unknown = array;
  while (sizes.length < depth && isLevel(level)) {
    sizes.push(level.length);
    level = level[0];
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

  writeAll(array: Level): void {
    try {
      this._writeLevel(array);
    } catch (error) {
      if (!(error instanceof RefusedValueError)) throw error;
      const where = this._path.map((index) => `[${index}]`).join('');
      throw new RefusedValueError(error.kind, `element ${where}: ${error.message}`, { cause: error.cause });
    }
  }

  private _writeLevel(array: Level): void {
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
    if (array.length !== this._sizes[depth]) {
      throw new RefusedValueError('type', 'an array changed its length while it was being written');
    }
  }

  /** All arrays of one level are of the same length: PostgreSQL's arrays are rectangular. */
  private _checkedArray(item: unknown, size: number): Level {
    const expected = `an array of ${size} elements as its first sibling`;
    if (!isLevel(item)) throw wrongKind(expected, item);
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
    if (typeof item === 'object' && isLevel(item) && !this._elementsMayBeArrays) {
      throw new RefusedValueError('type', `expected no array, as its first sibling, got ${kindOf(item)}`);
    }
    this._write(this._out, item);
  }
}
