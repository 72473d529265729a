import { type AnyProtocol, TransportClosedError } from '@millrace/loop-policy';
import type { StreamConnection } from '../stream-connection.js';
import { connectionOver, transportOver } from './adapter-options.js';
import type { FromOptions, TransportAndProtocol, TransportOfOptions } from './adapter-options.js';
import { bytesOf } from './bytes-of.js';
import { WebConduit, type WebStreamPair } from './web-conduit.js';
import { writeThrough } from './write-through.js';

/**
 * Reads and writes a pair of WHATWG streams. Both stay locked until the connection is over.
 *
 * @throws {TypeError} If one of them is locked; nothing changes.
 * @remarks Cost: what is written is copied once, because streams may keep what they are given.
 */
export function fromWebStreams(streams: WebStreamPair, options: FromOptions = {}): StreamConnection {
  return connectionOver(() => new WebConduit(streams), options);
}

/**
 * Gives a pair of WHATWG streams to a protocol, as its transport; otherwise like {@link fromWebStreams}.
 *
 * @param factory - Makes the protocol; `connectionMade` is called before this returns.
 */
export function transportOfWebStreams<P extends AnyProtocol>(
  streams: WebStreamPair,
  factory: () => P,
  options: TransportOfOptions = {},
): TransportAndProtocol<P> {
  return transportOver(() => new WebConduit(streams), factory, options);
}

/**
 * Makes a pair of WHATWG streams that read and write `connection`.
 *
 * From now on nobody else may read `connection`, or write to it. `readable` is a byte stream: a BYOB reader's memory is
 * filled directly. Closing `writable` is told to the peer, aborting it aborts the connection; cancelling `readable` stops
 * reading. When the one is closed and the other is cancelled or at its end, the connection is closed. What breaks the
 * connection breaks both streams. Writes resolve when the bytes were handed to the system.
 */
export function toWebStreams(connection: StreamConnection): WebStreamPair {
  const { reader, writer } = connection;
  let readableController: ReadableByteStreamController | undefined;
  let writableController: WritableStreamDefaultController | undefined;
  let openSides = 2;
  const closeSide = (): void => {
    openSides -= 1;
    if (openSides === 0) connection.transport.close();
  };
  const abort = (reason: unknown): void => {
    connection.abort(reason instanceof Error ? reason : new Error('the stream was aborted', { cause: reason }));
  };
  const readable = new ReadableStream({
    type: 'bytes',
    start: (controller) => {
      readableController = controller;
    },
    pull: async (controller) => {
      const request = controller.byobRequest;
      const view = request?.view ?? undefined;
      if (request === null || view === undefined) {
        const chunk = await reader.read();
        if (chunk !== undefined) controller.enqueue(chunk);
        else controller.close();
        if (chunk === undefined) closeSide();
        return;
      }
      const byteCount = await reader.readInto(bytesOf(view));
      if (byteCount === 0) controller.close();
      request.respond(byteCount);
      if (byteCount === 0) closeSide();
    },
    cancel: closeSide,
  });
  const writable = new WritableStream<Uint8Array>({
    start: (controller) => {
      writableController = controller;
      // `abort` below is called only when the write that is under way has ended.
      const { signal } = controller as WritableStreamDefaultController & { readonly signal?: AbortSignal };
      signal?.addEventListener('abort', () => {
        abort(signal.reason);
      });
    },
    write: (chunk) => writeThrough(connection, [bytesOf(chunk)]),
    close: () => {
      writer.writeEof();
      closeSide();
    },
    abort,
  });
  // A connection that is over while nobody reads or writes. What has ended already stays as it is.
  connection.closed.then(
    () => {
      writableController?.error(new TransportClosedError('the connection was closed'));
    },
    (error: unknown) => {
      readableController?.error(error);
      writableController?.error(error);
    },
  );
  return { readable, writable };
}
