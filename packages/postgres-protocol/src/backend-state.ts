// Theory of operation
//
// The machine has two sides that run apart. The client may send many requests before the first is answered (pipelining);
// they are delivered as they arrive. The answers go out strictly in order. So the state is that of the request being
// *answered*; what arrived behind it waits in a queue of unanswered requests.
//
//  1. One table for each direction says what is legal. A pair that is absent is an error: of the client in `RECEIVES`, of
//     the owner in `SENDS`.
//  2. In `RECEIVES`, `queue` means: a request that will be answered in its turn; it sets the state only where nothing is
//     being answered. `pass` has no answer and leaves the state. `skip` is taken without an event, unread.
//  3. In `SENDS`, `next` means: this request is answered; go to the state of the next one, or to `idle`. `afterCopy` is
//     `next` for an Execute, and for a Query, which may hold more statements, `querying`. `idle` opens the session; if a
//     Terminate has arrived by then, it leads there.
//  4. `failed` is where an ErrorResponse leads. A Query or FunctionCall goes to `draining`: only its ReadyForQuery is
//     owed. In the extended protocol the requests up to the next Sync are dropped unanswered: if that Sync has arrived,
//     to `draining`; if not, to `skipping`, until it comes.
//  5. NoticeResponse, ParameterStatus and NotificationResponse may be sent at any time and never reach the table;
//     `ASYNC_SENDS` in backend-phases.ts says where "any time" begins.
//  6. An ErrorResponse that is FATAL or PANIC ends the session from any state; the table holds only what an ERROR does.
//  7. Nothing is legal behind a Terminate, even while requests before it are being answered. A Terminate in the middle of
//     COPY FROM STDIN leaves nothing to answer.
//  8. CopyInResponse puts aside the Syncs that arrived behind the command: in copy mode the server ignores them, and the
//     client sends others when the mode ends. But a COPY may fail before the server has read them (that to a view does):
//     then a ReadyForQuery is legal for each of them, until a later request is answered; while `skipping`, too, which it
//     ends. Any other request behind the command is the client's fault.
//  9. After an error in COPY FROM STDIN, CopyData, CopyDone and CopyFail that are still on the way are skipped, until the
//     client sends something else. `skipping` alone does not do it for an Execute: the Sync that ends it may be one that
//     the client sent before it knew of the copy.
// 10. A StartupMessage that asks for a protocol above 3.2 leads to `negotiating`, not to `starting`.
// 11. In `closed` whatever arrives is dropped unread: the client may not know yet. In `broken` the one call that is left
//     is a FATAL ErrorResponse, which says why.
//
// https://www.postgresql.org/docs/current/protocol-flow.html
import type { BackendMessageName, FrontendMessageName } from './messages/names.js';

/** Where the conversation is, as the server sees it: what was asked for, or which request is being answered. */
export type BackendState =
  | 'created'
  | 'sslRequested'
  | 'sslDeclined'
  | 'sslRequestedLast'
  | 'gssEncRequested'
  | 'gssEncDeclined'
  | 'gssEncRequestedLast'
  | 'encryptionSettled'
  | 'negotiating'
  | 'starting'
  | 'negotiated'
  | 'passwordRequested'
  | 'passwordReceived'
  | 'saslRequested'
  | 'saslInitialReceived'
  | 'saslContinued'
  | 'saslResponseReceived'
  | 'saslFinished'
  | 'gssRequested'
  | 'gssReceived'
  | 'kerberosRequested'
  | 'initializing'
  | 'idle'
  | 'parsing'
  | 'binding'
  | 'describingStatement'
  | 'describingColumns'
  | 'executing'
  | 'closing'
  | 'syncing'
  | 'querying'
  | 'queryingRows'
  | 'callingFunction'
  | 'functionCalled'
  | 'copyingIn'
  | 'endingCopyIn'
  | 'failingCopyIn'
  | 'copyingOut'
  | 'endingCopyOut'
  | 'queryCopyingOut'
  | 'queryEndingCopyOut'
  | 'copyingBoth'
  | 'copyingBothIn'
  | 'copyingBothOut'
  | 'endingCopyBoth'
  | 'skipping'
  | 'draining'
  | 'terminating'
  | 'canceling'
  | 'closed'
  | 'broken';

