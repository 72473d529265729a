import { TimeoutError } from '@millrace/timeouts';
import type { CancelScope, Op } from '@millrace/timeouts';
import {
  CommitOutcomeUnknownError,
  ConnectError,
  ConnectionClosedError,
  ConnectionLostError,
  PostgresError,
} from './errors.js';

/** Errors that are made for one operation, where bytes arrive: far from whoever called. */
const OURS = [PostgresError, ConnectionLostError, ConnectionClosedError, ConnectError, CommitOutcomeUnknownError];

type CaptureStackTrace = (target: object) => void;

/**
 * Gives an error the stack of the caller. Must be called from an async function that the caller awaits, after its own
 * `await`: the engine knows then who waits, and it costs nothing as long as nothing fails.
 *
 * @param outer - The scope of a transaction around the call.
 * @returns The same error. One that is not ours, such as the reason of a signal, is not touched.
 */
export function atCaller(error: unknown, op?: Op, outer?: CancelScope): unknown {
  if (!(error instanceof Error)) return error;
  // A timeout of a scope that spans several calls, or a reason, belongs to somebody else.
  const isOthers = op?.scope !== undefined || outer?.isCancelled === true || error === op?.signal?.reason;
  const isOwnTimeout = error instanceof TimeoutError && !isOthers;
  if (isOwnTimeout || OURS.some((type) => error instanceof type)) {
    (Error as { captureStackTrace?: CaptureStackTrace | undefined }).captureStackTrace?.(error);
  }
  return error;
}
