// For applications
export { LocalProtocolError, RemoteProtocolError } from './errors.js';
export type { RemoteProtocolErrorDetails } from './errors.js';
export type { ServerMessageFields } from './messages/notices.js';
export { ColumnBatch } from './rows/column-batch.js';
export type { BatchColumn, TextColumn, TypedArray, TypedColumn, ValueColumn } from './rows/batch-columns.js';
export type { LazyRow } from './rows/lazy-row.js';
export type { FieldDescription, FormatCode, Row, ArrayRow, RowBatch, RowShape, ValueOptions } from './statement.js';
export { arrayLowerBounds } from './types/array-lower-bounds.js';
export { BitString } from './types/bit-string.js';
export type { Box, Circle, Line, LineSegment, Path, Point, Polygon } from './types/geometry-types.js';
export type { Interval } from './types/interval.js';
export type { PostgresArray, PostgresValues, ValueOf } from './types/postgres-values.js';
export { Range } from './types/range.js';
export type { RangeBounds, RangeLike } from './types/range.js';
export type { BinaryTypeCodec, TextTypeCodec, TypeCodec } from './types/type-codec.js';
export { TypeRegistry } from './types/type-registry.js';

// For authors of drivers
export type { AuthenticationMethod, AuthenticationOptions, RequiredMethod } from './authentication-policy.js';
export { FrontendMachine } from './frontend-machine.js';
export type { FrontendMachineOptions } from './frontend-machine.js';
export type {
  EncryptionRequest,
  FrontendHandler,
  Notification,
  PasswordRequest,
  TransactionStatus,
} from './frontend-handler.js';
export type { NamedObject } from './messages/extended-query.js';
export { encodeCancelRequest } from './messages/startup.js';
export type { StartupOptions } from './startup-options.js';
export type { State } from './frontend-state.js';
export type { CopyResponse } from './messages/copy.js';
export type { FunctionCall } from './messages/function-call.js';
export type { OauthBearerFailure } from './oauth-bearer.js';
export type { NegotiatedProtocol, SupportedVersion } from './protocol-negotiation.js';
export type { ChannelBindingPolicy } from './scram-binding.js';
export { createRawStatement } from './raw-statement.js';
export type { RawRow, RawStatementDescription } from './raw-statement.js';
export { createStatement } from './statement.js';
export { catalogQuery, catalogQueryByName } from './types/catalog.js';
export type { CatalogQuery, CatalogRow } from './types/catalog.js';
export type { Statement, StatementDescription, TypeSource } from './statement.js';
export type { RowRun } from './rows/row-run.js';
export type { InlineRead, ValueReader, ValueWriter, WireType } from './types/wire-type.js';

// For authors of proxies, poolers and servers
export { BackendMachine } from './backend-machine.js';
export type { BackendMachineOptions } from './backend-machine.js';
export type { BackendHandler } from './backend-handler.js';
export type { BackendState } from './backend-state.js';
export type { SASLInitialResponse } from './messages/authentication.js';
export type { Bind, Parse } from './messages/extended-query.js';
export type { ServerMessage } from './messages/notices.js';
export type { BackendKeyData, ProtocolVersion, StartupMessage } from './messages/startup.js';
export type { RawValue } from './messages/values.js';
