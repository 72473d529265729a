import type { SASLInitialResponse } from './messages/authentication.js';
import type { Bind, NamedObject, Parse } from './messages/extended-query.js';
import type { FunctionCall } from './messages/function-call.js';
import type { BackendKeyData, StartupMessage } from './messages/startup.js';

/**
 * What a {@link BackendMachine} tells its owner, in wire order. Every method is required: an owner that ignores an event
 * says so with an empty body.
 *
 * @remarks
 * Reentrancy: any method may call the machine's `send*` methods. None may call `feed()` or `eof()`.
 * Lifetime: no argument aliases the fed chunk; everything may be kept.
 */
export interface BackendHandler {
  /** Answer with `machine.sendEncryptionAnswer(isAccepted)`. The client sends nothing before it has the answer. */
  sslRequest(): void;
  /** As `sslRequest`, for GSSAPI encryption. */
  gssEncRequest(): void;
  /** Another connection's session is to stop what it does. Not answered: close the transport. */
  cancelRequest(request: BackendKeyData): void;
  /**
   * Answer with `sendAuthenticationOk()`, a request to authenticate, or an ErrorResponse. Where the state is
   * `negotiating`, the client asked for a newer protocol than 3.2: `sendNegotiateProtocolVersion()` comes first.
   */
  startup(message: StartupMessage): void;
  /** The password, or `md5` and the salted digest where that was asked for. */
  password(password: string): void;
  saslInitialResponse(response: SASLInitialResponse): void;
  saslResponse(data: Uint8Array): void;
  /** A step of GSSAPI or SSPI. */
  gssResponse(data: Uint8Array): void;
  /** Answered per statement by row description and rows, or by COPY; at the end by one ReadyForQuery. */
  query(sql: string): void;
  /** Answered by ParseComplete. */
  parse(request: Parse): void;
  /** Answered by BindComplete. */
  bind(request: Bind): void;
  /** Answered by ParameterDescription (of a statement only), then RowDescription or NoData. */
  describe(what: NamedObject, name: string): void;
  /** Answered by rows or COPY, then CommandComplete, EmptyQueryResponse or PortalSuspended. `maxRows` of 0 means all. */
  execute(portal: string, maxRows: number): void;
  /** Answered by CloseComplete, whether it existed or not. */
  close(what: NamedObject, name: string): void;
  /** Answered by ReadyForQuery. */
  sync(): void;
  /** Not answered: what is buffered for the client should leave. */
  flush(): void;
  /** The CopyData messages that one chunk held, as views of one block of memory. Never empty. */
  copyData(batch: readonly Uint8Array[]): void;
  /** Answered by CommandComplete; in CopyBoth by the machine's own CopyDone, if that was not sent. */
  copyDone(): void;
  /** Answered by an ErrorResponse that quotes `reason`. */
  copyFail(reason: string): void;
  /** Answered by FunctionCallResponse and ReadyForQuery. */
  functionCall(request: FunctionCall): void;
  /** The client says good-bye. What it sent before is still to be answered; then close the transport. */
  terminate(): void;
}
