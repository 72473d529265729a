/**
 * Operation options, deadlines, cancel scopes and timeouts.
 *
 * @packageDocumentation
 */

// For applications
export { openCancelScope } from './cancel-scope.js';
export type { CancelScope } from './cancel-scope.js';
export { Deadline } from './deadline.js';
export { TimeoutError } from './errors.js';
export type { Op } from './op.js';
export { sleep } from './sleep.js';
export { withTimeout } from './with-timeout.js';

// For authors of whatever waits
export { defaultTimers, timersOf } from './default-timers.js';
export { hostTimers } from './host-timer-source.js';
export { TimerEntry } from './timer-entry.js';
export { TimerRing } from './timer-ring.js';
export type { Timer, TimerSource } from './timer-source.js';
export type { Arm, Waiter } from './waiter.js';
export { throwIfOver, watchOp } from './watch-op.js';
export type { Cancellable, OpWatch } from './watch-op.js';
