import type { CancelScope } from './cancel-scope.js';
import type { Deadline } from './deadline.js';
import type { TimerSource } from './timer-source.js';

/**
 * What a caller may say about any operation that waits: how long, until when, and who may call it off.
 *
 * All members may be given together; the earliest one ends the operation. An operation that takes options of its own
 * merges this into them, one that does not takes it as the last argument.
 */
export interface Op {
  /** Calls the operation off; the operation rejects with `signal.reason`, untouched. */
  signal?: AbortSignal | undefined;
  /** Milliseconds the operation may take from its start, 0 or more. `Infinity` is the same as leaving it out. */
  timeoutMs?: number | undefined;
  /** The moment by which the operation must be done. */
  deadline?: Deadline | undefined;
  /** A scope that is open around the operation: its budget counts too, and cancelling it cancels the operation. */
  scope?: CancelScope | undefined;
  /** The clock to use, instead of the scope's, the deadline's, the constructor's or the default. */
  timers?: TimerSource | undefined;
}
