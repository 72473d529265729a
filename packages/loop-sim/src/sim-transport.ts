import { ConnectionLostError, TlsError, TransportClosedError } from '@millrace/loop-policy';
import type { AnyProtocol, ChunkOwner, ConnectionInfo, Transport, WriteWatermarks } from '@millrace/loop-policy';
import { checkChunk, makeReceiver, WriteGate, type Receiver } from '@millrace/loop-policy/kit';
import { SystemError } from './errors.js';
import type { Pipe } from './pipe.js';
import type { SimLoop } from './sim-loop.js';

const BUFFER_HINT_BYTES = 64 * 1024;
const POISON = 0xee;

interface Parcel {
  readonly chunk: Uint8Array;
  /** What to send: `chunk`, or a copy of it where that will change too early. */
  readonly bytes: Uint8Array;
  readonly owner: ChunkOwner | undefined;
  /** How much of it has left. */
  sent: number;
}

/** `closing`: sends what is queued, then its end of data. `lost`: `connectionLost` was called, or is about to be. */
type Phase = 'open' | 'closing' | 'lost';

/** One end of a simulated connection. */
export class SimTransport implements Transport {
  readonly loop: SimLoop;
  readonly info: ConnectionInfo;
  /** To the other end. */
  pipe!: Pipe;
  /** From the other end. */
  inbound!: Pipe;
  /** Told when the connection is over. */
  onLost: (() => void) | undefined;
  /** `undefined` until the connection is announced. */
  private _protocol: AnyProtocol | undefined;
  private _receiver: Receiver | undefined;
  private readonly _gate = new WriteGate();
  private _phase: Phase = 'open';
  private _parcels: Parcel[] = [];
  private _bufferedBytes = 0;
  private _endedWriting = false;
  private _endSent = false;
  /** The other end has seen our end of data. */
  private _endTaken = false;
  private _peerEnded = false;
  private _readingPaused = false;
  private _isFlushing = false;
  /** Whether `connectionMade` has returned. */
  private _isStarted = false;
  /** Who takes what is being delivered; another one after `setProtocol`. */
  private _taker: Receiver | undefined;
  /** What arrived and was not delivered, `null` for the end of data. */
  private readonly _arrived: (Uint8Array | null)[] = [];
  private _isDelivering = false;
  private readonly _isReading = (): boolean =>
    this._phase === 'open' && !this._readingPaused && this._receiver === this._taker;

  constructor(loop: SimLoop, info: ConnectionInfo, watermarks: WriteWatermarks | undefined) {
    this.loop = loop;
    this.info = info;
    if (watermarks !== undefined) this._gate.set(watermarks);
  }

  /** @throws {TypeError} If it is no protocol. */
  prepare(protocol: AnyProtocol): void {
    this._receiver = makeReceiver(protocol, BUFFER_HINT_BYTES);
    this._protocol = protocol;
  }

  /** Introduces the protocol that was prepared, and begins to read. */
  start(): void {
    this.loop.opened(this);
    this._callback(() => {
      this._protocol?.connectionMade(this);
    });
    this._isStarted = true;
    this._startReceiver(this._receiver);
    this._deliverLater();
  }

  get bufferedBytes(): number {
    return this._bufferedBytes;
  }

  get isClosing(): boolean {
    return this._phase !== 'open';
  }

  /** For reports: what this end waits for. */
  get condition(): string {
    if (this._phase === 'closing') return `closing, ${this._bufferedBytes} bytes unsent`;
    const parts = [];
    if (this._bufferedBytes > 0) parts.push(`${this._bufferedBytes} bytes unsent`);
    if (this._readingPaused) parts.push(`reading paused, ${this._arrived.length} pieces wait`);
    if (this._peerEnded) parts.push('the other end has ended');
    return parts.join(', ') || 'waits for data';
  }

  write(chunk: Uint8Array, owner?: ChunkOwner): void {
    this._checkWritable();
    checkChunk(chunk);
    this._queue(chunk, owner);
    this._written();
  }

