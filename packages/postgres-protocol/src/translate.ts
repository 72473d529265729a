import { BufferUnderflowError, FrameError } from '@millrace/read-buffer';
import type { BackendState } from './backend-state.js';
import { RemoteProtocolError } from './errors.js';
import type { State } from './frontend-state.js';
import { MalformedValueError } from './types/malformed-value-error.js';

/** Whether `error` is what a decoder throws for bytes that break the protocol. */
export function isPeersFault(error: unknown): error is Error {
  return (
    error instanceof RemoteProtocolError ||
    error instanceof BufferUnderflowError ||
    error instanceof MalformedValueError ||
    error instanceof FrameError
  );
}

/**
 * Turns such an error into a {@link RemoteProtocolError} that says where the conversation was: the one place where
 * errors of the layers below are translated.
 *
 * @param received - Name of the message in work, if there was one.
 */
export function translate(
  error: Error,
  state: State | BackendState,
  received: string | undefined,
): RemoteProtocolError {
  if (error instanceof RemoteProtocolError && error.state !== undefined) return error;
  const isOurs = error instanceof RemoteProtocolError;
  const name = received ?? (isOurs ? error.received : undefined);
  const where = name === undefined ? `while ${state}` : `${name} while ${state}`;
  const cause = isOurs ? error.cause : error;
  return new RemoteProtocolError(`${describe(error)} (${where})`, { state, received: name, cause });
}

function describe(error: Error): string {
  if (error instanceof BufferUnderflowError) return 'a message is shorter than its fields';
  if (error instanceof FrameError) return `a message has an impossible length: ${error.message}`;
  return error.message;
}
