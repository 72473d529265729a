import type { Benchmark, Contender } from '../../kit/contender.js';
import { COLUMNS, ROWS, textRowChunks } from './text-row-bytes.js';
import {
  type Cells,
  type LazyRows,
  lazyReader,
  pgReader,
  postgresJsReader,
  type RowReader,
  runReader,
} from './text-row-readers.js';

function contender(
  name: string,
  chunks: readonly Buffer[],
  makeReader: (onRow: (row: Cells) => void) => RowReader,
): Contender {
  let rows: Cells[] = [];
  const reader = makeReader((row) => rows.push(row));
  return readerContender(name, chunks, reader, () => {
    const taken = rows;
    rows = [];
    return taken;
  });
}

/** All rows of a pass are kept until its end, as a result is. */
function readerContender(name: string, chunks: readonly Buffer[], reader: RowReader, take: () => Cells[]): Contender {
  const pass = (): void => {
    for (const chunk of chunks) reader(chunk);
  };
  return {
    name,
    check: () => {
      pass();
      return take();
    },
    run: (count) => {
      for (let done = 0; done < count; done += ROWS) {
        pass();
        take();
      }
    },
  };
}

/** Whoever drops lazy rows gives their memory back; `isRecycling` false: the collector has to find it. */
function lazy(chunks: readonly Buffer[], name: string, columns: readonly number[], isRecycling = true): Contender {
  let batches: LazyRows[] = [];
  const spare: Buffer[] = [];
  const lengths = { total: 0 };
  const drop = (): void => {
    if (isRecycling) for (const { memory } of batches) spare.push(memory);
    batches = [];
  };
  const reader = lazyReader((rows) => {
    batches.push(rows);
    for (const column of columns) {
      for (let row = 0; row < rows.length; row++) lengths.total += rows.cell(row, column)?.length ?? 0;
    }
  }, spare);
  const base = readerContender(name, chunks, reader, () => {
    drop();
    return [];
  });
  const check = (): Cells[] => {
    for (const chunk of chunks) reader(chunk);
    const cells = batches.flatMap((rows) =>
      Array.from({ length: rows.length }, (_, row) => Array.from({ length: COLUMNS }, (__, i) => rows.cell(row, i))),
    );
    drop();
    return cells;
  };
  return { ...base, check };
}

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'micro/read-buffer/text-rows',
    title: 'DataRow messages of ten text columns in 64 KiB chunks, to strings',
    operation: 'row',
    count: 20 * ROWS,
    batch: ROWS,
    allocationCount: 100_000,
    ownProcess: true,
    targets: [
      { contender: 'millrace takeRun, decodeUtf8', atLeast: 4.5, than: "pg's way" },
      { contender: 'millrace lazy rows, none read', atLeast: 30, than: "pg's way" },
    ],
    open: () => {
      const chunks = textRowChunks();
      return [
        contender('millrace takeRun, decodeUtf8', chunks, runReader),
        lazy(chunks, 'millrace lazy rows, none read', []),
        lazy(chunks, 'millrace lazy rows, two columns read', [0, 6]),
        lazy(chunks, 'millrace lazy rows, none read or recycled', [], false),
        contender("pg's way", chunks, pgReader),
        contender("postgres.js' way", chunks, postgresJsReader),
      ];
    },
  },
];
