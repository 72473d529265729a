import type { ReadBuffer } from '@millrace/read-buffer';
import { RemoteProtocolError } from './errors.js';
import { AUTHENTICATION_METHODS, BACKEND_TYPES, readBackendMessageName } from './messages/names.js';
import type { AsyncMessageName, ServerMessageName } from './state.js';

/** Type byte of DataRow, the one message that has a path of its own. */
export const DATA_ROW: number = BACKEND_TYPES.DataRow;

/** Methods that a server may ask for and this machine does not know. */
const UNSUPPORTED = {
  AuthenticationKerberosV5: 'Kerberos V5',
  AuthenticationGSS: 'GSSAPI',
  AuthenticationGSSContinue: 'GSSAPI',
  AuthenticationSSPI: 'SSPI',
} as const;

/**
 * Names the message that `input` is in. Of an authentication request it reads the method.
 *
 * @throws {RemoteProtocolError} For a type byte without a name, or an authentication method that is not supported.
 */
export function readMessageName(input: ReadBuffer): ServerMessageName | AsyncMessageName {
  const name = readBackendMessageName(input);
  if (!isUnsupported(name)) return name;
  const method = `${AUTHENTICATION_METHODS[name]} (${UNSUPPORTED[name]})`;
  throw new RemoteProtocolError(`the server asks for an unsupported authentication method: ${method}`);
}

function isUnsupported(name: string): name is keyof typeof UNSUPPORTED {
  return Object.hasOwn(UNSUPPORTED, name);
}
