import { seededRandom, type SeededRandom } from '@millrace/testkit';
import type { WriteBuffer } from '@millrace/write-buffer';
import { BackendMachine, type BackendHandler } from '../../src/index.js';
import { BACKEND_PHASES } from '../../src/backend-phases.js';
import { RECEIVES, SENDS } from '../../src/backend-state.js';
import type { FrontendMessageName } from '../../src/messages/names.js';
import { encodeStartupMessage } from '../../src/messages/startup.js';
import { field } from '../wire.js';
import { FRONTEND_WRITERS, PACKET_WRITERS, pick, written } from './random-messages.js';
import { handlerOf, type Call, type OnEvent, type Subject } from './subject.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const packets = ['StartupMessage', 'SSLRequest', 'GSSENCRequest', 'CancelRequest'];

function error(random: SeededRandom): { severity: string; sqlState: string; message: string } {
  return { severity: random.int(0, 19) === 0 ? 'FATAL' : 'ERROR', sqlState: '42601', message: 'm' };
}

/** By the names of the table of sends. The columns are those of the statement in frontend-subject.ts. */
export const BACKEND_CALLS: Readonly<Record<string, Call<BackendMachine>>> = {
  EncryptionAccepted: (machine) => {
    machine.sendEncryptionAnswer(true);
  },
  EncryptionDeclined: (machine) => {
    machine.sendEncryptionAnswer(false);
  },
  NegotiateProtocolVersion: (machine) => {
    machine.sendNegotiateProtocolVersion('3.0');
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
  AuthenticationMD5Password: (machine, random) => {
    machine.sendAuthenticationMD5Password(random.bytes(4));
  },
  AuthenticationGSS: (machine) => {
    machine.sendAuthenticationGSS();
  },
  AuthenticationSSPI: (machine) => {
    machine.sendAuthenticationSSPI();
  },
  AuthenticationGSSContinue: (machine, random) => {
    machine.sendAuthenticationGSSContinue(random.bytes(3));
  },
  AuthenticationSASL: (machine) => {
    machine.sendAuthenticationSASL(['SCRAM-SHA-256', 'OAUTHBEARER']);
  },
  AuthenticationSASLContinue: (machine, random) => {
    machine.sendAuthenticationSASLContinue(random.bytes(9));
  },
  AuthenticationSASLFinal: (machine, random) => {
    machine.sendAuthenticationSASLFinal(random.bytes(9));
  },
  BackendKeyData: (machine, random) => {
    machine.sendBackendKeyData(7, random.bytes(4));
  },
  ReadyForQuery: (machine, random) => {
    machine.sendReadyForQuery(pick(random, ['I', 'T', 'E']));
  },
  ParameterStatus: (machine) => {
    machine.sendParameterStatus('name', 'value');
  },
  NoticeResponse: (machine) => {
    machine.sendNoticeResponse({ severity: 'NOTICE', sqlState: '00000', message: 'n' });
  },
  NotificationResponse: (machine) => {
    machine.sendNotificationResponse(7, 'channel', 'payload');
  },
  ErrorResponse: (machine, random) => {
    machine.sendErrorResponse(error(random));
  },
  RowDescription: (machine) => {
    machine.sendRowDescription([field({ name: 't', typeOid: 25 })]);
  },
  DataRow: (machine, random) => {
    machine.sendDataRow([random.int(0, 3) === 0 ? null : utf8('x'.repeat(random.int(0, 30)))]);
  },
  CommandComplete: (machine) => {
    machine.sendCommandComplete('SELECT 1');
  },
  EmptyQueryResponse: (machine) => {
    machine.sendEmptyQueryResponse();
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
    machine.sendParameterDescription([25]);
  },
  NoData: (machine) => {
    machine.sendNoData();
  },
  PortalSuspended: (machine) => {
    machine.sendPortalSuspended();
  },
  CopyInResponse: (machine) => {
    machine.sendCopyInResponse(0, [0, 0]);
  },
  CopyOutResponse: (machine) => {
    machine.sendCopyOutResponse(1, [1]);
  },
  CopyBothResponse: (machine) => {
    machine.sendCopyBothResponse(0, []);
  },
  CopyData: (machine, random) => {
    machine.sendCopyData(random.bytes(random.int(0, 20)));
  },
  CopyDone: (machine) => {
    machine.sendCopyDone();
  },
  FunctionCallResponse: (machine, random) => {
    machine.sendFunctionCallResponse(random.int(0, 1) === 0 ? null : random.bytes(4));
  },
};

const ASYNC = ['NoticeResponse', 'ParameterStatus', 'NotificationResponse'];

/** A server that has heard nothing yet. */
export function backendSubject(onEvent: OnEvent): Subject<BackendMachine> {
  const machine = new BackendMachine(handlerOf(onEvent) as BackendHandler, { maxMessageBytes: 4096 });
  return {
    machine,
    open: () => {
      const random = seededRandom(1);
      const startup = (out: WriteBuffer): void => {
        encodeStartupMessage(out, { major: 3, minor: 0 }, [['user', 'u']]);
      };
      machine.feed(written(random, startup));
      machine.sendAuthenticationOk();
      machine.sendReadyForQuery('I');
    },
    calls: BACKEND_CALLS,
    callsNow: () => {
      const open = BACKEND_PHASES[machine.state] === 'session' ? ASYNC : [];
      return [...Object.keys(SENDS[machine.state]), ...open];
    },
    messageNow: (random) => {
      const names = Object.keys(RECEIVES[machine.state]).filter((name) => name !== 'EndOfInput');
      if (names.length === 0) return undefined;
      const name = pick(random, names);
      const packet = packets.indexOf(name);
      const write = packet === -1 ? FRONTEND_WRITERS[name as FrontendMessageName] : PACKET_WRITERS[packet];
      return write === undefined ? undefined : { name, bytes: written(random, write) };
    },
    anyMessage: (random) => written(random, pick(random, [...Object.values(FRONTEND_WRITERS), ...PACKET_WRITERS])),
  };
}
