import { RemoteProtocolError } from './errors.js';

/**
 * Decodes what a SASL mechanism has to say. What is signed are bytes: neither may a mark vanish nor anything be replaced.
 *
 * @param what - Which message it is, for the error.
 * @throws {RemoteProtocolError} If it is not UTF-8.
 */
export function decodeSaslText(data: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch (cause) {
    throw new RemoteProtocolError(`${what} is not UTF-8`, { cause });
  }
}
