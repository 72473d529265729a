import { type AnyProtocol, TransportClosedError } from '@millrace/loop-policy';
import type { StreamConnection } from '../stream-connection.js';
import { connectionOver, transportOver } from './adapter-options.js';
import type { FromOptions, TransportAndProtocol, TransportOfOptions } from './adapter-options.js';
import { NodeConduit, type NodeDuplex } from './node-conduit.js';
import { writeThrough } from './write-through.js';

/**
 * Reads and writes a `Duplex` of Node: a socket, a TLS socket over something else, a tunnel of an HTTP proxy, a pipe.
 *
 * From now on nobody else may read it, write it or end it. An 'error' of it is told as the loss of the connection. Its
 * `allowHalfOpen` is set.
 *
 * @throws {TypeError} If it was destroyed.
 * @remarks Cost: what is written is copied once, because streams may keep what they are given.
 */
export function fromNodeStream(duplex: NodeDuplex, options: FromOptions = {}): StreamConnection {
  return connectionOver(() => new NodeConduit(duplex), options);
}

/**
 * Gives a `Duplex` of Node to a protocol, as its transport; otherwise like {@link fromNodeStream}.
 *
 * @param factory - Makes the protocol; `connectionMade` is called before this returns.
 */
export function transportOfNodeStream<P extends AnyProtocol>(
  duplex: NodeDuplex,
  factory: () => P,
  options: TransportOfOptions = {},
): TransportAndProtocol<P> {
  return transportOver(() => new NodeConduit(duplex), factory, options);
}

/**
 * Makes a `Duplex` of Node that reads and writes `connection`: for `pipeline`, for TLS over it, for libraries.
 *
 * From now on nobody else may read `connection`, or write to it. Its end of data ends the readable side; `end()` is told
 * to the peer when everything is sent; `destroy()` aborts, unless everything is sent, then it closes. What breaks the
 * connection is an 'error' of the stream; where it is closed on our side, the stream just closes. Write callbacks come
 * when the bytes were handed to the system.
 *
 * @throws {Error} Where the runtime has no `process.getBuiltinModule`.
 */
export function toNodeStream(connection: StreamConnection): NodeDuplex {
  const { Duplex } = nodeStreams();
  const { reader, writer } = connection;
  const duplex = new Duplex({
    read: () => {
      reader.read().then((chunk) => duplex.push(chunk ?? null), destroy);
    },
    write: (chunk: Uint8Array, _encoding, done) => {
      writeThrough(connection, [chunk]).then(() => {
        done();
      }, done);
    },
    writev: (entries, done) => {
      const chunks = entries.map(({ chunk }) => chunk as Uint8Array);
      writeThrough(connection, chunks).then(() => {
        done();
      }, done);
    },
    final: (done) => {
      writer.writeEof();
      done();
    },
    destroy: (error, done) => {
      if (error === null && duplex.writableFinished) connection.transport.close();
      else connection.abort(error ?? undefined);
      done(error);
    },
  });
  /** An end on our side is no error, but a 'close' before its time. */
  function destroy(error: unknown): void {
    if (error instanceof TransportClosedError) duplex.destroy();
    else duplex.destroy(error as Error);
  }
  // A connection that is over while nobody reads or writes.
  connection.closed.then(() => {
    if (!duplex.writableFinished) duplex.destroy();
  }, destroy);
  return duplex;
}

function nodeStreams(): typeof import('node:stream') {
  const { process } = globalThis as { process?: Partial<NodeJS.Process> };
  if (process?.getBuiltinModule === undefined) {
    throw new Error('toNodeStream needs a runtime with process.getBuiltinModule (Node 20.16 or newer)');
  }
  return process.getBuiltinModule('node:stream');
}
