import type { AsyncMessageName, State } from './frontend-state.js';

/**
 * Parts of the conversation. The first ReadyForQuery opens the `session`, where requests may be sent; `copyingIn` are
 * the states of it in which the server takes nothing but data.
 */
export type Phase = 'none' | 'authenticating' | 'initializing' | 'session' | 'copyingIn';

/** Where asynchronous messages are legal: before the server has let us in, its parameters are nobody's business. */
export const ASYNC_PHASES: Readonly<Record<AsyncMessageName, readonly Phase[]>> = {
  NoticeResponse: ['authenticating', 'initializing', 'session', 'copyingIn'],
  ParameterStatus: ['initializing', 'session', 'copyingIn'],
  NotificationResponse: ['initializing', 'session', 'copyingIn'],
};

/** Which part of the conversation a state belongs to. */
export const PHASES: Readonly<Record<State, Phase>> = {
  created: 'none',
  requestingSsl: 'none',
  requestingGssEnc: 'none',
  sslDeclined: 'none',
  gssEncDeclined: 'none',
  requestingSslLast: 'none',
  requestingGssEncLast: 'none',
  unencrypted: 'none',
  encrypted: 'none',
  starting: 'authenticating',
  versionNegotiated: 'authenticating',
  needingPassword: 'authenticating',
  passwordSent: 'authenticating',
  needingSasl: 'authenticating',
  saslInitialSent: 'authenticating',
  needingSaltedPassword: 'authenticating',
  saslResponseSent: 'authenticating',
  saslVerified: 'authenticating',
  oauthTokenSent: 'authenticating',
  oauthRefused: 'authenticating',
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
  copyingIn: 'copyingIn',
  endingCopyIn: 'session',
  copyingOut: 'session',
  endingCopyOut: 'session',
  queryCopyingIn: 'copyingIn',
  queryEndingCopyIn: 'session',
  queryCopyingOut: 'session',
  queryEndingCopyOut: 'session',
  queryCopyingBoth: 'copyingIn',
  queryCopyingBothIn: 'copyingIn',
  queryCopyingBothOut: 'session',
  queryEndingCopyBoth: 'session',
  failingCopyIn: 'session',
  draining: 'session',
  terminating: 'session',
  closed: 'none',
  broken: 'none',
};
