import type { Row } from '@millrace/postgres-protocol';
import type { Op } from '@millrace/timeouts';
import { firstValue } from './first-value.js';
import type { Handle } from './handle.js';
import { prepareStatement } from './prepared-statement.js';
import type { PreparedStatement } from './prepared-statement.js';
import type { CommandResult, QueryResult } from './query-result.js';
import { RowCollector } from './row-sink.js';
import { RowStream } from './row-stream.js';
import { ScriptOperation } from './script-operation.js';
import { StatementOperation } from './statement-operation.js';
import { runTransaction } from './transaction.js';
import type { TransactionOptions } from './transaction.js';

/**
 * What can be asked of a server: the methods that a connection and a transaction have in common.
 *
 * Calls that are made in one tick leave in one write, and are answered in the order in which they were made; each is a
 * unit of its own, so that one that fails does not touch the others. Values go to and fro in binary.
 *
 * @remarks
 * Cancellation: every call takes an {@link Op} as its last argument. One that still waits for its turn is simply taken
 * out. One that was sent is rejected at once and then cancelled on the server; until that is certainly over, later calls
 * wait. A call that was sent right behind it, and is hit by the cancel by mistake, is sent again if it is a plain
 * SELECT, INSERT or the like outside a transaction, and may then run after calls that were made later.
 */
export class Queryable {
  readonly #handle: Handle;

  /** @internal */
  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /**
   * Runs one statement.
   *
   * @param sql - With parameters as `$1`, `$2`, …
   * @param params - One value for each parameter, encoded by the type that the server says it has.
   * @returns All rows, as objects; `columns`, `command` and `count` hang on the array.
   * @throws {PostgresError} If the server refuses it; the connection goes on.
   * @throws {TypeError | RangeError} For a value that its parameter cannot take; nothing of it was executed.
   * @throws {TimeoutError} or the signal's reason. It may have been executed all the same.
   * @throws {TransactionActiveError | StreamActiveError} If it would get into something that is open; nothing was sent.
   * @throws {ConnectionLostError | ConnectionClosedError} See `safeToRetry` of the former.
   * @remarks Cost: the first use of a text on a connection takes a round trip more, to prepare it.
   */
  query<R = Row>(sql: string, params: readonly unknown[] = [], op?: Op): Promise<QueryResult<R>> {
    return this.#run(sql, params, op) as Promise<QueryResult<R>>;
  }

  /**
   * Runs one statement, and returns its first row; `undefined` if there is none. The statement runs to its end.
   *
   * @throws As {@link Queryable.query}.
   */
  async queryRow<R = Row>(sql: string, params: readonly unknown[] = [], op?: Op): Promise<R | undefined> {
    const rows = await this.#run(sql, params, op);
    return rows[0] as R | undefined;
  }

  /**
   * Runs one statement, and returns the first column of its first row; `undefined` if there is no row.
   *
   * @throws As {@link Queryable.query}.
   */
  async queryValue<V = unknown>(sql: string, params: readonly unknown[] = [], op?: Op): Promise<V | undefined> {
    return firstValue(await this.#run(sql, params, op)) as V | undefined;
  }

  /**
   * Runs a script: any number of statements without parameters. Unless it says otherwise by BEGIN and COMMIT, it is done
   * entirely or not at all.
   *
   * @returns One result for each statement, values as text.
   * @throws {PostgresError} For the first statement that fails; what the others returned is dropped.
   * @throws As {@link Queryable.query}.
   */
  execute(script: string, op?: Op): Promise<CommandResult[]> {
    return this.#handle.run(new ScriptOperation(script), op, 'execute');
  }

  /**
   * Prepares a statement for many uses.
   *
   * @returns The statement. It belongs to this handle, and ends with it.
   * @throws As {@link Queryable.query}.
   */
  async prepare(sql: string, op?: Op): Promise<PreparedStatement> {
    return prepareStatement(this.#handle, sql, op);
  }

  /**
   * Runs one statement, and hands out its rows as they arrive. It is sent when the first row is asked for.
   *
   * While the consumer is busy the socket is paused, so that no more than a few network chunks of rows are in memory.
   * Until the last row has arrived or the loop is left, other calls on this connection are refused.
   *
   * @param op - Covers the whole stream, from the first row asked for to the last.
   * @returns An iterable for one `for await`. Leaving the loop early cancels the statement, and the connection goes on.
   * @throws As {@link Queryable.query}, from the loop.
   */
  stream<R = Row>(sql: string, params: readonly unknown[] = [], op?: Op): RowStream<R> {
    return new RowStream<R>(this.#handle, sql, params, op);
  }

  /**
   * Runs `run` in a transaction: commits when it returns, rolls back when it throws, and throws the same error then.
   *
   * While it is open only the handle that `run` is given may be used. On such a handle this method makes a savepoint.
   *
   * @param run - Gets the handle; the handle ends when the returned promise settles.
   * @param options - `isolation`, `readOnly`, `deferrable` (not for savepoints), and limits for the whole transaction.
   * @returns What `run` returns, after the commit.
   * @throws {TransactionAbortedError} If `run` returned although a statement had failed: nothing is stored.
   * @throws {CommitOutcomeUnknownError} If the answer to COMMIT did not come.
   * @throws {TransactionActiveError} If one is open already.
   * @throws {TimeoutError} or the signal's reason, at once; the rollback follows on its own.
   */
  transaction<T>(run: (tx: Queryable) => T | Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return runTransaction(this.#handle, (handle) => run(new Queryable(handle)), options);
  }

  #run(sql: string, params: readonly unknown[], op: Op | undefined): Promise<QueryResult> {
    return this.#handle.run(new StatementOperation(sql, params, new RowCollector()), op, 'query');
  }
}
