import { TlsError, TransportClosedError } from '@millrace/loop-policy';
import type { AnyProtocol, StartTlsOptions, Transport } from '@millrace/loop-policy';
import type { Op, TimerSource } from '@millrace/timeouts';
import { StreamReader } from './stream-reader.js';
import { StreamWriter } from './stream-writer.js';

/** What another protocol gets with a connection, see {@link StreamConnection.handOver}. */
export interface Received {
  /** The bytes that had arrived and were not read; may be empty. */
  readonly bytes: Uint8Array;
  /** Whether the peer has ended its data; `eofReceived` will not be called then. */
  readonly hasEnded: boolean;
}

/** A protocol that can take over a connection; where it has `close`, that is how the connection is closed from then on. */
export type Successor = AnyProtocol & { close?(op?: Op): Promise<void> };

/** A connection as a stream to read and a stream to write. */
export class StreamConnection implements AsyncDisposable {
  readonly reader: StreamReader;
  readonly writer: StreamWriter;
  private _successor: Successor | undefined = undefined;

  /**
   * Makes the connection for a protocol, which passes its callbacks on to `reader` and `writer`, as `StreamProtocol` does.
   *
   * @throws {RangeError} If `limitBytes` is not an integer of 1 or more.
   */
  constructor(
    transport: Transport,
    options: { readonly limitBytes?: number | undefined; readonly timers?: TimerSource | undefined } = {},
  ) {
    const { limitBytes, timers = transport.loop } = options;
    this.reader = new StreamReader(transport, { limitBytes, timers });
    this.writer = new StreamWriter(transport, { timers }, this.reader);
  }

  /** The transport, which was given all that was written until now. */
  get transport(): Transport {
    return this.writer.transport;
  }

  /**
   * Settles when the connection is over, whoever ended it, or was handed over: rejects with what broke it, if something
   * did. Nobody needs to look at it.
   */
  get closed(): Promise<void> {
    return this.writer.closed;
  }

  /**
   * Whether another protocol has the transport.
   *
   * @internal
   */
  get _isHandedOver(): boolean {
    return this._successor !== undefined;
  }

  /** Sends what was written, ends the connection, and waits for that: see {@link StreamWriter.close}. */
  close(op?: Op): Promise<void> {
    return this._successor?.close?.(op) ?? this.writer.close(op);
  }

  /** Ends the connection now; discards what was written and not sent. `error` is what waits and later calls fail with. */
  abort(error?: Error): void {
    this.writer.abort(error);
  }

  /**
   * Changes to TLS, after what was written has left. What is written meanwhile leaves encrypted.
   *
   * @throws {TypeError} If a read waits; nothing changes.
   * @throws {TlsError} If the handshake fails, or if bytes of the peer that came in the clear were not read: they are not
   * to be taken for what came encrypted. The connection is aborted.
   * @throws {TransportClosedError} If it is closing, or speaks TLS already; nothing changes.
   * @throws {TimeoutError} or what else ends `options`; the connection is aborted.
   */
  async startTls(options?: StartTlsOptions & Op): Promise<void> {
    this.reader._checkAlone();
    const { bufferedBytes } = this.reader;
    if (bufferedBytes > 0) {
      const error = new TlsError(`expected no bytes in the clear before TLS, saw ${bufferedBytes} that were not read`);
      this.abort(error);
      throw error;
    }
    await this.transport.startTls(options);
  }

  /**
   * Gives the transport to another protocol. Here nothing can be read or written any more.
   *
   * @param protocol - Gets the callbacks from now on, but no `connectionMade`.
   * @returns What the protocol must begin with.
   * @throws {TypeError} If a read waits, or it is no protocol; nothing changes.
   * @throws {TransportClosedError} If the connection is closing or lost; nothing changes.
   */
  handOver(protocol: Successor): Received {
    this.reader._checkAlone();
    if (this.transport.isClosing)
      throw new TransportClosedError('expected an open connection, saw one that is closing');
    this.transport.setProtocol(protocol);
    this._successor = protocol;
    const { hasEnded } = this.reader;
    const bytes = this.reader.release(new TransportClosedError('the connection was handed over'));
    this.transport.resumeReading();
    this.writer.connectionLost(null);
    return { bytes, hasEnded };
  }

  /**
   * Closes the connection as `close()` does.
   *
   * @throws {ConnectionLostError} If it broke and no call has said so yet.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const { reader, writer } = this;
    const wasTold = reader._wasTold || writer._wasTold;
    try {
      await this.close();
    } catch (error) {
      if (!wasTold) throw error;
    }
  }
}
