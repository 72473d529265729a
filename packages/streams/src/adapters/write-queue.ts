import type { ChunkOwner, WriteWatermarks } from '@millrace/loop-policy';
import { joined } from './bytes-of.js';

/** What leaves at once, unless a single chunk is longer. */
const BATCH_BYTES = 64 * 1024;

/** A chunk that waits. */
export interface WaitingChunk {
  readonly chunk: Uint8Array;
  readonly owner: ChunkOwner | undefined;
  /** Its bytes, in memory of their own: foreign streams may keep what they are given. */
  readonly bytes: Uint8Array;
}

/** Chunks that were written and wait to be sent, and when writing is to pause for them. */
export class WriteQueue {
  #waiting: WaitingChunk[] = [];
  #bufferedBytes = 0;
  #highWaterBytes = 64 * 1024;
  #lowWaterBytes = 16 * 1024;
  #isPaused = false;

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Whether the protocol was told to pause, and not to resume. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  push(chunk: Uint8Array, owner: ChunkOwner | undefined): void {
    this.#waiting.push({ chunk, owner, bytes: new Uint8Array(chunk) });
    this.#bufferedBytes += chunk.length;
  }

  /** Takes what leaves next. It still counts as buffered, until `sent`. */
  takeBatch(): { readonly chunks: readonly WaitingChunk[]; readonly bytes: Uint8Array } {
    const waiting = this.#waiting;
    let count = 0;
    let byteCount = 0;
    for (const { bytes } of waiting) {
      if (count > 0 && byteCount + bytes.length > BATCH_BYTES) break;
      byteCount += bytes.length;
      count += 1;
    }
    const chunks = waiting.splice(0, count);
    const [first] = chunks;
    if (first !== undefined && count === 1) return { chunks, bytes: first.bytes };
    const parts = chunks.map(({ bytes }) => bytes);
    return { chunks, bytes: joined(parts, byteCount) };
  }

  sent(byteCount: number): void {
    this.#bufferedBytes -= byteCount;
  }

  /** Forgets everything, and returns what was still waiting. */
  clear(): readonly WaitingChunk[] {
    this.#bufferedBytes = 0;
    return this.#waiting.splice(0);
  }

  /** @throws {RangeError} Unless 0 <= lowWaterBytes <= highWaterBytes; nothing changes. */
  setWatermarks({ highWaterBytes, lowWaterBytes }: WriteWatermarks): void {
    if (!(lowWaterBytes >= 0 && lowWaterBytes <= highWaterBytes)) {
      throw new RangeError(`expected 0 <= lowWaterBytes <= highWaterBytes, got ${lowWaterBytes} and ${highWaterBytes}`);
    }
    this.#highWaterBytes = highWaterBytes;
    this.#lowWaterBytes = lowWaterBytes;
  }

  /** Says what the protocol must be told now, if anything; the two strictly alternate. */
  takePauseChange(): 'pause' | 'resume' | undefined {
    const bytes = this.#bufferedBytes;
    if (this.#isPaused ? bytes > this.#lowWaterBytes : bytes <= this.#highWaterBytes) return undefined;
    this.#isPaused = !this.#isPaused;
    return this.#isPaused ? 'pause' : 'resume';
  }
}
