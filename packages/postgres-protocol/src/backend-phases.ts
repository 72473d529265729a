import type { AsyncSendName, BackendState } from './backend-state.js';
import type { AuthenticationAnswerName } from './messages/names.js';

/** Parts of the conversation: `none` before a session was asked for, and after its end. */
export type BackendPhase = 'none' | 'authenticating' | 'initializing' | 'session';

/** Where asynchronous messages are legal: before a client is let in, parameters and notifications are not its business. */
export const ASYNC_SENDS: Readonly<Record<AsyncSendName, readonly BackendPhase[]>> = {
  NoticeResponse: ['authenticating', 'initializing', 'session'],
  ParameterStatus: ['initializing', 'session'],
  NotificationResponse: ['initializing', 'session'],
};

/** Which part of the conversation a state belongs to. */
export const BACKEND_PHASES: Readonly<Record<BackendState, BackendPhase>> = {
  created: 'none',
  sslRequested: 'none',
  sslDeclined: 'none',
  sslRequestedLast: 'none',
  gssEncRequested: 'none',
  gssEncDeclined: 'none',
  gssEncRequestedLast: 'none',
  encryptionSettled: 'none',
  negotiating: 'authenticating',
  starting: 'authenticating',
  negotiated: 'authenticating',
  passwordRequested: 'authenticating',
  passwordReceived: 'authenticating',
  saslRequested: 'authenticating',
  saslInitialReceived: 'authenticating',
  saslContinued: 'authenticating',
  saslResponseReceived: 'authenticating',
  saslFinished: 'authenticating',
  gssRequested: 'authenticating',
  gssReceived: 'authenticating',
  kerberosRequested: 'authenticating',
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
  callingFunction: 'session',
  functionCalled: 'session',
  copyingIn: 'session',
  endingCopyIn: 'session',
  failingCopyIn: 'session',
  copyingOut: 'session',
  endingCopyOut: 'session',
  queryCopyingOut: 'session',
  queryEndingCopyOut: 'session',
  copyingBoth: 'session',
  copyingBothIn: 'session',
  copyingBothOut: 'session',
  endingCopyBoth: 'session',
  skipping: 'session',
  draining: 'session',
  terminating: 'session',
  canceling: 'none',
  closed: 'none',
  broken: 'none',
};

/** What a message of type `p` is. Elsewhere it goes by the name of the oldest of the four, and is illegal. */
export const ANSWERS: Readonly<Partial<Record<BackendState, AuthenticationAnswerName>>> = {
  saslRequested: 'SASLInitialResponse',
  saslContinued: 'SASLResponse',
  gssRequested: 'GSSResponse',
};

/** Where the client must wait for a byte before it sends another. */
export const AWAITS_ENCRYPTION: readonly BackendState[] = [
  'sslRequested',
  'sslRequestedLast',
  'gssEncRequested',
  'gssEncRequestedLast',
];
