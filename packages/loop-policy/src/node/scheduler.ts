import { hostTimers, type Timer } from '@millrace/timeouts';
import type { Host } from './host.js';

/** What was scheduled and has not run yet, and whether it holds the process open. */
export class Scheduler {
  private readonly _host: Host;
  private readonly _run: (fn: () => void) => void;
  private readonly _timers = new Set<Timer>();
  private _soon: (() => void)[] = [];
  private _isReleased = false;
  private readonly _drain = (): void => {
    const batch = this._soon;
    this._soon = [];
    for (const fn of batch) this._run(fn);
  };

  /** @param run - Runs one of the functions; what that throws must not come out of it. */
  constructor(host: Host, run: (fn: () => void) => void) {
    this._host = host;
    this._run = run;
  }

  /** One immediate for all that is scheduled before it runs; what they schedule themselves has to wait for the next. */
  soon(fn: () => void): void {
    this._soon.push(fn);
    // Immediates run right after the poll phase, when the microtasks of what ran there are done. They are not released:
    // it is this turn that they hold the process open for, and without that they might come after the next poll.
    if (this._soon.length === 1) this._host.setImmediate(this._drain);
  }

  later(delayMs: number, fn: () => void): Timer {
    const timer = hostTimers.callLater(delayMs, () => {
      this._timers.delete(entry);
      this._run(fn);
    });
    const entry: Timer = {
      cancel: () => {
        this._timers.delete(entry);
        timer.cancel();
      },
      ref: () => {
        if (!this._isReleased) timer.ref();
      },
      unref: () => {
        timer.unref();
      },
    };
    this._timers.add(entry);
    return entry;
  }

  /** Timers no longer hold the process open; they still run if something else does. */
  release(): void {
    this._isReleased = true;
    for (const timer of this._timers) timer.unref();
  }
}
