// Theory of operation
//
// The machine has two sides that run apart. The owner may send many requests before the first answer arrives
// (pipelining); the server answers strictly in order. So the state is that of the request being *answered*; what was sent
// behind it waits in a queue of expectations.
//
//  1. One table for each direction says what is legal. A pair that is absent is an error: of the peer in `TRANSITIONS`,
//     of the owner in `SENDS` and `REQUESTS` (frontend-sends.ts).
//  2. `next` in the table means: this request is answered; go to the state of the next expectation, or to `idle`.
//  3. An ErrorResponse leads to `draining`: the server skips everything up to the next Sync, and so do we. The
//     ReadyForQuery that ends it drops all expectations up to and including that Sync (or simple query).
//  4. NoticeResponse, ParameterStatus and NotificationResponse may come at any time and never reach the table;
//     `PHASES` (frontend-phases.ts) says where "any time" begins.
//  5. A FATAL or PANIC ErrorResponse ends the session from any state; the table holds only what happens after an ERROR.
//  6. The answer to a request for encryption is a byte without a frame: `ENCRYPTION_ANSWERS` has it. An ErrorResponse in
//     its place is in the table of messages.
//  7. States whose names begin with `query` belong to a simple query, which may go on after the COPY.
//  8. COPY FROM STDIN swallows the Syncs that were sent behind it: swallowed-syncs.ts.
//
// https://www.postgresql.org/docs/current/protocol-flow.html
import type { BackendMessageName } from './messages/names.js';

/** Where the conversation is: which answer the machine expects from the server. */
export type State =
  | 'created'
  | 'requestingSsl'
  | 'requestingGssEnc'
  | 'sslDeclined'
  | 'gssEncDeclined'
  | 'requestingSslLast'
  | 'requestingGssEncLast'
  | 'unencrypted'
  | 'encrypted'
  | 'starting'
  | 'versionNegotiated'
  | 'needingPassword'
  | 'passwordSent'
  | 'needingSasl'
  | 'saslInitialSent'
  | 'needingSaltedPassword'
  | 'saslResponseSent'
  | 'saslVerified'
  | 'oauthTokenSent'
  | 'oauthRefused'
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
  | 'copyingOut'
  | 'endingCopyOut'
  | 'queryCopyingIn'
  | 'queryEndingCopyIn'
  | 'queryCopyingOut'
  | 'queryEndingCopyOut'
  | 'queryCopyingBoth'
  | 'queryCopyingBothIn'
  | 'queryCopyingBothOut'
  | 'queryEndingCopyBoth'
  | 'failingCopyIn'
  | 'draining'
  | 'terminating'
  | 'closed'
  | 'broken';

/** What a request that was sent waits for: the states that the queue of expectations may hold. */
export type Expectation =
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

/** Messages that may come at any time, within the phases of `ASYNC_PHASES`. */
export type AsyncMessageName = 'NoticeResponse' | 'ParameterStatus' | 'NotificationResponse';

/** Requests for methods that no state admits: this machine does not know them. */
export type UnsupportedMessageName =
  'AuthenticationKerberosV5' | 'AuthenticationGSS' | 'AuthenticationGSSContinue' | 'AuthenticationSSPI';

/** Messages of the server that the table judges, by the manual's names. */
export type ServerMessageName = Exclude<BackendMessageName, AsyncMessageName | UnsupportedMessageName>;

type Row = Readonly<Partial<Record<ServerMessageName, State | 'next'>>>;

