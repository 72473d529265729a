import type { ReadBuffer } from '@millrace/read-buffer';
import type { FrontendHandler } from './frontend-handler.js';
import { RemoteProtocolError } from './errors.js';
import { isPeersFault } from './translate.js';
import type { Row, Statement } from './statement.js';

/** Why a result has no more rows for the handler. */
interface RowsRefusal {
  readonly statement: Statement;
  readonly error: Error;
}

/**
 * Decodes the rows of the result at hand and hands them on in batches: one for each chunk and result.
 */
export class ResultRows {
  private readonly _handler: FrontendHandler;
  /** Whose rows they are; `undefined` where they are skipped. */
  private _statement: Statement | undefined;
  /** Why none of them can be decoded. */
  private _unfit: Error | undefined;
  /** What is still to be told. */
  private _refusal: RowsRefusal | undefined;
  private _batch: Row[] = [];
  private _batchStatement: Statement | undefined;

  constructor(handler: FrontendHandler) {
    this._handler = handler;
  }

  /**
   * Begins the next result.
   *
   * @param unfit - Why none of its rows can be decoded; the first of them is answered with it.
   */
  begin(statement: Statement | undefined, unfit?: Error): void {
    this._statement = statement;
    this._unfit = unfit;
  }

  /**
   * Decodes the DataRow frame that `input` is in. If the statement does not take the row, the result ends with it for the
   * handler: the rows that are still to come are skipped.
   *
   * @throws {Error} What `isPeersFault` knows.
   */
  decode(input: ReadBuffer): void {
    const statement = this._statement;
    if (statement === undefined) return;
    if (this._unfit !== undefined) {
      this._refuse(statement, this._unfit);
      return;
    }
    let row: Row;
    try {
      row = statement.decodeRow(input);
    } catch (error) {
      if (!(error instanceof Error) || isPeersFault(error)) throw error;
      this._refuse(statement, error);
      return;
    }
    if (input.length !== 0) throw new RemoteProtocolError(`DataRow has ${input.length} bytes behind its last column`);
    this._batch.push(row);
    this._batchStatement = statement;
  }

  /** Hands on what was decoded, then what was refused. What the handler throws on the one leaves the other for later. */
  flush(): void {
    const statement = this._batchStatement;
    if (statement !== undefined) {
      const batch = this._batch;
      this._batch = [];
      this._batchStatement = undefined;
      this._handler.rows(statement, batch);
    }
    if (this._refusal !== undefined) this._tellRefusal(this._refusal);
  }

  private _refuse(statement: Statement, error: Error): void {
    this._statement = undefined;
    this._refusal = { statement, error };
  }

  private _tellRefusal({ statement, error }: RowsRefusal): void {
    this._refusal = undefined;
    this._handler.rowsRefused(statement, error);
  }
}
