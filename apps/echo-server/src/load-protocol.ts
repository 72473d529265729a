import type { Protocol, Transport } from '@millrace/loop-policy';

/** What one connection is asked to do, and whom it tells. */
export interface LoadPlan {
  /** Sent again and again. */
  readonly message: Uint8Array;
  /** Messages on their way at once, 1 or more. */
  readonly depth: number;
  readonly now: () => number;
  /** Told how many milliseconds each message took there and back. */
  readonly record: (elapsedMs: number) => void;
}

/** Keeps messages on their way, checks every byte that comes back, and takes the time. */
export class LoadProtocol implements Protocol {
  /** Settles when the connection is gone: resolves after `stop()`, rejects if it was lost or an echo was wrong. */
  readonly done: Promise<void>;
  messages = 0;
  readonly #plan: LoadPlan;
  /** When each message that is on its way was sent, oldest first. */
  readonly #sentAt: number[] = [];
  #received = 0;
  #stopping = false;
  #transport: Transport | undefined;
  #settle!: (error: Error | null) => void;

  constructor(plan: LoadPlan) {
    this.#plan = plan;
    this.done = new Promise((resolve, reject) => {
      this.#settle = (error) => {
        if (error === null) resolve();
        else reject(error);
      };
    });
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  /** Begins; the other connections are open by then. */
  start(): void {
    for (let i = 0; i < this.#plan.depth; i++) this.#send();
  }

  dataReceived(chunk: Uint8Array): void {
    const { message, record, now } = this.#plan;
    for (let at = 0; at < chunk.length;) {
      const length = Math.min(chunk.length - at, message.length - this.#received);
      if (!isEqual(chunk, at, message, this.#received, length)) {
        this.#transport?.abort(new Error(`message ${this.messages} came back changed`));
        return;
      }
      at += length;
      this.#received += length;
      if (this.#received < message.length) return;
      this.#received = 0;
      this.messages++;
      record(now() - (this.#sentAt.shift() ?? NaN));
      if (!this.#stopping) this.#send();
      else if (this.#sentAt.length === 0) this.#transport?.close();
    }
  }

  /** Lets the messages that are on their way come back, then closes. */
  stop(): void {
    this.#stopping = true;
    if (this.#sentAt.length === 0) this.#transport?.close();
  }

  connectionLost(error: Error | null): void {
    this.#settle(error ?? (this.#stopping ? null : new Error('the server closed the connection')));
  }

  eofReceived(): void {
    return;
  }

  pauseWriting(): void {
    return; // `depth` messages at most are in flight
  }

  resumeWriting(): void {
    return;
  }

  #send(): void {
    this.#sentAt.push(this.#plan.now());
    this.#transport?.write(this.#plan.message);
  }
}

function isEqual(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, length: number): boolean {
  return Buffer.compare(a.subarray(aStart, aStart + length), b.subarray(bStart, bStart + length)) === 0;
}