/** Requests of a session, by the state in which each is answered: what the queue may hold. */
export type BackendRequest =
  | 'parsing'
  | 'binding'
  | 'describingStatement'
  | 'describingColumns'
  | 'executing'
  | 'closing'
  | 'syncing'
  | 'querying'
  | 'callingFunction'
  | 'terminating';

/** What a client may send, by the manual's names, and the end of all it sends. */
export type ReceivedName =
  FrontendMessageName | 'SSLRequest' | 'GSSENCRequest' | 'CancelRequest' | 'StartupMessage' | 'EndOfInput';

/** Messages that may be sent at any time, within the phases of `ASYNC_SENDS` in backend-phases.ts. */
export type AsyncSendName = 'NoticeResponse' | 'ParameterStatus' | 'NotificationResponse';

/** What a server may send, by the manual's names, and the single byte that answers an encryption request. */
export type SentName = Exclude<BackendMessageName, AsyncSendName> | 'EncryptionAccepted' | 'EncryptionDeclined';

type ReceiveRow = Readonly<Partial<Record<ReceivedName, BackendState | 'queue' | 'pass' | 'skip'>>>;
type SendRow = Readonly<Partial<Record<SentName, BackendState | 'next' | 'afterCopy' | 'failed'>>>;

const REQUESTS: ReceiveRow = {
  Query: 'queue',
  Parse: 'queue',
  Bind: 'queue',
  Describe: 'queue',
  Execute: 'queue',
  Close: 'queue',
  Sync: 'queue',
  FunctionCall: 'queue',
  Flush: 'pass',
  Terminate: 'queue',
};

/** Sync and Flush are ignored in copy mode, for clients that do not know yet what the command before was. */
const IN_COPY_MODE: ReceiveRow = { Flush: 'skip', Sync: 'skip', Terminate: 'terminating' };

/** Every legal (state, message of the client) pair. A pair that is absent is the client's fault. */
export const RECEIVES: Readonly<Record<BackendState, ReceiveRow>> = {
  created: {
    SSLRequest: 'sslRequested',
    GSSENCRequest: 'gssEncRequested',
    CancelRequest: 'canceling',
    StartupMessage: 'starting',
    EndOfInput: 'closed', // somebody looked whether the port is open
  },
  // Bytes behind a request that is not answered were not encrypted: somebody else may have put them there.
  sslRequested: { EndOfInput: 'closed' },
  sslDeclined: {
    GSSENCRequest: 'gssEncRequestedLast',
    CancelRequest: 'canceling',
    StartupMessage: 'starting',
    EndOfInput: 'closed', // a client that wants encryption or nothing
  },
  sslRequestedLast: { EndOfInput: 'closed' },
  gssEncRequested: { EndOfInput: 'closed' },
  gssEncDeclined: {
    SSLRequest: 'sslRequestedLast',
    CancelRequest: 'canceling',
    StartupMessage: 'starting',
    EndOfInput: 'closed',
  },
  gssEncRequestedLast: { EndOfInput: 'closed' },
  encryptionSettled: { CancelRequest: 'canceling', StartupMessage: 'starting', EndOfInput: 'closed' },
  negotiating: {},
  starting: {},
  negotiated: {},
  // A client without a password comes again when it has asked its user for one.
  passwordRequested: { PasswordMessage: 'passwordReceived', EndOfInput: 'closed' },
  passwordReceived: {},
  saslRequested: { SASLInitialResponse: 'saslInitialReceived', EndOfInput: 'closed' },
  saslInitialReceived: {},
  saslContinued: { SASLResponse: 'saslResponseReceived' },
  saslResponseReceived: {},
  saslFinished: {},
  gssRequested: { GSSResponse: 'gssReceived', EndOfInput: 'closed' },
  gssReceived: {},
  kerberosRequested: { EndOfInput: 'closed' }, // its dialogue is no part of the protocol
  initializing: { Terminate: 'queue' },

  idle: REQUESTS,
  parsing: REQUESTS,
  binding: REQUESTS,
  describingStatement: REQUESTS,
  describingColumns: REQUESTS,
  executing: REQUESTS,
  closing: REQUESTS,
  syncing: REQUESTS,
  querying: REQUESTS,
  queryingRows: REQUESTS,
  callingFunction: REQUESTS,
  functionCalled: REQUESTS,

  copyingIn: { ...IN_COPY_MODE, CopyData: 'copyingIn', CopyDone: 'endingCopyIn', CopyFail: 'failingCopyIn' },
  endingCopyIn: REQUESTS,
  failingCopyIn: REQUESTS,
  copyingOut: REQUESTS,
  endingCopyOut: REQUESTS,
  queryCopyingOut: REQUESTS,
  queryEndingCopyOut: REQUESTS,
  copyingBoth: { ...IN_COPY_MODE, CopyData: 'copyingBoth', CopyDone: 'copyingBothOut', CopyFail: 'failingCopyIn' },
  copyingBothIn: { ...IN_COPY_MODE, CopyData: 'copyingBothIn', CopyDone: 'endingCopyBoth', CopyFail: 'failingCopyIn' },
  copyingBothOut: REQUESTS,
  endingCopyBoth: REQUESTS,

  skipping: {
    Query: 'skip',
    Parse: 'skip',
    Bind: 'skip',
    Describe: 'skip',
    Execute: 'skip',
    Close: 'skip',
    Flush: 'skip',
    FunctionCall: 'skip',
    CopyData: 'skip',
    CopyDone: 'skip',
    CopyFail: 'skip',
    Sync: 'draining',
    Terminate: 'terminating',
  },
  draining: REQUESTS,
  terminating: { EndOfInput: 'closed' },
  canceling: { EndOfInput: 'closed' },
  closed: { EndOfInput: 'closed' },
  broken: {},
};

