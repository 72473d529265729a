// For protocol authors: bytes in every arrangement.
export { everyChunking, everySplit, MAX_EVERY_CHUNKING_BYTES, randomChunks } from './chunks.js';
export type { RandomChunksOptions } from './chunks.js';
export { hex } from './hex.js';
export { SeededRandom, seededRandom } from './seeded-random.js';
// For whatever waits: time under the test's control.
export { TestClock } from './test-clock.js';
export type { TestTimer } from './test-clock.js';
// For whatever tasks share: a small program, in every order.
export { everyProgram } from './every-program.js';
export type { EveryProgramOptions } from './every-program.js';
export { explore } from './explore.js';
export type { Exploration, ExploreOptions } from './explore.js';
export type { Call, Program, Run, Step, Task } from './program.js';
export { ScheduleError } from './schedule-error.js';
