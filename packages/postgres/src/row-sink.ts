import type { Row } from '@millrace/postgres-protocol';
import { queryResult } from './query-result.js';
import type { Completion, QueryResult } from './query-result.js';

/** Where the rows of a statement go. */
export interface RowSink<T> {
  rows(batch: readonly Row[]): void;
  /** Forgets what it has, for another attempt; `false` if rows were handed on already. */
  restart(): boolean;
  complete(completion: Completion): T;
}

/** Keeps all rows. */
export class RowCollector implements RowSink<QueryResult> {
  private _rows: Row[] = [];

  rows(batch: readonly Row[]): void {
    // The batch is the sink's to keep, so a result that came in one chunk is never copied.
    if (this._rows.length === 0) this._rows = batch as Row[];
    else for (const row of batch) this._rows.push(row);
  }

  restart(): boolean {
    this._rows = [];
    return true;
  }

  complete(completion: Completion): QueryResult {
    return queryResult(this._rows, completion);
  }
}

/** For a statement that is only prepared. */
export const noRows: RowSink<Completion> = {
  rows: () => undefined,
  restart: () => true,
  complete: (completion) => completion,
};
