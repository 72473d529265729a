import type { WriteWatermarks } from './transport.js';

const DEFAULT_HIGH_WATER_BYTES = 64 * 1024;
const DEFAULT_LOW_WATER_BYTES = 16 * 1024;

/** Decides when a protocol is told to pause and to resume writing; the two strictly alternate. */
export class WriteGate {
  #highWaterBytes = DEFAULT_HIGH_WATER_BYTES;
  #lowWaterBytes = DEFAULT_LOW_WATER_BYTES;
  #isPaused = false;

  /** @throws {RangeError} Unless 0 <= lowWaterBytes <= highWaterBytes; nothing changes. */
  set({ highWaterBytes, lowWaterBytes }: WriteWatermarks): void {
    if (!(lowWaterBytes >= 0 && lowWaterBytes <= highWaterBytes)) {
      throw new RangeError(`expected 0 <= lowWaterBytes <= highWaterBytes, got ${lowWaterBytes} and ${highWaterBytes}`);
    }
    this.#highWaterBytes = highWaterBytes;
    this.#lowWaterBytes = lowWaterBytes;
  }

  /** Takes note that `bufferedBytes` wait; says what the protocol must be told, if anything. */
  update(bufferedBytes: number): 'pause' | 'resume' | undefined {
    if (this.#isPaused ? bufferedBytes > this.#lowWaterBytes : bufferedBytes <= this.#highWaterBytes) return undefined;
    this.#isPaused = !this.#isPaused;
    return this.#isPaused ? 'pause' : 'resume';
  }
}
