import { describe, expect, test } from 'vitest';
import { ColumnBatch } from '../src/rows/column-batch.js';
import type { TextColumn, TypedColumn, ValueColumn } from '../src/rows/batch-columns.js';
import { createRowRun } from '../src/rows/row-run.js';
import type { RowColumn } from '../src/rows/row-column.js';
import { bytea, column, dataRow, decode, float8, int4, int8, text } from './rows-samples.js';
import { concat } from './wire.js';

const utf8 = new TextEncoder();

function int(n: number): Uint8Array {
  return Uint8Array.of(n >> 24, n >> 16, n >> 8, n);
}

describe.each([true, false])('columns (generated: %s)', (generate) => {
  const columns = [column('n', int4), column('s', text), column('b', bytea), column('big', int8), column('f', float8)];
  const empty = [null, null, null, null, null];

  function rowsFrom(first: number, count: number): Uint8Array {
    const rows = Array.from({ length: count }, (_, i) => {
      const n = first + i;
      if (n % 5 === 0) return dataRow(empty);
      return dataRow([int(n), utf8.encode(`text é ${n}`), Uint8Array.of(n), concat(int(0), int(n)), new Uint8Array(8)]);
    });
    return concat(...rows);
  }

  function batchOf(...chunks: Uint8Array[]): ColumnBatch {
    const { batches } = decode(columns, { shape: 'columns', generate }, ...chunks);
    return ColumnBatch.concat(batches as ColumnBatch[]);
  }

  test('are typed arrays, texts that are decoded when they are read, and arrays of the rest', () => {
    const batch = batchOf(rowsFrom(1, 3));
    expect(batch.rowCount).toBe(3);
    expect(batch.names).toEqual(['n', 's', 'b', 'big', 'f']);
    expect((batch.column('n') as TypedColumn).values).toEqual(Int32Array.of(1, 2, 3));
    expect((batch.column(3) as TypedColumn).values).toEqual(BigInt64Array.of(1n, 2n, 3n));
    expect((batch.column('f') as TypedColumn).values).toEqual(Float64Array.of(0, 0, 0));
    expect((batch.column('b') as ValueColumn).values).toEqual([[1], [2], [3]]);
    expect((batch.column('s') as TextColumn).toArray()).toEqual(['text é 1', 'text é 2', 'text é 3']);
    expect(batch.columns.map((c) => [c.kind, c.typeName, c.length, c.validity])).toEqual([
      ['typed', 'int4', 3, null],
      ['text', 'text', 3, null],
      ['values', 'bytea', 3, null],
      ['typed', 'int8', 3, null],
      ['typed', 'float8', 3, null],
    ]);
  });

  test('have a bit for each value that is not NULL', () => {
    const batch = batchOf(rowsFrom(1, 11));
    for (const one of batch.columns) {
      expect(one.validity).toEqual(Uint8Array.of(0b11101111, 0b101));
      expect(one.toArray().map((value) => value === null)).toEqual(
        batch.columns[0]?.toArray().map((_, i) => i % 5 === 4),
      );
      expect([...one]).toEqual(Array.from({ length: 11 }, (_, row) => one.get(row)));
      expect([one.isNull(3), one.isNull(4), one.get(4)]).toEqual([false, true, null]);
    }
    expect((batch.column('n') as TypedColumn).values[4]).toBe(0);
    expect((batch.column('big') as TypedColumn).values[4]).toBe(0n);
    expect(batch.get(10, 's')).toBe('text é 11');
  });

  test('grow, and are as long as their rows', () => {
    const batch = batchOf(rowsFrom(0, 1000));
    const whole = batch.columns.map((c) => c.toArray());
    expect((batch.column('n') as TypedColumn).values).toHaveLength(1000);
    expect(whole[0]?.slice(998)).toEqual([998, 999]);
    expect(whole[1]?.slice(998)).toEqual(['text é 998', 'text é 999']);
  });

  test('are joined into what one batch would have been', () => {
    const chunks = [rowsFrom(1, 3), rowsFrom(4, 9), rowsFrom(13, 1)];
    const joined = batchOf(...chunks);
    const whole = batchOf(concat(...chunks));
    expect(joined.columns.map((c) => [c.validity, c.toArray()])).toEqual(
      whole.columns.map((c) => [c.validity, c.toArray()]),
    );
    expect((joined.column('n') as TypedColumn).values).toEqual((whole.column('n') as TypedColumn).values);
  });

  test('stay what they are while the next batch is decoded', () => {
    const run = createRowRun(columns, { shape: 'columns', generate });
    const taken = [rowsFrom(1, 3), rowsFrom(10, 9000), rowsFrom(5, 2)].map((bytes) => {
      // In two runs, so that the text has to grow.
      const half = run.decode(bytes, new DataView(bytes.buffer), 0, bytes.length - 1);
      run.decode(bytes, new DataView(bytes.buffer), half, bytes.length);
      bytes.fill(0);
      return run.take() as ColumnBatch;
    });
    expect(taken.map(({ rowCount }) => rowCount)).toEqual([3, 9000, 2]);
    expect(taken.map((batch) => batch.column('n').get(1))).toEqual([2, 11, 6]);
    expect(taken.map((batch) => batch.column('s').get(1))).toEqual(['text é 2', 'text é 11', 'text é 6']);
    expect(taken.map((batch) => batch.column('b').toArray()[1])).toEqual([[2], [11], [6]]);
    expect(taken[2]?.column('n').validity).toEqual(Uint8Array.of(0b10));
  });
});

