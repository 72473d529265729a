import type { Op } from '@millrace/timeouts';
import { IdleTimeoutError, TransportClosedError } from '../errors.js';
import type { Loop } from '../loop.js';
import type { AnyProtocol } from '../protocol.js';
import type { StartTlsOptions } from '../tls.js';
import type { ChunkOwner, ConnectionInfo, Transport, WriteWatermarks } from '../transport.js';
import { IdleWatch, type IdleListener } from './idle-watch.js';
import type { Limits } from './limits.js';
import { ReadPace } from './read-pace.js';
import { WritePace, type WriteListener } from './write-pace.js';

/** What a limited transport needs of the protocol's side. */
export interface LimitedLink {
  setProtocol(protocol: AnyProtocol): void;
  tellPaused(): void;
  tellResumed(): void;
}

/** What a protocol under limits is given for its transport. */
export class LimitedTransport implements Transport, IdleListener, WriteListener {
  readonly loop: Loop;
  private readonly _inner: Transport;
  private readonly _link: LimitedLink;
  private readonly _limits: Limits;
  private readonly _reads: ReadPace | undefined;
  private readonly _writes: WritePace | undefined;
  private readonly _idle: IdleWatch | undefined;

  constructor(inner: Transport, link: LimitedLink, limits: Limits) {
    this.loop = inner.loop;
    this._inner = inner;
    this._link = link;
    this._limits = limits;
    const { readBytesPerSec, writeBytesPerSec, idleMs, watermarks } = limits;
    if (readBytesPerSec !== undefined) {
      this._reads = new ReadPace(inner, readBytesPerSec, () => {
        limits.stats.readPauses++;
      });
    }
    if (writeBytesPerSec !== undefined) {
      this._writes = new WritePace(inner, writeBytesPerSec, this);
      if (watermarks !== undefined) this._writes.setWatermarks(watermarks);
    }
    if (idleMs !== undefined) this._idle = new IdleWatch(this.loop, idleMs, this);
  }

  get info(): ConnectionInfo {
    return this._inner.info;
  }

  get bufferedBytes(): number {
    return this._writes?.bufferedBytes ?? this._inner.bufferedBytes;
  }

  get isClosing(): boolean {
    return this._writes?.isClosing ?? this._inner.isClosing;
  }

  /** Whether this protocol is told of pauses by the rate, and not by the transport. */
  get pacesWrites(): boolean {
    return this._writes !== undefined;
  }

  /** Whether the rate has writing paused. */
  get pausesWrites(): boolean {
    return this._writes?.isPaused === true;
  }

  write(chunk: Uint8Array, owner?: ChunkOwner): void {
    if (this._writes !== undefined) this._writes.writeMany([chunk], owner);
    else this._inner.write(chunk, this._idle === undefined ? owner : this._idle.owning(owner));
  }

  writeMany(chunks: readonly Uint8Array[], owner?: ChunkOwner): void {
    if (this._writes === undefined) {
      this._inner.writeMany(chunks, this._idle === undefined ? owner : this._idle.owning(owner));
    } else {
      this._writes.writeMany(chunks, owner);
    }
  }

  writeEof(): void {
    (this._writes ?? this._inner).writeEof();
  }

  close(): void {
    (this._writes ?? this._inner).close();
  }

  abort(error?: Error): void {
    this._inner.abort(error);
  }

  pauseReading(): void {
    if (!this.isClosing) (this._reads ?? this._inner).pauseReading();
  }

  resumeReading(): void {
    if (!this.isClosing) (this._reads ?? this._inner).resumeReading();
  }

  setWriteWatermarks(watermarks: WriteWatermarks): void {
    if (this._writes === undefined) this._inner.setWriteWatermarks(watermarks);
    else this._writes.setWatermarks(watermarks);
  }

  setProtocol(protocol: AnyProtocol): void {
    this._link.setProtocol(protocol);
  }

  /** What waits for the rate leaves at once: it has to go before the handshake. */
  startTls(options?: StartTlsOptions & Op): Promise<void> {
    if (this.isClosing) {
      return Promise.reject(new TransportClosedError('expected an open transport, this one is closing or closed'));
    }
    this._writes?.flush();
    return this._inner.startTls(options);
  }

  ref(): void {
    this._inner.ref();
    this._reads?.hold(true);
    this._writes?.hold(true);
  }

  unref(): void {
    this._inner.unref();
    this._reads?.hold(false);
    this._writes?.hold(false);
  }

  /** Bytes arrived. */
  received(byteCount: number): void {
    this._idle?.touch();
    this._reads?.received(byteCount);
  }

  /** The transport itself resumes writing, where the rate is what the protocol hears of. */
  drained(): void {
    this._writes?.drained();
  }

  /** The connection is gone. @throws What owners of chunks throw. */
  lost(): void {
    this._idle?.stop();
    this._reads?.stop();
    this._writes?.lost();
  }

  get isHeldUp(): boolean {
    return this._reads?.isPaused === true || this._writes?.isDelayed === true;
  }

  idled(): void {
    const { stats, idleMs = 0 } = this._limits;
    stats.idled++;
    this._inner.abort(new IdleTimeoutError(idleMs));
  }

  pauseWriting(): void {
    this._link.tellPaused();
  }

  resumeWriting(): void {
    this._link.tellResumed();
  }

  wrote(): void {
    this._idle?.touch();
  }

  delayed(): void {
    this._limits.stats.writeDelays++;
  }
}
