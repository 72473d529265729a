import type { RunDecoder } from '@millrace/read-buffer';
import type { FrontendHandler } from './frontend-handler.js';
import type { RowBatch } from './rows/row-batch.js';
import type { RowRun } from './rows/row-run.js';
import type { Statement } from './statement.js';
import { isPeersFault } from './translate.js';

/** Why a result has no more rows for the handler. */
interface RowsRefusal {
  readonly statement: Statement;
  readonly error: Error;
}

const DATA_ROW = 0x44;
/** The type byte, and the length, which counts itself. */
const MIN_FRAME_BYTES = 5;

/**
 * Decodes the rows of the result at hand and hands them on in batches: one for each chunk and result.
 */
export class ResultRows {
  /** What is wrong with the peer's bytes. */
  fault: Error | undefined;
  private readonly _handler: FrontendHandler;
  /** Whose rows they are; `undefined` where they are skipped. */
  private _statement: Statement | undefined;
  /** Its decoder, once there was a row. It may serve other conversations, too: it keeps nothing after `gather`. */
  private _run: RowRun | undefined;
  /** Why none of them can be decoded. */
  private _unfit: Error | undefined;
  /** What is still to be told. */
  private _refusal: RowsRefusal | undefined;
  private _batch: RowBatch | undefined;
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
    this._run = undefined;
    this._unfit = unfit;
  }

  /**
   * Decodes the DataRow frames that are whole. If the statement does not take a row, the result ends with it for the
   * handler: the rows that are still to come are skipped. If a row breaks the protocol, `fault` says how.
   */
  readonly decode: RunDecoder = (bytes, view, start, end) => {
    if (this.fault !== undefined) return start;
    const run = this._run ?? this._begin();
    if (run === undefined) return skipRows(bytes, view, start, end);
    const next = run.decode(bytes, view, start, end);
    const { error } = run;
    if (error === undefined) return next;
    run.clearError();
    if (isPeersFault(error)) {
      this.fault = error;
      return next;
    }
    this._gather(run);
    this._refuse(error);
    return skipRows(bytes, view, next, end);
  };

  /** Takes what was decoded. */
  gather(): void {
    if (this._run !== undefined) this._gather(this._run);
  }

  /** Hands on what was decoded, then what was refused. What the handler throws on the one leaves the other for later. */
  flush(): void {
    const batch = this._batch;
    const statement = this._batchStatement;
    if (batch !== undefined && statement !== undefined) {
      this._batch = undefined;
      this._batchStatement = undefined;
      this._handler.rows(statement, batch);
    }
    if (this._refusal !== undefined) this._tellRefusal(this._refusal);
  }

  /** There is a first row. */
  private _begin(): RowRun | undefined {
    const statement = this._statement;
    if (statement === undefined) return undefined;
    if (this._unfit === undefined) {
      try {
        this._run = statement.rowRun();
      } catch (error) {
        this._unfit = error as Error;
      }
    }
    if (this._unfit !== undefined) this._refuse(this._unfit);
    return this._run;
  }

  private _gather(run: RowRun): void {
    const batch = run.take();
    if (batch === undefined) return;
    this._batch = batch;
    this._batchStatement = this._statement;
  }

  private _refuse(error: Error): void {
    if (this._statement !== undefined) this._refusal = { statement: this._statement, error };
    this.begin(undefined);
  }

  private _tellRefusal({ statement, error }: RowsRefusal): void {
    this._refusal = undefined;
    this._handler.rowsRefused(statement, error);
  }
}

const skipRows: RunDecoder = (bytes, view, start, end) => {
  let frame = start;
  while (end - frame >= MIN_FRAME_BYTES && bytes[frame] === DATA_ROW) {
    const length = view.getInt32(frame + 1);
    if (length < 4 || length > end - frame - 1) break;
    frame += 1 + length;
  }
  return frame;
};
