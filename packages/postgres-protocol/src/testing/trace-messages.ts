// What libpq prints of each message. Some of it is odd: it skips the salt of an MD5 request and the end of a long secret
// key, and then complains that something is left. But traces are compared with what PQtrace prints, so it is so here.
import {
  BACKEND_NAMES,
  FRONTEND_NAMES,
  FRONTEND_TYPES,
  type AuthenticationAnswerName,
  type AuthenticationMessageName,
  type BackendMessageName,
  type FrontendMessageName,
} from '../messages/names.js';
import {
  byte,
  counted,
  int16,
  int16sToEnd,
  int32,
  longList,
  noticeFields,
  pairsToEmpty,
  string,
  stringsToEmpty,
  value,
  varyingInt32,
  varyingRest,
  varyingValue,
  type TraceField,
} from './trace-fields.js';

/** A message as libpq prints it: its name, and its fields as far as libpq looks at them. */
export interface TracedMessage {
  readonly name: string;
  readonly fields: readonly TraceField[];
}

type TraceFields = TracedMessage['fields'];

const FRONTEND_FIELDS: Readonly<Record<FrontendMessageName, TraceFields>> = {
  Bind: [string, string, counted(int16), counted(value), counted(int16)],
  Close: [byte, string],
  CopyData: [varyingRest],
  CopyDone: [],
  CopyFail: [string],
  Describe: [byte, string],
  Execute: [string, int32],
  Flush: [],
  FunctionCall: [varyingInt32, counted(int16), counted(value), int16],
  GSSResponse: [varyingRest],
  Parse: [string, string, counted(varyingInt32)],
  PasswordMessage: [string],
  Query: [string],
  SASLInitialResponse: [string, varyingValue],
  SASLResponse: [varyingRest],
  Sync: [],
  Terminate: [],
};

/** AuthenticationKerberosV5 is not known to libpq. */
const BACKEND_FIELDS: Readonly<Record<Exclude<BackendMessageName, 'AuthenticationKerberosV5'>, TraceFields>> = {
  AuthenticationOk: [],
  AuthenticationCleartextPassword: [],
  AuthenticationMD5Password: [],
  AuthenticationGSS: [],
  AuthenticationGSSContinue: [varyingRest],
  AuthenticationSSPI: [],
  AuthenticationSASL: [stringsToEmpty],
  AuthenticationSASLContinue: [varyingRest],
  AuthenticationSASLFinal: [varyingRest],
  BackendKeyData: [varyingInt32, varyingInt32],
  BindComplete: [],
  CloseComplete: [],
  CommandComplete: [string],
  CopyBothResponse: [byte, int16sToEnd],
  CopyData: [varyingRest],
  CopyDone: [],
  CopyInResponse: [byte, counted(int16)],
  CopyOutResponse: [byte, counted(int16)],
  DataRow: [counted(value)],
  EmptyQueryResponse: [],
  ErrorResponse: [noticeFields],
  FunctionCallResponse: [value],
  NegotiateProtocolVersion: [int32, longList],
  NoData: [],
  NoticeResponse: [noticeFields],
  NotificationResponse: [varyingInt32, string, string],
  ParameterDescription: [counted(varyingInt32)],
  ParameterStatus: [string, string],
  ParseComplete: [],
  PortalSuspended: [],
  ReadyForQuery: [byte],
  RowDescription: [counted(string, varyingInt32, int16, varyingInt32, int16, int32, int16)],
};

interface AuthenticationRequest {
  readonly name: Exclude<AuthenticationMessageName, 'AuthenticationKerberosV5'>;
  /** What the client's next message of type `p` is. */
  readonly answer?: AuthenticationAnswerName;
}

/** By the int32 that a message of type `R` begins with. */
const AUTHENTICATION_REQUESTS: Readonly<Record<number, AuthenticationRequest>> = {
  0: { name: 'AuthenticationOk' },
  3: { name: 'AuthenticationCleartextPassword', answer: 'PasswordMessage' },
  5: { name: 'AuthenticationMD5Password', answer: 'PasswordMessage' },
  7: { name: 'AuthenticationGSS', answer: 'GSSResponse' },
  8: { name: 'AuthenticationGSSContinue', answer: 'GSSResponse' },
  9: { name: 'AuthenticationSSPI', answer: 'GSSResponse' },
  10: { name: 'AuthenticationSASL', answer: 'SASLInitialResponse' },
  11: { name: 'AuthenticationSASLContinue', answer: 'SASLResponse' },
  12: { name: 'AuthenticationSASLFinal' },
};

/** Packets without a type byte, by the int32 that they begin with. */
const REQUESTS: Readonly<Record<number, TracedMessage>> = {
  80877102: { name: 'CancelRequest', fields: [int16, int16, varyingInt32, varyingInt32] },
  80877103: { name: 'SSLRequest', fields: [int16, int16] },
  80877104: { name: 'GSSENCRequest', fields: [int16, int16] },
};

/** What a packet without a type byte is that begins with `code`. */
export function tracedUntypedMessage(code: number): TracedMessage {
  return REQUESTS[code] ?? { name: 'StartupMessage', fields: [int16, int16, pairsToEmpty] };
}

/**
 * What a message of the client is.
 *
 * @param answer - What it is if its type is `p`; left out where the server asked for nothing.
 */
export function tracedFrontendMessage(type: number, answer?: AuthenticationAnswerName): TracedMessage {
  if (type === FRONTEND_TYPES.PasswordMessage && answer === undefined) return bare('UnknownAuthenticationResponse');
  const name = type === FRONTEND_TYPES.PasswordMessage ? answer : FRONTEND_NAMES[type];
  return name === undefined ? unknownMessage(type) : { name, fields: FRONTEND_FIELDS[name] };
}

/** What a message of the server is whose type is not `R`. */
export function tracedBackendMessage(type: number): TracedMessage {
  const name = BACKEND_NAMES[type];
  return name === undefined ? unknownMessage(type) : { name, fields: BACKEND_FIELDS[name] };
}

/** What a message of type `R` is, and what the client answers. */
export function tracedAuthentication(method: number): TracedMessage & Pick<AuthenticationRequest, 'answer'> {
  const request = AUTHENTICATION_REQUESTS[method];
  if (request === undefined) return bare(`Unknown authentication message ${method}`);
  return { ...request, fields: BACKEND_FIELDS[request.name] };
}

const unknownMessage = (type: number): TracedMessage => bare(`Unknown message: ${type.toString(16).padStart(2, '0')}`);

const bare = (name: string): TracedMessage => ({ name, fields: [] });
