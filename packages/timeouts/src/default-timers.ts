import { hostTimers } from './host-timer-source.js';
import type { Op } from './op.js';
import type { TimerSource } from './timer-source.js';

/** Registered, so that every copy of the package looks in the same place. */
const DEFAULT_TIMERS = Symbol.for('millrace.timers');
const registry = globalThis as { [DEFAULT_TIMERS]?: TimerSource | undefined };
// perf: micro/timeouts/deadline-await. To look for what is not there at all costs 10 ns. Where there is something already
// it is left alone, and where nothing can be added this says so instead of throwing.
if (!(DEFAULT_TIMERS in globalThis)) {
  Reflect.defineProperty(globalThis, DEFAULT_TIMERS, { value: undefined, writable: true, configurable: true });
}

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
