import type { Row } from '@millrace/postgres-protocol';
import type { Op } from '@millrace/timeouts';
import { atCaller } from './caller-stack.js';
import { ConnectionClosedError } from './errors.js';
import { perform } from './handle.js';
import type { Handle } from './handle.js';
import { RowBuffer } from './row-buffer.js';
import type { SessionStatement } from './statement-cache.js';
import { StatementOperation } from './statement-operation.js';

type StreamState = 'new' | 'open' | 'finished';

/**
 * The rows of one statement as they arrive; made by {@link Queryable.stream}.
 *
 * @remarks
 * Lifetime: for one reader. The statement is sent by the first `next()`; leaving the loop, or `return()`, ends it.
 * Cancellation: after an error the stream is at its end.
 */
export class RowStream<R = Row> implements AsyncIterableIterator<R>, AsyncDisposable {
  readonly #handle: Handle;
  readonly #op: Op | undefined;
  readonly #buffer: RowBuffer;
  readonly #operation: StatementOperation<void>;
  #state: StreamState = 'new';
  #failure: { readonly error: unknown } | undefined;
  #hasArrived = false;

  /** @internal */
  constructor(handle: Handle, source: string | SessionStatement, params: readonly unknown[], op: Op | undefined) {
    this.#handle = handle;
    this.#op = op;
    this.#buffer = new RowBuffer(handle.session);
    this.#operation = new StatementOperation(source, params, this.#buffer);
  }

  /** Waits for the next row. Calls may overlap; they are answered in order. */
  next(): Promise<IteratorResult<R, undefined>> {
    const row = this.#buffer.take();
    return row === undefined ? this.#await() : Promise.resolve({ done: false, value: row as R });
  }

  /** Ends the stream: the statement is cancelled if it still runs, rows that are here already are dropped. */
  return(): Promise<IteratorResult<R, undefined>> {
    if (this.#state === 'open') {
      const { session } = this.#handle;
      this.#operation.fail(new ConnectionClosedError('the stream was left'));
      session.abandon(this.#operation);
    }
    this.#state = 'finished';
    this.#buffer.clear();
    this.#buffer.detach();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** The stream itself: it can be read once. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Same as `return()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #await(): Promise<IteratorResult<R, undefined>> {
    try {
      if (this.#state === 'new') this.#start();
      for (;;) {
        const row = this.#buffer.take();
        if (row !== undefined) return { done: false, value: row as R };
        if (this.#state === 'finished') return { done: true, value: undefined };
        if (this.#hasArrived) this.#finish();
        else await this.#buffer.wait();
      }
    } catch (error) {
      throw atCaller(error, this.#op, this.#handle.scope);
    }
  }

  #start(): void {
    const { session } = this.#handle;
    this.#state = 'finished'; // if what follows throws
    this.#handle.check();
    this.#state = 'open';
    const done = perform(this.#handle, this.#operation, this.#op, 'stream');
    if (this.#operation.links.queue !== undefined) session.activeStream = this.#operation;
    done.then(
      () => {
        this.#arrived();
      },
      (error: unknown) => {
        // What came before an error of the server is delivered; who was cancelled wants no more rows.
        if (this.#operation.isAbandoned) this.#buffer.clear();
        this.#failure = { error };
        this.#arrived();
      },
    );
  }

  #arrived(): void {
    this.#hasArrived = true;
    this.#buffer.detach();
  }

  #finish(): void {
    this.#state = 'finished';
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
