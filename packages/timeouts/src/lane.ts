/**
 * Deadlines for operations that finish in the order in which they began, such as requests pipelined on a connection.
 *
 * @packageDocumentation
 */

export { DeadlineLane } from './deadline-lane.js';
