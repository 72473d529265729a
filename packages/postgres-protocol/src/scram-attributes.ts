// The text of SCRAM's messages: attributes of one letter, separated by commas (RFC 5802, sections 5.1 and 7).
import { RemoteProtocolError } from './errors.js';

/** ABNF `printable` of RFC 5802, section 7. */
const NONCE = /^[\x21-\x2b\x2d-\x7e]+$/;
const MIN_NONCE_CHARACTERS = 16;

/** One attribute: its letter and its value. */
export type ScramAttribute = readonly [name: string, value: string];

/**
 * Takes a message apart.
 *
 * @param what - Names the message in errors.
 * @throws {RemoteProtocolError} If it is malformed, or holds an extension that must be understood: there is none.
 */
export function parseScramAttributes(message: string, what: string): readonly ScramAttribute[] {
  return message.split(',').map((part) => {
    const name = part.charAt(0);
    if (!/^[A-Za-z]=[^\0]*$/.test(part)) throw new RemoteProtocolError(`SCRAM: ${what} is malformed`);
    if (name === 'm') throw new RemoteProtocolError(`SCRAM: ${what} demands an extension that is not known`);
    return [name, part.slice(2)];
  });
}

/**
 * Returns the values of the attributes that a message begins with; extensions may follow, which are ignored.
 *
 * @param names - Their letters, in order.
 */
export function leadingValues(attributes: readonly ScramAttribute[], names: string, what: string): readonly string[] {
  return Array.from(names, (name, i) => {
    const [seen, value = ''] = attributes[i] ?? [];
    if (seen !== name) throw new RemoteProtocolError(`SCRAM: ${what} is malformed: expected the attribute ${name}`);
    return value;
  });
}

/** @throws {TypeError} Unless `nonce` is one that an end of the conversation may choose. */
export function checkNonce(nonce: string): void {
  if (!(nonce.length >= MIN_NONCE_CHARACTERS && NONCE.test(nonce))) {
    throw new TypeError('a nonce is 16 or more characters of printable ASCII, without comma or space');
  }
}

/** Whether the other end may have chosen it. */
export function isNonce(text: string): boolean {
  return NONCE.test(text);
}

/** Commas end a name, and `=` begins an escape. */
export function escapeName(name: string): string {
  if (name.includes('\0')) throw new TypeError('a user name cannot hold a NUL');
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C');
}

/** @throws {RemoteProtocolError} If `=` is followed by anything but `2C` or `3D`. */
export function unescapeName(text: string): string {
  if (/=(?!2C|3D)/.test(text)) throw new RemoteProtocolError('SCRAM: the user name holds an "=" that is not escaped');
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=');
}
