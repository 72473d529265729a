import type { ChunkOwner } from '@millrace/loop-policy';
import type { Conduit } from './conduit.js';
import type { WaitingChunk, WriteQueue } from './write-queue.js';

/** What the output of a connection tells its transport. */
export interface OutputHandler {
  /** Runs `fn` as a callback of the loop. */
  soon(fn: () => void): void;
  /** These chunks have left, and count no more. */
  sent(chunks: readonly WaitingChunk[]): void;
  /** So has the end. Told again when `end` is called again. */
  endSent(): void;
  /** Neither will. */
  failed(cause: unknown): void;
}

/** Sends what is written, one batch at a time; what is written in one callback leaves in one, if it is not too much. */
export class ConduitOutput {
  readonly #queue: WriteQueue;
  readonly #conduit: Conduit;
  readonly #handler: OutputHandler;
  #sending: readonly WaitingChunk[] = [];
  #isFlushScheduled = false;
  /** Of the data: more may come, no more comes, that is being told, it was told. `lost`: nothing is sent any more. */
  #state: 'open' | 'ended' | 'ending' | 'sent' | 'lost' = 'open';

  constructor(conduit: Conduit, queue: WriteQueue, handler: OutputHandler) {
    this.#queue = queue;
    this.#conduit = conduit;
    this.#handler = handler;
  }

  /** Whether `end` was called. */
  get hasEnded(): boolean {
    return this.#state !== 'open';
  }

  write(chunks: readonly Uint8Array[], owner: ChunkOwner | undefined): void {
    for (const chunk of chunks) this.#queue.push(chunk, owner);
    this.#scheduleFlush();
  }

  /** Sends the end, once everything else is sent. */
  end(): void {
    if (this.#state === 'open') this.#state = 'ended';
    this.#scheduleFlush();
  }

  /** Sends nothing more, and returns what is not known to be sent. */
  lose(): readonly WaitingChunk[] {
    this.#state = 'lost';
    return [...this.#sending, ...this.#queue.clear()];
  }

  #scheduleFlush(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    this.#handler.soon(() => {
      this.#isFlushScheduled = false;
      this.#flush();
    });
  }

  /** Sends one batch, and comes back here when it is sent; then the end of data, if it is time for it. */
  #flush(): void {
    if (this.#sending.length > 0 || this.#state === 'lost') return;
    if (this.#queue.isEmpty) {
      if (this.hasEnded) this.#sendEnd();
      return;
    }
    const { chunks, bytes } = this.#queue.takeBatch();
    this.#sending = chunks;
    const sent = bytes.length === 0 ? Promise.resolve() : this.#conduit.write(bytes);
    this.#then(sent, () => {
      this.#sending = [];
      this.#queue.sent(bytes.length);
      this.#handler.sent(chunks);
      this.#flush();
    });
  }

  #sendEnd(): void {
    if (this.#state === 'sent') this.#handler.endSent();
    if (this.#state !== 'ended') return;
    this.#state = 'ending';
    this.#then(this.#conduit.end(), () => {
      this.#state = 'sent';
      this.#handler.endSent();
    });
  }

  /** Goes on as a callback of the loop, unless the connection is lost meanwhile. */
  #then(done: Promise<void>, goOn: () => void): void {
    done.then(
      () => {
        this.#handler.soon(() => {
          if (this.#state !== 'lost') goOn();
        });
      },
      (cause: unknown) => {
        this.#handler.failed(cause);
      },
    );
  }
}
