import type { ConnectionInfo } from '@millrace/loop-policy';
import { bytesOf } from './bytes-of.js';
import type { Conduit } from './conduit.js';

/** A `Duplex` of `node:stream`. The type alone: nothing of Node is loaded here. */
export type NodeDuplex = import('node:stream').Duplex;

/** What sockets have besides. */
interface SocketParts extends Partial<Omit<ConnectionInfo, 'path' | 'tls'>> {
  ref?(): unknown;
  unref?(): unknown;
}

/** Reads and writes a Node stream. Its memory stays bounded by the stream's own marks and one batch of ours. */
export class NodeConduit implements Conduit {
  readonly info: Partial<ConnectionInfo>;
  readonly #duplex: NodeDuplex;
  #ended: boolean;
  #lost: (cause: unknown) => void = ignore;
  #wake: () => void = ignore;

  constructor(duplex: NodeDuplex) {
    if (duplex.destroyed) throw new TypeError('expected a stream that is open, saw a destroyed one');
    this.#duplex = duplex;
    this.#ended = !duplex.readable;
    const { localAddress, localPort, remoteAddress, remotePort } = duplex as SocketParts;
    this.info = { localAddress, localPort, remoteAddress, remotePort };
  }

  open(lost: (cause: unknown) => void): void {
    const duplex = this.#duplex;
    this.#lost = lost;
    // The protocol decides whether our side outlives the peer's.
    duplex.allowHalfOpen = true;
    duplex.on('readable', this.#onReadable);
    duplex.on('end', this.#onEnd);
    duplex.on('error', this.#onError);
    duplex.on('close', this.#onClose);
  }

  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk: unknown = this.#duplex.read();
      if (chunk !== null) return bytesOf(chunk);
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#duplex.write(bytes, (error) => {
        if (error === undefined || error === null) resolve();
        else reject(error);
      });
    });
  }

  end(): Promise<void> {
    const duplex = this.#duplex;
    return new Promise((resolve, reject) => {
      if (duplex.writableFinished) resolve();
      else {
        duplex.end((error?: Error | null) => {
          if (error === undefined || error === null) resolve();
          else reject(error);
        });
      }
    });
  }

  destroy(error: Error | undefined): void {
    this.#lost = ignore;
    this.#duplex.destroy(error);
  }

  ref(): void {
    (this.#duplex as SocketParts).ref?.();
  }

  unref(): void {
    (this.#duplex as SocketParts).unref?.();
  }

  readonly #onReadable = (): void => {
    this.#wake();
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#wake();
  };

  readonly #onError = (error: Error): void => {
    this.#lost(error);
  };

  readonly #onClose = (): void => {
    const duplex = this.#duplex;
    duplex.off('readable', this.#onReadable);
    duplex.off('end', this.#onEnd);
    duplex.off('error', this.#onError);
    duplex.off('close', this.#onClose);
    if (!this.#ended || !duplex.writableFinished) this.#lost(new Error('the stream was closed before its end'));
  };
}

function ignore(): void {
  // Nobody waits.
}
