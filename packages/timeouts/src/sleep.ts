import { checkMs, MAX_DELAY_MS } from './check-ms.js';
import { timersOf } from './default-timers.js';
import type { Op } from './op.js';
import { throwIfOver, watchOp } from './watch-op.js';

/**
 * Resolves after `ms`, never before.
 *
 * @param ms - Milliseconds, 0 or more; `Infinity` waits until `op` ends it.
 * @param op - What may end the sleep sooner.
 * @throws {RangeError} If `ms` or `op.timeoutMs` is NaN or negative.
 * @throws {TimeoutError} If the budget in `op` runs out first.
 * @throws The reason of `op.signal` or `op.scope`, untouched, when that ends it.
 * @remarks
 * Cancellation: nothing is left behind, neither timer nor listener.
 * Lifetime: a pending sleep holds the process open.
 */
export function sleep(ms: number, op?: Op): Promise<void> {
  return new Promise((resolve, reject) => {
    checkMs(ms, 'ms');
    throwIfOver(op, 'sleep');
    const fail: (reason: unknown) => void = reject;
    const timers = timersOf(op);
    const dueAt = timers.now() + ms;
    // The wait may be longer than a host can wait, and a source may call back early.
    const onTime = (): void => {
      const leftMs = dueAt - timers.now();
      if (leftMs > 0) {
        timer = timers.callLater(Math.min(Math.max(1, leftMs), MAX_DELAY_MS), onTime);
      } else {
        watch?.release();
        resolve();
      }
    };
    let timer = timers.callLater(Math.min(ms, MAX_DELAY_MS), onTime);
    const watch = watchOp(
      op,
      {
        onCancel(reason) {
          timer.cancel();
          fail(reason);
        },
      },
      'sleep',
    );
  });
}
