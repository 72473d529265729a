import { type BatchColumn, TextColumn, type TypedArray, TypedColumn, ValueColumn } from './batch-columns.js';

/**
 * Rows of a result, column by column: typed arrays for numbers, strings that are decoded when they are read, arrays of
 * whatever else there is. It is not changed any more.
 */
export class ColumnBatch {
  readonly rowCount: number;
  readonly columns: readonly BatchColumn[];
  private readonly _byName: ReadonlyMap<string, BatchColumn>;

  /** `columns` have `rowCount` values each. */
  constructor(rowCount: number, columns: readonly BatchColumn[]) {
    this.rowCount = rowCount;
    this.columns = columns;
    this._byName = new Map(columns.map((column) => [column.name, column]));
  }

  /**
   * Joins batches of one result.
   *
   * @param batches - At least one.
   * @throws {TypeError} If there is none, or they do not have the same columns.
   * @remarks Cost: copies all of them, so that a whole result is best joined once, at its end.
   */
  static concat(batches: readonly ColumnBatch[]): ColumnBatch {
    const [first, ...others] = batches;
    if (first === undefined) throw new TypeError('expected at least one batch');
    if (others.length === 0) return first;
    for (const { columns } of others) {
      const isSame = columns.length === first.columns.length && columns.every((c, i) => isLike(c, first.columns[i]));
      if (!isSame) throw new TypeError('expected batches of the same columns');
    }
    const rowCount = batches.reduce((sum, batch) => sum + batch.rowCount, 0);
    const columns = first.columns.map((_, i) => concatColumns(batches.map((batch) => batch.columns[i] as BatchColumn)));
    return new ColumnBatch(rowCount, columns);
  }

  /** The names of the columns, in their order. */
  get names(): readonly string[] {
    return this.columns.map(({ name }) => name);
  }

  /**
   * Finds a column; of two of one name the last.
   *
   * @param column - Its name, or its index from 0.
   * @throws {RangeError} If there is no such column.
   */
  column(column: string | number): BatchColumn {
    const found = typeof column === 'number' ? this.columns[column] : this._byName.get(column);
    if (found === undefined)
      throw new RangeError(`expected the name or the index of a column, saw ${JSON.stringify(column)}`);
    return found;
  }

  /** Returns one value, `null` where it is NULL; it throws as `column` and the column's `get` do. */
  get(row: number, column: string | number): unknown {
    return this.column(column).get(row);
  }
}

function isLike(column: BatchColumn, other: BatchColumn | undefined): boolean {
  return column.name === other?.name && column.kind === other.kind && column.typeName === other.typeName;
}

/** Joins columns that are alike, at least one. */
function concatColumns(columns: readonly BatchColumn[]): BatchColumn {
  const { name, typeName } = columns[0] as BatchColumn;
  const validity = concatValidity(columns);
  switch (columns[0]?.kind) {
    case 'typed':
      return new TypedColumn(name, typeName, validity, concatArrays(columns.map((c) => (c as TypedColumn).values)));
    case 'text':
      return concatTexts(name, typeName, validity, columns as readonly TextColumn[]);
    default:
      return new ValueColumn(name, typeName, validity, concatValues(columns as readonly ValueColumn[]));
  }
}

/** Not by flatMap and spreading: a value may be an array, and a call takes only so many arguments. */
function concatValues(columns: readonly ValueColumn[]): unknown[] {
  const joined: unknown[] = [];
  for (const { values } of columns) for (const value of values) joined.push(value);
  return joined;
}

function concatTexts(
  name: string,
  typeName: string,
  validity: Uint8Array | null,
  columns: readonly TextColumn[],
): TextColumn {
  const bytes = concatArrays(columns.map((column) => column.bytes));
  const bounds = concatArrays(columns.map((column) => column.bounds));
  let at = 0;
  let shift = 0;
  for (const column of columns) {
    for (const end = at + column.bounds.length; at < end; at++) bounds[at] = (bounds[at] as number) + shift;
    shift += column.bytes.length;
  }
  return new TextColumn(name, typeName, validity, bytes, bounds);
}

function concatArrays<T extends TypedArray | Uint8Array>(arrays: readonly T[]): T {
  const length = arrays.reduce((sum, array) => sum + array.length, 0);
  const OfTheSameKind = (arrays[0] as T).constructor as new (length: number) => T;
  const joined = new OfTheSameKind(length);
  let at = 0;
  for (const array of arrays) {
    joined.set(array as never, at);
    at += array.length;
  }
  return joined;
}

function concatValidity(columns: readonly BatchColumn[]): Uint8Array | null {
  if (columns.every(({ validity }) => validity === null)) return null;
  const rowCount = columns.reduce((sum, { length }) => sum + length, 0);
  const joined = new Uint8Array((rowCount + 7) >> 3);
  let row = 0;
  for (const column of columns) {
    for (let i = 0; i < column.length; i++, row++) {
      if (!column.isNull(i)) joined[row >> 3] = (joined[row >> 3] as number) | (1 << (row & 7));
    }
  }
  return joined;
}
