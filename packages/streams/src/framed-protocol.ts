import type { Decoder } from '@millrace/codecs';
import { LoopClosedError, TransportClosedError, type Protocol, type Transport } from '@millrace/loop-policy';
import type { Op } from '@millrace/timeouts';
import { WriteBuffer } from '@millrace/write-buffer';
import { FramedError } from './errors.js';
import type { FrameCodecs, Framed, FramedOptions } from './framed.js';
import { ReceivedValues } from './received-values.js';
import type { StreamConnection } from './stream-connection.js';
import { StreamWriter } from './stream-writer.js';

/** So much is not held back until the turn ends: it leaves at once, so that the transport can ask for a pause. */
const FLUSH_BYTES = 64 * 1024;
const NO_BYTES = new Uint8Array(0);

/** Both what the transport and what the application sees of a framed connection. */
export class FramedProtocol<In, Out> implements Framed<In, Out>, Protocol {
  readonly transport: Transport;
  private readonly _decoder: Decoder<In>;
  private readonly _encoder: FrameCodecs<In, Out>['encode'];
  private readonly _writer: StreamWriter;
  private readonly _output = new WriteBuffer();
  private readonly _values: ReceivedValues<In>;
  private readonly _limitValues: number;
  private readonly _limitBytes: number;
  private _receivedBytes = 0;
  private _isReadingPaused = false;
  private _isFlushScheduled = false;
  private _hasEndedSending: boolean;
  private _isWindingUp = false;

  /** Makes it, and takes the connection over. */
  static open<In, Out>(
    connection: Transport | StreamConnection,
    codecs: FrameCodecs<In, Out>,
    options: FramedOptions,
  ): FramedProtocol<In, Out> {
    const isStream = 'reader' in connection;
    const transport = isStream ? connection.transport : connection;
    const protocol = new FramedProtocol(transport, codecs, options);
    if (transport.isClosing) throw new TransportClosedError('expected an open connection, saw one that is closing');
    if (isStream) connection.reader._checkAlone(); // before anything is changed
    if (options.watermarks !== undefined) transport.setWriteWatermarks(options.watermarks);
    const { bytes, hasEnded } = isStream
      ? connection.handOver(protocol)
      : { bytes: options.received ?? NO_BYTES, hasEnded: false };
    if (!isStream) {
      transport.setProtocol(protocol);
      transport.resumeReading();
    }
    if (bytes.length > 0) protocol.dataReceived(bytes);
    if (hasEnded) protocol.eofReceived();
    return protocol;
  }

  private constructor(transport: Transport, codecs: FrameCodecs<In, Out>, options: FramedOptions) {
    const { limitValues = 1024, limitBytes = 64 * 1024, timers = transport.loop } = options;
    checkLimit('limitValues', limitValues);
    checkLimit('limitBytes', limitBytes);
    this.transport = transport;
    this._decoder = codecs.decode.decoder();
    this._encoder = codecs.encode;
    this._limitValues = limitValues;
    this._limitBytes = limitBytes;
    this._values = new ReceivedValues(timers);
    this._writer = new StreamWriter(transport, { timers }, this._values);
    this._hasEndedSending = !canWrite(transport);
  }

  get receivedCount(): number {
    return this._values.count;
  }

  send(value: Out): Promise<void> | undefined {
    this._checkOpen();
    this._encoder.encode(this._output, value);
    if (this._output.length >= FLUSH_BYTES) this._flush();
    else if (!this._isFlushScheduled) this._scheduleFlush();
    const drained = this._writer.drain();
    drained?.catch(ignore); // who sends without waiting does not want to know
    return drained;
  }

