import { concat } from './wire.js';
import { describe, expect, test } from 'vitest';
import { createRowRun, type RowRunOptions } from '../src/rows/row-run.js';
import type { LazyRow } from '../src/rows/lazy-row.js';
import { MalformedValueError } from '../src/types/malformed-value-error.js';
import { bytea, column, dataRow, decode, int4, NAMES, picky, SHAPES, text } from './rows-samples.js';

const utf8 = new TextEncoder();
const seven = Uint8Array.of(0, 0, 0, 7);
const pair = [column('n', int4), column('s', text)];

const WAYS = SHAPES.flatMap((shape) => [
  { shape, generate: true },
  { shape, generate: false },
]);

describe.each([true, false])('rows (generated: %s)', (generate) => {
  test('are objects, one property for each column', () => {
    const { batches } = decode(
      pair,
      { shape: 'objects', generate },
      concat(dataRow([seven, utf8.encode('seven')]), dataRow([null, null])),
    );
    expect(batches).toEqual([
      [
        { n: 7, s: 'seven' },
        { n: null, s: null },
      ],
    ]);
  });

  test('are arrays that do not share memory', () => {
    const { batches } = decode(
      pair,
      { shape: 'arrays', generate },
      concat(dataRow([seven, utf8.encode('a')]), dataRow([null, utf8.encode('b')])),
    );
    expect(batches).toEqual([
      [
        [7, 'a'],
        [null, 'b'],
      ],
    ]);
  });

  test('are lazy: values are decoded, and refused, when they are asked for', () => {
    const columns = [column('p', picky), column('s', text), column('s', int4), column('__proto__', bytea)];
    const values = [Uint8Array.of(201), utf8.encode('one'), seven, Uint8Array.of(1, 2)];
    const { batches, error } = decode(
      columns,
      { shape: 'lazy', generate },
      dataRow(values),
      dataRow([null, null, null, null]),
    );
    expect(error).toBeUndefined();
    const [row, nulls] = batches.flat() as [LazyRow, LazyRow];
    expect(row.length).toBe(4);
    expect([row.get('s'), row.get(1), row.get('__proto__')]).toEqual([7, 'one', [1, 2]]);
    const refusal = new RangeError('column "p" (picky): too much');
    for (const read of [
      () => row.get('p'),
      () => row.get(0),
      () => row.toObject(),
      () => row.toArray(),
      () => [...row],
    ]) {
      expect(read).toThrow(refusal);
    }
    expect(nulls.toArray()).toEqual([null, null, null, null]);
    expect(Object.entries(nulls.toObject())).toEqual([
      ['p', null],
      ['s', null],
      ['__proto__', null],
    ]);
    for (const missing of ['t', 4, -1, 0.5, 'constructor']) {
      expect(() => row.get(missing)).toThrow(RangeError);
    }
  });

  test('have every name as an own property, and the object a plain prototype', () => {
    const columns = NAMES.map((name) => column(name, text));
    const message = dataRow(NAMES.map((_, i) => utf8.encode(`value ${i}`)));
    const { batches } = decode(columns, { shape: 'objects', generate }, message);
    const lazy = decode(columns, { shape: 'lazy', generate }, message);
    for (const row of [batches.flat()[0] as object, (lazy.batches.flat()[0] as LazyRow).toObject()]) {
      expect(new Set(Object.keys(row))).toEqual(new Set(NAMES));
      for (const [i, name] of NAMES.entries()) {
        expect(Object.getOwnPropertyDescriptor(row, name)?.value, JSON.stringify(name)).toBe(`value ${i}`);
      }
      expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
    }
    expect((globalThis as { injected?: boolean }).injected).toBeUndefined();
  });

  test('have the value of the last of two columns of one name, where the first one stands', () => {
    const columns = ['a', '__proto__', 'b', 'a', '__proto__'].map((name) => column(name, int4));
    const message = dataRow([1, 2, 3, 4, 5].map((n) => Uint8Array.of(0, 0, 0, n)));
    const { batches } = decode(columns, { shape: 'objects', generate }, message);
    expect(Object.entries(batches.flat()[0] as object)).toEqual([
      ['a', 4],
      ['__proto__', 5],
      ['b', 3],
    ]);
  });

  test.each(SHAPES)('may have the 1664 columns of a table: %s', (shape) => {
    const columns = Array.from({ length: 1664 }, (_, i) => column(`c${i}`, int4));
    const message = dataRow(columns.map((_, i) => Uint8Array.of(0, 0, i >> 8, i & 0xff)));
    const { rows } = decode(columns, { shape, generate }, message);
    const values = rows[0]!.map((value) =>
      shape === 'objects' ? (value as [string, { value: unknown }])[1].value : value,
    );
    expect(values).toEqual(columns.map((_, i) => i));
  });
});

