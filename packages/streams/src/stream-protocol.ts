import { TransportClosedError } from '@millrace/loop-policy';
import type { Protocol, Transport, WriteWatermarks } from '@millrace/loop-policy';
import type { TimerSource } from '@millrace/timeouts';
import { StreamConnection } from './stream-connection.js';
import { StreamReader } from './stream-reader.js';
import { closedHere, type StreamWriter } from './stream-writer.js';

/** What a connection of streams may be told. */
export interface StreamOptions {
  /** See {@link StreamReaderOptions.limitBytes}. Default 64 KiB. */
  readonly limitBytes?: number | undefined;
  /** When `drain` waits. Default: the transport's, 64 KiB and 16 KiB. */
  readonly watermarks?: WriteWatermarks | undefined;
  /** The clock of all waits. Default: the transport's loop. */
  readonly timers?: TimerSource | undefined;
}

/**
 * The protocol that turns callbacks into a {@link StreamConnection}; for transports that `connectStreams` and
 * `listenStreams` do not make.
 *
 * When the peer ends its data our side stays open for writing: close it.
 */
export class StreamProtocol implements Protocol {
  private readonly _options: StreamOptions;
  private _connection: StreamConnection | undefined = undefined;

  /** Makes the protocol of one connection. */
  constructor(options: StreamOptions = {}) {
    this._options = options;
  }

  /**
   * What to read and to write.
   *
   * @throws {TypeError} Before `connectionMade`.
   */
  get connection(): StreamConnection {
    if (this._connection === undefined) throw new TypeError('expected a protocol that got its transport, saw none');
    return this._connection;
  }

  /** The connection's. */
  get reader(): StreamReader {
    return this.connection.reader;
  }

  /** The connection's. */
  get writer(): StreamWriter {
    return this.connection.writer;
  }

  /** The connection's. */
  get closed(): Promise<void> {
    return this.connection.closed;
  }

  connectionMade(transport: Transport): void {
    const { watermarks } = this._options;
    if (watermarks !== undefined) transport.setWriteWatermarks(watermarks);
    this._connection = new StreamConnection(transport, this._options);
  }

  dataReceived(chunk: Uint8Array): void {
    this._connection?.reader.feed(chunk);
  }

  eofReceived(): boolean {
    this._connection?.reader.feedEof();
    return true;
  }

  /** A read that finds nothing fails from now on, so that its loop ends; who is in the middle of something goes on. */
  closeRequested(): void {
    this._connection?.reader.windUp(new TransportClosedError('the server is being closed'));
  }

  pauseWriting(): void {
    this._connection?.writer.pauseWriting();
  }

  resumeWriting(): void {
    this._connection?.writer.resumeWriting();
  }

  connectionLost(error: Error | null): void {
    const connection = this._connection;
    if (connection === undefined) return;
    if (!connection.reader.hasEnded) connection.reader.fail(error ?? closedHere());
    connection.writer.connectionLost(error);
  }
}
