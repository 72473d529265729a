import type { Op } from '@millrace/timeouts';
import { ReadLoop } from './read-loop.js';
import { ANY_BYTES, anyBytes, BytesInto, BytesUntil, ExactBytes, Line, Peek } from './read-requests.js';
import { StreamInflow } from './stream-inflow.js';

/** Options of {@link StreamReader.readUntil} and {@link StreamReader.readLine}. */
export interface ReadLimit {
  /** The longest result, in bytes, the delimiter or the end of the line included. Default: `limitBytes`. */
  readonly maxBytes?: number | undefined;
}

/**
 * Reads a stream of bytes by awaiting them.
 *
 * One read at a time: a second one is a TypeError. A read that is called off takes nothing, and no byte is lost.
 *
 * @remarks
 * Lifetime: what reads return is the caller's.
 * Cancellation: each wait takes an `Op`; the reader can be read on.
 * Cost: bytes that arrive while a read waits for them are copied once, from where they were received to the result.
 */
export class StreamReader extends StreamInflow implements AsyncIterable<Uint8Array> {
  /**
   * Reads what is there, or waits for it.
   *
   * @param maxBytes - 1 or more. Default: no limit.
   * @returns One byte or more; `undefined` at the end of the data.
   * @throws {RangeError} If `maxBytes` is less than 1.
   * @throws {TypeError} If another read waits. So do all reads below.
   * @throws {ConnectionLostError} If the connection broke, once the bytes before are read. So do all reads below.
   * @throws {TransportClosedError} If it was closed or aborted on our side, or the server is being closed and nothing is
   * there: the data may not be whole, so this is no end. So do all reads below.
   * @throws {TimeoutError} or what else ends `op`; no byte is lost. So do all reads below.
   */
  read(maxBytes?: number, op?: Op): Promise<Uint8Array | undefined> {
    return maxBytes === undefined ? this._begin(ANY_BYTES, op) : this._read(() => anyBytes(maxBytes), op);
  }

  /**
   * Reads `byteCount` bytes.
   *
   * @param byteCount - 0 or more. A megabyte of memory is made at once, more as the bytes arrive.
   * @throws {IncompleteReadError} If the data ends before; it has what there was.
   */
  readExactly(byteCount: number, op?: Op): Promise<Uint8Array> {
    return this._read(() => new ExactBytes(byteCount), op);
  }

  /**
   * Reads up to and including the next `delimiter`.
   *
   * @param delimiter - A byte from 0 to 255, or one or more bytes, or text of which the UTF-8 is meant.
   * @throws {IncompleteReadError} If the data ends before; it has what there was.
   * @throws {StreamLimitError} If the first `maxBytes` bytes contain no whole delimiter. Nothing is taken: read on with a
   * higher limit, or take the bytes with `read`.
   */
  readUntil(delimiter: number | Uint8Array | string, options?: ReadLimit & Op): Promise<Uint8Array> {
    return this._read(() => this._until(delimiter, options), options);
  }

  /**
   * Reads a line of UTF-8.
   *
   * @returns The line without its `\n` or `\r\n`; the last one need not have one. `undefined` at the end of the data.
   * @throws {StreamLimitError} If the line is longer than `maxBytes`; nothing is taken.
   */
  readLine(options?: ReadLimit & Op): Promise<string | undefined> {
    return this._read(() => this._line(options), options);
  }

  /**
   * Looks at the next bytes and leaves them to be read.
   *
   * @param byteCount - 0 or more.
   * @returns A copy of that many bytes; of fewer only at the end of the data.
   */
  peek(byteCount: number, op?: Op): Promise<Uint8Array> {
    return this._read(() => new Peek(byteCount), op);
  }

  /**
   * Reads like {@link read}, into memory of the caller's.
   *
   * @param target - Not empty; left alone once the promise has settled.
   * @returns How many bytes were read, from the begin of `target`; 0 at the end of the data.
   */
  readInto(target: Uint8Array, op?: Op): Promise<number> {
    return this._read(() => new BytesInto(target), op);
  }

  /**
   * Reads what is there and does not wait.
   *
   * @param maxBytes - 1 or more. Default: no limit.
   * @returns `undefined` if nothing is there, whether or not more will come.
   * @throws {TypeError} If a read waits. So do all below.
   */
  tryRead(maxBytes?: number): Uint8Array | undefined {
    return this._try(anyBytes(maxBytes));
  }

  /** Reads `byteCount` bytes if they are there; `undefined` if not, and nothing is taken then. */
  tryReadExactly(byteCount: number): Uint8Array | undefined {
    return this.bufferedBytes < byteCount ? undefined : this._try(new ExactBytes(byteCount));
  }

  /**
   * Reads up to and including the next `delimiter` if it is there; `undefined` if not, and nothing is taken then.
   *
   * @throws {StreamLimitError} As {@link readUntil} does.
   */
  tryReadUntil(delimiter: number | Uint8Array | string, options?: ReadLimit): Uint8Array | undefined {
    return this._try(this._until(delimiter, options));
  }

  /**
   * Reads a line if all of it is there; `undefined` if not, and nothing is taken then.
   *
   * @throws {StreamLimitError} As {@link readLine} does.
   */
  tryReadLine(options?: ReadLimit): string | undefined {
    const request = this._line(options);
    const line = this._try(request);
    return line === undefined && this.hasEnded ? this._atEnd(request) : line;
  }

  /** Reads chunk after chunk until the end of the data. Leaving the loop leaves the reader as it is. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    return this.chunks();
  }

  /** Like a loop over the reader itself, with limits for the wait for each chunk. */
  chunks(op?: Op): AsyncIterableIterator<Uint8Array> {
    return new ReadLoop(this, () => ANY_BYTES, op);
  }

  /** Reads line after line, as {@link readLine} does, until the end of the data; `options` are those of each line. */
  lines(options?: ReadLimit & Op): AsyncIterableIterator<string> {
    return new ReadLoop(this, () => this._line(options), options);
  }

  private _line(options: ReadLimit | undefined): Line {
    return new Line(options?.maxBytes ?? this._limitBytes);
  }

  private _until(delimiter: number | Uint8Array | string, options: ReadLimit | undefined): BytesUntil {
    const needle = typeof delimiter === 'string' ? new TextEncoder().encode(delimiter) : delimiter;
    return new BytesUntil(needle, options?.maxBytes ?? this._limitBytes);
  }
}