describe.each(WAYS)('a run of rows as $shape (generated: $generate)', (options: RowRunOptions) => {
  const good = dataRow([seven, utf8.encode('good')]);
  const cases: [string, Uint8Array, string][] = [
    ['no count', message(), 'a row ends before its count of columns'],
    ['half a count', message(0), 'a row ends before its count of columns'],
    ['too few columns', dataRow([seven]), 'expected a row of 2 columns, got 1'],
    ['too many columns', dataRow([seven, seven, seven]), 'expected a row of 2 columns, got 3'],
    ['no length', message(0, 2, 0, 0, 0, 4, 0, 0, 0, 7, 0, 0, 0), 'column "s" (text): the row ends before its length'],
    [
      'a value beyond the end',
      message(0, 2, 0, 0, 0, 4, 0, 0, 0, 7, 0, 0, 0, 2, 65),
      'column "s" (text): a length of 2 with 1 bytes left in the row',
    ],
    [
      'a value in place beyond the end',
      message(0, 2, 0, 0, 0, 4, 0, 0),
      'column "n" (int4): a length of 4 with 2 bytes left in the row',
    ],
    [
      'a negative length',
      message(0, 2, 255, 255, 255, 254, 255, 255, 255, 255),
      'column "n" (int4): a length of -2 with 4 bytes left in the row',
    ],
    [
      'a negative length of text',
      message(0, 2, 255, 255, 255, 255, 128, 0, 0, 0),
      'column "s" (text): a length of -2147483648 with 0 bytes left in the row',
    ],
    [
      'bytes behind the last column',
      message(0, 2, 255, 255, 255, 255, 255, 255, 255, 255, 0),
      'a row leaves 1 bytes of its frame unread',
    ],
  ];

  if (options.shape !== 'lazy') {
    const wrongLength = dataRow([Uint8Array.of(1, 2, 3), null]);
    cases.push(['a value of another length', wrongLength, 'column "n" (int4): int4 is 4 bytes long, got 3']);
  }

  test.each(cases)('stops before a row with %s; the rows before it are kept', (_, bad, reason) => {
    for (const behind of [[], [good]]) {
      const run = createRowRun(pair, options);
      const bytes = concat(good, good, bad, ...behind);
      expect(run.decode(bytes, new DataView(bytes.buffer), 0, bytes.length)).toBe(2 * good.length);
      expect(run.error).toEqual(new MalformedValueError(reason));
      expect(countOf(run.take())).toBe(2);
      run.clearError();
      expect([run.error, run.take()]).toEqual([undefined, undefined]);
    }
  });

  test('stops before a value that is refused, says which, and can go on behind it', () => {
    if (options.shape === 'lazy') {
      expectLaziness(options);
      return;
    }
    const columns = [column('a', text), column('b', picky), column('a', picky)];
    const row = (b: number | null, a: number) =>
      dataRow([new Uint8Array(0), b === null ? null : Uint8Array.of(b), Uint8Array.of(a)]);
    const run = createRowRun(columns, options);
    const bytes = concat(row(null, 1), row(null, 201), row(2, 3), row(201, 4), row(5, 6));
    const view = new DataView(bytes.buffer);
    let at = run.decode(bytes, view, 0, bytes.length);
    expect(run.error).toEqual(new RangeError('column "a" (picky): too much'));
    expect(run.error?.cause).toEqual(new RangeError('too much'));
    run.clearError();
    at = run.decode(bytes, view, at + row(null, 1).length, bytes.length);
    expect(run.error).toEqual(new RangeError('column "b" (picky): too much'));
    const batch = run.take();
    expect(countOf(batch)).toBe(2);
    // The NULL of the row that was refused is not one of the row that took its place.
    if (batch !== undefined && 'rowCount' in batch) expect(batch.column('b').toArray()).toEqual([null, 2]);
    run.clearError();
    expect(run.decode(bytes, view, at + row(2, 1).length, bytes.length)).toBe(bytes.length);
    expect(countOf(run.take())).toBe(1);
  });

  test('stops before another message, an incomplete one, and one of a hostile length', () => {
    const hostile = Uint8Array.of(0x44, 0, 0, 0, 3, 0, 0, 0);
    const negative = Uint8Array.of(0x44, 255, 0, 0, 3, 0, 0, 0);
    const behind = [Uint8Array.of(0x43, 0, 0, 0, 4), good.subarray(0, 4), good.subarray(0, good.length - 1), hostile];
    for (const next of [...behind, negative, new Uint8Array(0)]) {
      const run = createRowRun(pair, options);
      const bytes = concat(new Uint8Array(3), good, next);
      expect(run.decode(bytes, new DataView(bytes.buffer), 3, bytes.length)).toBe(3 + good.length);
      expect(run.error).toBeUndefined();
      expect(countOf(run.take())).toBe(1);
    }
  });

  test('does not look beyond the end of its bytes', () => {
    const run = createRowRun(pair, options);
    const bytes = concat(good, good);
    expect(run.decode(bytes, new DataView(bytes.buffer), 0, 2 * good.length - 1)).toBe(good.length);
  });

  test('takes rows of no columns', () => {
    const { batches } = decode([], options, concat(dataRow([]), dataRow([])));
    expect(countOf(batches[0])).toBe(2);
  });

  test('passes on what a codec throws, whatever it is', () => {
    if (options.shape === 'lazy') return;
    const thrown = [new TypeError('mine'), new (class extends RangeError {})('mine')];
    for (const error of thrown) expect(failureOf(error)).toBe(error);
    expect(failureOf('text')).toEqual(new Error('column "x" (x): a codec threw what is not an error'));
    expect(failureOf(undefined)?.cause).toBeUndefined();
    function failureOf(what: unknown): Error | undefined {
      const read = () => {
        throw what;
      };
      return decode([{ name: 'x', typeName: 'x', read, inline: undefined }], options, dataRow([seven])).error;
    }
  });

  test('refuses columns of one name where asked, unless they are told apart by their place', () => {
    const twice = [column('a', int4), column('b', int4), column('a', text)];
    const make = () => createRowRun(twice, { ...options, duplicateColumns: 'error' });
    if (options.shape === 'arrays') expect(make().error).toBeUndefined();
    else expect(make).toThrow(new RangeError('expected columns of different names, saw "a" more than once'));
    expect(createRowRun(pair, { ...options, duplicateColumns: 'error' }).error).toBeUndefined();
    expect(createRowRun(twice, { ...options, duplicateColumns: 'last' }).error).toBeUndefined();
  });

  test('shows its source where it has one, and never the same twice', () => {
    const [first, second] = [createRowRun(pair, options).source, createRowRun(pair, options).source];
    if (options.generate === false) expect([first, second]).toEqual([undefined, undefined]);
    else {
      expect(first).toMatch(/\n {6}at = frame \+ 7;\n/);
      expect(first).not.toBe(second);
    }
  });
});