  receive(op?: Op): Promise<In | undefined> {
    if (op !== undefined || this._values.count === 0) return this._receive(op);
    return Promise.resolve(this._take());
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<In> {
    const iterator: AsyncIterableIterator<In> = {
      next: () => (this._values.count > 0 ? Promise.resolve({ done: false, value: this._take() }) : this._next()),
      return: () => Promise.resolve({ done: true, value: undefined }),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  endSending(): void {
    if (this._hasEndedSending || this.transport.isClosing) return;
    this._flush();
    this._hasEndedSending = true;
    this.transport.writeEof();
  }

  close(op?: Op): Promise<void> {
    this._flush();
    return this._writer.close(op);
  }

  abort(error?: Error): void {
    this._writer.abort(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const wasTold = this._values.wasTold || this._writer._wasTold;
    try {
      await this.close();
    } catch (error) {
      if (!wasTold) throw error;
    }
  }

  connectionMade(): void {
    // It had been made before.
  }

  dataReceived(chunk: Uint8Array): void {
    if (!this._values.isOpen) return;
    try {
      this._decoder.feed(chunk, this._onValue);
    } catch (error) {
      this._fail(error, chunk.length);
      return;
    }
    this._receivedBytes += chunk.length;
    this._values.endChunk(chunk.length);
    if (this._isWindingUp) this._windUp();
    const isFull = this._values.count > this._limitValues || this._values.bytes > this._limitBytes;
    if (isFull && !this._isReadingPaused) {
      this._isReadingPaused = true;
      this.transport.pauseReading();
    }
  }

  eofReceived(): boolean {
    if (this._decoder.isPartial) {
      const { pushedCount } = this._values;
      const at = this._receivedBytes;
      const message = `expected the rest of value ${pushedCount}, saw the end of the data after ${at} bytes`;
      this._values.fail(new FramedError(message, pushedCount, at, at));
    } else this._values.end();
    return true;
  }

  /** Receivers that find nothing fail from now on, so that their loops end; a value that has begun is awaited. */
  closeRequested(): void {
    this._isWindingUp = true;
    this._windUp();
  }

  pauseWriting(): void {
    this._writer.pauseWriting();
  }

  resumeWriting(): void {
    this._writer.resumeWriting();
  }

  connectionLost(error: Error | null): void {
    this._output.reset();
    this._values.fail(error ?? new TransportClosedError('the connection was closed on our side'));
    this._writer.connectionLost(error);
  }

  private readonly _onValue = (value: In): void => {
    if (value === undefined) throw new TypeError('expected values other than undefined, which stands for the end');
    this._values.push(value);
  };

  /** Takes a value that is there. */
  private _take(): In {
    const value = this._values.shift();
    this._resumeReading();
    return value;
  }

  private async _receive(op: Op | undefined): Promise<In | undefined> {
    const value = await this._values.take(op);
    this._resumeReading();
    return value;
  }

  private async _next(): Promise<IteratorResult<In, undefined>> {
    const value = await this._receive(undefined);
    return value === undefined ? { done: true, value: undefined } : { done: false, value };
  }

  private readonly _flushNow = (): void => {
    this._isFlushScheduled = false;
    this._flush();
  };

  /** Throws what is the matter, if no value can be sent any more. */
  private _checkOpen(): void {
    if (this.transport.isClosing) this._writer.write(NO_BYTES);
    if (this._hasEndedSending) throw new TransportClosedError('expected no value after the end of our data');
  }

  private _scheduleFlush(): void {
    this._isFlushScheduled = true;
    try {
      this.transport.loop.callSoon(this._flushNow);
    } catch (error) {
      if (!(error instanceof LoopClosedError)) throw error;
      this._flushNow();
    }
  }

  private _windUp(): void {
    if (!this._decoder.isPartial) this._values.fail(new TransportClosedError('the server is being closed'));
  }

  /** Writes what was encoded, in one piece unless the codec wrote by reference. */
  private _flush(): void {
    const output = this._output;
    if (output.length === 0) return;
    if (this.transport.isClosing) {
      output.reset();
      return;
    }
    this._writer.writeMany(output.takeAll(), output);
  }

  /** The stream cannot be understood: what was understood can still be received. */
  private _fail(cause: unknown, chunkBytes: number): void {
    const index = this._values.pushedCount;
    const from = this._receivedBytes;
    const to = from + chunkBytes;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `value ${index}, in or before bytes ${from} to ${to - 1} of the connection: ${reason}`;
    const error = new FramedError(message, index, from, to, cause);
    this._values.fail(error);
    this.transport.abort(error);
  }

  private _resumeReading(): void {
    if (!this._isReadingPaused) return;
    if (this._values.count * 2 > this._limitValues || this._values.bytes * 2 > this._limitBytes) return;
    this._isReadingPaused = false;
    this.transport.resumeReading();
  }
}

/** Whether nobody has ended our data before. */
function canWrite(transport: Transport): boolean {
  try {
    transport.write(NO_BYTES);
    return true;
  } catch (error) {
    if (error instanceof TransportClosedError) return false;
    throw error;
  }
}

function checkLimit(name: string, limit: number): void {
  if (Number.isInteger(limit) && limit >= 1) return;
  throw new RangeError(`expected ${name} to be an integer of 1 or more, saw ${limit}`);
}

function ignore(): void {
  // It is told to whoever looks.
}
