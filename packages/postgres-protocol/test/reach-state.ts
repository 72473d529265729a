// How to bring a client's machine into each of its states, and every call that there is.
import { createStatement, type FrontendMachine } from '../src/index.js';
import type { RequestSend, StateSend } from '../src/frontend-sends.js';
import type { State } from '../src/frontend-state.js';
import { failure, NONCE, SERVER_FIRST } from './conversations.js';
import { newSession, openSession, type Session } from './open-session.js';
import { serverFinal } from './scram-server.js';
import { concat, server, utf8 } from './wire.js';

const SALTED = new Uint8Array(32);
export const SERVER_FINAL: string = serverFinal(NONCE, SERVER_FIRST, SALTED);
export { SERVER_FIRST } from './conversations.js';

const statement = createStatement({ name: '', parameterOids: [], fields: [] });

type Call = (machine: FrontendMachine) => void;

/** One example of each call, which the machine takes wherever its state admits the call. */
export const CALLS: Readonly<Record<StateSend | RequestSend, Call>> = {
  sendSslRequest: (machine) => {
    machine.sendSslRequest();
  },
  sendGssEncRequest: (machine) => {
    machine.sendGssEncRequest();
  },
  sendStartup: (machine) => {
    machine.sendStartup({ user: 'u' });
  },
  sendPassword: (machine) => {
    machine.sendPassword('p');
  },
  sendSaslInitialResponse: (machine) => {
    machine.sendSaslInitialResponse('SCRAM-SHA-256', NONCE);
  },
  sendSaltedPassword: (machine) => {
    machine.sendSaltedPassword(SALTED);
  },
  sendOauthBearer: (machine) => {
    machine.sendOauthBearer('token');
  },
  sendCopyData: (machine) => {
    machine.sendCopyData(utf8('1\n'));
  },
  sendCopyDone: (machine) => {
    machine.sendCopyDone();
  },
  sendCopyFail: (machine) => {
    machine.sendCopyFail('no');
  },
  sendQuery: (machine) => {
    machine.sendQuery('');
  },
  sendFunctionCall: (machine) => {
    machine.sendFunctionCall({ functionOid: 1, argumentFormats: [], arguments: [], resultFormat: 0 });
  },
  sendParse: (machine) => {
    machine.sendParse('', '');
  },
  sendBind: (machine) => {
    machine.sendBind('', statement, []);
  },
  sendDescribe: (machine) => {
    machine.sendDescribe('portal', '');
  },
  sendExecute: (machine) => {
    machine.sendExecute('', statement, 0);
  },
  sendClose: (machine) => {
    machine.sendClose('portal', '');
  },
  sendSync: (machine) => {
    machine.sendSync();
  },
  sendFlush: (machine) => {
    machine.sendFlush();
  },
  sendTerminate: (machine) => {
    machine.sendTerminate();
  },
};

function after(session: Session, ...steps: (Uint8Array | Call)[]): Session {
  for (const step of steps) {
    if (typeof step === 'function') step(session.machine);
    else session.machine.feed(step);
  }
  return session;
}

// 3.2, so that the server may want an older one.
const starting = (...steps: (Uint8Array | Call)[]): Session =>
  after(
    newSession(),
    (machine) => {
      machine.sendStartup({ user: 'u', protocolVersion: '3.2' });
    },
    ...steps,
  );
const NO = utf8('N');
const negotiating = (...steps: (Uint8Array | Call)[]): Session => {
  const session = after(newSession(), ...steps);
  session.handler.clear();
  return session;
};
const opened = (...steps: (Uint8Array | Call)[]): Session => after(openSession(), ...steps);
const sasl = server.sasl('SCRAM-SHA-256', 'OAUTHBEARER');
const scram = [sasl, CALLS.sendSaslInitialResponse, server.saslContinue(SERVER_FIRST)];

