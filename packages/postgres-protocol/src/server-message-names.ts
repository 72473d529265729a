import type { ReadBuffer } from '@millrace/read-buffer';
import { RemoteProtocolError } from './errors.js';
import type { AsyncMessageName, ServerMessageName } from './state.js';

/** Type byte of DataRow, the one message that has a path of its own. */
export const DATA_ROW = 0x44;

/** https://www.postgresql.org/docs/current/protocol-message-formats.html */
const NAMES: Readonly<Record<string, ServerMessageName | AsyncMessageName>> = {
  '1': 'ParseComplete',
  '2': 'BindComplete',
  '3': 'CloseComplete',
  A: 'NotificationResponse',
  C: 'CommandComplete',
  D: 'DataRow',
  E: 'ErrorResponse',
  G: 'CopyInResponse',
  H: 'CopyOutResponse',
  I: 'EmptyQueryResponse',
  K: 'BackendKeyData',
  N: 'NoticeResponse',
  S: 'ParameterStatus',
  T: 'RowDescription',
  V: 'FunctionCallResponse',
  W: 'CopyBothResponse',
  Z: 'ReadyForQuery',
  c: 'CopyDone',
  d: 'CopyData',
  n: 'NoData',
  s: 'PortalSuspended',
  t: 'ParameterDescription',
  v: 'NegotiateProtocolVersion',
};

const BY_BYTE = Array.from({ length: 256 }, (_, byte) => NAMES[String.fromCharCode(byte)]);

/** Messages of type 'R' by the int32 that they begin with. */
const AUTHENTICATIONS: Readonly<Record<number, ServerMessageName>> = {
  0: 'AuthenticationOk',
  3: 'AuthenticationCleartextPassword',
  5: 'AuthenticationMD5Password',
  10: 'AuthenticationSASL',
  11: 'AuthenticationSASLContinue',
  12: 'AuthenticationSASLFinal',
};

/** Methods that a server may ask for and this machine does not know. */
const UNSUPPORTED: Readonly<Record<number, string>> = {
  2: 'Kerberos V5',
  6: 'SCM credentials',
  7: 'GSSAPI',
  8: 'GSSAPI',
  9: 'SSPI',
};

/**
 * Names the message that `input` is in. Of an authentication request it reads the method.
 *
 * @throws {RemoteProtocolError} For a type byte or an authentication method without a name.
 */
export function readMessageName(input: ReadBuffer): ServerMessageName | AsyncMessageName {
  const { type } = input;
  if (type === 0x52) return readAuthenticationName(input);
  const name = BY_BYTE[type];
  if (name === undefined) {
    throw new RemoteProtocolError(`no message of a server has the type byte 0x${type.toString(16).padStart(2, '0')}`);
  }
  return name;
}

function readAuthenticationName(input: ReadBuffer): ServerMessageName {
  const method = input.readInt32();
  const name = AUTHENTICATIONS[method];
  if (name !== undefined) return name;
  const known = UNSUPPORTED[method] ?? 'unknown';
  throw new RemoteProtocolError(`the server asks for an unsupported authentication method: ${method} (${known})`);
}
