// Theory of operation
//
// The machine has two sides that run apart. The owner may send many requests before the first answer arrives
// (pipelining); the server answers strictly in order. So the state is that of the request being *answered*; what was sent
// behind it waits in a queue of expectations.
//
//  1. One table for each direction says what is legal. A pair that is absent is an error: of the peer in `TRANSITIONS`,
//     of the owner in `STARTUP_SENDS`.
//  2. `next` in the table means: this request is answered; go to the state of the next expectation, or to `idle`.
//  3. An ErrorResponse leads to `draining`: the server skips everything up to the next Sync, and so do we. The
//     ReadyForQuery that ends it drops all expectations up to and including that Sync (or simple query).
//  4. NoticeResponse, ParameterStatus and NotificationResponse may come at any time and never reach the table;
//     `PHASES` says where "any time" begins.
//  5. A FATAL or PANIC ErrorResponse ends the session from any state; the table holds only what happens after an ERROR.
//
// https://www.postgresql.org/docs/current/protocol-flow.html

/** Where the conversation is: which answer the machine expects from the server. */
export type State =
  | 'created'
  | 'starting'
  | 'needingPassword'
  | 'passwordSent'
  | 'needingSasl'
  | 'saslInitialSent'
  | 'needingSaltedPassword'
  | 'saslResponseSent'
  | 'saslVerified'
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
  | 'refusingCopyIn'
  | 'skippingCopyOut'
  | 'endingCopyOut'
  | 'skippingQueryCopyOut'
  | 'endingQueryCopyOut'
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
  | 'terminating';

/** Messages of the server that the table judges, by the manual's names. */
export type ServerMessageName =
  | 'AuthenticationOk'
  | 'AuthenticationCleartextPassword'
  | 'AuthenticationMD5Password'
  | 'AuthenticationSASL'
  | 'AuthenticationSASLContinue'
  | 'AuthenticationSASLFinal'
  | 'NegotiateProtocolVersion'
  | 'BackendKeyData'
  | 'ReadyForQuery'
  | 'ParseComplete'
  | 'BindComplete'
  | 'CloseComplete'
  | 'ParameterDescription'
  | 'RowDescription'
  | 'NoData'
  | 'DataRow'
  | 'CommandComplete'
  | 'EmptyQueryResponse'
  | 'PortalSuspended'
  | 'ErrorResponse'
  | 'CopyInResponse'
  | 'CopyOutResponse'
  | 'CopyBothResponse'
  | 'CopyData'
  | 'CopyDone'
  | 'FunctionCallResponse';

/** Messages that may come at any time, within the phases of `ASYNC_PHASES`. */
export type AsyncMessageName = 'NoticeResponse' | 'ParameterStatus' | 'NotificationResponse';

/** Calls that belong to start-up, each legal in exactly one state. */
export type StartupSend = 'sendStartup' | 'sendPassword' | 'sendSaslInitialResponse' | 'sendSaltedPassword';

type Row = Readonly<Partial<Record<ServerMessageName, State | 'next'>>>;

/** Every legal (state, message) pair. A pair that is absent is the peer's fault. */
export const TRANSITIONS: Readonly<Record<State, Row>> = {
  // A postmaster that cannot fork says so before it has read a byte.
  created: { ErrorResponse: 'closed' },
  starting: {
    AuthenticationOk: 'initializing',
    AuthenticationCleartextPassword: 'needingPassword',
    AuthenticationMD5Password: 'needingPassword',
    AuthenticationSASL: 'needingSasl',
    NegotiateProtocolVersion: 'starting',
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
    CopyInResponse: 'refusingCopyIn',
    CopyOutResponse: 'skippingCopyOut',
  },
  closing: { CloseComplete: 'next', ErrorResponse: 'draining' },
  syncing: { ReadyForQuery: 'next', ErrorResponse: 'draining' }, // a deferred constraint fails at the implicit commit
  querying: {
    RowDescription: 'queryingRows',
    CommandComplete: 'querying',
    EmptyQueryResponse: 'querying',
    ReadyForQuery: 'next',
    ErrorResponse: 'draining',
    CopyInResponse: 'refusingCopyIn',
    CopyOutResponse: 'skippingQueryCopyOut',
  },
  queryingRows: { DataRow: 'queryingRows', CommandComplete: 'querying', ErrorResponse: 'draining' },

  refusingCopyIn: { ErrorResponse: 'draining' },
  skippingCopyOut: { CopyData: 'skippingCopyOut', CopyDone: 'endingCopyOut', ErrorResponse: 'draining' },
  endingCopyOut: { CommandComplete: 'next', ErrorResponse: 'draining' },
  skippingQueryCopyOut: { CopyData: 'skippingQueryCopyOut', CopyDone: 'endingQueryCopyOut', ErrorResponse: 'draining' },
  endingQueryCopyOut: { CommandComplete: 'querying', ErrorResponse: 'draining' },

  draining: { ReadyForQuery: 'next', ErrorResponse: 'draining' }, // a second error: the abort itself failed
  terminating: { ErrorResponse: 'closed' },
  closed: {},
  broken: {},
};

/** Every legal (state, call) pair of start-up and the state that follows. */
export const STARTUP_SENDS: Readonly<Record<StartupSend, Readonly<Partial<Record<State, State>>>>> = {
  sendStartup: { created: 'starting' },
  sendPassword: { needingPassword: 'passwordSent' },
  sendSaslInitialResponse: { needingSasl: 'saslInitialSent' },
  sendSaltedPassword: { needingSaltedPassword: 'saslResponseSent' },
};

/** Parts of the conversation. Requests may be sent in `session`, which the first ReadyForQuery opens. */
export type Phase = 'none' | 'authenticating' | 'initializing' | 'session';

/** Where asynchronous messages are legal: before the server has let us in, its parameters are nobody's business. */
export const ASYNC_PHASES: Readonly<Record<AsyncMessageName, readonly Phase[]>> = {
  NoticeResponse: ['authenticating', 'initializing', 'session'],
  ParameterStatus: ['initializing', 'session'],
  NotificationResponse: ['initializing', 'session'],
};

/** Which part of the conversation a state belongs to. */
export const PHASES: Readonly<Record<State, Phase>> = {
  created: 'none',
  starting: 'authenticating',
  needingPassword: 'authenticating',
  passwordSent: 'authenticating',
  needingSasl: 'authenticating',
  saslInitialSent: 'authenticating',
  needingSaltedPassword: 'authenticating',
  saslResponseSent: 'authenticating',
  saslVerified: 'authenticating',
  initializing: 'initializing',
  idle: 'session',
  parsing: 'session',
  binding: 'session',
  describingStatement: 'session',
  describingColumns: 'session',
  executing: 'session',
  closing: 'session',
  syncing: 'session',
  querying: 'session',
  queryingRows: 'session',
  refusingCopyIn: 'session',
  skippingCopyOut: 'session',
  endingCopyOut: 'session',
  skippingQueryCopyOut: 'session',
  endingQueryCopyOut: 'session',
  draining: 'session',
  terminating: 'session',
  closed: 'none',
  broken: 'none',
};
