import type { Socket } from 'node:net';
import type { Op } from '@millrace/timeouts';
import { checkChunk, checkOwner } from '../check-chunk.js';
import { TlsError, TransportClosedError } from '../errors.js';
import type { AnyProtocol, ConnectionCallbacks } from '../protocol.js';
import type { StartTlsOptions } from '../tls.js';
import type { ChunkOwner, ConnectionInfo, Transport, WriteWatermarks } from '../transport.js';
import { WriteGate } from '../write-gate.js';
import { runAs, tell } from './callbacks.js';
import { nodeHost } from './host.js';
import { Inbox, lastingBytes, type InboxOwner } from './inbox.js';
import type { NodeLoop } from './node-loop.js';
import { givenUp, lostBy, unexpectedEnd } from './lost-connection.js';
import { allSent, Outbox, type OwnedChunk, type SentListener } from './outbox.js';
import { disownSocket, ownSocket, type SocketOwner } from './socket-events.js';
import { brokenTls, isTlsFailure } from './tls-failure.js';
import { rawSocketOf, type Secured } from './tls-handshake.js';
import { upgradeToTls, type Upgradable } from './tls-upgrade.js';

/**
 * How a transport ends. `open` -> `closing` (sending what is queued) -> `lingering` (our end is sent) -> `lost`, or
 * straight to `aborting` -> `lost`. `lost` means that `connectionLost` was called.
 */
type Phase = 'open' | 'closing' | 'lingering' | 'aborting' | 'lost';

/**
 * How far a change to TLS is. `none` -> `handshake` (the socket is left alone) -> `handover` (writing goes on, reading
 * waits until those who wait for `startTls` have run) -> `none`. Independent of the phase: it may be closed meanwhile.
 */
type Upgrade = 'none' | 'handshake' | 'handover';

/** A transport on a `net.Socket` that is connected. */
export class NodeTransport implements InboxOwner, SocketOwner, SentListener, Upgradable {
  readonly loop: NodeLoop;
  info: ConnectionInfo;
  readonly inbox: Inbox;
  /** Who accepted the connection, to be told of its end. */
  server: { connectionEnded(transport: NodeTransport): void } | undefined;
  /** The host that was connected to; its certificate should be for that name. */
  hostName: string | undefined;
  private _socket: Socket;
  private _protocol: AnyProtocol;
  private _phase: Phase = 'open';
  private _upgrade: Upgrade = 'none';
  private _isStarted = false; // connectionMade has returned
  private _endedWriting = false; // independent of the phase: writeEof() leaves the transport open
  private _peerEnded = false; // independent of the phase: eofReceived() may have kept our side open
  private _isGone = false; // Node has closed the socket while the peer's end was held, since both ends had ended
  private readonly _out = new Outbox();
  private readonly _gate = new WriteGate();
  private _error: Error | null = null;
  private _onSent: ((error?: Error | null) => void) | undefined;

  /** @throws {TypeError} If `protocol` takes bytes in no known way. */
  constructor(
    loop: NodeLoop,
    socket: Socket,
    protocol: AnyProtocol,
    watermarks: WriteWatermarks | undefined,
    info: ConnectionInfo,
  ) {
    this.loop = loop;
    this.info = info;
    this._socket = socket;
    this._protocol = protocol;
    this.inbox = new Inbox(this, socket, protocol);
    if (watermarks !== undefined) this._gate.set(watermarks);
    ownSocket(socket, this);
  }

  /** Introduces the protocol and begins to read. */
  start(): void {
    this._tell('connectionMade', this);
    this._isStarted = true;
    if (this._phase === 'open') this.inbox.prepare();
    this.inbox.start();
  }

  get bufferedBytes(): number {
    if (this._phase === 'aborting' || this._phase === 'lost') return 0;
    return this._out.gatheredBytes + this._socket.writableLength;
  }

  get isClosing(): boolean {
    return this._phase !== 'open';
  }

  write(chunk: Uint8Array, owner?: ChunkOwner): void {
    this._checkWritable();
    checkChunk(chunk);
    checkOwner(owner);
    this._gather(chunk, owner);
    this._checkGate();
    if (!this.loop.isInCallback) this.flush();
  }

  writeMany(chunks: readonly Uint8Array[], owner?: ChunkOwner): void {
    this._checkWritable();
    for (const chunk of chunks) checkChunk(chunk);
    checkOwner(owner);
    for (const chunk of chunks) this._gather(chunk, owner);
    this._checkGate();
    if (!this.loop.isInCallback) this.flush();
  }

  writeEof(): void {
    if (this._phase !== 'open' || this._endedWriting) return;
    this._endedWriting = true;
    if (this._peerEnded) this.close();
    else this._endSocket();
  }

