import type { Cancellable, OpWatch } from '@millrace/timeouts';
import type { ReadRequest } from './read-requests.js';

/** Where a read waits. */
interface Waiting {
  /** Takes `read` out of the way; it has taken nothing. */
  _cancel(read: PendingRead): void;
}

/** A loop over reads: what they give is told to it in its own form. */
export interface ReadSteps {
  /** @internal */
  _step(value: unknown): IteratorResult<unknown, undefined>;
}

/** A read that waits. */
export class PendingRead implements Cancellable {
  readonly request: ReadRequest<unknown>;
  /** Whose read it is; `undefined` where it is no loop's. */
  readonly steps: ReadSteps | undefined;
  readonly reject: (reason: unknown) => void;
  watch: OpWatch | undefined = undefined;
  private readonly _resolve: (value: unknown) => void;
  private readonly _reader: Waiting;

  constructor(
    reader: Waiting,
    request: ReadRequest<unknown>,
    steps: ReadSteps | undefined,
    resolve: (value: unknown) => void,
    reject: (reason: unknown) => void,
  ) {
    this._reader = reader;
    this.request = request;
    this.steps = steps;
    this._resolve = resolve;
    this.reject = reject;
  }

  settle(value: unknown): void {
    this._resolve(this.steps === undefined ? value : this.steps._step(value));
  }

  onCancel(reason: unknown): void {
    this._reader._cancel(this);
    this.reject(reason);
  }
}
