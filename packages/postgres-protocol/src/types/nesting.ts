import { outOfRange } from './refused-value-error.js';

// Composites and records are the values that may hold others of their own type, so that their depth is up to the data.
// One count for the package is enough: readers and writers are synchronous, and leave in a `finally`.

/** Far above what anybody nests, and far below what a stack holds. */
export const MAX_NESTING = 64;

let readDepth = 0;
let writeDepth = 0;

/** Begins to read a value that may hold others of its type; every call that returns needs a {@link leaveRead}. */
export function enterRead(): void {
  if (readDepth >= MAX_NESTING) throw new RangeError(`composites are nested deeper than ${MAX_NESTING} levels`); // the bytes are fine
  readDepth++;
}

export function leaveRead(): void {
  readDepth--;
}

/** Begins to write a value that may hold others of its type, or itself; to be followed by {@link leaveWrite}. */
export function enterWrite(): void {
  if (writeDepth >= MAX_NESTING) throw outOfRange(`at most ${MAX_NESTING} levels of composites`, 'more');
  writeDepth++;
}

export function leaveWrite(): void {
  writeDepth--;
}
