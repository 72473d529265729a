import { ConnectionLostError, getLoop, LoopClosedError, TlsError, TransportClosedError } from '@millrace/loop-policy';
import type {
  AnyProtocol,
  BufferedProtocol,
  ChunkOwner,
  ConnectionInfo,
  Loop,
  Transport,
  WriteWatermarks,
} from '@millrace/loop-policy';
import type { Timer } from '@millrace/timeouts';
import type { TransportOfOptions } from './adapter-options.js';
import type { Conduit } from './conduit.js';
import { type WaitingChunk, WriteQueue } from './write-queue.js';

/** How long after our end of data we go on discarding the peer's, before we let go: as long as the loops' sockets do. */
const LINGER_MS = 1000;
const BUFFER_HINT_BYTES = 64 * 1024;

/**
 * `closing`: sends what is queued, then its end of data. `lingering`: that is sent, the peer's end is awaited for a while.
 * `lost`: `connectionLost` was called, or is about to be.
 */
type Phase = 'open' | 'closing' | 'lingering' | 'lost';

const UNKNOWN_INFO: ConnectionInfo = {
  localAddress: undefined,
  localPort: undefined,
  remoteAddress: undefined,
  remotePort: undefined,
  path: undefined,
};

/**
 * A transport over anything that reads and writes bytes by promises, with the contract of every transport.
 *
 * Two loops move the bytes, one in each direction, one chunk at a time; each step of them is a callback of the loop, so
 * that a stream whose data is always there cannot starve the others.
 */
export class ConduitTransport implements Transport {
  readonly loop: Loop;
  readonly info: ConnectionInfo;
  readonly #conduit: Conduit;
  readonly #queue = new WriteQueue();
  #protocol: AnyProtocol;
  #target: Uint8Array | undefined;
  #phase: Phase = 'open';
  #isMade = false; // independent of the phase: connectionMade may close
  #isReadPending = false;
  #readingPaused = false;
  #held: Uint8Array | undefined;
  #sourceEnded = false;
  #endHeld = false;
  #peerEnded = false; // the protocol knows of it
  #isFlushScheduled = false;
  #sending: readonly WaitingChunk[] | undefined;
  #endedWriting = false;
  #endState: 'none' | 'pending' | 'sent' = 'none';
  #linger: Timer | undefined;

