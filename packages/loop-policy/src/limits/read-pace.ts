import type { Timer } from '@millrace/timeouts';
import type { Transport } from '../transport.js';
import { callLaterIfOpen } from './call-later-if-open.js';
import { TokenBucket } from './token-bucket.js';

/** Keeps reading to a rate: pauses it when too much came, and resumes it later unless the protocol has paused it too. */
export class ReadPace {
  private readonly _transport: Transport;
  private readonly _bucket: TokenBucket;
  private readonly _onPause: () => void;
  private _timer: Timer | undefined;
  private _isWanted = true;
  private _hasRef = true;

  constructor(transport: Transport, bytesPerSec: number, onPause: () => void) {
    this._transport = transport;
    this._bucket = new TokenBucket(bytesPerSec, transport.loop.now());
    this._onPause = onPause;
  }

  /** Whether reading waits for the rate. */
  get isPaused(): boolean {
    return this._timer !== undefined;
  }

  /** Takes note of bytes that arrived. */
  received(byteCount: number): void {
    const nowMs = this._transport.loop.now();
    this._bucket.take(byteCount, nowMs);
    if (this._timer !== undefined || this._bucket.allowance(nowMs) > 0) return;
    this._timer = callLaterIfOpen(this._transport.loop, this._bucket.waitMs(nowMs), () => {
      this._timer = undefined;
      if (this._isWanted) this._transport.resumeReading();
    });
    if (this._timer === undefined) return;
    if (!this._hasRef) this._timer.unref();
    this._transport.pauseReading();
    this._onPause();
  }

  pauseReading(): void {
    this._isWanted = false;
    this._transport.pauseReading();
  }

  resumeReading(): void {
    this._isWanted = true;
    if (this._timer === undefined) this._transport.resumeReading();
  }

  /** A socket that is not being read holds no process open, so the timer does, while the connection is to. */
  hold(hasRef: boolean): void {
    this._hasRef = hasRef;
    if (hasRef) this._timer?.ref();
    else this._timer?.unref();
  }

  stop(): void {
    this._timer?.cancel();
    this._timer = undefined;
  }
}
