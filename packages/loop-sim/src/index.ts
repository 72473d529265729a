/**
 * Deterministic simulated hosts, links and time.
 *
 * @packageDocumentation
 */

export { DeadlockError, SimulationTimeoutError, SystemError } from './errors.js';
export type { LinkOptions } from './link.js';
export { Simulation } from './simulation.js';
export type { RunOptions, SimulationOptions } from './simulation.js';
export type { TraceEntry } from './trace.js';
export { SimConnect } from './sim-connect.js';
export { SimConnection } from './sim-connection.js';
export type { Direction } from './sim-connection.js';
export { replay, sweep } from './sweep.js';
export type { SimProgram, SweepFailure, SweepOptions, SweepResult } from './sweep.js';
