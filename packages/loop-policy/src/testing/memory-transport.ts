import { checkChunk } from '../check-chunk.js';
import { ConnectionLostError, LoopClosedError, TlsError, TransportClosedError } from '../errors.js';
import type { Loop } from '../loop.js';
import type { AnyProtocol } from '../protocol.js';
import { makeReceiver, type Receiver } from '../receiver.js';
import type { ChunkOwner, ConnectionInfo, Transport, WriteWatermarks } from '../transport.js';
import { WriteGate } from '../write-gate.js';

const BUFFER_HINT_BYTES = 64 * 1024;
const POISON = 0xee;

/** What travels to the other end: a written chunk, in the pieces in which it will arrive. */
interface Parcel {
  readonly chunk: Uint8Array;
  readonly owner: ChunkOwner | undefined;
  readonly pieces: Uint8Array[];
}

/** `closing`: sends what is queued, then its end of data. `lost`: `connectionLost` was called, or is about to be. */
type Phase = 'open' | 'closing' | 'lost';

/** One end of a connection in memory. */
export class MemoryTransport implements Transport {
  readonly loop: Loop;
  readonly info: ConnectionInfo = {
    localAddress: undefined,
    localPort: undefined,
    remoteAddress: undefined,
    remotePort: undefined,
    path: undefined,
  };
  readonly #cut: (bytes: Uint8Array) => Uint8Array[];
  readonly #gate = new WriteGate();
  #peer!: MemoryTransport;
  #protocol: AnyProtocol | undefined;
  #receiver: Receiver | undefined;
  #phase: Phase = 'open';
  #isStarted = false; // connectionMade has returned
  #outgoing: Parcel[] = [];
  #bufferedBytes = 0;
  #endedWriting = false;
  #endDelivered = false;
  #peerEnded = false;
  #readingPaused = false;
  #isPumpScheduled = false;

  constructor(loop: Loop, cut: (bytes: Uint8Array) => Uint8Array[]) {
    this.loop = loop;
    this.#cut = cut;
  }

  join(peer: MemoryTransport): void {
    this.#peer = peer;
  }