test('source is not generated for more columns than a table may have', () => {
  const columns = Array.from({ length: 1665 }, (_, i) => column(`c${i}`, int4));
  expect(createRowRun(columns, { shape: 'objects' }).source).toBeUndefined();
  expect(createRowRun(columns.slice(1), { shape: 'objects' }).source).toContain('"c1664": values[1663],');
  // Of so many, only the objects are generated; of fewer, the reads, too.
  expect(createRowRun(columns.slice(1), { shape: 'arrays' }).source).toBeUndefined();
  expect(createRowRun(columns.slice(0, 9), { shape: 'arrays' }).source).toContain('value8 = view.getInt32(at);');
});

function expectLaziness(options: RowRunOptions): void {
  const run = createRowRun([column('p', picky)], options);
  const bytes = concat(dataRow([Uint8Array.of(201)]));
  expect(run.decode(bytes, new DataView(bytes.buffer), 0, bytes.length)).toBe(bytes.length);
  expect(run.error).toBeUndefined();
}

/** A DataRow with this payload, whatever it is. */
function message(...payload: number[]): Uint8Array {
  return Uint8Array.of(0x44, 0, 0, 0, payload.length + 4, ...payload);
}

function countOf(batch: unknown): number {
  const { length, rowCount } = (batch ?? []) as { length?: number; rowCount?: number };
  return rowCount ?? length ?? 0;
}