  close(): void {
    if (this._phase !== 'open') return;
    this._phase = 'closing';
    this.inbox.close();
    if (this._upgrade === 'handshake') return; // what is gathered must leave first, and can only do so in TLS
    this._endOpenSocket();
  }

  /** Asks the protocol to finish; one that does not know how is closed. */
  requestClose(): void {
    if (this._phase !== 'open') return;
    if (typeof this._protocol.closeRequested === 'function') this._tell('closeRequested');
    else this.close();
  }

  abort(error?: Error): void {
    if (this._phase === 'aborting' || this._phase === 'lost') return;
    // The peer must be able to tell what was cut off from what was complete: TCP says so by a reset. TLS would by the lack
    // of its own end, but hardly anybody is told of that.
    const canReset = this._phase === 'open' && !this._endedWriting && this._isTcp && this._isUsed;
    this._phase = 'aborting';
    this._error ??= error ?? null;
    this.inbox.close();
    const raw = canReset ? rawSocketOf(this._socket) : undefined;
    if (raw === undefined) this._socket.destroy();
    else raw.resetAndDestroy();
    this._endIfGone();
  }

  pauseReading(): void {
    if (this._phase === 'open') this.inbox.pause();
  }

  resumeReading(): void {
    if (this._phase === 'open') this.inbox.resume();
  }

  setWriteWatermarks(watermarks: WriteWatermarks): void {
    this._gate.set(watermarks);
    const wasPaused = this._gate.isPaused;
    this._checkGate();
    // What the socket has now was given to it without a word about its departure.
    if (!this._gate.isPaused || wasPaused || this._out.gatheredBytes > 0) return;
    if (this._phase === 'open' && !this._endedWriting && this._upgrade !== 'handshake') {
      this._out.watch(this._socket, this);
    }
  }

  setProtocol(protocol: AnyProtocol): void {
    this.inbox.setProtocol(protocol);
    this._protocol = protocol;
    if (!this._isStarted || this._phase !== 'open') return;
    if (this._gate.isPaused) this._tell('pauseWriting');
    this.inbox.prepare();
  }

  startTls(options: StartTlsOptions & Op = {}): Promise<void> {
    return upgradeToTls(this, nodeHost(), options);
  }

  beginUpgrade(): void {
    this._checkWritable();
    if (this.info.tls !== undefined) throw new TransportClosedError('expected no startTls() on a transport with TLS');
    if (this._upgrade !== 'none') throw new TransportClosedError('expected no startTls() while another one is running');
    this.flush();
    this._upgrade = 'handshake';
    this.inbox.freeze();
  }

  get unseenBytes(): number {
    return this.inbox.unseenBytes;
  }

  get hasPeerEnded(): boolean {
    return this._peerEnded || this.inbox.endIsHeld;
  }

  written(): Promise<void> {
    return allSent(this._socket).catch((error: unknown) => {
      throw this._error ?? lostBy(error as Error);
    });
  }

  releaseSocket(): Socket {
    if (this._phase === 'aborting' || this._phase === 'lost') throw this._error ?? givenUp(); // since it was written
    disownSocket(this._socket);
    return this._socket;
  }

  upgraded({ socket, info }: Secured): void {
    this._socket = socket;
    this.info = { ...this.info, tls: info };
    this._upgrade = 'handover';
    this._out.givenBytes = 0; // what was sent in the clear, another socket counted
    this.inbox.changeSocket(socket);
    ownSocket(socket, this);
    this.flush();
    if (this._phase === 'closing') this._endOpenSocket();
    else if (this._endedWriting) socket.end();
    this.loop.runSoon(() => {
      this._upgrade = 'none';
      this.inbox.thaw();
    });
  }

  upgradeFailed(error: TlsError): Error | undefined {
    const reason = this._phase === 'aborting' ? (this._error ?? givenUp()) : undefined;
    if (reason === undefined) this._error ??= error;
    this.socketClosed();
    return reason;
  }

  ref(): void {
    this._socket.ref();
  }

  unref(): void {
    this._socket.unref();
  }

  /** Sends what was written inside the loop callback that now ends. */
  flush(): void {
    if (this._phase === 'aborting' || this._phase === 'lost' || this._upgrade === 'handshake') return;
    const bytes = this._out.gatheredBytes;
    const chunks = this._out.give(this._socket, this._gate.isPaused, this);
    if (chunks === 0) return;
    this.loop.countWritten(bytes);
    this.loop.countFlush(chunks);
  }

  /** Made on first use: most connections never need it. */
  get onSent(): (error?: Error | null) => void {
    return (this._onSent ??= (error) => {
      if (error === undefined || error === null) this._sent();
    });
  }

  /** Bytes that the socket was given and has not sent. */
  get unsentBytes(): number {
    return this._socket.writableLength;
  }

