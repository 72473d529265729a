import { LazyFrames, type LazyRow, LazyRowType } from './lazy-row.js';
import type { RowBatch } from './row-batch.js';
import type { RowColumn } from './row-column.js';
import { RowSink } from './row-sink.js';

/** Rows that are decoded later, from copies of the runs they came in. */
export class LazySink extends RowSink {
  readonly type: LazyRowType;
  rows: LazyRow[] = [];

  constructor(columns: readonly RowColumn[]) {
    super(columns);
    this.type = new LazyRowType(columns);
  }

  /** Begins the rows of one run. */
  begin(): LazyFrames {
    return new LazyFrames(this.type);
  }

  override take(): RowBatch | undefined {
    const { rows } = this;
    if (rows.length === 0) return undefined;
    this.rows = [];
    return rows;
  }
}
