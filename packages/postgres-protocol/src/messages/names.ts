import type { ReadBuffer } from '@millrace/read-buffer';
import { RemoteProtocolError } from '../errors.js';

// The messages of the PostgreSQL protocol, 3.0 and 3.2, one file for each flow, both directions together.
//
//  - `encode<Name>(out, …fields)` appends one whole message, its fields in the order of the wire. What does not fit is a
//    RangeError or TypeError, from the buffer or from here; the frame may be open then, so callers run it in
//    `out.atomic()`, which leaves nothing. It also refuses what the other side's own limits would: see lengths.ts.
//  - `decode<Name>(input)` reads the fields of the frame that `takeFrame()` found: one field as it is, several as an
//    object. All of it is the caller's to keep. A frame that is too short is a BufferUnderflowError, nonsense is a
//    RemoteProtocolError. What follows the fields is left for the caller to judge. Messages without fields have none.
//
// https://www.postgresql.org/docs/current/protocol-message-formats.html

/** The type byte of each message of a client, by the manual's name. Requests before the session have none. */
export const FRONTEND_TYPES = {
  Bind: 0x42,
  Close: 0x43,
  CopyData: 0x64,
  CopyDone: 0x63,
  CopyFail: 0x66,
  Describe: 0x44,
  Execute: 0x45,
  Flush: 0x48,
  FunctionCall: 0x46,
  GSSResponse: 0x70,
  Parse: 0x50,
  PasswordMessage: 0x70,
  Query: 0x51,
  SASLInitialResponse: 0x70,
  SASLResponse: 0x70,
  Sync: 0x53,
  Terminate: 0x58,
} as const;

/** The type byte of each message of a server, by the manual's name. */
export const BACKEND_TYPES = {
  AuthenticationOk: 0x52,
  AuthenticationKerberosV5: 0x52,
  AuthenticationCleartextPassword: 0x52,
  AuthenticationMD5Password: 0x52,
  AuthenticationGSS: 0x52,
  AuthenticationGSSContinue: 0x52,
  AuthenticationSSPI: 0x52,
  AuthenticationSASL: 0x52,
  AuthenticationSASLContinue: 0x52,
  AuthenticationSASLFinal: 0x52,
  BackendKeyData: 0x4b,
  BindComplete: 0x32,
  CloseComplete: 0x33,
  CommandComplete: 0x43,
  CopyBothResponse: 0x57,
  CopyData: 0x64,
  CopyDone: 0x63,
  CopyInResponse: 0x47,
  CopyOutResponse: 0x48,
  DataRow: 0x44,
  EmptyQueryResponse: 0x49,
  ErrorResponse: 0x45,
  FunctionCallResponse: 0x56,
  NegotiateProtocolVersion: 0x76,
  NoData: 0x6e,
  NoticeResponse: 0x4e,
  NotificationResponse: 0x41,
  ParameterDescription: 0x74,
  ParameterStatus: 0x53,
  ParseComplete: 0x31,
  PortalSuspended: 0x73,
  ReadyForQuery: 0x5a,
  RowDescription: 0x54,
} as const;

/** The int32 that each message of type `R` begins with, by the manual's name. */
export const AUTHENTICATION_METHODS = {
  AuthenticationOk: 0,
  AuthenticationKerberosV5: 2,
  AuthenticationCleartextPassword: 3,
  AuthenticationMD5Password: 5,
  AuthenticationGSS: 7,
  AuthenticationGSSContinue: 8,
  AuthenticationSSPI: 9,
  AuthenticationSASL: 10,
  AuthenticationSASLContinue: 11,
  AuthenticationSASLFinal: 12,
} as const;

/** The manual's name of a message of a client that has a type byte. */
export type FrontendMessageName = keyof typeof FRONTEND_TYPES;
/** The manual's name of a message of a server. */
export type BackendMessageName = keyof typeof BACKEND_TYPES;
/** The manual's name of a message of type `R`. */
export type AuthenticationMessageName = keyof typeof AUTHENTICATION_METHODS;
/** What a message of type `p` may be: the authentication request that it answers says which. */
export type AuthenticationAnswerName = 'PasswordMessage' | 'SASLInitialResponse' | 'SASLResponse' | 'GSSResponse';

const AUTHENTICATION = 0x52;
const AUTHENTICATION_ANSWER = 0x70;

/**
 * The name of each message of a client, by its type byte. `undefined` where there is none, and for `p`, which has four.
 */
export const FRONTEND_NAMES: readonly (Exclude<FrontendMessageName, AuthenticationAnswerName> | undefined)[] =
  /* @__PURE__ */ byNumber(FRONTEND_TYPES, 256, AUTHENTICATION_ANSWER) as readonly (
    Exclude<FrontendMessageName, AuthenticationAnswerName> | undefined
  )[];

/**
 * The name of each message of a server, by its type byte. `undefined` where there is none, and for `R`, which has ten.
 */
export const BACKEND_NAMES: readonly (Exclude<BackendMessageName, AuthenticationMessageName> | undefined)[] =
  /* @__PURE__ */ byNumber(BACKEND_TYPES, 256, AUTHENTICATION) as readonly (
    Exclude<BackendMessageName, AuthenticationMessageName> | undefined
  )[];

const AUTHENTICATION_NAMES: readonly (AuthenticationMessageName | undefined)[] = /* @__PURE__ */ byNumber(
  AUTHENTICATION_METHODS,
  13,
);

/**
 * Names the message of a server that `input` is in. Of an authentication request it reads the method.
 *
 * @throws {RemoteProtocolError} For a type byte or an authentication method without a name.
 * @throws {BufferUnderflowError} If the method is cut short.
 */
export function readBackendMessageName(input: ReadBuffer): BackendMessageName {
  const { type } = input;
  if (type === AUTHENTICATION) return readAuthenticationName(input);
  const name = BACKEND_NAMES[type];
  if (name === undefined) throw new RemoteProtocolError(`no message of a server has the type byte ${hexByte(type)}`);
  return name;
}

/**
 * Names the message of a client that `input` is in. Nothing of it is read.
 *
 * @param answer - What a message of type `p` is here; left out where none is due.
 * @throws {RemoteProtocolError} For a type byte without a name, or `p` where no answer is due.
 */
export function readFrontendMessageName(input: ReadBuffer, answer?: AuthenticationAnswerName): FrontendMessageName {
  const { type } = input;
  if (type === AUTHENTICATION_ANSWER) {
    if (answer !== undefined) return answer;
    throw new RemoteProtocolError('a client answers an authentication request that was not made');
  }
  const name = FRONTEND_NAMES[type];
  if (name === undefined) throw new RemoteProtocolError(`no message of a client has the type byte ${hexByte(type)}`);
  return name;
}

function readAuthenticationName(input: ReadBuffer): AuthenticationMessageName {
  const method = input.readInt32();
  const name = AUTHENTICATION_NAMES[method];
  if (name !== undefined) return name;
  throw new RemoteProtocolError(`the server asks for an unsupported authentication method: ${method} (unknown)`);
}

function byNumber<Name extends string>(
  numbers: Readonly<Record<Name, number>>,
  length: number,
  ambiguous?: number,
): (Name | undefined)[] {
  const names = new Array<Name | undefined>(length).fill(undefined);
  for (const [name, number] of Object.entries(numbers) as [Name, number][]) {
    if (number !== ambiguous) names[number] = name;
  }
  return names;
}

/** A byte for a message: `0x0a`. */
export function hexByte(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}
