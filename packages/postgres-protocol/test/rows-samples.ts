import { ReadBuffer } from '@millrace/read-buffer';
import { WriteBuffer } from '@millrace/write-buffer';
import type { RowRun, RowRunOptions } from '../src/rows/row-run.js';
import { createRowRun } from '../src/rows/row-run.js';
import { ColumnBatch } from '../src/rows/column-batch.js';
import { LazyRow } from '../src/rows/lazy-row.js';
import type { RowColumn } from '../src/rows/row-column.js';
import { MalformedValueError } from '../src/types/malformed-value-error.js';
import { readText } from '../src/types/text.js';

const frame = { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 1 << 24 } as const;

export const SHAPES = ['objects', 'arrays', 'columns', 'lazy'] as const;

/** A kind of column that does not depend on the types of the package. */
export interface Sample {
  readonly column: Omit<RowColumn, 'name'>;
  /** Wire formats and what they decode to. */
  readonly values: readonly (readonly [Uint8Array, unknown])[];
}

const utf8 = new TextEncoder();

export const text: Sample = {
  column: { typeName: 'text', read: readText, inline: undefined },
  values: ['', 'a', 'twelve chars', 'thirteen chars', 'é😀', 'x'.repeat(300)].map((s) => [utf8.encode(s), s]),
};

export const int4: Sample = {
  column: {
    typeName: 'int4',
    read: fixed('int4', 4, (view, at) => view.getInt32(at)),
    inline: { byteLength: 4, expression: 'view.getInt32(at)', typedArray: 'Int32Array' },
  },
  values: [
    [Uint8Array.of(0, 0, 0, 7), 7],
    [Uint8Array.of(255, 255, 255, 255), -1],
    [Uint8Array.of(127, 255, 255, 255), 2 ** 31 - 1],
  ],
};

export const int8: Sample = {
  column: {
    typeName: 'int8',
    read: fixed('int8', 8, (view, at) => view.getBigInt64(at)),
    inline: { byteLength: 8, expression: 'view.getBigInt64(at)', typedArray: 'BigInt64Array' },
  },
  values: [
    [Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 7), 7n],
    [Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255), -1n],
  ],
};

export const float8: Sample = {
  column: {
    typeName: 'float8',
    read: fixed('float8', 8, (view, at) => view.getFloat64(at)),
    inline: { byteLength: 8, expression: 'view.getFloat64(at)', typedArray: 'Float64Array' },
  },
  values: [
    [Uint8Array.of(63, 248, 0, 0, 0, 0, 0, 0), 1.5],
    [Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0), 0],
  ],
};

const FLAGS = [false, true];

export const flag: Sample = {
  column: {
    typeName: 'flag',
    read: fixed('flag', 1, (view, at) => FLAGS[view.getUint8(at) & 1]),
    inline: { byteLength: 1, expression: 'TEST_FLAGS[bytes[at] & 1]', constants: { TEST_FLAGS: FLAGS } },
  },
  values: [
    [Uint8Array.of(0), false],
    [Uint8Array.of(1), true],
  ],
};

/** Numbers from 0 to 200; the readers refuse larger ones. */
export const picky: Sample = {
  column: {
    typeName: 'picky',
    read(bytes, _view, start, end) {
      if (end - start !== 1) throw new MalformedValueError(`picky is 1 byte long, got ${end - start}`);
      const value = bytes[start]!;
      if (value > 200) throw new RangeError('too much');
      return value;
    },
    inline: undefined,
  },
  values: [
    [Uint8Array.of(0), 0],
    [Uint8Array.of(200), 200],
  ],
};

export const bytea: Sample = {
  column: {
    typeName: 'bytea',
    read: (bytes, _view, start, end) => [...bytes.subarray(start, end)],
    inline: undefined,
  },
  values: [
    [Uint8Array.of(), []],
    [Uint8Array.of(1, 2, 3), [1, 2, 3]],
  ],
};

export const SAMPLES: readonly Sample[] = [text, int4, int8, float8, flag, picky, bytea];

export const NAMES: readonly string[] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '',
  ' ',
  '?column?',
  '0',
  '1',
  '-1',
  '1.5',
  '4294967295',
  'a',
  'b',
  '"',
  "'",
  '`',
  '\\',
  '\\"',
  '${1}',
  '\n',
  '\r\n',
  '\0',
  '\u2028',
  '\u2029',
  '\ud800',
  '*/ }); throw new Error("code"); //',
  '"]: 0}; globalThis.injected = true; ({["',
  'columns',
  'rows',
  'length',
  'error',
  'é😀',
];

export function column(name: string, sample: Sample): RowColumn {
  return { name, ...sample.column };
}

function fixed(name: string, byteLength: number, read: (view: DataView, at: number) => unknown): RowColumn['read'] {
  return (_bytes, view, start, end) => {
    if (end - start !== byteLength)
      throw new MalformedValueError(`${name} is ${byteLength} bytes long, got ${end - start}`);
    return read(view, start);
  };
}

/** A DataRow; `null` is NULL. */
export function dataRow(values: readonly (Uint8Array | null)[]): Uint8Array {
  const out = new WriteBuffer({ frame });
  const start = out.beginFrame(0x44);
  out.writeInt16(values.length);
  for (const value of values) {
    if (value === null) out.writeInt32(-1);
    else out.writeLengthPrefixedBytes(value);
  }
  out.endFrame(start);
  return out.take();
}

export interface Decoded {
  readonly rows: unknown[][];
  readonly error: Error | undefined;
  /** Bytes that were not taken. */
  readonly left: number;
  readonly batches: unknown[];
}

/** Feeds chunks, which are overwritten as soon as they were decoded, and takes what comes after each of them. */
export function decodeChunks(run: RowRun, chunks: readonly Uint8Array[]): Decoded {
  const input = new ReadBuffer({ frame });
  const batches: unknown[] = [];
  for (const chunk of chunks) {
    const lent = chunk.slice();
    input.feedBorrowed(lent);
    while (run.error === undefined && input.takeRun(0x44, run.decode));
    input.endBorrow();
    lent.fill(0xee);
    const batch = run.take();
    if (batch !== undefined) batches.push(batch);
  }
  return { rows: batches.flatMap(rowsOf), error: run.error, left: input.bufferedBytes, batches };
}

export function decode(columns: readonly RowColumn[], options: RowRunOptions, ...chunks: Uint8Array[]): Decoded {
  return decodeChunks(createRowRun(columns, options), chunks);
}

/** The rows of a batch as arrays of values, or, for objects, of entries with their attributes. */
function rowsOf(batch: unknown): unknown[][] {
  if (batch instanceof ColumnBatch) {
    return Array.from({ length: batch.rowCount }, (_, row) => batch.columns.map((c) => c.get(row)));
  }
  return (batch as unknown[]).map((row) => {
    if (Array.isArray(row)) return row as unknown[];
    if (row instanceof LazyRow) return lazyValues(row);
    return Object.entries(Object.getOwnPropertyDescriptors(row));
  });
}

/** The values of a row, or the message of the first of them that is refused. */
function lazyValues(row: LazyRow): unknown[] {
  try {
    return row.toArray();
  } catch (error) {
    return [(error as Error).message];
  }
}