  attach(protocol: AnyProtocol): void {
    if (this.#protocol !== undefined) throw new TypeError('expected an end without a protocol: it has one already');
    const receiver = makeReceiver(protocol, BUFFER_HINT_BYTES);
    this.#protocol = protocol;
    this.#receiver = receiver;
    this.#callback(() => {
      protocol.connectionMade(this);
    });
    this.#isStarted = true;
    this.#startReceiver();
    this.#peer.#schedulePump();
  }

  setProtocol(protocol: AnyProtocol): void {
    if (this.#protocol === undefined) throw new TypeError('expected an end that has a protocol: attach one first');
    const receiver = makeReceiver(protocol, BUFFER_HINT_BYTES);
    this.#protocol = protocol;
    this.#receiver = receiver;
    if (!this.#isStarted || this.#phase !== 'open') return;
    // Pauses and resumptions alternate for the new protocol, too.
    if (this.#gate.isPaused) {
      this.#callback(() => {
        protocol.pauseWriting();
      });
    }
    this.#startReceiver();
  }

  /** Memory is not encrypted. */
  startTls(): Promise<void> {
    if (this.#phase !== 'open') {
      return Promise.reject(new TransportClosedError('expected an open transport, this one is closing or closed'));
    }
    const error = new TlsError('expected a connection over the network: there is no TLS between two ends in memory');
    this.abort(error);
    return Promise.reject(error);
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  get isClosing(): boolean {
    return this.#phase !== 'open';
  }

  write(chunk: Uint8Array, owner?: ChunkOwner): void {
    this.writeMany([chunk], owner);
  }

  writeMany(chunks: readonly Uint8Array[], owner?: ChunkOwner): void {
    if (this.#phase !== 'open')
      throw new TransportClosedError('expected an open transport, this one is closing or closed');
    if (this.#endedWriting) throw new TransportClosedError('expected no write after writeEof()');
    for (const chunk of chunks) checkChunk(chunk);
    for (const chunk of chunks) {
      this.#outgoing.push({ chunk, owner, pieces: this.#cut(chunk) });
      this.#bufferedBytes += chunk.length;
    }
    this.#schedulePump();
    this.#checkGate();
  }

  writeEof(): void {
    if (this.#phase !== 'open') return;
    this.#endedWriting = true;
    if (this.#peerEnded) this.close();
    else this.#schedulePump();
  }

  close(): void {
    if (this.#phase !== 'open') return;
    this.#phase = 'closing';
    this.#endedWriting = true;
    this.#schedulePump();
    this.#peer.#schedulePump(); // what still comes from there is discarded
  }

  abort(error?: Error): void {
    if (this.#phase === 'lost') return;
    this.#lose(error ?? null);
    this.#peer.#lose(
      new ConnectionLostError('the connection was reset', { cause: new Error('the other end aborted') }),
    );
  }

  pauseReading(): void {
    if (this.#phase === 'open') this.#readingPaused = true;
  }

  resumeReading(): void {
    if (this.#phase !== 'open' || !this.#readingPaused) return;
    this.#readingPaused = false;
    this.#peer.#schedulePump();
  }

  setWriteWatermarks(watermarks: WriteWatermarks): void {
    this.#gate.set(watermarks);
    this.#checkGate();
  }

  ref(): void {
    // Memory holds no process open.
  }

  unref(): void {
    // As above.
  }

  #startReceiver(): void {
    const receiver = this.#receiver;
    if (this.#phase !== 'open' || receiver === undefined) return;
    this.#callback(() => {
      receiver.start();
    });
  }

  #schedulePump(): void {
    if (this.#isPumpScheduled || this.#phase === 'lost') return;
    this.#isPumpScheduled = true;
    this.#soon(() => {
      this.#isPumpScheduled = false;
      this.#pump();
    });
  }

  /** Moves one piece, or the end of data, to the other end. */
  #pump(): void {
    if (this.#phase === 'lost' || this.#peer.#receiver === undefined) return;
    const parcel = this.#outgoing[0];
    if (parcel === undefined) {
      this.#pumpEnd();
      return;
    }
    if (this.#peer.#phase === 'lost') {
      const cause = new Error('the other end is closed');
      this.#lose(new ConnectionLostError('the connection was closed by the other end', { cause }));
      return;
    }
    if (this.#peer.#phase === 'open' && this.#peer.#readingPaused) return; // resumeReading() pumps again
    const piece = parcel.pieces.shift();
    if (piece !== undefined) {
      const rest = this.#peer.#accept(piece);
      if (rest.length > 0) parcel.pieces.unshift(rest);
    }
    if (parcel.pieces.length === 0) this.#delivered(parcel);
    this.#schedulePump();
  }

  #delivered(parcel: Parcel): void {
    if (this.#outgoing[0] !== parcel) return; // lost meanwhile
    this.#outgoing.shift();
    this.#bufferedBytes -= parcel.chunk.length;
    this.#recycle(parcel);
    this.#checkGate();
  }

  #pumpEnd(): void {
    if (!this.#endedWriting) return;
    if (!this.#endDelivered) {
      if (this.#peer.#phase === 'open' && this.#peer.#readingPaused) return;
      this.#endDelivered = true;
      this.#peer.#acceptEnd();
    }
    if (this.#phase === 'closing') this.#lose(null);
  }

  /** @returns What the protocol did not take because it paused reading in the middle. */
  #accept(piece: Uint8Array): Uint8Array {
    if (this.#phase !== 'open') return piece.subarray(piece.length); // discarded
    const receiver = this.#receiver;
    let taken = piece.length;
    this.#callback(() => {
      // Another protocol gets what this one has not taken yet.
      const isReading = (): boolean => this.#phase === 'open' && !this.#readingPaused && this.#receiver === receiver;
      taken = receiver?.receive(piece, isReading) ?? 0;
    });
    const rest = new Uint8Array(piece.subarray(taken));
    piece.fill(POISON);
    return rest;
  }

  #acceptEnd(): void {
    if (this.#phase !== 'open') return;
    this.#peerEnded = true;
    let keepOpen = false as boolean; // assigned inside the callback
    this.#callback(() => {
      keepOpen = this.#protocol?.eofReceived() === true;
    });
    if (!keepOpen || this.#endedWriting) this.close();
  }

  #lose(error: Error | null): void {
    if (this.#phase === 'lost') return;
    this.#phase = 'lost';
    const parcels = this.#outgoing;
    this.#outgoing = [];
    this.#bufferedBytes = 0;
    this.#soon(() => {
      for (const parcel of parcels) this.#recycle(parcel);
      this.#callback(() => {
        this.#protocol?.connectionLost(error);
      });
    });
  }

  #recycle({ chunk, owner }: Parcel): void {
    if (owner === undefined) return;
    this.#callback(() => {
      owner.recycle(chunk);
    });
  }

  #checkGate(): void {
    if (this.#phase === 'lost') return;
    const change = this.#gate.update(this.#bufferedBytes);
    if (change === undefined) return;
    this.#callback(() => {
      if (change === 'pause') this.#protocol?.pauseWriting();
      else this.#protocol?.resumeWriting();
    });
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

  /** What a callback throws ends this connection, and is the loop's to report. */
  #callback(fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this.abort(error instanceof Error ? error : new Error('a callback threw', { cause: error }));
      this.#soon(() => {
        throw error;
      });
    }
  }
}
