import { checkWatermarks } from './check-options.js';
import type { WriteWatermarks } from './transport.js';

const DEFAULT_HIGH_WATER_BYTES = 64 * 1024;
const DEFAULT_LOW_WATER_BYTES = 16 * 1024;

/** Decides when a protocol is told to pause and to resume writing; the two strictly alternate. */
export class WriteGate {
  private _highWaterBytes = DEFAULT_HIGH_WATER_BYTES;
  private _lowWaterBytes = DEFAULT_LOW_WATER_BYTES;
  private _isPaused = false;

  /** Whether the protocol was told to pause, and not yet to resume. */
  get isPaused(): boolean {
    return this._isPaused;
  }

  /**
   * @throws {TypeError} If they are no object.
   * @throws {RangeError} Unless 0 <= lowWaterBytes <= highWaterBytes; nothing changes.
   */
  set(watermarks: WriteWatermarks): void {
    checkWatermarks(watermarks);
    this._highWaterBytes = watermarks.highWaterBytes;
    this._lowWaterBytes = watermarks.lowWaterBytes;
  }

  /** Takes note that `bufferedBytes` wait; says what the protocol must be told, if anything. */
  update(bufferedBytes: number): 'pause' | 'resume' | undefined {
    if (this._isPaused ? bufferedBytes > this._lowWaterBytes : bufferedBytes <= this._highWaterBytes) return undefined;
    this._isPaused = !this._isPaused;
    return this._isPaused ? 'pause' : 'resume';
  }
}
