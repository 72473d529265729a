import type { AnyProtocol, BufferedProtocol, Protocol } from './protocol.js';

/** Hands arriving bytes to a protocol, in the way that it takes them. */
export interface Receiver {
  /** Called once, after `connectionMade` and before reading starts. */
  start(): void;
  /**
   * Delivers `chunk`, which is borrowed.
   *
   * @param isReading - Asked between the parts of a delivery that takes several; `false` stops it.
   * @returns How many bytes were delivered.
   */
  receive(chunk: Uint8Array, isReading: () => boolean): number;
}

/** @throws {TypeError} If `protocol` has neither way. */
export function makeReceiver(protocol: AnyProtocol, hintBytes: number): Receiver {
  if ('dataReceived' in protocol) return new ChunkReceiver(protocol);
  if ('getBuffer' in protocol) return new BufferReceiver(protocol, hintBytes);
  throw new TypeError('expected a protocol with dataReceived(), or with getBuffer() and bufferUpdated()');
}

class ChunkReceiver implements Receiver {
  readonly #protocol: Protocol;

  constructor(protocol: Protocol) {
    this.#protocol = protocol;
  }

  start(): void {
    return;
  }

  receive(chunk: Uint8Array): number {
    this.#protocol.dataReceived(chunk);
    return chunk.length;
  }
}

/** Copies into the protocol's buffer: one copy of each byte, in as many steps as the buffer is small. */
class BufferReceiver implements Receiver {
  readonly #protocol: BufferedProtocol;
  readonly #hintBytes: number;
  #target = new Uint8Array(0);

  constructor(protocol: BufferedProtocol, hintBytes: number) {
    this.#protocol = protocol;
    this.#hintBytes = hintBytes;
  }

  start(): void {
    const target = this.#protocol.getBuffer(this.#hintBytes);
    if (!(target instanceof Uint8Array) || target.length === 0) {
      throw new TypeError('expected getBuffer() to return a Uint8Array of at least one byte');
    }
    this.#target = target as Uint8Array<ArrayBuffer>;
  }

  receive(chunk: Uint8Array, isReading: () => boolean): number {
    let from = 0;
    while (from < chunk.length && isReading()) {
      const part = chunk.subarray(from, from + this.#target.length);
      this.#target.set(part);
      from += part.length;
      this.#protocol.bufferUpdated(part.length);
      this.start();
    }
    return from;
  }
}
