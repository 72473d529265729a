import type { FieldDescription, Row, Statement } from './statement.js';
import type { Notification, ServerMessageFields } from './messages/notices.js';
import type { TransactionStatus } from './messages/startup.js';

export type { Notification } from './messages/notices.js';
export type { TransactionStatus } from './messages/startup.js';

/** What the server asks for before it lets a client in. */
export type PasswordRequest = { readonly method: 'cleartext' } | { readonly method: 'md5'; readonly salt: Uint8Array };

/**
 * What a {@link FrontendMachine} tells its owner, in wire order. Every method is required: an owner that ignores an
 * event says so with an empty body.
 *
 * @remarks
 * Reentrancy: any method may call the machine's `send*` methods. None may call `feed()` or `eof()`.
 * Lifetime: no argument aliases the fed chunk; everything may be kept.
 */
export interface FrontendHandler {
  /** Answer with `machine.sendPassword()` (the machine applies MD5 where asked). */
  needPassword(request: PasswordRequest): void;
  /** Answer with `machine.sendSaslInitialResponse(mechanism, nonce)`. */
  needSasl(mechanisms: readonly string[]): void;
  /** Answer with `machine.sendSaltedPassword(saltedPassword)`: PBKDF2-HMAC-SHA-256 of the password, 32 bytes. */
  needSaltedPassword(request: { readonly salt: Uint8Array; readonly iterations: number }): void;
  /** AuthenticationOk; for SCRAM the server's signature has been verified. */
  authenticated(): void;
  backendKeyData(processId: number, secretKey: Uint8Array): void;
  parameterStatus(name: string, value: string): void;
  notice(fields: ServerMessageFields): void;
  notification(notification: Notification): void;
  /** One ReadyForQuery: the oldest outstanding Sync, simple query or start-up is over. */
  readyForQuery(status: TransactionStatus): void;
  parseComplete(): void;
  bindComplete(): void;
  closeComplete(): void;
  parameterDescription(typeOids: readonly number[]): void;
  /** Columns of a Describe or, with text formats only, of a simple query's next result. */
  rowDescription(fields: readonly FieldDescription[]): void;
  noData(): void;
  /** The rows of one result that one chunk held, decoded by `statement`. Never empty. */
  rows(statement: Statement, batch: readonly Row[]): void;
  /**
   * A row of this result holds a value that the statement's options refuse (an int8 that is not safe as a number, say),
   * or the result is a COPY TO STDOUT (`CopyUnsupportedError`; in a simple query `statement` is then one without
   * columns). The remaining rows of the result are skipped, its `commandComplete` still comes; the connection is fine.
   */
  rowsRefused(statement: Statement, error: Error): void;
  commandComplete(tag: string): void;
  emptyQueryResponse(): void;
  portalSuspended(): void;
  /**
   * ErrorResponse. In a pipeline the server now skips to the next Sync: the requests up to it get no answer but its
   * `readyForQuery`. Rarely a second one comes first, when the roll-back itself fails. After a FATAL the state is
   * `closed`, and nothing more comes.
   */
  errorResponse(fields: ServerMessageFields): void;
}
