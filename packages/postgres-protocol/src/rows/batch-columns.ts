import { decodeUtf8, ReadBuffer, type RunDecoder } from '@millrace/read-buffer';

/** What holds the values of a column of numbers. */
export type TypedArray =
  Int16Array | Int32Array | Uint32Array | Float32Array | Float64Array | BigInt64Array | BigUint64Array;

/** A column of a batch. `kind` tells the classes apart. */
export type BatchColumn = TypedColumn | TextColumn | ValueColumn;

abstract class ColumnBase {
  readonly name: string;
  /** As in `pg_type.typname`. */
  readonly typeName: string;
  /** Values, NULLs included. */
  readonly length: number;
  /** One bit for each row, set where the value is not NULL, lowest bit first; `null` where no value is NULL. */
  readonly validity: Uint8Array | null;

  constructor(name: string, typeName: string, length: number, validity: Uint8Array | null) {
    this.name = name;
    this.typeName = typeName;
    this.length = length;
    this.validity = validity;
  }

  /**
   * Tells whether the value of a row is NULL.
   *
   * @throws {RangeError} If there is no such row.
   */
  isNull(row: number): boolean {
    if (!(row >>> 0 === row && row < this.length)) {
      throw new RangeError(`expected a row from 0 to ${this.length - 1}, saw ${row}`);
    }
    return this.validity !== null && ((this.validity[row >> 3] as number) & (1 << (row & 7))) === 0;
  }

  /** Returns the value of a row, `null` where it is NULL; it throws as `isNull` does. */
  abstract get(row: number): unknown;

  /** Returns all values; faster than one by one. */
  abstract toArray(): unknown[];

  [Symbol.iterator](): Iterator<unknown> {
    return this.toArray().values();
  }
}

/** A column of numbers. */
export class TypedColumn extends ColumnBase {
  readonly kind = 'typed';
  /** One element for each row; zero where the value is NULL. */
  readonly values: TypedArray;

  constructor(name: string, typeName: string, validity: Uint8Array | null, values: TypedArray) {
    super(name, typeName, values.length, validity);
    this.values = values;
  }

  override get(row: number): number | bigint | null {
    return this.isNull(row) ? null : (this.values[row] as number | bigint);
  }

  /** Returns all values; faster than one by one. */
  override toArray(): (number | bigint | null)[] {
    // As what it iterates over: the union of all these classes has no one signature for it.
    const all: (number | bigint | null)[] = Array.from<number | bigint>(this.values as ArrayLike<number | bigint>);
    if (this.validity !== null) for (let row = 0; row < all.length; row++) if (this.isNull(row)) all[row] = null;
    return all;
  }
}

/** A column of any values. */
export class ValueColumn extends ColumnBase {
  readonly kind = 'values';
  /** One element for each row; `null` where the value is NULL. */
  readonly values: readonly unknown[];

  constructor(name: string, typeName: string, validity: Uint8Array | null, values: readonly unknown[]) {
    super(name, typeName, values.length, validity);
    this.values = values;
  }

  override get(row: number): unknown {
    return this.isNull(row) ? null : this.values[row];
  }

  /** Returns all values; faster than one by one. */
  override toArray(): unknown[] {
    return this.values.slice();
  }
}

/**
 * A column of strings that are decoded when they are read, each time.
 *
 * @remarks Lifetime: all text columns of a batch share one copy of the bytes of its rows.
 */
export class TextColumn extends ColumnBase {
  readonly kind = 'text';
  /** The UTF-8 of all values, and of more. */
  readonly bytes: Uint8Array;
  /** Two offsets into `bytes` for each row: where its value starts, and where it ends. */
  readonly bounds: Uint32Array;

  constructor(name: string, typeName: string, validity: Uint8Array | null, bytes: Uint8Array, bounds: Uint32Array) {
    super(name, typeName, bounds.length / 2, validity);
    this.bytes = bytes;
    this.bounds = bounds;
  }

  override get(row: number): string | null {
    if (this.isNull(row)) return null;
    return decodeUtf8(this.bytes, this.bounds[2 * row] as number, this.bounds[2 * row + 1] as number);
  }

  /** Returns all values; faster than one by one. */
  override toArray(): (string | null)[] {
    const texts: (string | null)[] = [];
    const decode: RunDecoder = (bytes, _view, start, end) => {
      this._decodeAll(texts, bytes, start);
      return end;
    };
    // perf: columns; within a run, strings that lie close together are cut out of one that is decoded at once.
    const input = new ReadBuffer();
    input.feed(this.bytes);
    if (!input.readRun(decode)) this._decodeAll(texts, this.bytes, 0);
    return texts;
  }

  override [Symbol.iterator](): Iterator<string | null> {
    return this.toArray().values();
  }

  /** Adds all values to `texts`; `bytes` has the text from `shift` on. A run is of the bytes that it is given, no others. */
  private _decodeAll(texts: (string | null)[], bytes: Uint8Array, shift: number): void {
    const { bounds, length, validity } = this;
    for (let row = 0; row < length; row++) {
      const isNull = validity !== null && this.isNull(row);
      const start = shift + (bounds[2 * row] as number);
      texts.push(isNull ? null : decodeUtf8(bytes, start, shift + (bounds[2 * row + 1] as number)));
    }
  }
}
