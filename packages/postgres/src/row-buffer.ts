import type { Row } from '@millrace/postgres-protocol';
import type { RowSink } from './row-sink.js';
import type { Session } from './session.js';

/** Two full reads of a node:net loop: what is in memory at most, give or take the chunk that goes over it. */
const HIGH_WATER_BYTES = 128 * 1024;
const LOW_WATER_BYTES = 32 * 1024;

interface Batch {
  readonly rows: readonly Row[];
  /** Bytes that arrived since the batch before: an upper bound of what its rows took on the wire. */
  readonly byteCount: number;
}

/** The rows of a stream between the wire and the consumer; pauses the one while the other is behind. */
export class RowBuffer implements RowSink<void> {
  readonly #session: Session;
  readonly #batches: Batch[] = [];
  #next = 0;
  #byteCount = 0;
  #countedBytes: number;
  #hasDelivered = false;
  #isPaused = false;
  #wakers: (() => void)[] = [];

  constructor(session: Session) {
    this.#session = session;
    this.#countedBytes = session.receivedByteCount;
  }

  rows(batch: readonly Row[]): void {
    const byteCount = this.#session.receivedByteCount - this.#countedBytes;
    this.#countedBytes += byteCount;
    this.#byteCount += byteCount;
    this.#batches.push({ rows: batch, byteCount });
    this.#hasDelivered = true;
    if (this.#byteCount > HIGH_WATER_BYTES && !this.#isPaused) {
      this.#isPaused = true;
      this.#session.pauseReading();
    }
    this.wake();
  }

  restart(): boolean {
    return !this.#hasDelivered;
  }

  complete(): void {
    // The rows say it all.
  }

  /** The next row; `undefined` if none is here. */
  take(): Row | undefined {
    const batch = this.#batches[0];
    if (batch === undefined) return undefined;
    const row = batch.rows[this.#next];
    this.#next += 1;
    if (this.#next === batch.rows.length) this.#dropBatch(batch);
    return row;
  }

  /** Resolves when there is something new. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakers.push(resolve);
    });
  }

  wake(): void {
    if (this.#wakers.length === 0) return;
    for (const wake of this.#wakers.splice(0)) wake();
  }

  /** Nothing comes any more: the session is somebody else's from now on. */
  detach(): void {
    this.#isPaused = false;
    this.wake();
  }

  clear(): void {
    this.#batches.length = 0;
    this.#next = 0;
  }

  #dropBatch(batch: Batch): void {
    this.#batches.shift();
    this.#next = 0;
    this.#byteCount -= batch.byteCount;
    if (this.#isPaused && this.#byteCount <= LOW_WATER_BYTES) {
      this.#isPaused = false;
      this.#session.resumeReading();
    }
  }
}
