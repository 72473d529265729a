import { checkMs, MAX_DELAY_MS } from './check-ms.js';
import type { Timer, TimerSource } from './timer-source.js';

// Taken once: a timer that was set before a test runner puts its fakes in place must not go on in their time.
const { setTimeout, clearTimeout } = globalThis;
const now = performance.now.bind(performance);

/** setTimeout counts from the loop's cached time, which may lie behind, so the clock is asked again before the call. */
class HostTimer implements Timer {
  readonly #dueAt: number;
  readonly #fn: () => void;
  readonly #onTimeout = (): void => {
    const leftMs = this.#dueAt - now();
    if (leftMs > 0) {
      this.#arm(leftMs);
    } else {
      this.#handle = undefined;
      this.#fn();
    }
  };
  /** Browsers hand out numbers, which hold nothing. */
  #handle: { ref?(): void; unref?(): void } | undefined;
  #isRef = true;

  constructor(delayMs: number, fn: () => void) {
    this.#dueAt = now() + delayMs;
    this.#fn = fn;
    this.#arm(delayMs);
  }

  cancel(): void {
    clearTimeout(this.#handle as ReturnType<typeof setTimeout>);
    this.#handle = undefined;
  }

  ref(): void {
    this.#isRef = true;
    this.#handle?.ref?.();
  }

  unref(): void {
    this.#isRef = false;
    this.#handle?.unref?.();
  }

  #arm(delayMs: number): void {
    this.#handle = setTimeout(this.#onTimeout, Math.min(Math.ceil(delayMs), MAX_DELAY_MS));
    if (!this.#isRef) this.unref();
  }
}

/**
 * The host's clock: `performance.now()` and `setTimeout`, without their surprises.
 *
 * It never fires early, and delays beyond 2^31-1 ms, at which `setTimeout` fires at once, work. What a callback throws
 * is an uncaught exception of the host. Fake timers of a test runner have no effect on it: see {@link defaultTimers}.
 *
 * @see {@link defaultTimers}, which is what a package should use when nobody gave it a clock.
 */
export const hostTimers: TimerSource = {
  isSimulated: false,
  now,
  callLater: (delayMs, fn) => {
    if (delayMs === Infinity) throw new RangeError('expected delayMs to be finite');
    return new HostTimer(checkMs(delayMs, 'delayMs'), fn);
  },
};
