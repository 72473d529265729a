import type { Transport } from './transport.js';

/** The callbacks that every protocol has, however its bytes arrive. */
export interface ConnectionCallbacks {
  /**
   * The connection is up. Runs before `connect()` resolves, and before any other callback.
   *
   * @param transport - Stays the same object until `connectionLost`.
   */
  connectionMade(transport: Transport): void;

  /**
   * The peer will send nothing more.
   *
   * @returns `true` keeps our side open for writing; anything else closes the transport once everything is sent.
   */
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- an implementation may return nothing
  eofReceived(): boolean | void;

  /**
   * The server is being closed: finish what you are at, then close the transport. Who still is open when the grace period
   * ends is cut. Where it is missing, the transport is closed at once, which sends what is queued.
   */
  closeRequested?(): void;

  /** More than `highWaterBytes` wait to be sent: stop writing for now. */
  pauseWriting(): void;

  /** `lowWaterBytes` or fewer wait to be sent: go on. Strictly alternates with `pauseWriting`. */
  resumeWriting(): void;

  /**
   * The connection is gone; the last callback, and it comes exactly once.
   *
   * @param error - `null` after an end that we asked for or the peer announced, the argument of `abort(error)`, or a
   * `ConnectionLostError` with its cause.
   */
  connectionLost(error: Error | null): void;
}

/**
 * Owns the meaning of one connection's bytes.
 *
 * @remarks
 * Reentrancy: no Transport method calls these synchronously, except that `write` may call `pauseWriting`. A callback
 * that throws loses its own connection and nothing else; the loop reports it once through `onUncaught`.
 * @see {@link https://docs.python.org/3/library/asyncio-protocol.html | asyncio: Transports and Protocols}
 */
export interface Protocol extends ConnectionCallbacks {
  /**
   * Bytes arrived.
   *
   * @param chunk - Borrowed: valid until this call returns. Keep a copy, or feed it to a `ReadBuffer`. Writing a view
   * of it back to a transport is fine. Never empty.
   */
  dataReceived(chunk: Uint8Array): void;
}

/** A protocol that says where the next bytes go, for fixed receive buffers. */
export interface BufferedProtocol extends ConnectionCallbacks {
  /**
   * Asks for memory. Called after `connectionMade`, before reading starts, and after each `bufferUpdated`.
   *
   * @param hintBytes - How many bytes the loop would like to have room for.
   * @returns At least one byte of memory, left alone until `bufferUpdated`, or until the connection is lost if another
   * protocol takes over before.
   */
  getBuffer(hintBytes: number): Uint8Array;

  /** The first `byteCount` bytes (1 or more) of the buffer that was given last are filled. */
  bufferUpdated(byteCount: number): void;
}

/** What a factory may return. */
export type AnyProtocol = Protocol | BufferedProtocol;
