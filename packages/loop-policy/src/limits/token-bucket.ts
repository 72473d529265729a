/** How much of the rate may pass at once after a silence. Waits are half as long, which bounds how often timers fire. */
const BURST_MS = 100;

/** Room for floating-point error: a timer that was set for a whole token finds a whole token. */
const EPSILON = 1e-6;

/** A rate of bytes: a bucket that fills with time and may be overdrawn by what cannot be cut. */
export class TokenBucket {
  private readonly _bytesPerMs: number;
  private readonly _burstBytes: number;
  private _level: number;
  private _atMs: number;

  constructor(bytesPerSec: number, nowMs: number) {
    this._bytesPerMs = bytesPerSec / 1000;
    this._burstBytes = Math.max(2, this._bytesPerMs * BURST_MS);
    this._level = this._burstBytes;
    this._atMs = nowMs;
  }

  /** @returns How many whole bytes may pass now, 0 or more. */
  allowance(nowMs: number): number {
    this._fill(nowMs);
    return Math.max(0, Math.floor(this._level + EPSILON));
  }

  /** Takes note that `byteCount` bytes passed, more than were allowed if need be. */
  take(byteCount: number, nowMs: number): void {
    this._fill(nowMs);
    this._level -= byteCount;
  }

  /** @returns Milliseconds until half of the burst may pass. */
  waitMs(nowMs: number): number {
    this._fill(nowMs);
    return Math.max(0, (this._burstBytes / 2 - this._level) / this._bytesPerMs);
  }

  private _fill(nowMs: number): void {
    this._level = Math.min(this._burstBytes, this._level + (nowMs - this._atMs) * this._bytesPerMs);
    this._atMs = nowMs;
  }
}
