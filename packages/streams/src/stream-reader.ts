import { ReadBuffer } from '@millrace/read-buffer';
import { throwIfOver, watchOp, type Op, type TimerSource } from '@millrace/timeouts';
import { PendingRead } from './pending-read.js';
import { ReadLoop } from './read-loop.js';
import { ANY_BYTES, anyBytes, BytesInto, BytesUntil, ExactBytes, Line, Peek } from './read-requests.js';
import type { ReadRequest } from './read-requests.js';

const DEFAULT_LIMIT_BYTES = 64 * 1024;
const MAX_LIMIT_BYTES = 2 ** 31 - 1;

/** What a reader slows down when nobody reads: a `Transport` is one. */
export interface ReadingSource {
  pauseReading(): void;
  resumeReading(): void;
}

/** Options of {@link StreamReader}. */
export interface StreamReaderOptions {
  /**
   * While nobody reads, more than that many bytes pause the source; at half of it or less it goes on. Also the longest
   * line, and the longest result of `readUntil`, unless the call says otherwise. 1 or more. Default 64 KiB.
   */
  readonly limitBytes?: number | undefined;
  /** The clock of the waits. Default: the transport's loop, where there is one. */
  readonly timers?: TimerSource | undefined;
}

/** Options of {@link StreamReader.readUntil} and {@link StreamReader.readLine}. */
export interface ReadLimit {
  /** The longest result, in bytes, the delimiter or the end of the line included. Default: `limitBytes`. */
  readonly maxBytes?: number | undefined;
}

/** What the reader knows of the source: more may come, all has come, or it broke. */
type Phase = 'open' | 'ended' | 'failed';

const WAIT = Symbol('wait');

/** Where readers that never needed a buffer of their own look. Nothing is ever fed to it. */
const NOTHING = new ReadBuffer();

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
export class StreamReader implements AsyncIterable<Uint8Array> {
  private readonly _source: ReadingSource;
  private readonly _limitBytes: number;
  private readonly _timers: TimerSource | undefined;
  /** perf: echo/c10k. Made when it is needed: for whoever reads chunk by chunk that is never. */
  private _made: ReadBuffer | undefined = undefined;
  /** A chunk that came when nothing was buffered: the next `read` hands it over as it is. */
  private _lone: Uint8Array | undefined = undefined;
  /** @internal */
  _waiting: PendingRead | undefined = undefined;
  private _phase: Phase = 'open';
  /** Why reads fail in the phase `failed`; in the phase `open`, why one fails that finds nothing. */
  private _error: Error | undefined = undefined;
  private _isSourcePaused = false;
  private _hasThrown = false;

  /**
   * Makes a reader without bytes; `feed`, `feedEof` and `fail` bring it what arrives.
   *
   * @param source - Paused and resumed; a `Transport` is one.
   * @throws {RangeError} If `limitBytes` is not an integer of 1 or more.
   */
  constructor(source: ReadingSource, options: StreamReaderOptions = {}) {
    const { limitBytes = DEFAULT_LIMIT_BYTES, timers } = options;
    this._source = source;
    this._limitBytes = checkLimit(limitBytes);
    this._timers = timers;
  }

  /** Bytes that arrived and were not read. */
  get bufferedBytes(): number {
    const { _lone, _made, _waiting } = this;
    return (_lone?.length ?? 0) + (_made?.bufferedBytes ?? 0) + (_waiting?.request.heldBytes ?? 0);
  }

  /** Whether the peer ended the data and all of it was read. */
  get isAtEnd(): boolean {
    return this._phase === 'ended' && this.bufferedBytes === 0;
  }

  /** Whether the peer ended the data; some of it may be left to read. */
  get hasEnded(): boolean {
    return this._phase === 'ended';
  }

