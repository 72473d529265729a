import { openCancelScope } from './cancel-scope.js';
import { checkMs, MAX_DELAY_MS } from './check-ms.js';
import { timersOf } from './default-timers.js';
import type { Op } from './op.js';
import type { Timer, TimerSource } from './timer-source.js';

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
export async function sleep(ms: number, op?: Op): Promise<void> {
  checkMs(ms, 'ms');
  const timers = timersOf(op);
  if (op === undefined) {
    await new Promise<void>((resolve) => new Alarm(timers, ms, resolve));
    return;
  }
  const scope = openCancelScope(op, 'sleep');
  let alarm: Alarm | undefined;
  try {
    scope.throwIfCancelled();
    await scope.race(
      new Promise<void>((resolve) => {
        alarm = new Alarm(timers, ms, resolve);
      }),
    );
  } finally {
    alarm?.cancel();
    scope.close();
  }
}

/** A timer that holds the process and is right even on a source that rounds down. */
class Alarm {
  readonly #timers: TimerSource;
  readonly #dueAt: number;
  readonly #fn: () => void;
  #timer: Timer;

  constructor(timers: TimerSource, delayMs: number, fn: () => void) {
    this.#timers = timers;
    this.#dueAt = timers.now() + delayMs;
    this.#fn = fn;
    this.#timer = this.#arm(delayMs);
  }

  cancel(): void {
    this.#timer.cancel();
  }

  #arm(delayMs: number): Timer {
    return this.#timers.callLater(Math.min(delayMs, MAX_DELAY_MS), () => {
      const leftMs = this.#dueAt - this.#timers.now();
      if (leftMs > 0) this.#timer = this.#arm(Math.max(1, leftMs));
      else this.#fn();
    });
  }
}
