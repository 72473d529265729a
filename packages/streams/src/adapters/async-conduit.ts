import { bytesOf } from './bytes-of.js';
import type { Conduit } from './conduit.js';

/**
 * A connection as an async iterable and its counterpart: the duplex of the it-* modules and of libp2p.
 *
 * @see {@link https://github.com/alanshaw/it-pipe#duplex-its | it-pipe: duplex its}
 */
export interface AsyncDuplex {
  /** What arrives. Chunks may also be lists of bytes (`Uint8ArrayList`) where one is read. */
  readonly source: AsyncIterable<Uint8Array>;
  /** Sends what `source` gives; resolves when that ended and was sent, rejects if either fails. */
  sink(source: AsyncIterable<Uint8Array>): Promise<void>;
  /** Lets go of the connection at once, where it can. */
  abort?(error: Error): void;
}

/** What the sink waits for. */
interface Pull {
  readonly resolve: (result: IteratorResult<Uint8Array, undefined>) => void;
  readonly reject: (reason: unknown) => void;
}

/** Reads the source of a duplex, and is the source of its sink. */
export class AsyncConduit implements Conduit {
  readonly #duplex: AsyncDuplex;
  readonly #source: AsyncIterator<unknown>;
  /** Parked calls of `next`. A well-behaved sink has one. */
  readonly #pulls: Pull[] = [];
  #chunk: { readonly bytes: Uint8Array; readonly taken: () => void } | undefined;
  #state: 'open' | 'ended' | 'failed' = 'open';
  #failure: unknown;
  #sunk: Promise<void> = Promise.resolve();
  #lost: (cause: unknown) => void = ignore;

  constructor(duplex: AsyncDuplex) {
    this.#duplex = duplex;
    this.#source = duplex.source[Symbol.asyncIterator]();
  }

  open(lost: (cause: unknown) => void): void {
    this.#lost = lost;
    const source: AsyncIterator<Uint8Array, undefined> = {
      next: () => this.#next(),
      return: () => {
        this.#sinkLeft('the sink stopped reading before the end');
        return Promise.resolve({ done: true, value: undefined });
      },
    };
    this.#sunk = this.#run({ [Symbol.asyncIterator]: () => source });
    this.#sunk.then(() => {
      this.#sinkLeft('the sink returned before the end');
    }, lost);
  }

  async read(): Promise<Uint8Array | undefined> {
    const result = await this.#source.next();
    return result.done === true ? undefined : bytesOf(result.value);
  }

  /** Resolves when the sink asks for the next chunk: then it has dealt with this one. */
  write(bytes: Uint8Array): Promise<void> {
    const pull = this.#pulls.shift();
    const isTaken = pull !== undefined;
    pull?.resolve({ done: false, value: bytes });
    return new Promise((resolve) => {
      this.#chunk = { bytes: isTaken ? EMPTY : bytes, taken: resolve };
    });
  }

  async end(): Promise<void> {
    this.#state = 'ended';
    this.#answerAll();
    await this.#sunk;
  }

  destroy(error: Error | undefined): void {
    if (this.#state !== 'ended') this.#stop(error ?? new Error('the connection was aborted'));
    // An async generator that waits for bytes hears of it only after them; `abort` is what reaches it.
    if (error !== undefined) this.#duplex.abort?.(error);
    this.#leaveSource().catch(ignore);
  }

  async #run(source: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#duplex.sink(source);
  }

  #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const chunk = this.#chunk;
    if (chunk !== undefined && chunk.bytes.length > 0) {
      this.#chunk = { bytes: EMPTY, taken: chunk.taken };
      return Promise.resolve({ done: false, value: chunk.bytes });
    }
    this.#chunk = undefined;
    chunk?.taken();
    return new Promise((resolve, reject) => {
      this.#pulls.push({ resolve, reject });
      if (this.#state !== 'open') this.#answerAll();
    });
  }

  async #leaveSource(): Promise<void> {
    await this.#source.return?.();
  }

  #sinkLeft(how: string): void {
    if (this.#state !== 'open') return;
    const error = new Error(how);
    this.#stop(error);
    this.#lost(error);
  }

  #stop(failure: unknown): void {
    if (this.#state === 'failed') return;
    this.#state = 'failed';
    this.#failure = failure;
    this.#answerAll();
  }

  #answerAll(): void {
    for (const { resolve, reject } of this.#pulls.splice(0)) {
      if (this.#state === 'failed') reject(this.#failure);
      else resolve({ done: true, value: undefined });
    }
  }
}

/** Stands for a chunk that the sink has taken, but not dealt with yet. */
const EMPTY = new Uint8Array(0);

function ignore(): void {
  // It was let go of already.
}