  /**
   * Whether a read was rejected because the connection is lost or closed.
   *
   * @internal
   */
  get _wasTold(): boolean {
    return this._hasThrown;
  }

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
    return maxBytes === undefined ? this._start(ANY_BYTES, op) : this._read(() => anyBytes(maxBytes), op);
  }

  /**
   * Reads `byteCount` bytes.
   *
   * @param byteCount - 0 or more.
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
    return this._read(() => new Line(options?.maxBytes ?? this._limitBytes), options);
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
    const request = new Line(options?.maxBytes ?? this._limitBytes);
    const line = this._try(request);
    return line === undefined && this._phase === 'ended' ? request.atEnd(this._buffer) : line;
  }

  /** Reads chunk after chunk until the end of the data. Leaving the loop leaves the reader as it is. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    return this.chunks();
  }

  /** Like a loop over the reader itself, with limits for the wait for each chunk. */
  chunks(op?: Op): AsyncIterableIterator<Uint8Array> {
    return new ReadLoop(this, () => this.read(undefined, op));
  }

  /** Reads line after line, as {@link readLine} does, until the end of the data; `options` are those of each line. */
  lines(options?: ReadLimit & Op): AsyncIterableIterator<string> {
    return new ReadLoop(this, () => this.readLine(options));
  }

  /**
   * Brings bytes that arrived; after the end they are dropped. For protocols.
   *
   * @param chunk - Borrowed: valid until this call returns.
   */
  feed(chunk: Uint8Array): void {
    if (this._phase !== 'open' || chunk.length === 0) return;
    const isEmpty = this._lone === undefined && this._buffer.bufferedBytes === 0;
    const waiting = this._waiting;
    if (isEmpty && (waiting === undefined || waiting.request === ANY_BYTES)) {
      const copy = new Uint8Array(chunk);
      if (waiting === undefined) this._lone = copy;
      else this._settle(waiting, copy);
    } else {
      this._takeLone();
      const buffer = this._fed;
      buffer.feedBorrowed(chunk);
      if (waiting !== undefined) this._serve(waiting);
      buffer.endBorrow();
    }
    this._holdBack();
  }

  /** Says that the peer will send nothing more. For protocols. */
  feedEof(): void {
    this._finish('ended', undefined);
  }

  /** Says that nothing more will come, and why; the bytes that are there can still be read. For protocols. */
  fail(error: Error): void {
    this._finish('failed', error);
  }

  /**
   * Makes reads that find nothing fail, the one that waits included; what began to arrive may still be waited for. For
   * protocols whose server is being closed.
   */
  windUp(error: Error): void {
    if (this._phase !== 'open') return;
    this._error = error;
    if (this._waiting !== undefined) this._serve(this._waiting);
  }

  /**
   * Ends the reader, and gives the bytes that were not read to somebody else.
   *
   * @param error - What reads reject with from now on.
   * @throws {TypeError} If a read waits; nothing changes.
   */
  release(error: Error): Uint8Array {
    this._checkAlone();
    const rest = this.tryRead() ?? new Uint8Array(0);
    this._phase = 'failed';
    this._error = error;
    return rest;
  }

  /**
   * Ends `read` as the end of the data would, if it still waits; it has taken nothing.
   *
   * @internal
   */
  _withdraw(read: PendingRead): void {
    if (this._waiting !== read) return;
    read.request.giveBack(this._buffer);
    this._settle(read, undefined);
  }

  /** @internal */
  _checkAlone(): void {
    if (this._waiting !== undefined) throw new TypeError('expected one read at a time, saw another one that waits');
  }

  /** To take from; what is fed goes into {@link _fed}. */
  private get _buffer(): ReadBuffer {
    return this._made ?? NOTHING;
  }

  private get _fed(): ReadBuffer {
    return (this._made ??= new ReadBuffer({ maxBufferedBytes: 2 ** 32 - 1 }));
  }

  private _until(delimiter: number | Uint8Array | string, options: ReadLimit | undefined): BytesUntil {
    const needle = typeof delimiter === 'string' ? new TextEncoder().encode(delimiter) : delimiter;
    return new BytesUntil(needle, options?.maxBytes ?? this._limitBytes);
  }

  private _try<T>(request: ReadRequest<T>): T | undefined {
    this._checkAlone();
    return this._take(request);
  }

  private _read<T>(make: () => ReadRequest<T>, op: Op | undefined): Promise<T> {
    try {
      return this._start(make(), op);
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on as it came
      return Promise.reject(error);
    }
  }

  private _start<T>(request: ReadRequest<T>, op: Op | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      this._checkAlone();
      throwIfOver(op, request.operation);
      const value = this._attempt(request);
      if (value !== WAIT) {
        resolve(value);
        return;
      }
      this._resume();
      const waiting = new PendingRead(this, request, resolve as (value: unknown) => void, reject);
      this._waiting = waiting;
      waiting.watch = watchOp(op, waiting, request.operation, this._timers);
    });
  }

  private _take<T>(request: ReadRequest<T>): T | undefined {
    let value: T | undefined;
    if (this._lone !== undefined && (request as unknown) === ANY_BYTES) {
      value = this._lone as T;
      this._lone = undefined;
    } else {
      this._takeLone();
      value = request.take(this._buffer);
    }
    if (value !== undefined && this._isSourcePaused && this.bufferedBytes <= this._limitBytes / 2) this._resume();
    return value;
  }

  /** Does what was asked for, or returns WAIT. */
  private _attempt<T>(request: ReadRequest<T>): T | typeof WAIT {
    return this._take(request) ?? this._fallShort(request);
  }

  /** What a read comes to that did not find enough. */
  private _fallShort<T>(request: ReadRequest<T>): T | typeof WAIT {
    if (this._phase === 'ended') return request.atEnd(this._buffer);
    if (this._error === undefined) return WAIT;
    const hasSome = request.heldBytes > 0 || this._buffer.bufferedBytes > 0;
    if (this._phase === 'open' && hasSome) return WAIT;
    request.giveBack(this._buffer);
    this._hasThrown = true;
    throw this._error;
  }

  /** Tries again what waits. */
  private _serve(waiting: PendingRead): void {
    let value: unknown;
    try {
      value = this._attempt(waiting.request);
    } catch (error) {
      this._detach(waiting);
      waiting.reject(error);
      return;
    }
    if (value !== WAIT) this._settle(waiting, value);
  }

  private _settle(waiting: PendingRead, value: unknown): void {
    this._detach(waiting);
    waiting.resolve(value);
  }

  private _detach(waiting: PendingRead): void {
    this._waiting = undefined;
    waiting.watch?.release();
  }

  /**
   * Takes a read that is called off out of the way.
   *
   * @internal
   */
  _cancel(waiting: PendingRead): void {
    waiting.request.giveBack(this._buffer);
    this._waiting = undefined;
    this._holdBack();
  }

  private _finish(phase: Phase, error: Error | undefined): void {
    if (this._phase !== 'open') return;
    this._phase = phase;
    this._error = error;
    if (this._waiting !== undefined) this._serve(this._waiting);
  }

  private _takeLone(): void {
    if (this._lone === undefined) return;
    this._fed.feed(this._lone);
    this._lone = undefined;
  }

  private _holdBack(): void {
    if (this._waiting !== undefined || this._isSourcePaused || this.bufferedBytes <= this._limitBytes) return;
    this._isSourcePaused = true;
    this._source.pauseReading();
  }

  private _resume(): void {
    if (!this._isSourcePaused) return;
    this._isSourcePaused = false;
    this._source.resumeReading();
  }
}

/** @throws {RangeError} If `limitBytes` is no limit of a reader. */
export function checkLimit(limitBytes: number): number {
  if (Number.isInteger(limitBytes) && limitBytes >= 1 && limitBytes <= MAX_LIMIT_BYTES) return limitBytes;
  throw new RangeError(`expected limitBytes from 1 to ${MAX_LIMIT_BYTES}, saw ${limitBytes}`);
}
