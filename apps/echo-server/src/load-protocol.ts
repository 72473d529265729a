import type { Protocol, Transport } from '@millrace/loop-policy';

/** Plays ping-pong: sends one message, checks every byte that comes back, sends the next. */
export class LoadProtocol implements Protocol {
  /** Settles when the connection is gone: resolves after `stop()`, rejects if it was lost or an echo was wrong. */
  readonly done: Promise<void>;
  messages = 0;
  readonly #message: Uint8Array;
  #received = 0;
  #stopping = false;
  #transport: Transport | undefined;
  #settle!: (error: Error | null) => void;

  constructor(message: Uint8Array) {
    this.#message = message;
    this.done = new Promise((resolve, reject) => {
      this.#settle = (error) => {
        if (error === null) resolve();
        else reject(error);
      };
    });
  }

  connectionMade(transport: Transport): void {
    this.#transport = transport;
    transport.write(this.#message);
  }

  dataReceived(chunk: Uint8Array): void {
    for (const byte of chunk) {
      if (byte !== this.#message[this.#received % this.#message.length]) {
        this.#transport?.abort(new Error(`byte ${this.#received} of message ${this.messages} came back changed`));
        return;
      }
      this.#received++;
    }
    if (this.#received < this.#message.length) return;
    this.#received = 0;
    this.messages++;
    if (this.#stopping) this.#transport?.close();
    else this.#transport?.write(this.#message);
  }

  /** Lets the message that is on its way come back, then closes. */
  stop(): void {
    this.#stopping = true;
  }

  connectionLost(error: Error | null): void {
    this.#settle(error ?? (this.#stopping ? null : new Error('the server closed the connection')));
  }

  eofReceived(): void {
    return;
  }

  pauseWriting(): void {
    return; // one message at a time is in flight
  }

  resumeWriting(): void {
    return;
  }
}