  socketEnded(): void {
    if (this._phase === 'lingering') {
      this._socket.destroy();
      return;
    }
    if (this._phase !== 'open') return;
    if (this._upgrade === 'handshake') {
      this.abort(new TlsError('the peer ended the connection before the TLS handshake'));
      return;
    }
    if (!this.inbox.end()) return;
    this._peerEnded = true;
    const keepOpen = this._tell('eofReceived') === true;
    if (!keepOpen || this._endedWriting) this.close();
  }

  socketFinished(): void {
    this._checkGate();
    if (this._phase !== 'closing') return;
    this._phase = 'lingering';
    if (this._socket.readableEnded) {
      this._socket.destroy();
      return;
    }
    this.loop.lingering.add(this);
  }

  /** The peer was given long enough to end its side. */
  stopLingering(): void {
    this._socket.destroy();
  }

  socketFailed(error: Error): void {
    if (this._phase !== 'aborting') this._error ??= isTlsFailure(error) ? brokenTls(error) : lostBy(error);
    this._socket.destroy(); // does nothing to a plain socket; one with TLS tells of broken records and stays
  }

  socketClosed(): void {
    if (this._phase === 'lost') return;
    if (this._phase === 'open' && this.inbox.endIsHeld && this._error === null) {
      this._isGone = true; // the protocol hears of the end when it reads on
      return;
    }
    // A connection that breaks off after our end of data was sent ended as we asked for.
    const error =
      this._phase === 'lingering' ? null : (this._error ?? (this._phase === 'open' ? unexpectedEnd() : null));
    this._phase = 'lost';
    this.inbox.close();
    this.loop.lingering.delete(this);
    this.loop.countWritten(Math.min(0, this._socket.bytesWritten - this._out.givenBytes));
    this._recycle(this._out.lose());
    this._tell('connectionLost', error);
    this.loop.connectionEnded(this);
  }

  /** Whether the socket speaks TCP, in the clear or below TLS. */
  private get _isTcp(): boolean {
    return this.info.remotePort !== undefined && this._upgrade === 'none';
  }

  /** A client that is refused at once sees an end and not a failed attempt to connect. */
  private get _isUsed(): boolean {
    return this._isStarted || this._out.givenBytes + this._out.gatheredBytes > 0;
  }

  private _checkWritable(): void {
    if (this._phase !== 'open')
      throw new TransportClosedError('expected an open transport, this one is closing or closed');
    if (this._endedWriting) throw new TransportClosedError('expected no write after writeEof()');
  }

  private _gather(chunk: Uint8Array, owner: ChunkOwner | undefined): void {
    if (chunk.length === 0 && owner === undefined) return;
    const bytes = lastingBytes(chunk, this.loop.slab);
    if (!this._out.isGathering) this.loop.flushLater(this);
    this._out.gather(bytes, chunk, owner);
  }

  /** Sends what is left, and waits for the peer to do the same. */
  private _endOpenSocket(): void {
    this.inbox.drain();
    this._endSocket();
    if (this._socket.writableFinished) this.socketFinished(); // after writeEof() there may be nothing left to finish
    this._endIfGone();
  }

  private _endSocket(): void {
    if (this._upgrade === 'handshake') return;
    this.flush();
    this._socket.end();
  }

  /** All of a write that was to be told of has left. */
  private _sent(): void {
    const owned = this._out.sent();
    if (owned !== undefined) this._recycle(owned);
    this._checkGate();
  }

  private _recycle(owned: readonly OwnedChunk[]): void {
    for (const { chunk, owner } of owned) tell(this.loop, this, owner, 'recycle', chunk);
  }

  private _checkGate(): void {
    if (this._phase !== 'open' && this._phase !== 'closing') return;
    const change = this._gate.update(this.bufferedBytes);
    if (change !== undefined) this._tell(change === 'pause' ? 'pauseWriting' : 'resumeWriting');
  }

  /** Nobody else will tell the end of a socket that is closed already. */
  private _endIfGone(): void {
    if (!this._isGone) return;
    this.loop.runSoon(() => {
      this.socketClosed();
    });
  }

  /** Calls a callback of the protocol; one that throws loses this connection. */
  private _tell(method: 'connectionMade', argument: Transport): unknown;
  private _tell(method: 'connectionLost', argument: Error | null): unknown;
  private _tell(method: 'eofReceived' | 'pauseWriting' | 'resumeWriting' | 'closeRequested'): unknown;
  private _tell(method: keyof ConnectionCallbacks, argument?: unknown): unknown {
    return tell(this.loop, this, this._protocol, method, argument);
  }

  run(method: string, fn: () => void): void {
    runAs(this.loop, this, this._protocol, method, fn);
  }
}
