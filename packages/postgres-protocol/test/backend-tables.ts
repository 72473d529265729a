// One example of everything that either side may send, by the names of the tables.
import type { AsyncSendName, ReceivedName, SentName } from '../src/backend-state.js';
import type { BackendMachine } from '../src/index.js';
import { client, ERROR } from './backend-session.js';
import { int32 } from './wire.js';

/** Messages of a client. */
export const MESSAGES: Readonly<Record<Exclude<ReceivedName, 'EndOfInput'>, Uint8Array>> = {
  SSLRequest: client.sslRequest(),
  GSSENCRequest: client.gssEncRequest(),
  CancelRequest: client.cancelRequest(),
  StartupMessage: client.startup(),
  PasswordMessage: client.password(),
  SASLInitialResponse: client.saslInitial(),
  SASLResponse: client.saslResponse(),
  GSSResponse: client.saslResponse(),
  Query: client.query(),
  Parse: client.parse(),
  Bind: client.bind(),
  Describe: client.describe('P'),
  Execute: client.execute(),
  Close: client.close(),
  Flush: client.flush(),
  Sync: client.sync(),
  FunctionCall: client.functionCall(),
  CopyData: client.copyData(),
  CopyDone: client.copyDone(),
  CopyFail: client.copyFail(),
  Terminate: client.terminate(),
};

/** What makes a machine send each of a server's messages. */
export const SENDING: Readonly<Record<SentName | AsyncSendName, (machine: BackendMachine) => void>> = {
  EncryptionAccepted: (machine) => {
    machine.sendEncryptionAnswer(true);
  },
  EncryptionDeclined: (machine) => {
    machine.sendEncryptionAnswer(false);
  },
  NegotiateProtocolVersion: (machine) => {
    machine.sendNegotiateProtocolVersion('3.0', ['_pq_.x']);
  },
  AuthenticationOk: (machine) => {
    machine.sendAuthenticationOk();
  },
  AuthenticationKerberosV5: (machine) => {
    machine.sendAuthenticationKerberosV5();
  },
  AuthenticationCleartextPassword: (machine) => {
    machine.sendAuthenticationCleartextPassword();
  },
  AuthenticationMD5Password: (machine) => {
    machine.sendAuthenticationMD5Password(int32(1));
  },
  AuthenticationGSS: (machine) => {
    machine.sendAuthenticationGSS();
  },
  AuthenticationSSPI: (machine) => {
    machine.sendAuthenticationSSPI();
  },
  AuthenticationGSSContinue: (machine) => {
    machine.sendAuthenticationGSSContinue(Uint8Array.of(1));
  },
  AuthenticationSASL: (machine) => {
    machine.sendAuthenticationSASL(['M']);
  },
  AuthenticationSASLContinue: (machine) => {
    machine.sendAuthenticationSASLContinue(Uint8Array.of(1));
  },
  AuthenticationSASLFinal: (machine) => {
    machine.sendAuthenticationSASLFinal(Uint8Array.of(1));
  },
  BackendKeyData: (machine) => {
    machine.sendBackendKeyData(1, int32(2));
  },
  ReadyForQuery: (machine) => {
    machine.sendReadyForQuery('T');
  },
  ParseComplete: (machine) => {
    machine.sendParseComplete();
  },
  BindComplete: (machine) => {
    machine.sendBindComplete();
  },
  CloseComplete: (machine) => {
    machine.sendCloseComplete();
  },
  ParameterDescription: (machine) => {
    machine.sendParameterDescription([23]);
  },
  RowDescription: (machine) => {
    machine.sendRowDescription([]);
  },
  NoData: (machine) => {
    machine.sendNoData();
  },
  DataRow: (machine) => {
    machine.sendDataRow([null]);
  },
  CommandComplete: (machine) => {
    machine.sendCommandComplete('SELECT 0');
  },
  EmptyQueryResponse: (machine) => {
    machine.sendEmptyQueryResponse();
  },
  PortalSuspended: (machine) => {
    machine.sendPortalSuspended();
  },
  ErrorResponse: (machine) => {
    machine.sendErrorResponse(ERROR);
  },
  CopyInResponse: (machine) => {
    machine.sendCopyInResponse(0, [0]);
  },
  CopyOutResponse: (machine) => {
    machine.sendCopyOutResponse(0, [0]);
  },
  CopyBothResponse: (machine) => {
    machine.sendCopyBothResponse(0, []);
  },
  CopyData: (machine) => {
    machine.sendCopyData(Uint8Array.of(1));
  },
  CopyDone: (machine) => {
    machine.sendCopyDone();
  },
  FunctionCallResponse: (machine) => {
    machine.sendFunctionCallResponse(null);
  },
  NoticeResponse: (machine) => {
    machine.sendNoticeResponse(ERROR);
  },
  ParameterStatus: (machine) => {
    machine.sendParameterStatus('a', 'b');
  },
  NotificationResponse: (machine) => {
    machine.sendNotificationResponse(1, 'c', 'p');
  },
};
