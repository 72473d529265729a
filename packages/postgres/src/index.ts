/**
 * A PostgreSQL client: binary, pipelined, cancellable, with a timeout on every call.
 *
 * @packageDocumentation
 */

// For applications
export { connect } from './connect.js';
export type { Connection } from './connection.js';
export type { ConnectOptions, SslMode } from './connection-options.js';
export {
  CommitOutcomeUnknownError,
  ConnectError,
  ConnectionClosedError,
  ConnectionLostError,
  CopyUnsupportedError,
  HandleClosedError,
  PostgresError,
  StreamActiveError,
  TransactionAbortedError,
  TransactionActiveError,
} from './errors.js';
export type { NoticeListener } from './notices.js';
export type { PreparedStatement } from './prepared-statement.js';
export type { Queryable } from './queryable.js';
export type { CommandResult, QueryResult } from './query-result.js';
export type { RowStream } from './row-stream.js';
export type { TransactionOptions } from './transaction.js';
export { arrayLowerBounds, BitString, Range, TypeRegistry } from '@millrace/postgres-protocol';
export type {
  BinaryTypeCodec,
  FieldDescription,
  Interval,
  Row,
  ServerMessageFields,
  TextTypeCodec,
  TypeCodec,
  ValueOf,
  ValueOptions,
} from '@millrace/postgres-protocol';
