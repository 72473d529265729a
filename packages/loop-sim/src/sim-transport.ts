import { ConnectionLostError, TlsError, TransportClosedError } from '@millrace/loop-policy';
import type { AnyProtocol, ChunkOwner, ConnectionInfo, Transport, WriteWatermarks } from '@millrace/loop-policy';
import { checkChunk, WriteGate } from '@millrace/loop-policy/kit';
import type { Pending } from './link.js';
import type { Pipe } from './pipe.js';
import { SimInbox, type Reader } from './sim-inbox.js';
import type { SimLoop } from './sim-loop.js';
import { SimOutbox } from './sim-outbox.js';
import type { SystemError } from './errors.js';

/** How long a system waits for the other end to take the end of data before it calls a closed connection over. */
const LINGER_MS = 1000;

/** `closing`: sends what is queued, then its end of data. `lost`: `connectionLost` was called, or is about to be. */
type Phase = 'open' | 'closing' | 'lost';

/** One end of a simulated connection. */
export class SimTransport implements Transport, Reader {
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
  private readonly _gate = new WriteGate();
  private readonly _inbox: SimInbox;
  private readonly _outbox: SimOutbox;
  private _phase: Phase = 'open';
  /** The other end has seen our end of data. */
  private _endTaken = false;
  private _peerEnded = false;
  private _isFlushing = false;
  /** Whether `connectionMade` has returned. */
  private _isStarted = false;
  private _lingering: Pending | undefined;

  constructor(loop: SimLoop, info: ConnectionInfo, watermarks: WriteWatermarks | undefined) {
    this.loop = loop;
    this.info = info;
    this._inbox = new SimInbox(loop, this);
    this._outbox = new SimOutbox(loop, (fn) => {
      this.call(fn);
    });
    if (watermarks !== undefined) this._gate.set(watermarks);
  }

  /** @throws {TypeError} If it is no protocol. */
  prepare(protocol: AnyProtocol): void {
    this._inbox.setProtocol(protocol);
    this._protocol = protocol;
  }

  /** Introduces the protocol that was prepared, and begins to read. */
  start(): void {
    this.loop.opened(this);
    this.call(() => {
      this._protocol?.connectionMade(this);
    });
    this._isStarted = true;
    this._inbox.start();
    this._inbox.deliverLater();
  }

  get bufferedBytes(): number {
    return this._outbox.bufferedBytes;
  }

  get isClosing(): boolean {
    return this._phase !== 'open';
  }

  get isOpen(): boolean {
    return this._phase === 'open';
  }

  get isLost(): boolean {
    return this._phase === 'lost';
  }

  /** Whether the simulation keeps the program from reading. */
  set isStalled(isStalled: boolean) {
    this._inbox.isStalled = isStalled;
  }

  /** For reports: what this end waits for. */
  get condition(): string {
    if (this._phase === 'closing') return `closing, ${this.bufferedBytes} bytes unsent`;
    const parts = [];
    if (this.bufferedBytes > 0) parts.push(`${this.bufferedBytes} bytes unsent`);
    if (this._inbox.isStalled) parts.push(`stalled, ${this._inbox.length} pieces wait`);
    if (this._inbox.isPaused) parts.push(`reading paused, ${this._inbox.length} pieces wait`);
    if (this._peerEnded) parts.push('the other end has ended');
    return parts.join(', ') || 'waits for data';
  }

  write(chunk: Uint8Array, owner?: ChunkOwner): void {
    this._checkWritable();
    checkChunk(chunk);
    this._outbox.add(chunk, owner);
    this._written();
  }

  writeMany(chunks: readonly Uint8Array[], owner?: ChunkOwner): void {
    this._checkWritable();
    for (const chunk of chunks) checkChunk(chunk);
    for (const chunk of chunks) this._outbox.add(chunk, owner);
    this._written();
  }

  writeEof(): void {
    if (this._phase !== 'open' || this._outbox.isEnded) return;
    this._outbox.isEnded = true;
    if (this._peerEnded) this.close();
    else this._flushLater();
  }

