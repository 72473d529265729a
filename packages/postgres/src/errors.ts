import type { ServerMessageFields } from '@millrace/postgres-protocol';
import { renderCaret } from './sql-caret.js';

/**
 * The server refused a statement, a connection or a cancel.
 *
 * It has all the fields that the server sent, by the names of the manual; `message` is the server's own text. The
 * connection goes on, unless `severityCode` is FATAL or PANIC.
 *
 * @see {@link https://www.postgresql.org/docs/current/protocol-error-fields.html | Error and Notice Message Fields}
 * @see {@link https://www.postgresql.org/docs/current/errcodes-appendix.html | PostgreSQL Error Codes}
 */
export class PostgresError extends Error implements ServerMessageFields {
  /** Always `'ERR_POSTGRES_SERVER'`; what went wrong is in {@link PostgresError.sqlState}. */
  readonly code = 'ERR_POSTGRES_SERVER';
  /** In the language of the server's `lc_messages`; `severityCode` is the stable one. */
  readonly severity: string;
  /** ERROR, FATAL or PANIC. */
  readonly severityCode: string;
  /** Five characters, such as `42601`; the first two are the class. */
  readonly sqlState: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  /** 1-based, in code points, into the text of the statement or script. */
  readonly position: number | undefined;
  /** As `position`, but into `internalQuery`. */
  readonly internalPosition: number | undefined;
  /** A statement that the server made itself, in a function for example. */
  readonly internalQuery: string | undefined;
  readonly where: string | undefined;
  readonly schema: string | undefined;
  readonly table: string | undefined;
  readonly column: string | undefined;
  readonly dataType: string | undefined;
  readonly constraint: string | undefined;
  /** Source file, line and routine of the server, for reports to its developers. */
  readonly file: string | undefined;
  readonly line: string | undefined;
  readonly routine: string | undefined;
  readonly #sql: string | undefined;

  /**
   * Makes the error from what the server sent.
   *
   * @param fields - The fields of the ErrorResponse.
   * @param sql - The text that `position` points into, where there is one.
   */
  constructor(fields: ServerMessageFields, sql?: string) {
    super(fields.message);
    this.severity = fields.severity;
    this.severityCode = fields.severityCode;
    this.sqlState = fields.sqlState;
    this.detail = fields.detail;
    this.hint = fields.hint;
    this.position = fields.position;
    this.internalPosition = fields.internalPosition;
    this.internalQuery = fields.internalQuery;
    this.where = fields.where;
    this.schema = fields.schema;
    this.table = fields.table;
    this.column = fields.column;
    this.dataType = fields.dataType;
    this.constraint = fields.constraint;
    this.file = fields.file;
    this.line = fields.line;
    this.routine = fields.routine;
    this.#sql = sql;
  }

  /** The name shown in stack traces. */
  override get name(): string {
    return 'PostgresError';
  }

  /**
   * Writes the error for people: severity, SQLSTATE and message, the line of SQL with a `^` under the place, detail
   * and hint.
   *
   * @returns One or more lines, without a line break at the end.
   */
  render(): string {
    const lines = [`${this.severity} ${this.sqlState}: ${this.message}`];
    if (this.#sql !== undefined && this.position !== undefined) lines.push(renderCaret(this.#sql, this.position));
    else if (this.internalQuery !== undefined && this.internalPosition !== undefined)
      lines.push(renderCaret(this.internalQuery, this.internalPosition));
    if (this.detail !== undefined) lines.push(`DETAIL: ${this.detail}`);
    if (this.hint !== undefined) lines.push(`HINT: ${this.hint}`);
    if (this.where !== undefined) lines.push(`CONTEXT: ${this.where}`);
    return lines.join('\n');
  }
}

/**
 * No session came about: nobody answered at the address, the other side does not speak the protocol, or it wants a
 * kind of authentication that cannot be given. A refusal in words of the server is a {@link PostgresError} instead.
 */
export class ConnectError extends Error {
  readonly code = 'ERR_POSTGRES_CONNECT';
  /** Where it was tried: `host:port`, or the path of the socket. */
  readonly address: string;

  constructor(address: string, what: string, options?: ErrorOptions) {
    super(`cannot connect to ${address}: ${what}`, options);
    this.address = address;
  }

