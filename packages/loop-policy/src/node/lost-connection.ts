import { ConnectionLostError, TransportClosedError } from '../errors.js';

/** The platform said why. */
export function lostBy(cause: Error): ConnectionLostError {
  return new ConnectionLostError(`the connection was lost: ${cause.message}`, { cause });
}

/** The socket closed without an error although nobody asked for it. */
export function unexpectedEnd(): ConnectionLostError {
  return new ConnectionLostError('the connection was closed', {
    cause: new Error('the socket closed without an error'),
  });
}

/** It was we who ended it while it was changing to TLS. */
export function givenUp(): TransportClosedError {
  return new TransportClosedError('the transport was closed before the TLS handshake was done');
}
