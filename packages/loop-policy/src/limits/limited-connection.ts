import { checkProtocol, takesChunks } from '../check-protocol.js';
import type { AnyProtocol, BufferedProtocol, Protocol } from '../protocol.js';
import type { Transport } from '../transport.js';
import type { Admitted } from './admission.js';
import { LimitedTransport, type LimitedLink } from './limited-transport.js';
import type { Limits } from './limits.js';

/** Memory for bytes that nobody wants any more. */
const DISCARDED = new Uint8Array(64);

/**
 * What the loop takes for the protocol. It makes the user's own once the connection is let in, and stands between it and
 * the loop from then on.
 */
export class LimitedConnection implements Protocol, LimitedLink {
  private readonly _limits: Limits;
  private _admitted: Admitted | undefined;
  private _inner: Transport | undefined;
  private _transport: LimitedTransport | undefined;
  private _protocol: AnyProtocol | undefined;
  private _isBuffered = false; // how the loop delivers, which the protocol may want changed

  constructor(limits: Limits) {
    this._limits = limits;
  }

  connectionMade(inner: Transport): void {
    const limits = this._limits;
    const decision = limits.admission.admit(inner.info);
    if ('reason' in decision) {
      inner.abort();
      limits.refused(decision);
      return;
    }
    this._admitted = decision;
    limits.stats.admitted++;
    const protocol = checkProtocol(limits.factory());
    this._inner = inner;
    this._transport = new LimitedTransport(inner, this, limits);
    this._protocol = protocol; // from here on it hears of everything
    protocol.connectionMade(this._transport);
    // Only now, since a buffered protocol may be asked for memory at once.
    if (isBuffered(this._protocol) && !this._isBuffered && !this._transport.isClosing) this._deliver();
  }

  dataReceived(chunk: Uint8Array): void {
    if (!this._receive(chunk.length)) return;
    const { _protocol: protocol } = this;
    if (protocol !== undefined && takesChunks(protocol)) protocol.dataReceived(chunk);
  }

  /** For {@link LimitedBuffers}. */
  getBuffer(hintBytes: number): Uint8Array {
    const { _protocol: protocol, _transport: transport } = this;
    if (transport?.isClosing === false && protocol !== undefined && 'getBuffer' in protocol) {
      return protocol.getBuffer(hintBytes);
    }
    return DISCARDED;
  }

  /** For {@link LimitedBuffers}. */
  bufferUpdated(byteCount: number): void {
    if (!this._receive(byteCount)) return;
    const { _protocol: protocol } = this;
    if (protocol !== undefined && 'bufferUpdated' in protocol) protocol.bufferUpdated(byteCount);
  }

  eofReceived(): boolean {
    const { _protocol: protocol, _transport: transport } = this;
    // The end of a transport that is closing waits for the bytes that wait for the rate.
    if (transport?.isClosing === false && protocol?.eofReceived() !== true) transport.close();
    return true;
  }

  closeRequested(): void {
    if (this._protocol?.closeRequested === undefined) this._transport?.close();
    else this._protocol.closeRequested();
  }

  pauseWriting(): void {
    if (this._transport?.pacesWrites !== true) this._protocol?.pauseWriting();
  }

  resumeWriting(): void {
    if (this._transport?.pacesWrites === true) this._transport.drained();
    else this._protocol?.resumeWriting();
  }

  connectionLost(error: Error | null): void {
    if (this._admitted !== undefined) this._limits.admission.release(this._admitted);
    try {
      this._transport?.lost();
    } finally {
      this._protocol?.connectionLost(error);
    }
  }

  setProtocol(protocol: AnyProtocol): void {
    this._protocol = checkProtocol(protocol);
    if (this._transport?.pausesWrites === true) this.tellPaused();
    this._deliver();
  }

  tellPaused(): void {
    this._isolate(() => this._protocol?.pauseWriting());
  }

  tellResumed(): void {
    this._isolate(() => this._protocol?.resumeWriting());
  }

  /** Runs a callback that the loop does not know of: what it throws ends the connection, and is the loop's to report. */
  private _isolate(fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this._inner?.abort(error instanceof Error ? error : new Error('a callback threw', { cause: error }));
      this._inner?.loop.callSoon(() => {
        throw error;
      });
    }
  }

  /** Takes note of bytes that arrived. @returns Whether the protocol is to be told. */
  private _receive(byteCount: number): boolean {
    if (this._transport === undefined || this._transport.isClosing) return false;
    this._transport.received(byteCount);
    return true;
  }

  /** Has the loop deliver in the way that the protocol takes. */
  private _deliver(): void {
    this._isBuffered = isBuffered(this._protocol);
    this._inner?.setProtocol(this._isBuffered ? new LimitedBuffers(this) : this);
  }
}

/** The same for a protocol that brings its own memory, which the loop fills without a copy. */
class LimitedBuffers implements BufferedProtocol {
  private readonly _connection: LimitedConnection;

  constructor(connection: LimitedConnection) {
    this._connection = connection;
  }

  connectionMade(inner: Transport): void {
    this._connection.connectionMade(inner);
  }

  getBuffer(hintBytes: number): Uint8Array {
    return this._connection.getBuffer(hintBytes);
  }

  bufferUpdated(byteCount: number): void {
    this._connection.bufferUpdated(byteCount);
  }

  eofReceived(): boolean {
    return this._connection.eofReceived();
  }

  closeRequested(): void {
    this._connection.closeRequested();
  }

  pauseWriting(): void {
    this._connection.pauseWriting();
  }

  resumeWriting(): void {
    this._connection.resumeWriting();
  }

  connectionLost(error: Error | null): void {
    this._connection.connectionLost(error);
  }
}

function isBuffered(protocol: AnyProtocol | undefined): boolean {
  return protocol !== undefined && !takesChunks(protocol);
}
