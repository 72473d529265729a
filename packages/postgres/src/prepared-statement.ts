import type { FieldDescription, Row, Statement } from '@millrace/postgres-protocol';
import type { Op } from '@millrace/timeouts';
import { CloseStatementOperation } from './close-statement-operation.js';
import { HandleClosedError } from './errors.js';
import { perform } from './handle.js';
import type { Handle } from './handle.js';
import { firstValue } from './first-value.js';
import type { QueryResult } from './query-result.js';
import { noRows, RowCollector } from './row-sink.js';
import { RowStream } from './row-stream.js';
import { SessionStatement } from './statement-cache.js';
import { StatementOperation } from './statement-operation.js';

/**
 * A statement that the server has parsed, for many uses.
 *
 * It survives a change of the tables that it reads, and DISCARD ALL, by being prepared again, outside a transaction.
 *
 * @remarks Lifetime: until `close()`, or the end of the connection or transaction that prepared it.
 */
export class PreparedStatement implements AsyncDisposable {
  readonly #handle: Handle;
  readonly #statement: SessionStatement;
  /** Type oids of the parameters, in order. */
  readonly parameters: readonly number[];
  /** The columns of its rows, as they were when it was prepared; empty if it returns none. */
  readonly columns: readonly FieldDescription[];
  readonly #compiled: Statement | undefined;
  readonly #leaveHandle: () => void;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(handle: Handle, statement: SessionStatement) {
    this.#handle = handle;
    this.#statement = statement;
    this.#compiled = statement.prepared;
    this.parameters = statement.prepared?.parameterOids ?? [];
    this.columns = statement.prepared?.fields ?? [];
    this.#leaveHandle = handle.onEnd(() => {
      this.close().catch(() => undefined); // the server forgets it with the session at the latest
    });
  }

  /** The text that was prepared. */
  get sql(): string {
    return this.#statement.sql;
  }

  /**
   * Describes how its values are written and its rows are read: the source that was generated for them, or that there is
   * none. For looking at, not for parsing.
   */
  explainCodec(): string {
    return (this.#statement.prepared ?? this.#compiled)?.explainCodec() ?? '';
  }

  /**
   * Runs the statement.
   *
   * @throws {HandleClosedError} After `close()`.
   * @throws As {@link Queryable.query}.
   */
  query<R = Row>(params: readonly unknown[] = [], op?: Op): Promise<QueryResult<R>> {
    return this.#run(params, op) as Promise<QueryResult<R>>;
  }

  /** Runs the statement, and returns its first row; `undefined` if there is none. */
  async queryRow<R = Row>(params: readonly unknown[] = [], op?: Op): Promise<R | undefined> {
    const rows = await this.#run(params, op);
    return rows[0] as R | undefined;
  }

  /** Runs the statement, and returns the first column of its first row; `undefined` if there is no row. */
  async queryValue<V = unknown>(params: readonly unknown[] = [], op?: Op): Promise<V | undefined> {
    return firstValue(await this.#run(params, op)) as V | undefined;
  }

  /** Runs the statement, and hands out its rows as they arrive; see {@link Queryable.stream}. */
  stream<R = Row>(params: readonly unknown[] = [], op?: Op): RowStream<R> {
    this.#checkOpen();
    return new RowStream<R>(this.#handle, this.#statement, params, op);
  }

  /**
   * Lets the server forget the statement. Calls that were made before still run. May be called again.
   *
   * Works while a transaction or a stream is open on the connection, and does nothing on one that has ended.
   */
  close(op?: Op): Promise<void> {
    this.#closing ??= this.#close(op);
    return this.#closing;
  }

  /** Same as `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(op: Op | undefined): Promise<void> {
    const { session } = this.#handle;
    this.#leaveHandle();
    const name = this.#statement.prepared?.name;
    if (name === undefined || session.isClosed) return;
    await perform({ session, scope: undefined }, new CloseStatementOperation(name), op, 'close');
  }

  async #run(params: readonly unknown[], op: Op | undefined): Promise<QueryResult> {
    this.#checkOpen();
    return this.#handle.run(new StatementOperation(this.#statement, params, new RowCollector()), op, 'query');
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new HandleClosedError('statement');
  }
}

/** Prepares a statement through a handle. */
export async function prepareStatement(handle: Handle, sql: string, op: Op | undefined): Promise<PreparedStatement> {
  const statement = new SessionStatement(sql, true);
  await handle.run(new StatementOperation(statement, undefined, noRows), op, 'prepare');
  return new PreparedStatement(handle, statement);
}