  close(): void {
    if (this._phase !== 'open') return;
    this._phase = 'closing';
    this._outbox.isEnded = true;
    this._inbox.isPaused = false;
    if (this._endTaken) {
      this._lose(null);
      return;
    }
    this._flushLater();
    this._inbox.deliverLater(); // what still comes is discarded, so that the other end can send all
  }

  abort(error?: Error): void {
    if (this._phase === 'lost') return;
    this.pipe.reset();
    this._lose(error ?? null);
  }

  pauseReading(): void {
    if (this._phase === 'open') this._inbox.isPaused = true;
  }

  resumeReading(): void {
    if (this._phase !== 'open' || !this._inbox.isPaused) return;
    this._inbox.isPaused = false;
    this._inbox.deliverLater();
  }

  setWriteWatermarks(watermarks: WriteWatermarks): void {
    this._gate.set(watermarks);
    this._checkGate();
  }

  setProtocol(protocol: AnyProtocol): void {
    this.prepare(protocol);
    if (!this._isStarted || this._phase !== 'open') return;
    // Pauses and resumptions alternate for the new protocol, too.
    if (this._gate.isPaused) {
      this.call(() => {
        protocol.pauseWriting();
      });
    }
    this._inbox.start();
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
    this._outbox.flush(this.pipe);
    if (this._phase === 'closing' && this._outbox.isEndSent) this._linger();
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
    this.call(() => {
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
    this._inbox.add(piece);
  }

  consumed(bytes: number): void {
    this.inbound.consumed(bytes);
  }

  /** The program has read all data. */
  ended(): void {
    this._peerEnded = true;
    this.inbound.endConsumed();
    if (this._phase !== 'open') return;
    let keepOpen = false as boolean; // assigned inside the callback
    this.call(() => {
      keepOpen = this._protocol?.eofReceived() === true;
    });
    if (!keepOpen || this._outbox.isEnded) this.close();
  }

  /** Runs a callback of the protocol; one that throws loses this connection. */
  call(fn: () => void): void {
    this.loop.runCallback(fn, this);
  }

  /** The end of data that we sent has arrived. */
  endArrived(): void {
    this._endTaken = true;
    if (this._phase === 'closing') this._lose(null);
  }

  /** The connection broke. */
  broken(error: SystemError): void {
    this._lose(
      this._phase === 'closing' && this._outbox.isEndSent
        ? null
        : new ConnectionLostError(`the connection was lost: ${error.message}`, { cause: error }),
    );
  }

  private _checkWritable(): void {
    if (this._phase !== 'open')
      throw new TransportClosedError('expected an open transport, this one is closing or closed');
    if (this._outbox.isEnded) throw new TransportClosedError('expected no write after writeEof()');
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

  /** The other end may never take the end of data: it does not read, or it is gone. */
  private _linger(): void {
    const { simulation } = this.loop.host;
    this._lingering ??= simulation.at(simulation.nowMs + LINGER_MS, this.loop.lane, () => {
      this._lose(null);
    });
  }

  private _lose(error: Error | null): void {
    if (this._phase === 'lost') return;
    this._phase = 'lost';
    this._lingering?.cancel();
    this._noteLoss(error);
    const recycle = this._outbox.discard();
    this._inbox.clear();
    this.loop.soon(() => {
      recycle();
      this.call(() => {
        this._protocol?.connectionLost(error);
      });
      this.loop.ended(this);
      this.onLost?.();
    });
  }

  private _noteLoss(error: Error | null): void {
    const cause = error instanceof ConnectionLostError ? (error.cause as Error) : error;
    const code = (cause as { readonly code?: unknown } | null)?.code;
    const detail = cause === null ? 'closed' : `${typeof code === 'string' ? code : cause.name}: ${cause.message}`;
    this.loop.host.simulation.note(this.pipe.name, 'lost', 0, detail);
  }

  private _checkGate(): void {
    if (this._phase === 'lost') return;
    const change = this._gate.update(this.bufferedBytes);
    if (change === undefined) return;
    this.call(() => {
      if (change === 'pause') this._protocol?.pauseWriting();
      else this._protocol?.resumeWriting();
    });
  }
}