  /** The name shown in stack traces. */
  override get name(): string {
    return 'ConnectError';
  }
}

/**
 * The connection broke, and every operation that was pending on it or is tried afterwards ends with this.
 *
 * `cause` says why: a {@link PostgresError} with severity FATAL where the server said so, else the error of the socket
 * or of the protocol.
 */
export class ConnectionLostError extends Error {
  readonly code = 'ERR_POSTGRES_CONNECTION_LOST';
  /**
   * Whether the operation can be tried on another connection without any doubt: no byte of it was sent. Where it is
   * `false`, the server may or may not have done it.
   */
  readonly safeToRetry: boolean;
  declare readonly cause: Error;

  constructor(cause: Error, safeToRetry: boolean) {
    super(`the connection to the server was lost: ${cause.message}`, { cause });
    this.safeToRetry = safeToRetry;
  }

  /** The name shown in stack traces. */
  override get name(): string {
    return 'ConnectionLostError';
  }
}

/** The connection was closed or terminated on this side before or during the call. */
export class ConnectionClosedError extends Error {
  readonly code = 'ERR_POSTGRES_CONNECTION_CLOSED';

  constructor(what = 'the connection is closed') {
    super(what);
  }

  /** The name shown in stack traces. */
  override get name(): string {
    return 'ConnectionClosedError';
  }
}

/**
 * The call would put statements inside a transaction that it does not belong to; nothing was sent.
 *
 * A connection is one session: while a transaction is open, only its own handle may talk to the server. Use that
 * handle, or another connection.
 */
export class TransactionActiveError extends Error {
  readonly code = 'ERR_POSTGRES_TRANSACTION_ACTIVE';

  constructor(what = 'a transaction is open on this connection: use its handle, or another connection') {
    super(what);
  }

  /** The name shown in stack traces. */
  override get name(): string {
    return 'TransactionActiveError';
  }
}

/**
 * A stream is open on the connection, and what is asked for would wait for the stream's consumer; nothing was sent.
 *
 * Read the stream to its end or leave its loop first, or use another connection.
 */
export class StreamActiveError extends Error {
  readonly code = 'ERR_POSTGRES_STREAM_ACTIVE';

  constructor(what = 'a stream is open on this connection: finish or leave it first, or use another connection') {
    super(what);
  }

  /** The name shown in stack traces. */
  override get name(): string {
    return 'StreamActiveError';
  }
}

/** A statement is a COPY that this version cannot do: its data was skipped, the connection is fine. */
export class CopyUnsupportedError extends Error {
  readonly code = 'ERR_POSTGRES_COPY_UNSUPPORTED';

  /** The name shown in stack traces. */
  override get name(): string {
    return 'CopyUnsupportedError';
  }
}

/** A transaction handle was used after the transaction's end, or a prepared statement after its close. */
export class HandleClosedError extends Error {
  readonly code = 'ERR_POSTGRES_HANDLE_CLOSED';
  readonly handle: 'transaction' | 'statement';

  constructor(handle: 'transaction' | 'statement') {
    super(handle === 'transaction' ? 'the transaction has ended' : 'the prepared statement is closed');
    this.handle = handle;
  }

  /** The name shown in stack traces. */
  override get name(): string {
    return 'HandleClosedError';
  }
}

/**
 * The server answered COMMIT with a rollback: a statement of the transaction had failed, and the function that ran it
 * returned as if nothing had happened. Nothing was stored.
 */
export class TransactionAbortedError extends Error {
  readonly code = 'ERR_POSTGRES_TRANSACTION_ABORTED';

  constructor(what = 'the transaction was rolled back: a statement in it had failed', options?: ErrorOptions) {
    super(what, options);
  }

  /** The name shown in stack traces. */
  override get name(): string {
    return 'TransactionAbortedError';
  }
}

/**
 * COMMIT was sent and no answer came: the transaction is stored entirely or not at all, and only the database knows.
 *
 * `cause` says why there is no answer: a {@link ConnectionLostError}, a timeout, or the reason of a signal.
 */
export class CommitOutcomeUnknownError extends Error {
  readonly code = 'ERR_POSTGRES_COMMIT_OUTCOME_UNKNOWN';

  constructor(cause: unknown) {
    super('COMMIT was sent and not answered: whether the transaction is stored is unknown', { cause });
  }

  /** The name shown in stack traces. */
  override get name(): string {
    return 'CommitOutcomeUnknownError';
  }
}
