import type { ReadBuffer } from '@millrace/read-buffer';
import type { FrontendHandler } from './frontend-handler.js';
import { RemoteProtocolError } from './errors.js';
import { isPeersFault } from './translate.js';
import type { Row, Statement } from './statement.js';

/**
 * Decodes the rows of the result at hand and hands them on in batches: one for each chunk and result.
 */
export class ResultRows {
  private readonly _handler: FrontendHandler;
  /** Whose rows they are; `undefined` once they were refused: the rest of the result is skipped. */
  private _statement: Statement | undefined;
  private _batch: Row[] = [];
  private _batchStatement: Statement | undefined;

  constructor(handler: FrontendHandler) {
    this._handler = handler;
  }

  /** Begins the next result. */
  begin(statement: Statement | undefined): void {
    this._statement = statement;
  }

  /**
   * Decodes the DataRow frame that `input` is in.
   *
   * @throws {Error} What `isPeersFault` knows. Anything else that the decoder throws refuses the rows.
   */
  decode(input: ReadBuffer): void {
    const statement = this._statement;
    if (statement === undefined) return;
    let row: Row;
    try {
      row = statement.decodeRow(input);
    } catch (error) {
      if (!(error instanceof Error) || isPeersFault(error)) throw error;
      this.refuse(statement, error);
      return;
    }
    if (input.length !== 0) throw new RemoteProtocolError(`DataRow has ${input.length} bytes behind its last column`);
    this._batch.push(row);
    this._batchStatement = statement;
  }

  /** Tells the handler that the rest of this result is not coming, once. */
  refuse(statement: Statement, error: Error): void {
    this._statement = undefined;
    this.flush();
    this._handler.rowsRefused(statement, error);
  }

  /** Hands on what was decoded. Comes before every other event, so that the order is that of the wire. */
  flush(): void {
    const statement = this._batchStatement;
    if (statement === undefined) return;
    const batch = this._batch;
    this._batch = [];
    this._batchStatement = undefined;
    this._handler.rows(statement, batch);
  }
}
