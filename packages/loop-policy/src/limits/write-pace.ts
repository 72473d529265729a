import type { Timer } from '@millrace/timeouts';
import { checkChunk } from '../check-chunk.js';
import { TransportClosedError } from '../errors.js';
import type { ChunkOwner, Transport, WriteWatermarks } from '../transport.js';
import { WriteGate } from '../write-gate.js';
import { callLaterIfOpen } from './call-later-if-open.js';
import { TokenBucket } from './token-bucket.js';

/** Whom a {@link WritePace} tells of what happens. */
export interface WriteListener {
  pauseWriting(): void;
  resumeWriting(): void;
  /** Bytes left. */
  wrote(): void;
  /** Bytes have to wait for the rate. */
  delayed(): void;
}

/** A chunk that waits for the rate, or the rest of one. */
interface Waiting {
  readonly chunk: Uint8Array;
  readonly owner: ChunkOwner | undefined;
  /** Ours: a borrowed chunk is gone when the callback returns. */
  rest: Uint8Array;
}

/**
 * Keeps writing to a rate: hands chunks on in pieces, the rest when its time has come. It counts what the protocol wrote
 * and has not left, wherever it is, and pauses and resumes the protocol's writing by it.
 *
 * An end (`writeEof`, `close`) waits for the bytes before it.
 */
export class WritePace {
  private readonly _transport: Transport;
  private readonly _bucket: TokenBucket;
  private readonly _listener: WriteListener;
  private readonly _gate = new WriteGate();
  private _queue: Waiting[] = [];
  private _bufferedBytes = 0;
  private _isPaused = false;
  private _timer: Timer | undefined;
  private _hasRef = true;
  private _ending: 'open' | 'eof' | 'close' = 'open';

  constructor(transport: Transport, bytesPerSec: number, listener: WriteListener) {
    this._transport = transport;
    this._bucket = new TokenBucket(bytesPerSec, transport.loop.now());
    this._listener = listener;
  }

  /** Whether the protocol was told to pause writing. */
  get isPaused(): boolean {
    return this._isPaused;
  }

  get bufferedBytes(): number {
    return this._bufferedBytes;
  }

  /** Whether `close()` was called, here or beneath. */
  get isClosing(): boolean {
    return this._ending === 'close' || this._transport.isClosing;
  }

  /** Whether bytes wait for the rate. */
  get isDelayed(): boolean {
    return this._queue.length > 0;
  }

  /** @throws {TransportClosedError} As every transport does. */
  writeMany(chunks: readonly Uint8Array[], owner: ChunkOwner | undefined): void {
    if (this.isClosing) throw new TransportClosedError('expected an open transport, this one is closing or closed');
    if (this._ending === 'eof') throw new TransportClosedError('expected no write after writeEof()');
    for (const chunk of chunks) checkChunk(chunk);
    for (const chunk of chunks) {
      this._bufferedBytes += chunk.length;
      const waiting = { chunk, owner, rest: chunk };
      if (this._queue.length === 0 && this._send(waiting)) continue;
      waiting.rest = new Uint8Array(waiting.rest);
      this._queue.push(waiting);
      this._wait();
    }
    this._checkGate();
  }

  writeEof(): void {
    if (this.isClosing || this._ending !== 'open') return;
    this._ending = 'eof';
    if (!this.isDelayed) this._transport.writeEof();
  }

  close(): void {
    if (this.isClosing) return;
    this._ending = 'close';
    if (this.isDelayed) this._transport.pauseReading();
    else this._close();
  }

  /** Hands everything on at once, and pays for it later. */
  flush(): void {
    for (const waiting of this._queue.splice(0)) this._hand(waiting, waiting.rest.length);
  }

  setWatermarks(watermarks: WriteWatermarks): void {
    this._gate.set(watermarks);
    this._checkGate();
  }

  hold(hasRef: boolean): void {
    this._hasRef = hasRef;
    if (hasRef) this._timer?.ref();
    else this._timer?.unref();
  }

  /** The transport itself says that everything it had is sent, of a connection that is closing. */
  drained(): void {
    if (this._ending !== 'close' || !this._isPaused) return;
    this._isPaused = false;
    this._listener.resumeWriting();
  }

  /** The connection is gone. @throws What owners throw, after each was given its chunk. */
  lost(): void {
    this._timer?.cancel();
    this._bufferedBytes = 0;
    const errors: unknown[] = [];
    for (const { chunk, owner } of this._queue.splice(0)) {
      try {
        owner?.recycle(chunk);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 1) throw new AggregateError(errors, 'several owners threw when they were given chunks back');
    if (errors.length === 1) throw errors[0];
  }

  /** A piece left, or was lost with the connection. */
  left(byteCount: number, waiting: Waiting | undefined): void {
    this._bufferedBytes = Math.max(0, this._bufferedBytes - byteCount);
    this._listener.wrote();
    try {
      waiting?.owner?.recycle(waiting.chunk);
    } finally {
      this._checkGate();
    }
  }

  /** Hands on what may go now. @returns Whether that is all of it. */
  private _send(waiting: Waiting): boolean {
    const { length } = waiting.rest;
    const allowed = Math.min(this._bucket.allowance(this._transport.loop.now()), length);
    if (allowed > 0 || length === 0) this._hand(waiting, allowed);
    return allowed === length;
  }

  private _hand(waiting: Waiting, byteCount: number): void {
    const { rest } = waiting;
    const isLast = byteCount === rest.length;
    const piece = isLast ? rest : rest.subarray(0, byteCount);
    this._transport.write(piece, new Piece(this, byteCount, isLast ? waiting : undefined));
    this._bucket.take(byteCount, this._transport.loop.now());
    waiting.rest = rest.subarray(byteCount);
  }

  private _wait(): void {
    if (this._timer !== undefined) return;
    this._listener.delayed();
    const delayMs = this._bucket.waitMs(this._transport.loop.now());
    this._timer = callLaterIfOpen(this._transport.loop, delayMs, () => {
      this._timer = undefined;
      this._continue();
    });
    if (!this._hasRef) this._timer?.unref();
  }

  private _continue(): void {
    if (this._transport.isClosing) return; // it was aborted, or the connection broke off
    for (let first = this._queue[0]; first !== undefined; first = this._queue[0]) {
      if (!this._send(first)) {
        this._wait();
        return;
      }
      this._queue.shift();
    }
    if (this._ending === 'eof') this._transport.writeEof();
    if (this._ending === 'close') this._close();
  }

  private _close(): void {
    // A loss gives chunks back, too; that the rest was sent only the transport knows from here on.
    if (this._isPaused) this._transport.setWriteWatermarks({ highWaterBytes: 0, lowWaterBytes: 0 });
    this._transport.close();
  }

  private _checkGate(): void {
    if (this._transport.isClosing) return;
    const change = this._gate.update(this._bufferedBytes);
    if (change === undefined) return;
    this._isPaused = change === 'pause';
    if (this._isPaused) this._listener.pauseWriting();
    else this._listener.resumeWriting();
  }
}

/** The owner of a part of a chunk. */
class Piece implements ChunkOwner {
  private readonly _pace: WritePace;
  private readonly _byteCount: number;
  private readonly _waiting: Waiting | undefined;

  constructor(pace: WritePace, byteCount: number, waiting: Waiting | undefined) {
    this._pace = pace;
    this._byteCount = byteCount;
    this._waiting = waiting;
  }

  recycle(): void {
    this._pace.left(this._byteCount, this._waiting);
  }
}
