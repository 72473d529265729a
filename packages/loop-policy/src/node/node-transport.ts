import type { Socket } from 'node:net';
import type { Timer } from '@millrace/timeouts';
import { ConnectionLostError, TransportClosedError } from '../errors.js';
import type { AnyProtocol } from '../protocol.js';
import { checkChunk } from '../check-chunk.js';
import { makeReceiver, type Receiver } from '../receiver.js';
import type { ChunkOwner, ConnectionInfo, Transport, WriteWatermarks } from '../transport.js';
import { WriteGate } from '../write-gate.js';
import type { NodeLoop } from './node-loop.js';
import { PendingWrites } from './pending-writes.js';

/**
 * How long after our end of data we go on discarding the peer's, before the socket is closed. Closing a socket with
 * unread data resets the connection, and a reset can take away from the peer what we just sent.
 */
const LINGER_MS = 1000;

/**
 * How a transport ends. `open` -> `closing` (sending what is queued) -> `lingering` (our end is sent) -> `lost`, or
 * straight to `aborting` -> `lost`. `lost` means that `connectionLost` was called.
 */
type Phase = 'open' | 'closing' | 'lingering' | 'aborting' | 'lost';

/** Hands what a socket reads by itself to its transport: as plain bytes, whose `slice` copies, which a Buffer's does not. */
export function receiveData(socket: Socket, transport: NodeTransport): void {
  socket.on('data', (chunk: Uint8Array) => {
    transport.received(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
  });
}

/** A transport on a `net.Socket` that is connected. */
export class NodeTransport implements Transport {
  readonly loop: NodeLoop;
  readonly info: ConnectionInfo;
  private readonly _socket: Socket;
  private readonly _protocol: AnyProtocol;
  private readonly _receiver: Receiver;
  private readonly _pending = new PendingWrites();
  private _phase: Phase = 'open';
  private _endedWriting = false; // independent of the phase: writeEof() leaves the transport open
  private _peerEnded = false; // independent of the phase: eofReceived() may have kept our side open
  private _readingPaused = false;
  private _endHeld = false; // the peer's end came while reading was paused
  private _isGone = false; // and Node has closed the socket meanwhile, since both ends had ended
  private _corked = false;
  private readonly _gate = new WriteGate();
  private _error: Error | null = null;
  private _linger: Timer | undefined;
  private readonly _isReading = (): boolean => this._phase === 'open' && !this._readingPaused;
  /** What the protocol paused in the middle of; the socket stays paused until it is delivered. */
  private _held: Uint8Array | undefined;
  private readonly _deliverHeld = (): void => {
    const held = this._held;
    if (!this._isReading()) return;
    if (held !== undefined) {
      this._held = undefined;
      this._deliver(held);
      if (!this._isReading()) return;
    }
    if (this._endHeld) this._ended();
    else this._socket.resume();
  };
  private readonly _onWritten = (error?: Error | null): void => {
    if (error === undefined || error === null) this._written();
  };

  constructor(
    loop: NodeLoop,
    socket: Socket,
    protocol: AnyProtocol,
    watermarks: WriteWatermarks | undefined,
    path: string | undefined,
  ) {
    this.loop = loop;
    this._socket = socket;
    this._protocol = protocol;
    this._receiver = makeReceiver(protocol, loop.slab.length);
    if (watermarks !== undefined) this.setWriteWatermarks(watermarks);
    this.info = {
      localAddress: socket.localAddress,
      localPort: socket.localPort,
      remoteAddress: socket.remoteAddress,
      remotePort: socket.remotePort,
      path,
    };
    socket.on('error', (error) => {
      this._error ??= new ConnectionLostError(`the connection was lost: ${error.message}`, { cause: error });
    });
    socket.on('end', () => {
      this._ended();
    });
    socket.on('finish', () => {
      this._finished();
    });
    socket.on('close', () => {
      this._lost();
    });
  }

  /** Introduces the protocol and begins to read. */
  start(): void {
    this._callback(() => {
      this._protocol.connectionMade(this);
      if (this._phase === 'open') this._receiver.start();
    });
    // A socket that closes at once must flow too, to see the peer's end.
    if (!this._readingPaused) this._socket.resume();
  }

  /** Bytes arrived from the socket. */
  received(chunk: Uint8Array): void {
    this.loop.countRead(chunk.length);
    if (this._phase === 'open') this._deliver(chunk);
  }

  get bufferedBytes(): number {
    return this._pending.bytes;
  }

  get isClosing(): boolean {
    return this._phase !== 'open';
  }

  write(chunk: Uint8Array, owner?: ChunkOwner): void {
    this._checkWritable();
    checkChunk(chunk);
    this._queue(chunk, owner);
    this._checkGate();
  }

  writeMany(chunks: readonly Uint8Array[], owner?: ChunkOwner): void {
    this._checkWritable();
    for (const chunk of chunks) checkChunk(chunk);
    this._socket.cork();
    for (const chunk of chunks) this._queue(chunk, owner);
    this._socket.uncork();
    this._checkGate();
  }

  writeEof(): void {
    if (this._phase !== 'open' || this._endedWriting) return;
    this._endedWriting = true;
    if (this._peerEnded) this.close();
    else this._socket.end();
  }

  close(): void {
    if (this._phase !== 'open') return;
    this._phase = 'closing';
    // Reading goes on, into nothing: the peer's end must be seen, and a peer that waits to send must not block us.
    this._readingPaused = false;
    this._socket.resume();
    this._socket.end();
    if (this._socket.writableFinished) this._finished(); // after writeEof() there may be nothing left to finish
    this._endIfGone();
  }

  abort(error?: Error): void {
    if (this._phase === 'aborting' || this._phase === 'lost') return;
    this._phase = 'aborting';
    this._error ??= error ?? null;
    this._socket.destroy();
    this._endIfGone();
  }

  pauseReading(): void {
    if (this._phase !== 'open') return;
    this._readingPaused = true;
    this._socket.pause();
  }

  resumeReading(): void {
    if (this._phase !== 'open' || !this._readingPaused) return;
    this._readingPaused = false;
    if (this._held === undefined && !this._endHeld) this._socket.resume();
    else this.loop.callSoon(this._deliverHeld);
  }

  setWriteWatermarks(watermarks: WriteWatermarks): void {
    this._gate.set(watermarks);
    this._checkGate();
  }

  ref(): void {
    this._socket.ref();
  }

  unref(): void {
    this._socket.unref();
  }

  /** Sends what was written inside the loop callback that now ends. */
  flush(): void {
    this._corked = false;
    this._socket.uncork();
  }

  private _deliver(chunk: Uint8Array): void {
    let delivered = chunk.length;
    this._callback(() => {
      delivered = this._receiver.receive(chunk, this._isReading);
    });
    if (delivered < chunk.length && this._phase === 'open') this._held = new Uint8Array(chunk.subarray(delivered));
  }

  private _checkWritable(): void {
    if (this._phase !== 'open')
      throw new TransportClosedError('expected an open transport, this one is closing or closed');
    if (this._endedWriting) throw new TransportClosedError('expected no write after writeEof()');
  }

  private _queue(chunk: Uint8Array, owner: ChunkOwner | undefined): void {
    if (!this._corked && this.loop.flushAfterCallback(this)) {
      this._corked = true;
      this._socket.cork();
    }
    this._pending.push(chunk, owner);
    // The slab is overwritten by the next read of any socket; the bytes must last until they are sent.
    const bytes = chunk.buffer === this.loop.slab.buffer ? new Uint8Array(chunk) : chunk;
    this._socket.write(bytes, this._onWritten);
  }

  private _written(): void {
    const entry = this._pending.shift();
    if (entry === undefined) return;
    this.loop.countWritten(entry.chunk.length);
    const { chunk, owner } = entry;
    if (owner !== undefined) {
      this._callback(() => {
        owner.recycle(chunk);
      });
    }
    this._checkGate();
  }

  private _checkGate(): void {
    if (this._phase !== 'open' && this._phase !== 'closing') return;
    const change = this._gate.update(this._pending.bytes);
    if (change === undefined) return;
    this._callback(() => {
      if (change === 'pause') this._protocol.pauseWriting();
      else this._protocol.resumeWriting();
    });
  }

  private _ended(): void {
    if (this._phase === 'lingering') {
      this._socket.destroy();
      return;
    }
    if (this._phase !== 'open') return;
    this._endHeld = this._readingPaused || this._held !== undefined;
    if (this._endHeld) return;
    this._peerEnded = true;
    let keepOpen = false as boolean; // assigned inside the callback
    this._callback(() => {
      keepOpen = this._protocol.eofReceived() === true;
    });
    if (!keepOpen || this._endedWriting) this.close();
  }

  private _finished(): void {
    if (this._phase !== 'closing') return;
    this._phase = 'lingering';
    if (this._socket.readableEnded) {
      this._socket.destroy();
      return;
    }
    this._linger = this.loop.callLater(LINGER_MS, () => {
      this._socket.destroy();
    });
    this._linger.unref();
  }

  private _lost(): void {
    if (this._phase === 'lost') return;
    if (this._phase === 'open' && this._endHeld && this._error === null) {
      this._isGone = true; // the protocol hears of the end when it reads on
      return;
    }
    // A connection that breaks off after our end of data was sent ended as we asked for.
    const error = this._phase === 'lingering' ? null : (this._error ?? this._unexpected());
    this._phase = 'lost';
    this._linger?.cancel();
    for (let entry = this._pending.shift(); entry !== undefined; entry = this._pending.shift()) {
      const { chunk, owner } = entry;
      if (owner !== undefined) {
        this._callback(() => {
          owner.recycle(chunk);
        });
      }
    }
    this._callback(() => {
      this._protocol.connectionLost(error);
    });
    this.loop.connectionEnded(this);
  }

  /** Nobody else will tell the end of a socket that is closed already. */
  private _endIfGone(): void {
    if (!this._isGone) return;
    this.loop.callSoon(() => {
      this._lost();
    });
  }

  /** The socket closed without an error although we did not ask for it. */
  private _unexpected(): Error | null {
    if (this._phase !== 'open') return null;
    return new ConnectionLostError('the connection was closed', {
      cause: new Error('the socket closed without an error'),
    });
  }

  /** Runs a callback of the protocol; one that throws loses this connection. */
  private _callback(fn: () => void): void {
    this.loop.runCallback(fn, this);
  }
}
