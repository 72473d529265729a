import type { Codec } from '@millrace/codecs';
import type { Transport, WriteWatermarks } from '@millrace/loop-policy';
import type { Op, TimerSource } from '@millrace/timeouts';
import { FramedProtocol } from './framed-protocol.js';
import type { StreamConnection } from './stream-connection.js';

/** The codecs of a connection on which the two ends say different things. */
export interface FrameCodecs<In, Out> {
  /** What the peer sends. */
  readonly decode: Pick<Codec<In>, 'decoder'>;
  /** What we send. */
  readonly encode: Pick<Codec<Out>, 'encode'>;
}

/** Options of {@link framed}. */
export interface FramedOptions {
  /** Bytes that the transport's last protocol had got already and has no use for. Borrowed: valid until `framed` returns. */
  readonly received?: Uint8Array | undefined;
  /** While nobody receives, that many values pause reading; at half of it it goes on. 1 or more. Default 1024. */
  readonly limitValues?: number | undefined;
  /** Likewise for the bytes that the values came in. 1 or more. Default 64 KiB. */
  readonly limitBytes?: number | undefined;
  /** When `send` makes its caller wait. Default: as the transport has it, 64 KiB and 16 KiB. */
  readonly watermarks?: WriteWatermarks | undefined;
  /** The clock of the waits. Default: the transport's loop. */
  readonly timers?: TimerSource | undefined;
}

/**
 * A connection that carries values.
 *
 * The values of several `send` calls of one turn of the loop leave as one write. When the peer ends its data our side stays
 * open for sending: close it.
 */
export interface Framed<In, Out = In> extends AsyncIterable<In>, AsyncDisposable {
  readonly transport: Transport;
  /** Values that were decoded and nobody has received. */
  readonly receivedCount: number;

  /**
   * Queues `value` for sending. It may be changed afterwards: it is encoded before this returns.
   *
   * @returns `undefined` while there is room, else a promise for the time when there is: `await connection.send(value)` is
   * right either way. The promise rejects if the connection is over before; nobody needs to look at it.
   * @throws {TypeError} or {RangeError} If the codec cannot say `value`; nothing is queued.
   * @throws {ConnectionLostError} If the connection broke; nothing is queued.
   * @throws {TransportClosedError} After `close()`, `abort()` or `endSending()`; nothing is queued.
   */
  send(value: Out): Promise<void> | undefined;

  /**
   * Takes the next value, or waits for it. Several calls may wait; they are served in order.
   *
   * @returns `undefined` when the peer has ended its data.
   * @throws {FramedError} If the bytes are no such value, or end in the middle of one. The values before it come first.
   * @throws {ConnectionLostError} If the connection broke, once the values before are taken.
   * @throws {TransportClosedError} If it was closed on our side, or the server is being closed, and no value is there.
   * @throws {TimeoutError} or what else ends `op`; no value is lost.
   */
  receive(op?: Op): Promise<In | undefined>;

  /** Receives until the peer ends its data. Leaving the loop leaves the connection as it is. */
  [Symbol.asyncIterator](): AsyncIterableIterator<In>;

  /** Tells the peer that no more values will come, once all are sent; receiving goes on. */
  endSending(): void;

  /**
   * Sends what is queued, ends the connection, and waits for that.
   *
   * @throws {ConnectionLostError} or {FramedError} If the connection broke, now or before.
   * @throws {TimeoutError} or what else ends `op`; the connection goes on closing: `abort()` makes it quick.
   */
  close(op?: Op): Promise<void>;

  /** Ends the connection now; discards what is queued for sending. `error` is what waits and later calls fail with. */
  abort(error?: Error): void;

  /**
   * Closes the connection as `close()` does.
   *
   * @throws What broke the connection, if no call has said so yet.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Makes a connection carry the values of a codec instead of bytes.
 *
 * From now on the transport is the framed connection's: it gets a protocol of its own, and a stream connection's reader
 * and writer are of no use any more. What they had not read is decoded first.
 *
 * @param connection - A transport, also inside a callback of its protocol; or a stream connection.
 * @param codec - For both directions, or one for each. Values must not be `undefined`, which stands for the end.
 * @throws {TransportClosedError} If the connection is closing; nothing changes.
 * @throws {RangeError} If an option is out of its range; nothing changes.
 * @throws {TypeError} If a read of the stream connection waits; nothing changes.
 * @remarks
 * Cost: values are decoded as soon as their bytes arrive, from where they were received; a chunk is always decoded as a
 * whole, so that its values may exceed the limits.
 * @example
 * const connection = framed(await connectStreams('tcp://127.0.0.1:7000'), struct({ id: u32, text: utf8(u16) }));
 * await connection.send({ id: 1, text: 'hello' });
 * for await (const { id, text } of connection) console.log(id, text);
 */
export function framed<T>(
  connection: Transport | StreamConnection,
  codec: Codec<T>,
  options?: FramedOptions,
): Framed<T>;
export function framed<In, Out>(
  connection: Transport | StreamConnection,
  codecs: FrameCodecs<In, Out>,
  options?: FramedOptions,
): Framed<In, Out>;
export function framed<In, Out>(
  connection: Transport | StreamConnection,
  codec: (Codec<In> & Codec<Out>) | FrameCodecs<In, Out>,
  options: FramedOptions = {},
): Framed<In, Out> {
  const codecs = isPair(codec) ? codec : { decode: codec, encode: codec };
  return FramedProtocol.open(connection, codecs, options);
}

function isPair<In, Out>(codec: (Codec<In> & Codec<Out>) | FrameCodecs<In, Out>): codec is FrameCodecs<In, Out> {
  return typeof codec.decode !== 'function';
}
