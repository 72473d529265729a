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
import { Callbacks } from './callbacks.js';
import { ConduitOutput } from './conduit-output.js';
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
  readonly #callbacks: Callbacks;
  readonly #queue = new WriteQueue();
  readonly #output: ConduitOutput;
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
  #linger: Timer | undefined;

  /** Begins: `connectionMade` is called before this returns, and whatever it throws loses the connection. */
  constructor(makeConduit: () => Conduit, protocol: AnyProtocol, options: TransportOfOptions = {}) {
    checkProtocol(protocol);
    const { loop = getLoop(), watermarks } = options;
    // What can be wrong with the options comes before the stream is touched.
    if (watermarks !== undefined) this.#queue.setWatermarks(watermarks);
    const conduit = makeConduit();
    this.loop = loop;
    this.info = { ...UNKNOWN_INFO, ...conduit.info };
    this.#conduit = conduit;
    this.#callbacks = new Callbacks(loop, (error) => {
      this.#lose(error);
    });
    this.#output = new ConduitOutput(conduit, this.#queue, {
      soon: (fn) => {
        this.#callbacks.soon(fn);
      },
      sent: (chunks) => {
        this.#recycle(chunks);
        this.#checkWatermarks();
      },
      endSent: () => {
        this.#endSent();
      },
      failed: this.#fail,
    });
    this.#protocol = protocol;
    conduit.open(this.#fail);
    this.#callbacks.run(() => {
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
    if (this.#output.hasEnded) throw new TransportClosedError('expected no write after writeEof()');
    for (const chunk of chunks) checkChunk(chunk);
    this.#output.write(chunks, owner);
    this.#checkWatermarks();
  }

  writeEof(): void {
    if (this.#phase !== 'open') return;
    if (this.#peerEnded) this.close();
    else this.#output.end();
  }

  close(): void {
    if (this.#phase !== 'open') return;
    this.#phase = 'closing';
    // Reading goes on, into nothing: a peer that waits to send must not block us.
    this.#readingPaused = false;
    this.#held = undefined;
    this.#output.end();
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
    else this.#callbacks.soon(this.#deliverHeld);
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
      this.#callbacks.run(() => {
        protocol.pauseWriting();
      });
    }
    this.#callbacks.run(() => {
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
      this.#callbacks.soon(() => {
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
      this.#callbacks.run(() => {
        this.#deliver(held);
      });
    }
    if (!this.#isReading()) return;
    if (this.#held !== undefined)
      this.#callbacks.soon(this.#deliverHeld); // the protocol changed in the middle of it
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
    this.#callbacks.run(() => {
      keepsOpen = this.#protocol.eofReceived() === true;
    });
    if (!keepsOpen || this.#output.hasEnded) this.close();
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

  /** The stream failed; what it gave before comes first. Once our end was sent, that counts as the end. */
  readonly #fail = (cause: unknown): void => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.#callbacks.soon(() => {
      const isExpected = this.#phase === 'lingering';
      this.#lose(isExpected ? null : new ConnectionLostError(`the connection was lost: ${reason}`, { cause }));
    });
  };

  #lose(error: Error | null): void {
    if (this.#phase === 'lost') return;
    this.#phase = 'lost';
    this.#linger?.cancel();
    this.#held = undefined;
    const unsent = this.#output.lose();
    this.#conduit.destroy(error ?? undefined);
    this.#callbacks.soon(() => {
      this.#recycle(unsent);
      this.#callbacks.run(() => {
        this.#protocol.connectionLost(error);
      });
    });
  }

  #recycle(chunks: readonly WaitingChunk[]): void {
    for (const { chunk, owner } of chunks) {
      if (owner === undefined) continue;
      this.#callbacks.run(() => {
        owner.recycle(chunk);
      });
    }
  }

  #checkWatermarks(): void {
    if (this.#phase !== 'open' && this.#phase !== 'closing') return;
    const change = this.#queue.takePauseChange();
    if (change === undefined) return;
    this.#callbacks.run(() => {
      if (change === 'pause') this.#protocol.pauseWriting();
      else this.#protocol.resumeWriting();
    });
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
