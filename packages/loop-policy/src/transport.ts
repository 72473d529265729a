import type { Op } from '@millrace/timeouts';
import type { Loop } from './loop.js';
import type { AnyProtocol } from './protocol.js';
import type { StartTlsOptions, TlsInfo } from './tls.js';

/** Who gets a written chunk back. A `WriteBuffer` is one. */
export interface ChunkOwner {
  /** The transport is done with `chunk`: its bytes left, or were lost with the connection. Called once per chunk. */
  recycle(chunk: Uint8Array): void;
}

/** When `pauseWriting` and `resumeWriting` are called, in bytes that wait to be sent. */
export interface WriteWatermarks {
  /** Above it writing is paused. Default 64 KiB. */
  readonly highWaterBytes: number;
  /** At or below it writing is resumed; at most `highWaterBytes`. Default 16 KiB. */
  readonly lowWaterBytes: number;
}

/** The two ends of a connection, as they were when it was made, or when its TLS handshake was done. */
export interface ConnectionInfo {
  /** Our address and port; `undefined` on unix sockets. */
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  /** The peer's address and port; `undefined` on unix sockets. */
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  /** The path, on unix sockets where it is known. */
  readonly path: string | undefined;
  /** What was agreed on, where TLS is spoken. */
  readonly tls?: TlsInfo | undefined;
}

/**
 * Owns a connection and moves its bytes; a {@link Protocol} owns their meaning.
 *
 * After `close` or `abort` the protocol gets only `connectionLost`, once; after `close` also pauses and resumptions of
 * writing until everything is sent.
 */
export interface Transport {
  /**
   * Queues `chunk` for sending and returns at once.
   *
   * Bytes leave in call order: when the running loop callback ends, or at once if there is none.
   *
   * @param chunk - Bytes to send. An empty chunk is sent as nothing, and recycled like any other.
   * @param owner - Gets `chunk` back, exactly once, after its bytes left or were lost, never inside this call.
   * @throws {TransportClosedError} After `close()`, `abort()`, `writeEof()` or the loss of the connection; nothing is
   * queued, the chunk stays the caller's.
   * @throws {TypeError} If `chunk` is no Uint8Array, or `owner` has no `recycle()`; nothing is queued either.
   * @remarks
   * Lifetime: the transport holds `chunk` until it is sent; do not change it before it is recycled. A view of the chunk
   * that `dataReceived` is being given may be written: the loop keeps it intact.
   * Reentrancy: may call `pauseWriting()` before it returns.
   */
  write(chunk: Uint8Array, owner?: ChunkOwner): void;

  /** Queues several chunks as `write` would one by one, in one system call where the platform can. */
  writeMany(chunks: readonly Uint8Array[], owner?: ChunkOwner): void;

  /**
   * Tells the peer that nothing more will be sent, once everything is; reading goes on.
   *
   * Does nothing on a transport that is closing.
   */
  writeEof(): void;

  /** Ends gracefully: sends what is queued, then `connectionLost(null)`. Does nothing the second time. */
  close(): void;

  /**
   * Ends now: discards what is queued, then `connectionLost(error)`, not inside this call. Where the platform can, the
   * peer learns of a reset, so that what was cut off does not look complete.
   *
   * @param error - What the protocol is told. Default `null`.
   */
  abort(error?: Error): void;

  /** After it returns there is no data and no end of data until `resumeReading()`; what was read already is kept. */
  pauseReading(): void;

  /** Undoes `pauseReading()`. */
  resumeReading(): void;

  /**
   * Sets when writing is paused and resumed; takes effect at once.
   *
   * @throws {RangeError} Unless 0 <= lowWaterBytes <= highWaterBytes; nothing changes.
   */
  setWriteWatermarks(watermarks: WriteWatermarks): void;

  /** Bytes that wait to be sent. */
  readonly bufferedBytes: number;

  /** Whether `close()` or `abort()` was called, or the connection is lost. */
  readonly isClosing: boolean;

  readonly loop: Loop;
  readonly info: ConnectionInfo;

  /**
   * Gives the connection to another protocol, from the next callback on. `connectionMade` is not called again; a
   * `BufferedProtocol` is asked for memory at once, and where writing is paused the new protocol is told so at once.
   *
   * @throws {TypeError} If it is no protocol; the old one stays.
   * @remarks Reentrancy: may be called inside a callback; the rest of the chunk that is being delivered is the caller's.
   */
  setProtocol(protocol: AnyProtocol): void;

  /**
   * Changes to TLS in the middle of the connection, after what was written has left. The transport and its protocol
   * stay; until it settles the protocol hears nothing of the peer, only of its own writing, and `connectionLost`.
   *
   * @returns Resolves when the handshake is done, before any decrypted data is delivered; `info.tls` says what was agreed.
   * @throws {TlsError} If the handshake fails, or if bytes of the peer were received in the clear after the ones that the
   * protocol has seen (somebody may have put them in); the connection is aborted.
   * @throws {TransportClosedError} If the transport is closing, or speaks TLS already; nothing changes. Also if it is
   * aborted meanwhile without an error.
   * @throws {TypeError} or {RangeError} If an option is not what it must be; nothing changes.
   * @throws {TimeoutError} or the signal's reason; the connection is aborted.
   * @remarks What is written meanwhile leaves after the handshake, encrypted; so do an end of data and a `close()` that
   * are asked for meanwhile, which is why a peer that does not answer must be given a time limit.
   * A peer must not begin its handshake before it has our answer that we will, else we take the bytes for a message.
   */
  startTls(options?: StartTlsOptions & Op): Promise<void>;

  /** Holds the process open while the connection is (the default). */
  ref(): void;

  /** Lets the process end although the connection is open. */
  unref(): void;
}