  writeMany(chunks: readonly Uint8Array[], owner?: ChunkOwner): void {
    this._checkWritable();
    for (const chunk of chunks) checkChunk(chunk);
    for (const chunk of chunks) this._queue(chunk, owner);
    this._written();
  }

  writeEof(): void {
    if (this._phase !== 'open' || this._endedWriting) return;
    this._endedWriting = true;
    if (this._peerEnded) this.close();
    else this._flushLater();
  }

  close(): void {
    if (this._phase !== 'open') return;
    this._phase = 'closing';
    this._endedWriting = true;
    this._readingPaused = false;
    if (this._endTaken) {
      this._lose(null);
      return;
    }
    this._flushLater();
    this._deliverLater(); // what still comes is discarded, so that the other end can send all
  }

  abort(error?: Error): void {
    if (this._phase === 'lost') return;
    this.pipe.reset();
    this._lose(error ?? null);
  }

  pauseReading(): void {
    if (this._phase === 'open') this._readingPaused = true;
  }

  resumeReading(): void {
    if (this._phase !== 'open' || !this._readingPaused) return;
    this._readingPaused = false;
    this._deliverLater();
  }

  setWriteWatermarks(watermarks: WriteWatermarks): void {
    this._gate.set(watermarks);
    this._checkGate();
  }

  setProtocol(protocol: AnyProtocol): void {
    const receiver = makeReceiver(protocol, BUFFER_HINT_BYTES);
    this._protocol = protocol;
    this._receiver = receiver;
    if (!this._isStarted || this._phase !== 'open') return;
    // Pauses and resumptions alternate for the new protocol, too.
    if (this._gate.isPaused) {
      this._callback(() => {
        protocol.pauseWriting();
      });
    }
    this._startReceiver(receiver);
  }

  startTls(): Promise<void> {
    const error = new TlsError('a simulated connection has no TLS');
    this.abort(error);
    return Promise.reject(error);
  }

  ref(): void {
    // A simulation goes on as long as its program does.
  }

  unref(): void {
    // As above.
  }

  /** Sends what the line takes; called at the end of the loop's callback, and when there is room again. */
  flush(): void {
    this._isFlushing = false;
    if (this._phase === 'lost') return;
    let room = this.pipe.roomBytes;
    for (let parcel = this._parcels[0]; parcel !== undefined; parcel = this._parcels[0]) {
      if (room === 0 && parcel.bytes.length > 0) break;
      const bytes = parcel.bytes.subarray(parcel.sent, parcel.sent + room);
      this.pipe.send(bytes);
      room -= bytes.length;
      parcel.sent += bytes.length;
      this._bufferedBytes -= bytes.length;
      this.loop.bytesWritten += bytes.length;
      if (parcel.sent < parcel.bytes.length) break;
      this._parcels.shift();
      if (parcel.owner !== undefined) this._recycleLater(parcel);
    }
    if (this._parcels.length === 0 && this._endedWriting && !this._endSent) {
      this._endSent = true;
      this.pipe.sendEnd();
    }
    if (this._gate.isPaused) {
      this.loop.soon(() => {
        this._checkGate();
      });
    }
  }

  /** The server is being closed. */
  requestClose(): void {
    if (this._phase !== 'open') return;
    const protocol = this._protocol;
    if (protocol?.closeRequested === undefined) {
      this.close();
      return;
    }
    this._callback(() => {
      protocol.closeRequested?.();
    });
  }

  /** Data came over the line, or `null`: the end of it. */
  arrive(piece: Uint8Array | null): void {
    if (this._phase === 'lost') {
      // Nobody is there any more.
      if (piece === null) this.inbound.endConsumed();
      else this.pipe.reset();
      return;
    }
    this._arrived.push(piece);
    this._deliver();
  }

  /** The end of data that we sent has arrived. */
  endArrived(): void {
    this._endTaken = true;
    if (this._phase === 'closing') this._lose(null);
  }

  /** The connection broke. */
  broken(error: SystemError): void {
    this._lose(
      this._phase === 'closing' && this._endSent
        ? null
        : new ConnectionLostError(`the connection was lost: ${error.message}`, { cause: error }),
    );
  }

