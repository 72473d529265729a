import { checkProtocol, takesChunks } from './check-protocol.js';
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

/** @throws {TypeError} If `protocol` has neither way, or lacks a callback. */
export function makeReceiver(protocol: AnyProtocol, hintBytes: number): ChunkReceiver | BufferReceiver {
  checkProtocol(protocol);
  return takesChunks(protocol) ? new ChunkReceiver(protocol) : new BufferReceiver(protocol, hintBytes);
}

/** Hands over the chunk as it is. */
export class ChunkReceiver implements Receiver {
  readonly protocol: Protocol;

  constructor(protocol: Protocol) {
    this.protocol = protocol;
  }

  start(): void {
    return;
  }

  receive(chunk: Uint8Array): number {
    this.protocol.dataReceived(chunk);
    return chunk.length;
  }
}

/** Copies into the protocol's memory, in as many steps as that is small; or says where a loop can put bytes by itself. */
export class BufferReceiver implements Receiver {
  readonly protocol: BufferedProtocol;
  private readonly _hintBytes: number;
  private _target: Uint8Array | undefined;

  constructor(protocol: BufferedProtocol, hintBytes: number) {
    this.protocol = protocol;
    this._hintBytes = hintBytes;
  }

  /** The memory to fill; `undefined` before `start`, and after a delivery in whose course reading ended. */
  get target(): Uint8Array | undefined {
    return this._target;
  }

  start(): void {
    this._target ??= this._ask();
  }

  /** The first `byteCount` bytes of {@link target} are filled; the protocol is asked for memory only while `isReading`. */
  filled(byteCount: number, isReading: () => boolean): void {
    this._target = undefined;
    this.protocol.bufferUpdated(byteCount);
    if (isReading()) this.start();
  }

  receive(chunk: Uint8Array, isReading: () => boolean): number {
    let from = 0;
    while (from < chunk.length && isReading()) {
      const target = (this._target ??= this._ask());
      const part = chunk.subarray(from, from + target.length);
      target.set(part);
      from += part.length;
      this.filled(part.length, isReading);
    }
    return from;
  }

  private _ask(): Uint8Array {
    const target = this.protocol.getBuffer(this._hintBytes);
    if (target instanceof Uint8Array && target.length > 0) return target;
    throw new TypeError('expected getBuffer() to return a Uint8Array of at least one byte');
  }
}