const AUTHENTICATION_REQUESTS: SendRow = {
  AuthenticationOk: 'initializing',
  AuthenticationKerberosV5: 'kerberosRequested',
  AuthenticationCleartextPassword: 'passwordRequested',
  AuthenticationMD5Password: 'passwordRequested',
  AuthenticationGSS: 'gssRequested',
  AuthenticationSSPI: 'gssRequested',
  AuthenticationSASL: 'saslRequested',
  ErrorResponse: 'closed',
};

/** The mechanism says how many steps it has, and whether the last of the server carries data. */
const SASL_STEPS: SendRow = {
  AuthenticationSASLContinue: 'saslContinued',
  AuthenticationSASLFinal: 'saslFinished',
  AuthenticationOk: 'initializing',
  ErrorResponse: 'closed',
};

/** Every legal (state, message of the server) pair. A pair that is absent is the owner's fault. */
export const SENDS: Readonly<Record<BackendState, SendRow>> = {
  created: { ErrorResponse: 'closed' }, // too many connections
  sslRequested: { EncryptionAccepted: 'encryptionSettled', EncryptionDeclined: 'sslDeclined', ErrorResponse: 'closed' },
  sslDeclined: {}, // behind the byte the client must not find another: it may have been put in by somebody else
  sslRequestedLast: {
    EncryptionAccepted: 'encryptionSettled',
    EncryptionDeclined: 'encryptionSettled',
    ErrorResponse: 'closed',
  },
  gssEncRequested: {
    EncryptionAccepted: 'encryptionSettled',
    EncryptionDeclined: 'gssEncDeclined',
    ErrorResponse: 'closed',
  },
  gssEncDeclined: {},
  gssEncRequestedLast: {
    EncryptionAccepted: 'encryptionSettled',
    EncryptionDeclined: 'encryptionSettled',
    ErrorResponse: 'closed',
  },
  encryptionSettled: {},
  // The client asked for more than 3.2, and would take silence for consent.
  negotiating: { NegotiateProtocolVersion: 'negotiated', ErrorResponse: 'closed' },
  starting: { ...AUTHENTICATION_REQUESTS, NegotiateProtocolVersion: 'negotiated' },
  negotiated: AUTHENTICATION_REQUESTS,
  passwordRequested: { ErrorResponse: 'closed' }, // it took too long
  passwordReceived: { AuthenticationOk: 'initializing', ErrorResponse: 'closed' },
  saslRequested: { ErrorResponse: 'closed' },
  saslInitialReceived: SASL_STEPS,
  saslContinued: { ErrorResponse: 'closed' },
  saslResponseReceived: SASL_STEPS,
  saslFinished: { AuthenticationOk: 'initializing', ErrorResponse: 'closed' },
  gssRequested: { ErrorResponse: 'closed' },
  gssReceived: { AuthenticationGSSContinue: 'gssRequested', AuthenticationOk: 'initializing', ErrorResponse: 'closed' },
  kerberosRequested: { AuthenticationOk: 'initializing', ErrorResponse: 'closed' },
  initializing: { BackendKeyData: 'initializing', ReadyForQuery: 'idle', ErrorResponse: 'closed' },

  idle: { ErrorResponse: 'closed' }, // unsolicited: a shut-down, a time-out
  parsing: { ParseComplete: 'next', ErrorResponse: 'failed' },
  binding: { BindComplete: 'next', ErrorResponse: 'failed' },
  describingStatement: { ParameterDescription: 'describingColumns', ErrorResponse: 'failed' },
  describingColumns: { RowDescription: 'next', NoData: 'next', ErrorResponse: 'failed' },
  executing: {
    DataRow: 'executing',
    CommandComplete: 'next',
    EmptyQueryResponse: 'next',
    PortalSuspended: 'next',
    CopyInResponse: 'copyingIn',
    CopyOutResponse: 'copyingOut',
    ErrorResponse: 'failed',
  },
  closing: { CloseComplete: 'next', ErrorResponse: 'failed' },
  syncing: { ReadyForQuery: 'next', ErrorResponse: 'draining' }, // a deferred constraint fails at the implicit commit
  querying: {
    RowDescription: 'queryingRows',
    CommandComplete: 'querying',
    EmptyQueryResponse: 'querying',
    CopyInResponse: 'copyingIn',
    CopyOutResponse: 'queryCopyingOut',
    CopyBothResponse: 'copyingBoth',
    ReadyForQuery: 'next',
    ErrorResponse: 'failed',
  },
  queryingRows: { DataRow: 'queryingRows', CommandComplete: 'querying', ErrorResponse: 'failed' },
  callingFunction: { FunctionCallResponse: 'functionCalled', ErrorResponse: 'failed' },
  functionCalled: { ReadyForQuery: 'next', ErrorResponse: 'failed' },

  copyingIn: { ErrorResponse: 'failed' },
  endingCopyIn: { CommandComplete: 'afterCopy', ErrorResponse: 'failed' },
  failingCopyIn: { ErrorResponse: 'failed' },
  copyingOut: { CopyData: 'copyingOut', CopyDone: 'endingCopyOut', ErrorResponse: 'failed' },
  endingCopyOut: { CommandComplete: 'next', ErrorResponse: 'failed' },
  queryCopyingOut: { CopyData: 'queryCopyingOut', CopyDone: 'queryEndingCopyOut', ErrorResponse: 'failed' },
  queryEndingCopyOut: {
    CommandComplete: 'querying',
    RowDescription: 'queryingRows', // BASE_BACKUP goes on: with another archive, then with where it ended
    CopyOutResponse: 'queryCopyingOut',
    ErrorResponse: 'failed',
  },
  // Each side says for itself that it is done. Walsenders may say that they are alive behind their CopyDone, too. Then the
  // command goes on: to its CommandComplete, with a result before it where a timeline has ended.
  copyingBoth: { CopyData: 'copyingBoth', CopyDone: 'copyingBothIn', ErrorResponse: 'failed' },
  copyingBothIn: { CopyData: 'copyingBothIn', ErrorResponse: 'failed' },
  copyingBothOut: { CopyData: 'copyingBothOut', CopyDone: 'endingCopyBoth', ErrorResponse: 'failed' },
  endingCopyBoth: {
    CopyData: 'endingCopyBoth',
    RowDescription: 'queryingRows',
    CommandComplete: 'querying',
    ErrorResponse: 'failed',
  },

  skipping: { ErrorResponse: 'skipping' }, // a second error: the abort itself failed
  draining: { ReadyForQuery: 'next', ErrorResponse: 'draining' },
  terminating: { ErrorResponse: 'closed' },
  canceling: {},
  closed: {},
  broken: { ErrorResponse: 'closed' },
};