  /** Begins: `connectionMade` is called before this returns, and whatever it throws loses the connection. */
  constructor(makeConduit: () => Conduit, protocol: AnyProtocol, options: TransportOfOptions = {}) {
    checkProtocol(protocol);
    if (options.watermarks !== undefined) this.#queue.setWatermarks(options.watermarks);
    this.loop = options.loop ?? getLoop();
    const conduit = makeConduit();
    this.info = { ...UNKNOWN_INFO, ...conduit.info };
    this.#conduit = conduit;
    this.#protocol = protocol;
    conduit.open(this.#fail);
    this.#callback(() => {
      protocol.connectionMade(this);
      this.#isMade = true;
      this.#askForMemory();
    });
    this.#pump();
  }

  get bufferedBytes(): number {
    return this.#queue.bufferedBytes;
  }

  get isClosing(): boolean {
    return this.#phase !== 'open';
  }

  write(chunk: Uint8Array, owner?: ChunkOwner): void {
    this.writeMany([chunk], owner);
  }

  writeMany(chunks: readonly Uint8Array[], owner?: ChunkOwner): void {
    if (this.#phase !== 'open') {
      throw new TransportClosedError('expected an open transport, this one is closing or closed');
    }
    if (this.#endedWriting) throw new TransportClosedError('expected no write after writeEof()');
    for (const chunk of chunks) checkChunk(chunk);
    for (const chunk of chunks) this.#queue.push(chunk, owner);
    this.#scheduleFlush();
    this.#checkWatermarks();
  }

  writeEof(): void {
    if (this.#phase !== 'open') return;
    this.#endedWriting = true;
    if (this.#peerEnded) this.close();
    else this.#scheduleFlush();
  }

  close(): void {
    if (this.#phase !== 'open') return;
    this.#phase = 'closing';
    this.#endedWriting = true;
    // Reading goes on, into nothing: a peer that waits to send must not block us.
    this.#readingPaused = false;
    this.#held = undefined;
    this.#scheduleFlush();
    this.#pump();
  }

  abort(error?: Error): void {
    this.#lose(error ?? null);
  }

  pauseReading(): void {
    if (this.#phase === 'open') this.#readingPaused = true;
  }

  resumeReading(): void {
    if (this.#phase !== 'open' || !this.#readingPaused) return;
    this.#readingPaused = false;
    if (this.#held === undefined && !this.#endHeld) this.#pump();
    else this.#soon(this.#deliverHeld);
  }

  setWriteWatermarks(watermarks: WriteWatermarks): void {
    this.#queue.setWatermarks(watermarks);
    this.#checkWatermarks();
  }

  setProtocol(protocol: AnyProtocol): void {
    checkProtocol(protocol);
    this.#protocol = protocol;
    this.#target = undefined;
    if (!this.#isMade) return;
    // Pauses and resumptions alternate for the new protocol, too.
    if (this.#queue.isPaused) {
      this.#callback(() => {
        protocol.pauseWriting();
      });
    }
    this.#callback(() => {
      this.#askForMemory();
    });
  }

  startTls(): Promise<void> {
    if (this.#phase !== 'open') {
      return Promise.reject(new TransportClosedError('expected an open transport, this one is closing or closed'));
    }
    const error = new TlsError('expected a socket: TLS over a foreign stream is for whoever made that');
    this.abort(error);
    return Promise.reject(error);
  }

  ref(): void {
    this.#conduit.ref?.();
  }

  unref(): void {
    this.#conduit.unref?.();
  }

  /** Reads one chunk, and comes back here when it is delivered. */
  #pump(): void {
    if (this.#isReadPending || this.#sourceEnded || this.#phase === 'lost') return;
    if (this.#phase === 'open' && (this.#readingPaused || this.#held !== undefined)) return;
    this.#isReadPending = true;
    this.#conduit.read().then((chunk) => {
      this.#soon(() => {
        this.#isReadPending = false;
        this.#arrived(chunk);
      });
    }, this.#fail);
  }

  #arrived(chunk: Uint8Array | undefined): void {
    if (chunk === undefined) {
      this.#sourceEnded = true;
      this.#ended();
      return;
    }
    if (this.#phase === 'open' && chunk.length > 0) {
      this.#held = chunk;
      this.#deliverHeld();
    } else this.#pump();
  }

  /** Delivers what arrived last, as far as the protocol takes it, and goes on reading. */
  readonly #deliverHeld = (): void => {
    const held = this.#held;
    if (!this.#isReading()) return;
    if (held !== undefined) {
      this.#held = undefined;
      this.#callback(() => {
        this.#deliver(held);
      });
    }
    if (!this.#isReading()) return;
    if (this.#held !== undefined)
      this.#soon(this.#deliverHeld); // the protocol changed in the middle of it
    else if (this.#endHeld) this.#ended();
    else this.#pump();
  };

  #deliver(chunk: Uint8Array): void {
    const protocol = this.#protocol;
    if (!('getBuffer' in protocol)) {
      protocol.dataReceived(chunk);
      return;
    }
    let from = 0;
    while (from < chunk.length && this.#target !== undefined && this.#protocol === protocol && this.#isReading()) {
      const part = chunk.subarray(from, from + this.#target.length);
      this.#target.set(part);
      from += part.length;
      protocol.bufferUpdated(part.length);
      if (this.#protocol === protocol) this.#askForMemory();
    }
    if (from < chunk.length && this.#phase === 'open') this.#held = chunk.subarray(from);
  }

  #isReading(): boolean {
    return this.#phase === 'open' && !this.#readingPaused;
  }

  #askForMemory(): void {
    if (this.#phase === 'open' && 'getBuffer' in this.#protocol) this.#target = memoryOf(this.#protocol);
  }

  #ended(): void {
    if (this.#phase === 'lingering') this.#lose(null);
    if (this.#phase !== 'open') return;
    this.#endHeld = this.#readingPaused || this.#held !== undefined;
    if (this.#endHeld) return;
    this.#peerEnded = true;
    let keepsOpen = false as boolean; // assigned inside the callback
    this.#callback(() => {
      keepsOpen = this.#protocol.eofReceived() === true;
    });
    if (!keepsOpen || this.#endedWriting) this.close();
  }

  #scheduleFlush(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    this.#soon(() => {
      this.#isFlushScheduled = false;
      this.#flush();
    });
  }

  /** Sends one batch, and comes back here when it is sent; then the end of data, if it is time for it. */
  #flush(): void {
    if (this.#sending !== undefined || this.#phase === 'lost') return;
    if (this.#queue.isEmpty) {
      if (this.#endedWriting) this.#sendEnd();
      return;
    }
    const { chunks, bytes } = this.#queue.takeBatch();
    this.#sending = chunks;
    const sent = bytes.length === 0 ? Promise.resolve() : this.#conduit.write(bytes);
    sent.then(() => {
      this.#soon(() => {
        this.#sent(chunks, bytes.length);
      });
    }, this.#fail);
  }

  #sent(chunks: readonly WaitingChunk[], byteCount: number): void {
    if (this.#phase === 'lost') return; // they were given back with the rest
    this.#sending = undefined;
    this.#queue.sent(byteCount);
    this.#recycle(chunks);
    this.#checkWatermarks();
    this.#flush();
  }

  #sendEnd(): void {
    if (this.#endState === 'sent') this.#endSent();
    if (this.#endState !== 'none') return;
    this.#endState = 'pending';
    this.#conduit.end().then(() => {
      this.#soon(() => {
        this.#endState = 'sent';
        this.#endSent();
      });
    }, this.#fail);
  }

  #endSent(): void {
    if (this.#phase !== 'closing') return;
    this.#phase = 'lingering';
    if (this.#sourceEnded) {
      this.#lose(null);
      return;
    }
    try {
      this.#linger = this.loop.callLater(LINGER_MS, () => {
        this.#lose(null);
      });
      this.#linger.unref();
    } catch (error) {
      if (!(error instanceof LoopClosedError)) throw error;
      this.#lose(null);
    }
  }

  /** The stream failed; what it gave before comes first. After our end was sent that is an end as good as any. */
  readonly #fail = (cause: unknown): void => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#soon(() => {
      const isExpected = this.#phase === 'lingering';
      this.#lose(isExpected ? null : new ConnectionLostError(`the connection was lost: ${reason}`, { cause }));
    });
  };

  #lose(error: Error | null): void {
    if (this.#phase === 'lost') return;
    this.#phase = 'lost';
    this.#linger?.cancel();
    this.#held = undefined;
    const unsent = [...(this.#sending ?? []), ...this.#queue.clear()];
    this.#conduit.destroy(error ?? undefined);
    this.#soon(() => {
      this.#recycle(unsent);
      this.#callback(() => {
        this.#protocol.connectionLost(error);
      });
    });
  }

  #recycle(chunks: readonly WaitingChunk[]): void {
    for (const { chunk, owner } of chunks) {
      if (owner === undefined) continue;
      this.#callback(() => {
        owner.recycle(chunk);
      });
    }
  }

  #checkWatermarks(): void {
    if (this.#phase !== 'open' && this.#phase !== 'closing') return;
    const change = this.#queue.takePauseChange();
    if (change === undefined) return;
    this.#callback(() => {
      if (change === 'pause') this.#protocol.pauseWriting();
      else this.#protocol.resumeWriting();
    });
  }

  /** What a callback throws ends this connection, and is the loop's to report. */
  #callback(fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this.#lose(error instanceof Error ? error : new Error('a callback threw', { cause: error }));
      this.#report(error);
    }
  }

  #report(error: unknown): void {
    try {
      this.loop.callSoon(() => {
        throw error;
      });
    } catch (closed) {
      if (!(closed instanceof LoopClosedError)) throw closed;
      console.error(error); // as a loop does where nobody listens
    }
  }

  /** The end of a connection is told also after its loop was closed. */
  #soon(fn: () => void): void {
    try {
      this.loop.callSoon(fn);
    } catch (error) {
      if (!(error instanceof LoopClosedError)) throw error;
      queueMicrotask(fn);
    }
  }
}

function checkProtocol(protocol: object): void {
  if ('dataReceived' in protocol || 'getBuffer' in protocol) return;
  throw new TypeError('expected a protocol with dataReceived(), or with getBuffer() and bufferUpdated()');
}

function checkChunk(chunk: unknown): void {
  if (chunk instanceof Uint8Array) return;
  throw new TypeError(`expected a chunk to be a Uint8Array, got ${chunk === null ? 'null' : typeof chunk}`);
}

function memoryOf(protocol: BufferedProtocol): Uint8Array {
  const target: unknown = protocol.getBuffer(BUFFER_HINT_BYTES);
  if (target instanceof Uint8Array && target.length > 0) return target;
  throw new TypeError('expected getBuffer() to return a Uint8Array of at least one byte');
}
