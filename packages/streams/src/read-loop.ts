import type { PendingRead } from './pending-read.js';

/** What the loop needs of its reader. */
interface WithdrawingReader {
  /** The read that waits. */
  readonly _waiting: PendingRead | undefined;
  /** Ends `read` as the end of the data would, if it still waits. */
  _withdraw(read: PendingRead): void;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** A loop over reads, up to the first that gives `undefined`. */
export class ReadLoop<T> implements AsyncIterableIterator<T> {
  private readonly _reader: WithdrawingReader;
  private readonly _read: () => Promise<T | undefined>;
  /** The read of the last `next`, where that waits. */
  private _waiting: PendingRead | undefined = undefined;
  private _isDone = false;
  private readonly _onValue = (value: T | undefined): IteratorResult<T, undefined> => {
    this._waiting = undefined;
    if (value !== undefined) return { done: false, value };
    this._isDone = true;
    return DONE;
  };
  private readonly _onError = (error: unknown): never => {
    this._waiting = undefined;
    throw error;
  };

  constructor(reader: WithdrawingReader, read: () => Promise<T | undefined>) {
    this._reader = reader;
    this._read = read;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this._isDone) return Promise.resolve(DONE);
    const read = this._read();
    this._waiting = this._reader._waiting;
    return read.then(this._onValue, this._onError);
  }

  /** A `next` that waits says that it is done; it has taken nothing. */
  return(): Promise<IteratorResult<T, undefined>> {
    this._isDone = true;
    if (this._waiting !== undefined) this._reader._withdraw(this._waiting);
    return Promise.resolve(DONE);
  }
}
