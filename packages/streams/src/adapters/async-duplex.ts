import { type AnyProtocol, TransportClosedError } from '@millrace/loop-policy';
import type { StreamConnection } from '../stream-connection.js';
import { connectionOver, transportOver } from './adapter-options.js';
import type { FromOptions, TransportAndProtocol, TransportOfOptions } from './adapter-options.js';
import { AsyncConduit, type AsyncDuplex } from './async-conduit.js';
import { bytesOf } from './bytes-of.js';
import { writeThrough } from './write-through.js';

/**
 * Reads and writes a duplex of async iterables, as libp2p and the it-* modules have them.
 *
 * @remarks Cost: what is written is copied once, because sinks may keep what they are given.
 */
export function fromDuplex(duplex: AsyncDuplex, options: FromOptions = {}): StreamConnection {
  return connectionOver(() => new AsyncConduit(duplex), options);
}

/**
 * Gives a duplex of async iterables to a protocol, as its transport; otherwise like {@link fromDuplex}.
 *
 * @param factory - Makes the protocol; `connectionMade` is called before this returns.
 */
export function transportOfDuplex<P extends AnyProtocol>(
  duplex: AsyncDuplex,
  factory: () => P,
  options: TransportOfOptions = {},
): TransportAndProtocol<P> {
  return transportOver(() => new AsyncConduit(duplex), factory, options);
}

/**
 * Makes a duplex of async iterables that reads and writes `connection`.
 *
 * From now on nobody else may read `connection`, or write to it. The end of what the sink is given is told to the peer;
 * if that fails, the connection is aborted. When the sink is done and the source was read to its end, or left, the
 * connection is closed. What breaks the connection fails both. The sink asks for the next chunk when the last one was
 * handed to the system.
 */
export function toDuplex(connection: StreamConnection): Required<AsyncDuplex> {
  let openSides = 2;
  const closeSide = (): void => {
    openSides -= 1;
    if (openSides === 0) connection.transport.close();
  };
  return {
    source: sourceOf(connection, closeSide),
    sink: async (source) => {
      try {
        await sendFrom(connection, source);
      } catch (error) {
        connection.abort(error instanceof Error ? error : new Error('the source failed', { cause: error }));
        throw error;
      }
      connection.writer.writeEof();
      closeSide();
    },
    abort: (error) => {
      connection.abort(error);
    },
  };
}

async function* sourceOf(connection: StreamConnection, done: () => void): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* connection.reader;
  } finally {
    done();
  }
}

async function sendFrom(connection: StreamConnection, source: AsyncIterable<Uint8Array>): Promise<void> {
  const iterator: AsyncIterator<unknown> = source[Symbol.asyncIterator]();
  let isOver = false as boolean; // assigned in callbacks
  let reason: unknown = new TransportClosedError('the connection was closed before the source had ended');
  let fail: (reason: unknown) => void = ignore;
  connection.closed
    .catch((error: unknown) => {
      reason = error;
    })
    .finally(() => {
      isOver = true;
      fail(reason);
    });
  try {
    for (;;) {
      // Not a race of promises: the one that lasts as long as the connection would keep them all.
      const result = await new Promise<IteratorResult<unknown>>((resolve, reject) => {
        fail = reject;
        if (isOver) fail(reason);
        else iterator.next().then(resolve, reject);
      });
      if (result.done === true) return;
      await writeThrough(connection, [bytesOf(result.value)]);
    }
  } catch (error) {
    iterator.return?.().then(ignore, ignore);
    throw error;
  }
}

function ignore(): void {
  // Nobody waits for it.
}
