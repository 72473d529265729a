import type { ReadBuffer } from '@millrace/read-buffer';
import type { FrontendHandler } from './frontend-handler.js';
import { RemoteProtocolError } from './errors.js';
import { isPeersFault } from './translate.js';
import type { Row, Statement } from './statement.js';

/** Why a result has no more rows for the handler. */
export interface RowsRefusal {
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
  private _refusal: Error | undefined;
  private _batch: Row[] = [];
  private _batchStatement: Statement | undefined;

  constructor(handler: FrontendHandler) {
    this._handler = handler;
  }

  /**
   * Begins the next result.
   *
   * @param refusal - Why none of its rows can be decoded; the first of them is answered with it.
   */
  begin(statement: Statement | undefined, refusal?: Error): void {
    this._statement = statement;
    this._refusal = refusal;
  }

  /** Ends the result at hand for the handler: the rows that are still to come are skipped. */
  skip(): void {
    this._statement = undefined;
  }

  /**
   * Decodes the DataRow frame that `input` is in.
   *
   * @returns Why the statement does not take this row; `undefined` if it does.
   * @throws {Error} What `isPeersFault` knows.
   */
  decode(input: ReadBuffer): RowsRefusal | undefined {
    const statement = this._statement;
    if (statement === undefined) return undefined;
    if (this._refusal !== undefined) return { statement, error: this._refusal };
    let row: Row;
    try {
      row = statement.decodeRow(input);
    } catch (error) {
      if (!(error instanceof Error) || isPeersFault(error)) throw error;
      return { statement, error };
    }
    if (input.length !== 0) throw new RemoteProtocolError(`DataRow has ${input.length} bytes behind its last column`);
    this._batch.push(row);
    this._batchStatement = statement;
    return undefined;
  }

  /** Hands on what was decoded. */
  flush(): void {
    const statement = this._batchStatement;
    if (statement === undefined) return;
    const batch = this._batch;
    this._batch = [];
    this._batchStatement = undefined;
    this._handler.rows(statement, batch);
  }
}
