import { explainFailure } from './broken-row.js';
import type { RowBatch } from './row-batch.js';
import type { RowColumn } from './row-column.js';

/** Where a decoder leaves its rows, and the reason why it stopped. */
export abstract class RowSink {
  readonly columns: readonly RowColumn[];
  error: Error | undefined;

  constructor(columns: readonly RowColumn[]) {
    this.columns = columns;
  }

  /** Keeps why the row of a frame cannot be decoded. `valueStart` is the offset of the value that failed, if one did. */
  fail(cause: unknown, bytes: Uint8Array, view: DataView, frame: number, valueStart: number): void {
    this.error = explainFailure(this.columns, bytes, view, frame, valueStart, cause);
  }

  /** Gives away what was decoded, and starts anew. */
  abstract take(): RowBatch | undefined;
}

/** Rows that are values of their own: objects or arrays. */
export class RowList extends RowSink {
  rows: unknown[] = [];

  override take(): RowBatch | undefined {
    const { rows } = this;
    if (rows.length === 0) return undefined;
    this.rows = [];
    return rows as RowBatch;
  }
}
