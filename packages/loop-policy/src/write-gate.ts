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

  /** @throws {RangeError} Unless 0 <= lowWaterBytes <= highWaterBytes; nothing changes. */
  set({ highWaterBytes, lowWaterBytes }: WriteWatermarks): void {
    if (!(lowWaterBytes >= 0 && lowWaterBytes <= highWaterBytes)) {
      throw new RangeError(`expected 0 <= lowWaterBytes <= highWaterBytes, got ${lowWaterBytes} and ${highWaterBytes}`);
    }
    this._highWaterBytes = highWaterBytes;
    this._lowWaterBytes = lowWaterBytes;
  }

  /** Takes note that `bufferedBytes` wait; says what the protocol must be told, if anything. */
  update(bufferedBytes: number): 'pause' | 'resume' | undefined {
    if (this._isPaused ? bufferedBytes > this._lowWaterBytes : bufferedBytes <= this._highWaterBytes) return undefined;
    this._isPaused = !this._isPaused;
    return this._isPaused ? 'pause' : 'resume';
  }
}
