import type { Timer } from '@millrace/timeouts';
import type { Loop } from '../loop.js';

/** @returns `undefined` where the loop was closed: its connections are ending, nothing needs to be timed any more. */
export function callLaterIfOpen(loop: Loop, delayMs: number, fn: () => void): Timer | undefined {
  try {
    return loop.callLater(delayMs, fn);
  } catch (error) {
    // By name: the loop may come with another copy of this package.
    if ((error as Error | null)?.name !== 'LoopClosedError') throw error;
    return undefined;
  }
}
