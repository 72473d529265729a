/**
 * What the authors of loops need: the parts of the contract that are the same everywhere.
 *
 * @packageDocumentation
 */

export { checkChunk } from './check-chunk.js';
export { ConnectionSet } from './node/connection-set.js';
export { makeReceiver } from './receiver.js';
export type { Receiver } from './receiver.js';
export { UncaughtErrors } from './node/uncaught.js';
export { WriteGate } from './write-gate.js';
