/**
 * Locks, semaphores, events and the like, all cancellable.
 *
 * @packageDocumentation
 */

// For applications
export { Barrier } from './barrier.js';
export type { BarrierStats } from './barrier.js';
export { Condition } from './condition.js';
export type { ConditionStats } from './condition.js';
export { LeaseError, SyncClosedError } from './errors.js';
export { Event } from './event.js';
export type { EventStats } from './event.js';
export type { FlightOptions } from './flight.js';
export { Lock } from './lock.js';
export type { LockStats } from './lock.js';
export { once } from './once.js';
export type { Once, OnceStats } from './once.js';
export type { Lease } from './permits.js';
export { RWLock } from './rw-lock.js';
export type { RWLockStats } from './rw-lock.js';
export { Semaphore } from './semaphore.js';
export type { SemaphoreStats } from './semaphore.js';
export { singleFlight } from './single-flight.js';
export type { SingleFlight, SingleFlightStats } from './single-flight.js';
export type { SyncOptions } from './wait-line.js';
