import { openCancelScope } from '@millrace/timeouts';
import type { CancelScope } from '@millrace/timeouts';
import { WaitLine } from './wait-line.js';
import type { SyncOptions } from './wait-line.js';

/** Options of `once` and `singleFlight`. */
export interface FlightOptions<T> extends SyncOptions {
  /**
   * Given a value that comes when nobody waits for it any more, so that what was opened can be closed. Default: the value
   * is dropped.
   */
  readonly onLate?: ((value: T) => void) | undefined;
}

/** One run of a function, and those who wait for what it returns. It is over when it settles or all of them have left. */
export class Flight<T> extends WaitLine<T> {
  private readonly _onOver: (result: { readonly value: T } | undefined) => void;
  private readonly _scope: CancelScope;
  private _isOver = false;

  /** `onOver` is called once, before those who wait hear of it: with the value, if there is one. */
  constructor(
    name: string,
    options: FlightOptions<T> | undefined,
    onOver: (result: { readonly value: T } | undefined) => void,
  ) {
    super(name, options);
    this._onOver = onOver;
    this._scope = openCancelScope({ timers: options?.timers }, this.name);
  }

  /** Starts the run. What `onLate` throws is an unhandled rejection. */
  async run(run: (scope: CancelScope) => Promise<T>, onLate: ((value: T) => void) | undefined): Promise<void> {
    // Whoever started it may have been called off in that moment.
    if (this._isOver) return;
    let value: T;
    try {
      value = await run(this._scope);
    } catch (error) {
      if (this._end(undefined)) this.failAll(error);
      return;
    } finally {
      this._scope.close();
    }
    if (!this._end({ value })) onLate?.(value);
    while (this.first !== undefined) this.first.grant(value);
  }

  override onLeft(reason: unknown): void {
    if (this.first === undefined && this._end(undefined)) this._scope.cancel(reason);
  }

  /** Returns false if it was over before. */
  private _end(result: { readonly value: T } | undefined): boolean {
    if (this._isOver) return false;
    this._isOver = true;
    this._onOver(result);
    return true;
  }
}
