/**
 * Thrown by a decoder for bytes that no server sends: a length that does not fit the type, a nested structure that
 * does not end where its length says, a digit out of range.
 *
 * It never leaves the package: `feed()` turns it, like a `BufferUnderflowError`, into a `RemoteProtocolError` with this
 * as `cause`. A value that is well formed and only refused by the options is a `RangeError` instead.
 */
export class MalformedValueError extends Error {
  override readonly name: string = 'MalformedValueError';
  readonly code = 'ERR_POSTGRES_PROTOCOL_MALFORMED_VALUE';
}

/**
 * Checks the length that the wire declares for a value of a fixed width.
 *
 * @param length - Bytes, as read from the wire.
 * @throws {MalformedValueError} If they differ; nothing was read.
 */
export function checkLength(typeName: string, expected: number, length: number): void {
  if (length !== expected) {
    throw new MalformedValueError(`${typeName} is ${expected} bytes long, got ${length}`);
  }
}
