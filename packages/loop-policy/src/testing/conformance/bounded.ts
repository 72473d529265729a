import type { TimerSource } from '@millrace/timeouts';
import type { Patience } from './patience.js';

/** How long whatever a loop promises may take. */
export interface Bound {
  readonly timers: TimerSource;
  readonly patience: Patience;
}

/** @returns What `work` settles with, or `late()` when it has not done so in time. */
export async function bounded<T>(bound: Bound, work: Promise<T>, late: () => T): Promise<T> {
  let resolveLate: ((value: T) => void) | undefined;
  const tooLate = new Promise<T>((resolve) => (resolveLate = resolve));
  const timer = bound.timers.callLater(bound.patience.limitMs, () => resolveLate?.(late()));
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    timer.cancel();
  }
}
