import type { Op } from '@millrace/timeouts';
import type { ReadSteps } from './pending-read.js';
import type { ReadRequest } from './read-requests.js';
import type { StreamInflow } from './stream-inflow.js';

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** A loop over reads, up to the first that gives `undefined`; each is one promise, the iterator's. */
export class ReadLoop<T> implements AsyncIterableIterator<T>, ReadSteps {
  private readonly _inflow: StreamInflow;
  private readonly _make: () => ReadRequest<T | undefined>;
  private readonly _op: Op | undefined;
  private _isDone = false;

  constructor(inflow: StreamInflow, make: () => ReadRequest<T | undefined>, op: Op | undefined) {
    this._inflow = inflow;
    this._make = make;
    this._op = op;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this._isDone) return Promise.resolve(DONE);
    return this._inflow._read(this._make, this._op, this) as Promise<IteratorResult<T, undefined>>;
  }

  /** A `next` that waits says that it is done; it has taken nothing. */
  return(): Promise<IteratorResult<T, undefined>> {
    this._isDone = true;
    this._inflow._withdraw(this);
    return Promise.resolve(DONE);
  }

  /** @internal */
  _step(value: T | undefined): IteratorResult<T, undefined> {
    if (value !== undefined) return { done: false, value };
    this._isDone = true;
    return DONE;
  }
}
