import type { BackendState } from './backend-state.js';
import type { State } from './frontend-state.js';

/** What a {@link RemoteProtocolError} may carry besides its text. */
export interface RemoteProtocolErrorDetails {
  /** State of the machine when the bytes were judged. */
  readonly state?: State | BackendState | undefined;
  /** The manual's name of the message that was judged. */
  readonly received?: string | undefined;
  readonly cause?: unknown;
}

/**
 * Thrown by `feed()` and `eof()` when the peer broke the protocol, or speaks another one.
 *
 * It is terminal: the machine is dead, and each later call throws this same object. Events decoded before it were
 * delivered. The owner closes the transport.
 */
export class RemoteProtocolError extends Error {
  override readonly name: string = 'RemoteProtocolError';
  readonly code = 'ERR_POSTGRES_PROTOCOL_REMOTE';
  readonly state: State | BackendState | undefined;
  readonly received: string | undefined;

  constructor(message: string, details: RemoteProtocolErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.state = details.state;
    this.received = details.received;
  }
}

/**
 * Thrown by a call that comes at the wrong time: before the session is open, after `sendTerminate()`, from inside an
 * event that forbids it, from inside an encoder. Nothing was written and nothing changed; the machine stays usable.
 */
export class LocalProtocolError extends Error {
  override readonly name: string = 'LocalProtocolError';
  readonly code = 'ERR_POSTGRES_PROTOCOL_LOCAL';
  /** The method that was called. */
  readonly call: string;
  readonly state: State | BackendState;

  constructor(call: string, state: State | BackendState, message: string) {
    super(`${call}: ${message}`);
    this.call = call;
    this.state = state;
  }
}
