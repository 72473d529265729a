import { locate, ROW_HEADER_BYTES } from './broken-row.js';
import { type ArrayRow, type Row } from './row-batch.js';
import { indexByName, type RowColumn } from './row-column.js';

/** Reads a whole row whose columns begin at `at`. */
export type RowReader<T> = (bytes: Uint8Array, view: DataView, at: number) => T;

/** What all lazy rows of a statement share. */
export class LazyRowType {
  readonly columns: readonly RowColumn[];
  readonly indices: ReadonlyMap<string, number>;
  toObject: RowReader<Row> = () => ({});

  constructor(columns: readonly RowColumn[]) {
    this.columns = columns;
    this.indices = indexByName(columns);
  }
}

/** The rows of one run, all of which were found to fit into their frames. */
export class LazyFrames {
  readonly type: LazyRowType;
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(this.bytes.buffer);

  constructor(type: LazyRowType) {
    this.type = type;
  }

  /** Keeps a copy of `bytes[start, end)`. */
  fill(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = new Uint8Array(bytes.subarray(start, end));
    this.view = new DataView(this.bytes.buffer);
  }
}

/**
 * A row that is decoded when its values are read, each time.
 *
 * @remarks Lifetime: a row keeps the bytes of all rows alive that came with it in one chunk.
 */
export class LazyRow {
  private readonly _frames: LazyFrames;
  private readonly _start: number;

  /** `start` is the offset of the row's frame in `frames`. */
  constructor(frames: LazyFrames, start: number) {
    this._frames = frames;
    this._start = start;
  }

  /** How many columns the row has. */
  get length(): number {
    return this._frames.type.columns.length;
  }

  /**
   * Decodes one value.
   *
   * @param column - The name of a column, the last one's of two of one name, or its index from 0.
   * @returns The value; `null` where it is NULL.
   * @throws {RangeError} If there is no such column, or JavaScript cannot hold the value in the representation asked for.
   * @throws {MalformedValueError} If the bytes are not a value of the type.
   * @remarks Cost: a step for each column before this one, and the decoding.
   */
  get(column: string | number): unknown {
    const { type, bytes, view } = this._frames;
    const index = typeof column === 'number' ? column : type.indices.get(column);
    const found = index === undefined ? undefined : type.columns[index];
    if (found === undefined || index === undefined) {
      throw new RangeError(`expected the name or the index of a column, saw ${JSON.stringify(column)}`);
    }
    const at = this._offsetOf(index);
    const length = view.getInt32(at);
    return length === -1 ? null : readLocated(found, bytes, view, at + 4, at + 4 + length);
  }

  /** Decodes all values into an object, as rows of the shape `'objects'` are; it throws as `get` does. */
  toObject(): Row {
    const { type, bytes, view } = this._frames;
    try {
      return type.toObject(bytes, view, this._start + ROW_HEADER_BYTES);
    } catch (error) {
      // It throws what it threw before, and says of which column.
      this.toArray();
      throw error;
    }
  }

  /** Decodes all values into an array, as rows of the shape `'arrays'` are; it throws as `get` does. */
  toArray(): ArrayRow {
    return [...this];
  }

  /** Decodes one value after the other; it throws as `get` does. */
  *[Symbol.iterator](): Generator<unknown, undefined> {
    const { type, bytes, view } = this._frames;
    let at = this._start + ROW_HEADER_BYTES;
    for (const column of type.columns) {
      const length = view.getInt32(at);
      at += 4;
      yield length === -1 ? null : readLocated(column, bytes, view, at, at + length);
      if (length > 0) at += length;
    }
  }

  private _offsetOf(column: number): number {
    const { view } = this._frames;
    let at = this._start + ROW_HEADER_BYTES;
    for (let i = 0; i < column; i++) {
      const length = view.getInt32(at);
      at += length > 0 ? 4 + length : 4;
    }
    return at;
  }
}

function readLocated(column: RowColumn, bytes: Uint8Array, view: DataView, start: number, end: number): unknown {
  try {
    return column.read(bytes, view, start, end);
  } catch (error) {
    throw locate(error, column);
  }
}