/** Every legal (state, message) pair. A pair that is absent is the peer's fault. */
export const TRANSITIONS: Readonly<Record<State, Row>> = {
  // A postmaster that cannot fork says so before it has read a byte.
  created: { ErrorResponse: 'closed' },
  requestingSsl: { ErrorResponse: 'closed' }, // as above, or it is too old to know the request
  requestingGssEnc: { ErrorResponse: 'closed' },
  sslDeclined: { ErrorResponse: 'closed' },
  gssEncDeclined: { ErrorResponse: 'closed' },
  requestingSslLast: { ErrorResponse: 'closed' }, // each kind may be asked for once
  requestingGssEncLast: { ErrorResponse: 'closed' },
  unencrypted: { ErrorResponse: 'closed' },
  // Whatever arrives before the StartupMessage was not encrypted: somebody has put it in (CVE-2021-23222).
  encrypted: {},
  starting: {
    AuthenticationOk: 'initializing',
    AuthenticationCleartextPassword: 'needingPassword',
    AuthenticationMD5Password: 'needingPassword',
    AuthenticationSASL: 'needingSasl',
    NegotiateProtocolVersion: 'versionNegotiated',
    ErrorResponse: 'closed',
  },
  versionNegotiated: {
    AuthenticationOk: 'initializing',
    AuthenticationCleartextPassword: 'needingPassword',
    AuthenticationMD5Password: 'needingPassword',
    AuthenticationSASL: 'needingSasl',
    ErrorResponse: 'closed',
  },
  needingPassword: { ErrorResponse: 'closed' }, // the server's authentication_timeout
  passwordSent: { AuthenticationOk: 'initializing', ErrorResponse: 'closed' },
  needingSasl: { ErrorResponse: 'closed' },
  saslInitialSent: { AuthenticationSASLContinue: 'needingSaltedPassword', ErrorResponse: 'closed' },
  needingSaltedPassword: { ErrorResponse: 'closed' },
  // No AuthenticationOk here: a server that does not prove that it knows the password is not let in.
  saslResponseSent: { AuthenticationSASLFinal: 'saslVerified', ErrorResponse: 'closed' },
  saslVerified: { AuthenticationOk: 'initializing', ErrorResponse: 'closed' },
  oauthTokenSent: {
    AuthenticationOk: 'initializing',
    AuthenticationSASLContinue: 'oauthRefused',
    ErrorResponse: 'closed',
  },
  oauthRefused: { ErrorResponse: 'closed' },
  initializing: { BackendKeyData: 'initializing', ReadyForQuery: 'next', ErrorResponse: 'closed' },

  idle: { ErrorResponse: 'closed' }, // unsolicited: 57P01 admin_shutdown and its like
  parsing: { ParseComplete: 'next', ErrorResponse: 'draining' },
  binding: { BindComplete: 'next', ErrorResponse: 'draining' },
  describingStatement: { ParameterDescription: 'describingColumns', ErrorResponse: 'draining' },
  describingColumns: { RowDescription: 'next', NoData: 'next', ErrorResponse: 'draining' },
  executing: {
    DataRow: 'executing',
    CommandComplete: 'next',
    EmptyQueryResponse: 'next',
    PortalSuspended: 'next',
    ErrorResponse: 'draining',
    CopyInResponse: 'copyingIn',
    CopyOutResponse: 'copyingOut',
  },
  closing: { CloseComplete: 'next', ErrorResponse: 'draining' },
  syncing: { ReadyForQuery: 'next', ErrorResponse: 'draining' }, // a deferred constraint fails at the implicit commit
  querying: {
    RowDescription: 'queryingRows',
    CommandComplete: 'querying',
    EmptyQueryResponse: 'querying',
    ReadyForQuery: 'next',
    ErrorResponse: 'draining',
    CopyInResponse: 'queryCopyingIn',
    CopyOutResponse: 'queryCopyingOut',
    CopyBothResponse: 'queryCopyingBoth', // START_REPLICATION, which is a simple query always
  },
  queryingRows: { DataRow: 'queryingRows', CommandComplete: 'querying', ErrorResponse: 'draining' },
  callingFunction: { FunctionCallResponse: 'functionCalled', ErrorResponse: 'draining' },
  functionCalled: { ReadyForQuery: 'next', ErrorResponse: 'draining' },

  copyingIn: { ErrorResponse: 'draining' },
  endingCopyIn: { CommandComplete: 'next', ErrorResponse: 'draining' },
  copyingOut: { CopyData: 'copyingOut', CopyDone: 'endingCopyOut', ErrorResponse: 'draining' },
  endingCopyOut: { CommandComplete: 'next', ErrorResponse: 'draining' },
  queryCopyingIn: { ErrorResponse: 'draining' },
  queryEndingCopyIn: { CommandComplete: 'querying', ErrorResponse: 'draining' },
  queryCopyingOut: { CopyData: 'queryCopyingOut', CopyDone: 'queryEndingCopyOut', ErrorResponse: 'draining' },
  queryEndingCopyOut: {
    CommandComplete: 'querying',
    RowDescription: 'queryingRows', // BASE_BACKUP goes on: with another archive, then with where it ended
    CopyOutResponse: 'queryCopyingOut',
    ErrorResponse: 'draining',
  },
  // Both directions are open; then only ours (In), or only the server's (Out). A walsender may say that it is alive behind
  // its CopyDone, too. Then the command goes on: to its CommandComplete, or first to a result, the next timeline.
  queryCopyingBoth: { CopyData: 'queryCopyingBoth', CopyDone: 'queryCopyingBothIn', ErrorResponse: 'draining' },
  queryCopyingBothIn: { CopyData: 'queryCopyingBothIn', ErrorResponse: 'draining' },
  queryCopyingBothOut: { CopyData: 'queryCopyingBothOut', CopyDone: 'queryEndingCopyBoth', ErrorResponse: 'draining' },
  queryEndingCopyBoth: {
    CopyData: 'queryEndingCopyBoth',
    RowDescription: 'queryingRows',
    CommandComplete: 'querying',
    ErrorResponse: 'draining',
  },
  failingCopyIn: { ErrorResponse: 'draining' },

  draining: { ReadyForQuery: 'next', ErrorResponse: 'draining' }, // a second error: the abort itself failed
  terminating: { ErrorResponse: 'closed' },
  closed: {},
  broken: {},
};

/** States that wait for the answer to a request for encryption. */
export type RequestingState = 'requestingSsl' | 'requestingGssEnc' | 'requestingSslLast' | 'requestingGssEncLast';

/** What the one byte says that answers a request for encryption. */
export interface EncryptionAnswer {
  readonly isAccepted: boolean;
  readonly next: State;
}

interface EncryptionAnswers {
  readonly request: 'SSLRequest' | 'GSSENCRequest';
  readonly answers: Readonly<Record<string, EncryptionAnswer>>;
}

/** Every legal (state, byte) pair outside of frames, and the request that is answered. */
export const ENCRYPTION_ANSWERS: Readonly<Record<RequestingState, EncryptionAnswers>> = {
  requestingSsl: {
    request: 'SSLRequest',
    answers: { S: { isAccepted: true, next: 'encrypted' }, N: { isAccepted: false, next: 'sslDeclined' } },
  },
  requestingGssEnc: {
    request: 'GSSENCRequest',
    answers: { G: { isAccepted: true, next: 'encrypted' }, N: { isAccepted: false, next: 'gssEncDeclined' } },
  },
  requestingSslLast: {
    request: 'SSLRequest',
    answers: { S: { isAccepted: true, next: 'encrypted' }, N: { isAccepted: false, next: 'unencrypted' } },
  },
  requestingGssEncLast: {
    request: 'GSSENCRequest',
    answers: { G: { isAccepted: true, next: 'encrypted' }, N: { isAccepted: false, next: 'unencrypted' } },
  },
};
