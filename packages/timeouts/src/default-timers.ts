import { hostTimers } from './host-timer-source.js';
import type { Op } from './op.js';
import type { TimerSource } from './timer-source.js';

/** Registered, so that every copy of the package looks in the same place. */
const DEFAULT_TIMERS = Symbol.for('millrace.timers');
const registry = globalThis as { [DEFAULT_TIMERS]?: TimerSource | undefined };

/**
 * Returns the clock to use where nobody gave one.
 *
 * It is `globalThis[Symbol.for('millrace.timers')]`, where a simulation puts its own for as long as it runs, and
 * {@link hostTimers} otherwise.
 *
 * @remarks
 * Lifetime: ask each time a wait begins, do not keep the answer.
 */
export function defaultTimers(): TimerSource {
  return registry[DEFAULT_TIMERS] ?? hostTimers;
}

/**
 * Picks the clock of an operation: `op.timers`, else the scope's, the deadline's, `own`, the default.
 *
 * @param op - What the caller of the operation said.
 * @param own - The clock that the object was constructed with, if it was.
 */
export function timersOf(op: Op | undefined, own?: TimerSource): TimerSource {
  return op?.timers ?? op?.scope?.timers ?? op?.deadline?.timers ?? own ?? defaultTimers();
}
