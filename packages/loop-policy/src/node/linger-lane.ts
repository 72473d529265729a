import type { Timer, TimerSource } from '@millrace/timeouts';

/** Calls `expire` on what was added, after the same time for each of them, with one timer for all. */
export class LingerLane<T extends object> {
  private readonly _timers: TimerSource;
  private readonly _lingerMs: number;
  private readonly _expire: (member: T) => void;
  /** When each is due; the first is the next one, since all wait equally long. */
  private readonly _dueAt = new Map<T, number>();
  private _timer: Timer | undefined;

  constructor(timers: TimerSource, lingerMs: number, expire: (member: T) => void) {
    this._timers = timers;
    this._lingerMs = lingerMs;
    this._expire = expire;
  }

  add(member: T): void {
    this._dueAt.set(member, this._timers.now() + this._lingerMs);
    if (this._timer === undefined) this._arm(this._lingerMs);
  }

  delete(member: T): void {
    this._dueAt.delete(member); // the timer runs out by itself, to be armed once a second and not once a connection
  }

  private _arm(delayMs: number): void {
    this._timer = this._timers.callLater(delayMs, () => {
      this._timer = undefined;
      const now = this._timers.now();
      for (const [member, dueAt] of this._dueAt) {
        if (dueAt > now) {
          this._arm(dueAt - now);
          return;
        }
        this._dueAt.delete(member);
        this._expire(member);
      }
    });
    this._timer.unref();
  }
}