describe.each([true, false])('typed columns (generated: %s)', (generate) => {
  const kinds = [
    ['Int16Array', 2, 'getInt16', -2],
    ['Int32Array', 4, 'getInt32', -(2 ** 31)],
    ['Uint32Array', 4, 'getUint32', 2 ** 32 - 1],
    ['Float32Array', 4, 'getFloat32', 1.5],
    ['Float64Array', 8, 'getFloat64', 0.1],
    ['BigInt64Array', 8, 'getBigInt64', -(2n ** 63n)],
    ['BigUint64Array', 8, 'getBigUint64', 2n ** 64n - 1n],
  ] as const;

  test.each(kinds)('are %s', (typedArray, byteLength, getter, value) => {
    const TypedArray = globalThis[typedArray];
    const wire = new Uint8Array(TypedArray.of(value as never).buffer).reverse();
    const typed: RowColumn = {
      name: 'x',
      typeName: 'x',
      read: (_bytes, view, start) => view[getter](start),
      inline: { byteLength, expression: `view.${getter}(at)`, typedArray },
    };
    const bytes = concat(dataRow([wire]), dataRow([null]), dataRow([wire]));
    const batch = decode([typed], { shape: 'columns', generate }, bytes).batches[0] as ColumnBatch;
    const { values } = batch.column('x') as TypedColumn;
    expect(values).toBeInstanceOf(TypedArray);
    expect([...values]).toEqual([value, typeof value === 'bigint' ? 0n : 0, value]);
    expect(batch.column('x').toArray()).toEqual([value, null, value]);
  });
});

describe('a batch of columns', () => {
  const options = { shape: 'columns' } as const;
  const message = dataRow([int(1), utf8.encode(''), int(2)]);
  const columns = [column('a', int4), column('s', text), column('a', int4)];
  const batch = decode(columns, options, message).batches[0] as ColumnBatch;

  test('finds the last of two columns of one name, and both by their index', () => {
    expect([batch.get(0, 'a'), batch.get(0, 0), batch.get(0, 2)]).toEqual([2, 1, 2]);
  });

  test('names a column or a row that is not there', () => {
    expect(() => batch.column('b')).toThrow(new RangeError('expected the name or the index of a column, saw "b"'));
    expect(() => batch.column(3)).toThrow(RangeError);
    for (const row of [1, -1, 0.5, Number.NaN]) {
      expect(() => batch.get(row, 'a')).toThrow(new RangeError(`expected a row from 0 to 0, saw ${row}`));
      expect(() => batch.get(row, 's')).toThrow(RangeError);
    }
  });

  test('is joined with others of the same columns only', () => {
    const other = decode([column('a', int4), column('s', text)], options, dataRow([null, null]))
      .batches[0] as ColumnBatch;
    const typed = decode(
      [column('a', int4), column('s', int4), column('a', int4)],
      options,
      dataRow([null, null, null]),
    );
    expect(() => ColumnBatch.concat([])).toThrow(new TypeError('expected at least one batch'));
    for (const stranger of [other, typed.batches[0] as ColumnBatch]) {
      expect(() => ColumnBatch.concat([batch, stranger])).toThrow(
        new TypeError('expected batches of the same columns'),
      );
    }
    expect(ColumnBatch.concat([batch])).toBe(batch);
  });

  test('has texts that are all empty', () => {
    expect(batch.column('s').toArray()).toEqual(['']);
    const nulls = decode([column('s', text)], options, dataRow([null])).batches[0] as ColumnBatch;
    expect(nulls.column('s').toArray()).toEqual([null]);
  });
});
