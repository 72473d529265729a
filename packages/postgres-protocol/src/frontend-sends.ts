// What the owner may call, and when: the other half of the tables in frontend-state.ts.
import type { Expectation, State } from './frontend-state.js';

/** Calls that make a transition of their own: those of start-up, and those of COPY. */
export type StateSend =
  | 'sendSslRequest'
  | 'sendGssEncRequest'
  | 'sendStartup'
  | 'sendPassword'
  | 'sendSaslInitialResponse'
  | 'sendSaltedPassword'
  | 'sendOauthBearer'
  | 'sendCopyData'
  | 'sendCopyDone'
  | 'sendCopyFail';

/** Calls that may be pipelined: legal wherever the session is open, whatever is being answered. */
export type RequestSend =
  | 'sendQuery'
  | 'sendFunctionCall'
  | 'sendParse'
  | 'sendBind'
  | 'sendDescribe'
  | 'sendExecute'
  | 'sendClose'
  | 'sendSync'
  | 'sendFlush'
  | 'sendTerminate';

/** Every legal (call, state) pair, and the state that follows. A pair that is absent is the owner's fault. */
export const SENDS: Readonly<Record<StateSend, Readonly<Partial<Record<State, State>>>>> = {
  sendSslRequest: { created: 'requestingSsl', gssEncDeclined: 'requestingSslLast' },
  sendGssEncRequest: { created: 'requestingGssEnc', sslDeclined: 'requestingGssEncLast' },
  sendStartup: {
    created: 'starting',
    sslDeclined: 'starting',
    gssEncDeclined: 'starting',
    unencrypted: 'starting',
    encrypted: 'starting',
  },
  sendPassword: { needingPassword: 'passwordSent' },
  sendSaslInitialResponse: { needingSasl: 'saslInitialSent' },
  sendSaltedPassword: { needingSaltedPassword: 'saslResponseSent' },
  sendOauthBearer: { needingSasl: 'oauthTokenSent' },
  sendCopyData: {
    copyingIn: 'copyingIn',
    queryCopyingIn: 'queryCopyingIn',
    queryCopyingBoth: 'queryCopyingBoth',
    queryCopyingBothIn: 'queryCopyingBothIn',
  },
  sendCopyDone: {
    copyingIn: 'endingCopyIn',
    queryCopyingIn: 'queryEndingCopyIn',
    queryCopyingBoth: 'queryCopyingBothOut',
    queryCopyingBothIn: 'queryEndingCopyBoth',
  },
  sendCopyFail: { copyingIn: 'failingCopyIn', queryCopyingIn: 'failingCopyIn' },
};

/** What is known of a request. */
export interface RequestRule {
  /** What it may wait for; nothing for one that is not answered. */
  readonly expects: readonly Expectation[];
  /** Whether an open group of extended messages must be ended first: an error in the group would swallow it. */
  readonly needsClosedGroup: boolean;
}

/** Requests are legal while the phase is `session` and `sendTerminate` was not called; and what else they need. */
export const REQUESTS: Readonly<Record<RequestSend, RequestRule>> = {
  sendQuery: { expects: ['querying'], needsClosedGroup: true },
  sendFunctionCall: { expects: ['callingFunction'], needsClosedGroup: true },
  sendParse: { expects: ['parsing'], needsClosedGroup: false },
  sendBind: { expects: ['binding'], needsClosedGroup: false },
  sendDescribe: { expects: ['describingStatement', 'describingColumns'], needsClosedGroup: false },
  sendExecute: { expects: ['executing'], needsClosedGroup: false },
  sendClose: { expects: ['closing'], needsClosedGroup: false },
  sendSync: { expects: ['syncing'], needsClosedGroup: false },
  sendFlush: { expects: [], needsClosedGroup: false },
  sendTerminate: { expects: ['terminating'], needsClosedGroup: false },
};

/** What a group of extended messages is made of: if the newest request waits for one of these, the group is open. */
export const GROUPED: readonly (Expectation | undefined)[] = [
  'parsing',
  'binding',
  'describingStatement',
  'describingColumns',
  'executing',
  'closing',
];
