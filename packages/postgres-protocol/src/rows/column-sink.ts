import { readText } from '../types/text.js';
import type { InlineRead } from '../types/wire-type.js';
import { ColumnBatch } from './column-batch.js';
import { type BatchColumn, TextColumn, type TypedArray, TypedColumn, ValueColumn } from './batch-columns.js';
import type { RowBatch } from './row-batch.js';
import type { RowColumn } from './row-column.js';
import { RowSink } from './row-sink.js';

const FIRST_CAPACITY = 64;
/** Cells that a sink keeps from one batch to the next: more than the rows of a chunk of 64 KiB. */
const KEPT_CAPACITY = 8192;

/** What holds a column while it grows: numbers, pairs of offsets into the text, or any values. */
export type Cells = TypedArray | unknown[];

/** How a column is held. */
export function columnKind({ read, inline }: RowColumn): 'typed' | 'text' | 'values' {
  if (read === readText) return 'text';
  return inline?.typedArray === undefined ? 'values' : 'typed';
}

/** Rows as columns that grow. Decoders write into `cells` at the index of the row; a row counts once it is committed. */
export class ColumnSink extends RowSink {
  rowCount = 0;
  capacity = 0;
  /** Of a text column, two offsets for each row: where its value starts and where it ends in the text. */
  readonly cells: Cells[];
  private readonly _kinds: readonly ('typed' | 'text' | 'values')[];
  private readonly _keepsText: boolean;
  /** The rows that are NULL, in ascending order, for each column. */
  private _nulls: number[][];
  private _text: Uint8Array = new Uint8Array(0);
  private _textBytes = 0;

  constructor(columns: readonly RowColumn[]) {
    super(columns);
    this._kinds = columns.map(columnKind);
    this._keepsText = this._kinds.includes('text');
    this._nulls = columns.map(() => []);
    this.cells = columns.map((column, index) => this._cells(column, index, 0));
  }

  /** What is added to an offset of a run that begins at `start`, for the same byte in the text. */
  textShift(start: number): number {
    return this._textBytes - start;
  }

  /** Makes room for one more row at least; `cells` has new elements then. Returns the new capacity. */
  grow(): number {
    this.capacity = Math.max(this.capacity * 2, FIRST_CAPACITY);
    for (const [index, column] of this.columns.entries()) {
      const old = this.cells[index] as Cells;
      if (Array.isArray(old)) continue;
      const cells = this._cells(column, index, this.capacity) as TypedArray;
      cells.set(old as never);
      this.cells[index] = cells;
    }
    return this.capacity;
  }

  setNull(column: number, row: number): void {
    this._nulls[column]?.push(row);
  }

  /** Counts the rows up to `rowCount`, which lie in `bytes[start, end)`, and forgets what was written behind them. */
  commit(rowCount: number, bytes: Uint8Array, start: number, end: number): void {
    this.rowCount = rowCount;
    if (this._keepsText && end > start) this._appendText(bytes.subarray(start, end));
    if (this.error === undefined) return;
    for (const nulls of this._nulls) while ((nulls.at(-1) ?? -1) >= rowCount) nulls.pop();
    for (const cells of this.cells) if (Array.isArray(cells)) cells.length = rowCount;
  }

  override take(): RowBatch | undefined {
    const { rowCount } = this;
    if (rowCount === 0) return undefined;
    const text = this._textBytes === this._text.length ? this._text : this._text.slice(0, this._textBytes);
    const batch = new ColumnBatch(
      rowCount,
      this.columns.map((column, index) => this._column(column, index, text)),
    );
    this._nulls = this.columns.map(() => []);
    this._text = new Uint8Array(0);
    this._textBytes = 0;
    this.rowCount = 0;
    const isLarge = this.capacity > KEPT_CAPACITY;
    if (isLarge) this.capacity = 0;
    for (const [index, column] of this.columns.entries()) {
      if (isLarge || this._kinds[index] === 'values') this.cells[index] = this._cells(column, index, 0);
    }
    return batch;
  }

  private _column({ name, typeName }: RowColumn, index: number, text: Uint8Array): BatchColumn {
    const validity = validityOf(this._nulls[index] as number[], this.rowCount);
    const cells = this.cells[index] as Cells;
    if (Array.isArray(cells)) return new ValueColumn(name, typeName, validity, cells);
    if (this._kinds[index] === 'typed') return new TypedColumn(name, typeName, validity, cells.slice(0, this.rowCount));
    return new TextColumn(name, typeName, validity, text, (cells as Uint32Array).slice(0, 2 * this.rowCount));
  }

  private _cells(column: RowColumn, index: number, capacity: number): Cells {
    switch (this._kinds[index]) {
      case 'typed':
        return typedArray(column.inline?.typedArray, capacity);
      case 'text':
        return new Uint32Array(2 * capacity);
      default:
        return [];
    }
  }

  private _appendText(bytes: Uint8Array): void {
    const end = this._textBytes + bytes.length;
    if (end > this._text.length) {
      // The first run of a batch is mostly its only one, and the text is kept as long as the batch: no more than it takes.
      const text = new Uint8Array(this._textBytes === 0 ? end : Math.max(end, 2 * this._text.length));
      text.set(this._text);
      this._text = text;
    }
    this._text.set(bytes, this._textBytes);
    this._textBytes = end;
  }
}

function validityOf(nulls: readonly number[], rowCount: number): Uint8Array | null {
  if (nulls.length === 0) return null;
  const validity = new Uint8Array((rowCount + 7) >> 3);
  for (let row = 0; row < rowCount; row++) validity[row >> 3] = (validity[row >> 3] as number) | (1 << (row & 7));
  for (const row of nulls) validity[row >> 3] = (validity[row >> 3] as number) & ~(1 << (row & 7));
  return validity;
}

function typedArray(name: InlineRead['typedArray'], length: number): TypedArray {
  switch (name) {
    case 'Int16Array':
      return new Int16Array(length);
    case 'Int32Array':
      return new Int32Array(length);
    case 'Uint32Array':
      return new Uint32Array(length);
    case 'Float32Array':
      return new Float32Array(length);
    case 'BigInt64Array':
      return new BigInt64Array(length);
    case 'BigUint64Array':
      return new BigUint64Array(length);
    default:
      return new Float64Array(length);
  }
}
