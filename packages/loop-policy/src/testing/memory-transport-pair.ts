import type { Loop } from '../loop.js';
import { getLoop } from '../policy.js';
import type { AnyProtocol } from '../protocol.js';
import type { Transport } from '../transport.js';
import { MemoryTransport } from './memory-transport.js';

/**
 * How written bytes are cut on their way: `'whole'` leaves each written chunk as it is, a number makes pieces of that
 * many bytes at most, and a function returns the pieces of each written chunk (`randomChunks` of `@millrace/testkit`).
 */
export type Chunking = 'whole' | number | ((bytes: Uint8Array) => Iterable<Uint8Array>);

/** Options of {@link memoryTransportPair}. */
export interface MemoryTransportPairOptions {
  /** Default `'whole'`. */
  readonly chunking?: Chunking | undefined;
  /** Whose callbacks these are. Default: the current loop. */
  readonly loop?: Loop | undefined;
}

/** One end of a pair. */
export interface MemoryEnd {
  readonly transport: Transport;
  /**
   * Gives the end its protocol, and calls `connectionMade`. Bytes that the other end has sent meanwhile arrive after it.
   *
   * @throws {TypeError} The second time, or if it is no protocol.
   */
  attach<P extends AnyProtocol>(protocol: P): P;
}

/** The two ends of a connection. */
export interface MemoryTransportPair {
  readonly client: MemoryEnd;
  readonly server: MemoryEnd;
}

/**
 * Makes the two ends of a connection in memory, with the contract of every transport.
 *
 * Callbacks come by `loop.callSoon`, one piece of bytes each. The memory of a delivered piece is overwritten with 0xEE
 * as soon as `dataReceived` returns, so that a protocol which keeps a borrowed chunk fails its tests. `abort` looks like
 * a reset to the other end.
 *
 * @throws {RangeError} If `chunking` is a number below 1.
 * @example
 * const { client, server } = memoryTransportPair({ chunking: 1 });
 */
export function memoryTransportPair(options: MemoryTransportPairOptions = {}): MemoryTransportPair {
  const { chunking = 'whole', loop = getLoop() } = options;
  const cut = cutter(chunking);
  const client = new MemoryTransport(loop, cut);
  const server = new MemoryTransport(loop, cut);
  client.join(server);
  server.join(client);
  return { client: end(client), server: end(server) };
}

function end(transport: MemoryTransport): MemoryEnd {
  return {
    transport,
    attach: (protocol) => {
      transport.attach(protocol);
      return protocol;
    },
  };
}

/** @returns Copies (a Buffer's `slice` would be a view), so that the writer's memory is its own again once the pieces are made. */
function cutter(chunking: Chunking): (bytes: Uint8Array) => Uint8Array[] {
  if (chunking === 'whole') return (bytes) => (bytes.length === 0 ? [] : [new Uint8Array(bytes)]);
  if (typeof chunking === 'function') {
    return (bytes) => {
      const pieces = Array.from(chunking(bytes), (piece) => new Uint8Array(piece)).filter((piece) => piece.length > 0);
      const total = pieces.reduce((sum, piece) => sum + piece.length, 0);
      if (total !== bytes.length)
        throw new TypeError(`expected chunking to return ${bytes.length} bytes, got ${total}`);
      return pieces;
    };
  }
  if (!(chunking >= 1)) throw new RangeError(`expected chunking to be 1 byte or more, got ${chunking}`);
  return (bytes) => {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += chunking) pieces.push(new Uint8Array(bytes.subarray(at, at + chunking)));
    return pieces;
  };
}
