import type { ChunkOwner, Transport } from '@millrace/loop-policy';
import { TransportClosedError } from '@millrace/loop-policy';
import type { Op, TimerSource } from '@millrace/timeouts';
import { GatheredWrites } from './gathered-writes.js';
import { WaitLine } from './wait-line.js';

/** The reader of the same connection: a `StreamReader` is one. */
interface FailingReader {
  /** Whether there is nothing to fail. */
  readonly hasEnded?: boolean | undefined;
  fail(error: Error): void;
}

/** Options of {@link StreamWriter}. */
export interface StreamWriterOptions {
  /** The clock of the waits. Default: the transport's loop. */
  readonly timers?: TimerSource | undefined;
}

/**
 * Writes to a transport, and waits where it has enough to send.
 *
 * `write` never waits; `drain` says when there is room. Whoever writes much awaits `drain` between writes.
 */
export class StreamWriter {
  private readonly _transport: Transport;
  private readonly _gathered: GatheredWrites;
  private _hasEnded = false;
  /** perf: echo/c10k. Made for the first one who waits. */
  private _draining: WaitLine<void> | undefined = undefined;
  private _closing: WaitLine<void> | undefined = undefined;
  private _closed: Promise<void> | undefined = undefined;
  private _onEnd: ((error: Error | null) => void) | undefined = undefined;
  private _isPaused = false;
  /** How the connection ended; `undefined` while it has not. */
  private _end: Error | null | undefined = undefined;
  private _hasThrown = false;
  private readonly _timers: TimerSource;
  private readonly _reader: FailingReader | undefined;

  /**
   * Makes a writer; `pauseWriting`, `resumeWriting` and `connectionLost` must be passed on to it by the protocol.
   *
   * @param reader - Fails when `close` was called.
   */
  constructor(transport: Transport, options: StreamWriterOptions = {}, reader?: FailingReader) {
    this._transport = transport;
    this._gathered = new GatheredWrites(transport);
    this._timers = options.timers ?? transport.loop;
    this._reader = reader;
  }

  /** The transport, which was given all that was written until now. */
  get transport(): Transport {
    this._gathered.flush();
    return this._transport;
  }

  /** Bytes that wait to be sent. */
  get bufferedBytes(): number {
    return this._gathered.bytes + this._transport.bufferedBytes;
  }

  /** Whether the connection is being closed, or is lost: nothing can be written. */
  get isClosing(): boolean {
    return this._transport.isClosing;
  }

  /**
   * Settles when the connection is over, whoever ended it: rejects with what broke it, if something did. Nobody needs to
   * look at it.
   */
  get closed(): Promise<void> {
    if (this._closed === undefined) {
      const closed = new Promise<void>((resolve, reject) => {
        this._onEnd = (error) => {
          if (error === null) resolve();
          else reject(error);
        };
      });
      this._closed = handled(closed);
      if (this._end !== undefined) this._onEnd?.(this._end);
    }
    return this._closed;
  }

  /**
   * Whether a call has thrown what broke the connection.
   *
   * @internal
   */
  get _wasTold(): boolean {
    return this._hasThrown;
  }

  /**
   * Queues `chunk` for sending, and returns at once; see {@link drain}.
   *
   * Bytes leave in call order, those that are written without an `await` in between together. The other methods of the
   * writer, and whoever asks it or its connection for the transport, come after them; a transport that was asked for
   * before does not know of them until the microtasks run.
   *
   * @param chunk - Held until it is sent: do not change it before. Views of what a reader returned may be written.
   * @param owner - Gets `chunk` back, exactly once, not inside this call: for `writer.write(buffer.take(), buffer)`.
   * @throws {ConnectionLostError} If the connection broke; nothing is queued.
   * @throws {TransportClosedError} After `close()`, `abort()` or `writeEof()`; nothing is queued.
   */
  write(chunk: Uint8Array, owner?: ChunkOwner): void {
    if (!this._canGather(chunk)) this.transport.write(chunk, owner);
    else this._gathered.add(chunk, owner);
  }

  /** Queues several chunks as `write` would one by one; they leave in one system call where the platform can. */
  writeMany(chunks: readonly Uint8Array[], owner?: ChunkOwner): void {
    this._checkLost();
    this.transport.writeMany(chunks, owner);
  }

