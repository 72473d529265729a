/**
 * Bounded queues with back-pressure, close and cancellation.
 *
 * @packageDocumentation
 */

export { AsyncQueue } from './async-queue.js';
export { QueueClosedError, QueueFullError } from './errors.js';
export type { QueueOptions } from './options.js';
