import type { ChunkOwner } from '../transport.js';

interface Entry {
  readonly chunk: Uint8Array;
  readonly owner: ChunkOwner | undefined;
}

/** Chunks that were given to the socket and have not left yet, oldest first. */
export class PendingWrites {
  #entries: (Entry | undefined)[] = [];
  #head = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Uint8Array, owner: ChunkOwner | undefined): void {
    this.#entries.push({ chunk, owner });
    this.#bytes += chunk.length;
  }

  /** Removes the oldest; `undefined` if there is none. */
  shift(): Entry | undefined {
    const entry = this.#entries[this.#head];
    if (entry === undefined) return undefined;
    this.#entries[this.#head++] = undefined;
    this.#bytes -= entry.chunk.length;
    if (this.#head === this.#entries.length) {
      this.#entries.length = 0;
      this.#head = 0;
    } else if (this.#head > 1024) {
      this.#entries.splice(0, this.#head);
      this.#head = 0;
    }
    return entry;
  }
}