  private _startReceiver(receiver: Receiver | undefined): void {
    if (this._phase !== 'open') return;
    this._callback(() => {
      receiver?.start();
    });
  }

  private _checkWritable(): void {
    if (this._phase !== 'open')
      throw new TransportClosedError('expected an open transport, this one is closing or closed');
    if (this._endedWriting) throw new TransportClosedError('expected no write after writeEof()');
  }

  private _queue(chunk: Uint8Array, owner: ChunkOwner | undefined): void {
    // The bytes of a chunk that is being delivered are the transport's only until its callback returns.
    const bytes = this.loop.isBorrowed(chunk) ? new Uint8Array(chunk) : chunk;
    this._parcels.push({ chunk, bytes, owner, sent: 0 });
    this._bufferedBytes += chunk.length;
    this.loop.chunksWritten += 1;
  }

  private _written(): void {
    this._checkGate();
    this._flushLater();
  }

  private _flushLater(): void {
    if (this._isFlushing) return;
    this._isFlushing = true;
    this.loop.flushAfterCallback(this);
  }

  private _deliverLater(): void {
    if (this._arrived.length === 0) return;
    this.loop.soon(() => {
      this._deliver();
    });
  }

  /** Delivers one piece; the next one comes when its microtasks have run. */
  private _deliver(): void {
    if (!this._isStarted || this._isDelivering || this._phase === 'lost' || this._readingPaused) return;
    const piece = this._arrived.shift();
    if (piece === undefined) return;
    this._isDelivering = true;
    if (piece === null) this._ended();
    else this._deliverPiece(piece);
    this._isDelivering = false;
    this._deliverLater();
  }

  private _deliverPiece(piece: Uint8Array): void {
    let taken = piece.length;
    if (this._phase === 'open') {
      this.loop.bytesRead += piece.length;
      this.loop.borrow(piece);
      const taker = this._receiver;
      this._taker = taker;
      taken = 0;
      this._callback(() => {
        taken = taker?.receive(piece, this._isReading) ?? 0;
      });
      this.loop.borrow(undefined);
    }
    if (taken < piece.length && this._phase === 'open') {
      this._arrived.unshift(piece.slice(taken));
      this.loop.bytesRead -= piece.length - taken;
    }
    piece.fill(POISON); // whoever kept it, must not have
    this.inbound.consumed(taken);
  }

  private _ended(): void {
    this._peerEnded = true;
    this.inbound.endConsumed();
    if (this._phase !== 'open') return;
    let keepOpen = false as boolean; // assigned inside the callback
    this._callback(() => {
      keepOpen = this._protocol?.eofReceived() === true;
    });
    if (!keepOpen || this._endedWriting) this.close();
  }

  private _lose(error: Error | null): void {
    if (this._phase === 'lost') return;
    this._phase = 'lost';
    const parcels = this._parcels;
    this._parcels = [];
    this._bufferedBytes = 0;
    this._arrived.length = 0;
    this.loop.soon(() => {
      for (const parcel of parcels) this._recycle(parcel);
      this._callback(() => {
        this._protocol?.connectionLost(error);
      });
      this.loop.ended(this);
      this.onLost?.();
    });
  }

  private _recycleLater(parcel: Parcel): void {
    this.loop.soon(() => {
      this._recycle(parcel);
    });
  }

  private _recycle({ chunk, owner }: Parcel): void {
    if (owner === undefined) return;
    this._callback(() => {
      owner.recycle(chunk);
    });
  }

  private _checkGate(): void {
    if (this._phase === 'lost') return;
    const change = this._gate.update(this._bufferedBytes);
    if (change === undefined) return;
    this._callback(() => {
      if (change === 'pause') this._protocol?.pauseWriting();
      else this._protocol?.resumeWriting();
    });
  }

  /** Runs a callback of the protocol; one that throws loses this connection. */
  private _callback(fn: () => void): void {
    this.loop.runCallback(fn, this);
  }
}
