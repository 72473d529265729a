import { checkMs, MAX_DELAY_MS } from './check-ms.js';
import type { Timer, TimerSource } from './timer-source.js';

/** setTimeout counts from the loop's cached time, which may lie behind, so the clock is asked again before the call. */
class HostTimer implements Timer {
  readonly #dueAt: number;
  readonly #fn: () => void;
  readonly #onTimeout = (): void => {
    this.#fire();
  };
  /** Browsers hand out numbers, which hold nothing. */
  #handle: { ref?(): void; unref?(): void } | undefined;
  #isRef = true;

  constructor(delayMs: number, fn: () => void) {
    this.#dueAt = performance.now() + delayMs;
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

  #fire(): void {
    const leftMs = this.#dueAt - performance.now();
    if (leftMs > 0) {
      this.#arm(leftMs);
      return;
    }
    this.#handle = undefined;
    this.#fn();
  }
}

/**
 * The host's clock: `performance.now()` and `setTimeout`, without their surprises.
 *
 * It never fires early, and delays beyond 2^31-1 ms, at which `setTimeout` fires at once, work. What a callback throws
 * is an uncaught exception of the host.
 *
 * @see {@link defaultTimers}, which is what a package should use when nobody gave it a clock.
 */
export const hostTimers: TimerSource = {
  isSimulated: false,
  now: () => performance.now(),
  callLater: (delayMs, fn) => {
    if (delayMs === Infinity) throw new RangeError('expected delayMs to be finite');
    return new HostTimer(checkMs(delayMs, 'delayMs'), fn);
  },
};

/** What tells one clock from another: the fake timers of a test runner take the place of the host's. */
export function clockOf(source: TimerSource): object {
  return source === hostTimers ? setTimeout : source;
}