  /** Gives the transport what was written, at once and not when the microtasks run. */
  flush(): void {
    this._gathered.flush();
  }

  /**
   * Waits until there is room: until no more than `lowWaterBytes` wait to be sent, if it were more than `highWaterBytes`.
   *
   * @returns `undefined` if there is room already: `await writer.drain()` is right either way. Nobody needs to look at it.
   * @throws {ConnectionLostError} If the connection broke, as a rejection. What was written may not have arrived.
   * @throws {TransportClosedError} If the connection is over, as a rejection.
   * @throws {TimeoutError} or what else ends `op`, as a rejection; nothing that was written is called off.
   */
  drain(op?: Op): Promise<void> | undefined {
    this._gathered.flush();
    if (this._end === undefined && !this._isPaused) return undefined;
    if (this._end === null) return handled(Promise.reject(closedHere()));
    return this._wait((this._draining ??= new WaitLine('drain', this._timers)), op);
  }

  /** Tells the peer that nothing more will be sent, once everything is; reading goes on. */
  writeEof(): void {
    this._hasEnded = true;
    this.transport.writeEof();
  }

  /**
   * Sends what is queued, ends the connection, and waits for that. Reads that find nothing are rejected from now on.
   *
   * @returns Resolves when the connection is over. Nobody needs to look at it.
   * @throws {ConnectionLostError} If it broke, now or before; what was written may not have arrived.
   * @throws {TimeoutError} or what else ends `op`; the connection goes on closing: `abort()` makes it quick.
   */
  close(op?: Op): Promise<void> {
    this.transport.close();
    // perf: echo/cycles. An error takes microseconds to make, and each connection ends.
    if (this._reader !== undefined && this._reader.hasEnded !== true) this._reader.fail(closedHere());
    return this._wait((this._closing ??= new WaitLine('close', this._timers)), op);
  }

  /**
   * Ends the connection now; discards what is queued.
   *
   * @param error - What waits and later calls fail with. Default: none, as after `close()`.
   */
  abort(error?: Error): void {
    this.transport.abort(error);
  }

  /** For the protocol: its callback of that name. */
  pauseWriting(): void {
    this._isPaused = true;
  }

  /** For the protocol: its callback of that name. */
  resumeWriting(): void {
    this._isPaused = false;
    this._draining?.settle();
  }

  /** For the protocol: its callback of that name, or the connection is handed over to another protocol. */
  connectionLost(error: Error | null): void {
    if (this._end !== undefined) return;
    this._end = error;
    if (error !== null) this._hasThrown ||= this._hasWaiting();
    if (this._draining !== undefined) this._draining.fail(error ?? closedHere());
    if (error === null) this._closing?.settle();
    else this._closing?.fail(error);
    this._onEnd?.(error);
  }

  /** Whether the transport would take `chunk`; if not, it says why. */
  private _canGather(chunk: Uint8Array): boolean {
    this._checkLost();
    return !this._hasEnded && !this._transport.isClosing && chunk instanceof Uint8Array;
  }

  private _hasWaiting(): boolean {
    return (this._draining?.length ?? 0) + (this._closing?.length ?? 0) > 0;
  }

  /** A promise that nobody needs to look at: who writes again, or reads, hears of the loss. */
  private _wait(line: WaitLine<void>, op: Op | undefined): Promise<void> {
    const wait = this._end === undefined ? line.wait(op) : this._ended();
    return handled(wait);
  }

  private _ended(): Promise<void> {
    if (this._end === undefined || this._end === null) return Promise.resolve();
    this._hasThrown = true;
    return Promise.reject(this._end);
  }

  private _checkLost(): void {
    if (this._end === undefined || this._end === null) return;
    this._hasThrown = true;
    throw this._end;
  }
}

/** A rejection of `promise` that nobody looks at is no unhandled one. */
function handled(promise: Promise<void>): Promise<void> {
  promise.catch(() => undefined);
  return promise;
}

/** What reads and waits come to after our own end. */
export function closedHere(): TransportClosedError {
  return new TransportClosedError('the connection was closed on our side');
}
