import type { Timer, TimerSource } from '@millrace/timeouts';

/** How often it looks; short enough to meet most delays that a person would notice. */
const SAMPLE_MS = 20;
/** The last 10 seconds. */
const SAMPLES = 500;

/** Measures how late a clock's timers are, from the first look on, for the last 10 seconds. */
export class LagMeter {
  readonly #timers: TimerSource;
  readonly #lags: number[] = [];
  #next = 0;
  #dueAt = 0;
  #timer: Timer | undefined;
  #isStopped = false;
  readonly #sample = (): void => {
    const lagMs = this.#timers.now() - this.#dueAt;
    // What was due meanwhile would have been late too: without it a long stop would count as little as a short one.
    const from = Math.min(lagMs, SAMPLE_MS * (SAMPLES - 1));
    for (let behindMs = from; behindMs >= 0; behindMs -= SAMPLE_MS) this.#record(behindMs + (lagMs - from));
    this.#arm();
  };

  constructor(timers: TimerSource) {
    this.#timers = timers;
  }

  /** Starts to measure if it did not yet. @returns `undefined` while nothing was measured. */
  read(): { readonly mean: number; readonly max: number } | undefined {
    if (this.#timer === undefined && !this.#isStopped) this.#arm();
    if (this.#lags.length === 0) return undefined;
    let sum = 0;
    let max = 0;
    for (const lag of this.#lags) {
      sum += lag;
      max = Math.max(max, lag);
    }
    return { mean: sum / this.#lags.length, max };
  }

  /** Stops for good. What was measured can still be read. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #record(lagMs: number): void {
    this.#lags[this.#next] = lagMs;
    this.#next = (this.#next + 1) % SAMPLES;
  }

  #arm(): void {
    this.#dueAt = this.#timers.now() + SAMPLE_MS;
    this.#timer = this.#timers.callLater(SAMPLE_MS, this.#sample);
    this.#timer.unref();
  }
}
