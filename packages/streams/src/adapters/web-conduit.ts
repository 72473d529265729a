import { bytesOf } from './bytes-of.js';
import type { Conduit } from './conduit.js';

/** Both directions of a connection as WHATWG streams: of `Deno.connect`, `connect()` of Workers, `WebTransport`. */
export interface WebStreamPair {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** Reads and writes a pair of WHATWG streams. Both are locked until the end of the connection. */
export class WebConduit implements Conduit {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #isEnding = false;

  constructor({ readable, writable }: WebStreamPair) {
    if (readable.locked || writable.locked) throw new TypeError('expected streams that nobody else reads or writes');
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
  }

  open(lost: (cause: unknown) => void): void {
    this.#reader.closed.catch(lost);
    this.#writer.closed.then(() => {
      if (!this.#isEnding) lost(new Error('the writable stream was closed by somebody else'));
    }, lost);
  }

  async read(): Promise<Uint8Array | undefined> {
    const { done, value } = await this.#reader.read();
    return done ? undefined : bytesOf(value);
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#writer.write(bytes);
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#writer.close();
  }

  destroy(error: Error | undefined): void {
    const reader = this.#reader;
    const writer = this.#writer;
    this.#isEnding = true;
    reader.cancel(error).then(release, release);
    writer.abort(error ?? new Error('the connection was aborted')).then(releaseWriter, releaseWriter);
    function release(): void {
      reader.releaseLock();
    }
    function releaseWriter(): void {
      writer.releaseLock();
    }
  }
}