/** How to bring a machine into each state. */
export const REACH: Readonly<Record<State, () => Session>> = {
  created: newSession,
  requestingSsl: () => negotiating(CALLS.sendSslRequest),
  requestingGssEnc: () => negotiating(CALLS.sendGssEncRequest),
  sslDeclined: () => negotiating(CALLS.sendSslRequest, NO),
  gssEncDeclined: () => negotiating(CALLS.sendGssEncRequest, NO),
  requestingSslLast: () => negotiating(CALLS.sendGssEncRequest, NO, CALLS.sendSslRequest),
  requestingGssEncLast: () => negotiating(CALLS.sendSslRequest, NO, CALLS.sendGssEncRequest),
  unencrypted: () => negotiating(CALLS.sendSslRequest, NO, CALLS.sendGssEncRequest, NO),
  encrypted: () => negotiating(CALLS.sendSslRequest, utf8('S')),
  starting,
  versionNegotiated: () => starting(server.negotiate(3 << 16)),
  needingPassword: () => starting(server.cleartextPassword()),
  passwordSent: () => starting(server.cleartextPassword(), CALLS.sendPassword),
  needingSasl: () => starting(sasl),
  saslInitialSent: () => starting(sasl, CALLS.sendSaslInitialResponse),
  needingSaltedPassword: () => starting(...scram),
  saslResponseSent: () => starting(...scram, CALLS.sendSaltedPassword),
  saslVerified: () => starting(...scram, CALLS.sendSaltedPassword, server.saslFinal(SERVER_FINAL)),
  oauthTokenSent: () => starting(sasl, CALLS.sendOauthBearer),
  oauthRefused: () => starting(sasl, CALLS.sendOauthBearer, server.saslContinue('{"status":"invalid_token"}')),
  initializing: () => starting(server.authenticationOk()),
  idle: openSession,
  parsing: () => opened(CALLS.sendParse),
  binding: () => opened(CALLS.sendBind),
  describingStatement: () =>
    opened((machine) => {
      machine.sendDescribe('statement', '');
    }),
  describingColumns: () => opened(CALLS.sendDescribe),
  executing: () => opened(CALLS.sendExecute),
  closing: () => opened(CALLS.sendClose),
  syncing: () => opened(CALLS.sendSync),
  querying: () => opened(CALLS.sendQuery),
  queryingRows: () => opened(CALLS.sendQuery, server.rowDescription()),
  callingFunction: () => opened(CALLS.sendFunctionCall),
  functionCalled: () => opened(CALLS.sendFunctionCall, server.functionCallResponse()),
  copyingIn: () => opened(CALLS.sendExecute, server.copyIn()),
  endingCopyIn: () => opened(CALLS.sendExecute, server.copyIn(), CALLS.sendCopyDone),
  copyingOut: () => opened(CALLS.sendExecute, server.copyOut()),
  endingCopyOut: () => opened(CALLS.sendExecute, server.copyOut(), server.copyDone()),
  queryCopyingIn: () => opened(CALLS.sendQuery, server.copyIn()),
  queryEndingCopyIn: () => opened(CALLS.sendQuery, server.copyIn(), CALLS.sendCopyDone),
  queryCopyingOut: () => opened(CALLS.sendQuery, server.copyOut()),
  queryEndingCopyOut: () => opened(CALLS.sendQuery, server.copyOut(), server.copyDone()),
  queryCopyingBoth: () => opened(CALLS.sendQuery, server.copyBoth()),
  queryCopyingBothIn: () => opened(CALLS.sendQuery, server.copyBoth(), server.copyDone()),
  queryCopyingBothOut: () => opened(CALLS.sendQuery, server.copyBoth(), CALLS.sendCopyDone),
  queryEndingCopyBoth: () => opened(CALLS.sendQuery, server.copyBoth(), CALLS.sendCopyDone, server.copyDone()),
  failingCopyIn: () => opened(CALLS.sendQuery, server.copyIn(), CALLS.sendCopyFail),
  draining: () => opened(CALLS.sendQuery, server.error()),
  terminating: () => opened(CALLS.sendTerminate),
  closed: () => opened(server.fatal()),
  broken: () => {
    const session = openSession();
    failure(() => {
      session.machine.feed(concat(server.noData()));
    });
    return session;
  },
};
