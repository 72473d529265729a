import { RemoteProtocolError } from './errors.js';
import type { AsyncMessageName, ServerMessageName, UnsupportedMessageName } from './frontend-state.js';
import { checkBackendLength } from './messages/lengths.js';
import { AUTHENTICATION_METHODS, BACKEND_NAMES, type BackendMessageName } from './messages/names.js';

/** Type byte and length. */
const HEADER_BYTES = 5;

/** Methods that a server may ask for and this machine does not know. */
const UNSUPPORTED: Readonly<Record<UnsupportedMessageName, string>> = {
  AuthenticationKerberosV5: 'Kerberos V5',
  AuthenticationGSS: 'GSSAPI',
  AuthenticationGSSContinue: 'GSSAPI',
  AuthenticationSSPI: 'SSPI',
};

/** @throws {RemoteProtocolError} For a request for an authentication method that this machine does not support. */
export function checkSupported(name: BackendMessageName): ServerMessageName | AsyncMessageName {
  if (!isUnsupported(name)) return name;
  const method = `${AUTHENTICATION_METHODS[name]} (${UNSUPPORTED[name]})`;
  throw new RemoteProtocolError(`the server asks for an unsupported authentication method: ${method}`);
}

/** Names the message of a server that bytes begin with, for an error; `undefined` if they cannot be one. */
export function guessMessageName(bytes: Uint8Array): string | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const type = view.getUint8(0);
  try {
    checkBackendLength(type, view.getInt32(1));
  } catch {
    return undefined;
  }
  return BACKEND_NAMES[type] ?? guessAuthenticationName(view);
}

function guessAuthenticationName(view: DataView): string | undefined {
  const method = view.byteLength < HEADER_BYTES + 4 ? undefined : view.getInt32(HEADER_BYTES);
  return Object.entries(AUTHENTICATION_METHODS).find(([, number]) => number === method)?.[0];
}

function isUnsupported(name: BackendMessageName): name is UnsupportedMessageName {
  return Object.hasOwn(UNSUPPORTED, name);
}
