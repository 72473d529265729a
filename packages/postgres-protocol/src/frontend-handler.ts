import type { FieldDescription, RowBatch, Statement } from './statement.js';
import type { CopyResponse } from './messages/copy.js';
import type { Notification, ServerMessageFields } from './messages/notices.js';
import type { TransactionStatus } from './messages/startup.js';
import type { OauthBearerFailure } from './oauth-bearer.js';
import type { NegotiatedProtocol } from './protocol-negotiation.js';

export type { Notification } from './messages/notices.js';
export type { TransactionStatus } from './messages/startup.js';

/** What the server was asked for before the session. */
export type EncryptionRequest = 'SSLRequest' | 'GSSENCRequest';

/** What the server asks for before it lets a client in. */
export type PasswordRequest = { readonly method: 'cleartext' } | { readonly method: 'md5'; readonly salt: Uint8Array };

/**
 * What a {@link FrontendMachine} tells its owner, in wire order. Every method is required: an owner that ignores an
 * event says so with an empty body.
 *
 * @remarks
 * Reentrancy: any method may call the machine's `send*` methods. None may call `feed()` or `eof()`.
 * Lifetime: no argument aliases the fed chunk; everything may be kept. The entries of a batch of `copyData` share memory.
 */
export interface FrontendHandler {
  /**
   * Accepted: begin TLS (or GSSAPI) now, and feed what it decrypts. Then, or where it was declined, `sendStartup()`; where
   * it was declined, the other kind may be asked for first, once.
   */
  encryptionAnswer(request: EncryptionRequest, isAccepted: boolean): void;
  /** The server does not know the version, or some of the protocol options, that it was asked for; it goes on without. */
  negotiateProtocolVersion(negotiated: NegotiatedProtocol): void;
  /** Answer with `machine.sendPassword()` (the machine applies MD5 where asked). */
  needPassword(request: PasswordRequest): void;
  /** Answer with `machine.sendSaslInitialResponse(mechanism, nonce, channelBinding)` or `machine.sendOauthBearer(token)`. */
  needSasl(mechanisms: readonly string[]): void;
  /** Answer with `machine.sendSaltedPassword(saltedPassword)`: PBKDF2-HMAC-SHA-256 of the password, 32 bytes. */
  needSaltedPassword(request: { readonly salt: Uint8Array; readonly iterations: number }): void;
  /** The token is not good, or none was sent: this is what the server wants. Its `errorResponse` follows. */
  oauthRefused(failure: OauthBearerFailure): void;
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
  /** The rows of one result that one chunk held, decoded by `statement`, in the form of `statement.rows`. Never empty. */
  rows(statement: Statement, batch: RowBatch): void;
  /**
   * A row of this result holds a value that the statement's options refuse (an int8 that is not safe as a number, say), or
   * they refuse its columns.
   * The remaining rows of the result are skipped, its `commandComplete` still comes; the connection is fine.
   */
  rowsRefused(statement: Statement, error: Error): void;
  commandComplete(tag: string): void;
  emptyQueryResponse(): void;
  portalSuspended(): void;
  /** The result of a function call; `null` is SQL NULL. */
  functionCallResponse(value: Uint8Array | null): void;
  /**
   * COPY FROM STDIN begins. Answer with `machine.sendCopyData()` any number of times, then `machine.sendCopyDone()` or
   * `machine.sendCopyFail(reason)`, which also declines it. An `errorResponse` ends it before that: send no more data.
   *
   * @param statement - The one that was executed; `undefined` in a simple query.
   */
  copyInResponse(response: CopyResponse, statement: Statement | undefined): void;
  /** COPY TO STDOUT begins: `copyData` any number of times, `copyDone`, `commandComplete`. */
  copyOutResponse(response: CopyResponse, statement: Statement | undefined): void;
  /** A COPY in both directions begins, as replication has it. Each direction ends by itself, with a CopyDone. */
  copyBothResponse(response: CopyResponse): void;
  /** The data that one chunk held, one entry for each CopyData, as it was cut by the server. Never empty. */
  copyData(batch: readonly Uint8Array[]): void;
  /** The server has sent all of its data. A walsender may still say that it is alive, as `copyData`. */
  copyDone(): void;
  /**
   * ErrorResponse. It ends a COPY, in whatever direction. In a pipeline the server now skips to the next Sync: the requests up to it get no answer but its
   * `readyForQuery`. Rarely a second one comes first, when the roll-back itself fails. After a FATAL the state is
   * `closed`, and nothing more comes.
   */
  errorResponse(fields: ServerMessageFields): void;
}
