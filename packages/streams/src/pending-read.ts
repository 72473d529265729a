import type { Cancellable, OpWatch } from '@millrace/timeouts';
import type { ReadRequest } from './read-requests.js';

/** Where a read waits. */
interface Waiting {
  /** Takes `read` out of the way; it has taken nothing. */
  _cancel(read: PendingRead): void;
}

/** A read that waits. */
export class PendingRead implements Cancellable {
  readonly request: ReadRequest<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  watch: OpWatch | undefined = undefined;
  private readonly _reader: Waiting;

  constructor(
    reader: Waiting,
    request: ReadRequest<unknown>,
    resolve: (value: unknown) => void,
    reject: (reason: unknown) => void,
  ) {
    this._reader = reader;
    this.request = request;
    this.resolve = resolve;
    this.reject = reject;
  }

  onCancel(reason: unknown): void {
    this._reader._cancel(this);
    this.reject(reason);
  }
}
