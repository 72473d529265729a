import type { RunDecoder } from '@millrace/read-buffer';
import { closureDecoder } from './closure-decoder.js';
import { ColumnSink } from './column-sink.js';
import { generatedDecoder, generatedMaker } from './generated-decoder.js';
import { canGenerate } from './generation.js';
import { LazySink } from './lazy-sink.js';
import { objectMaker } from './object-maker.js';
import type { RowBatch, RowShape } from './row-batch.js';
import { indexByName, type RowColumn } from './row-column.js';
import { RowList, type RowSink } from './row-sink.js';

/** With more columns than a table may have, which is MaxTupleAttributeNumber of the server, no source is generated. */
const MAX_GENERATED_COLUMNS = 1664;
/** perf: rows of many columns; above about 128 the engine leaves source with a part for each column unoptimized. */
const MAX_UNROLLED_COLUMNS = 96;

/** Options of {@link createRowRun}. */
export interface RowRunOptions {
  readonly shape: RowShape;
  /** Whether source may be generated. Left out: where the host compiles it. */
  readonly generate?: boolean | undefined;
  /** Whether columns may share a name; `'error'` refuses them in all shapes but arrays. */
  readonly duplicateColumns?: 'last' | 'error' | undefined;
}

/** Decodes runs of DataRow frames and gathers the rows. */
export interface RowRun {
  /**
   * Decodes whole DataRow frames up to one that is incomplete, of another type or of a length below 4, and returns its
   * offset. A row that cannot be decoded sets `error`; its offset is returned, and the rows before it are kept.
   */
  readonly decode: RunDecoder;
  /** Why `decode` stopped: a MalformedValueError where the peer is at fault, else what a value was refused with. */
  readonly error: Error | undefined;
  /** The source of what is generated; `undefined` where only closures decode. */
  readonly source: string | undefined;
  /** Gives away the rows that were decoded since the last call; `undefined` if there are none. They alias nothing. */
  take(): RowBatch | undefined;
  /** Forgets `error`. */
  clearError(): void;
}

/**
 * Makes a decoder for rows of these columns: generated source where the host allows it, else closures. Both give the
 * same rows and the same errors.
 *
 * @throws {RangeError} If `duplicateColumns` is `'error'` and two columns have one name.
 * @remarks Cost: generating takes tens of microseconds; do it once for a statement.
 */
export function createRowRun(columns: readonly RowColumn[], options: RowRunOptions): RowRun {
  const { shape, duplicateColumns } = options;
  if (duplicateColumns === 'error' && shape !== 'arrays') refuseDuplicates(columns);
  const sink = sinkOf(columns, shape);
  const generates = columns.length <= MAX_GENERATED_COLUMNS && (options.generate ?? canGenerate());
  if (generates && columns.length <= MAX_UNROLLED_COLUMNS) {
    const { decode, source } = generatedDecoder(sink, shape);
    return new SinkRun(sink, decode, source);
  }
  const generated = generates && (shape === 'objects' || shape === 'lazy') ? generatedMaker(columns) : undefined;
  const decode = closureDecoder(sink, shape, () => generated?.make ?? objectMaker(columns));
  return new SinkRun(sink, decode, generated?.source);
}

class SinkRun implements RowRun {
  readonly decode: RunDecoder;
  readonly source: string | undefined;
  private readonly _sink: RowSink;

  constructor(sink: RowSink, decode: RunDecoder, source: string | undefined) {
    this._sink = sink;
    this.decode = decode;
    this.source = source;
  }

  get error(): Error | undefined {
    return this._sink.error;
  }

  take(): RowBatch | undefined {
    return this._sink.take();
  }

  clearError(): void {
    this._sink.error = undefined;
  }
}

function sinkOf(columns: readonly RowColumn[], shape: RowShape): RowSink {
  switch (shape) {
    case 'columns':
      return new ColumnSink(columns);
    case 'lazy':
      return new LazySink(columns);
    case 'objects':
    case 'arrays':
      return new RowList(columns);
  }
}

function refuseDuplicates(columns: readonly RowColumn[]): void {
  const indices = indexByName(columns);
  const twice = columns.find(({ name }, index) => indices.get(name) !== index);
  if (twice === undefined) return;
  throw new RangeError(`expected columns of different names, saw ${JSON.stringify(twice.name)} more than once`);
}
