import { throwIfOver, watchOp, type Op, type TimerSource } from '@millrace/timeouts';
import { PendingRead, type ReadSteps } from './pending-read.js';
import { ANY_BYTES, type ReadRequest } from './read-requests.js';
import { ReceivedBytes, type ReadingSource } from './received-bytes.js';

const DEFAULT_LIMIT_BYTES = 64 * 1024;
const MAX_LIMIT_BYTES = 2 ** 31 - 1;

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

/** What is known of the source: more may come, all has come, or it broke. */
type Phase = 'open' | 'ended' | 'failed';

const WAIT = Symbol('wait');

/** What a reader is to its protocol: bytes come in, and end; at most one read waits for them. */
export abstract class StreamInflow {
  /** @internal */
  protected readonly _limitBytes: number;
  private readonly _bytes: ReceivedBytes;
  private readonly _timers: TimerSource | undefined;
  private _waiting: PendingRead | undefined = undefined;
  private _phase: Phase = 'open';
  /** Why reads fail in the phase `failed`; in the phase `open`, why one fails that finds nothing. */
  private _error: Error | undefined = undefined;
  private _hasThrown = false;

  /**
   * Makes a reader without bytes; `feed`, `feedEof` and `fail` bring it what arrives.
   *
   * @param source - Paused and resumed; a `Transport` is one.
   * @throws {RangeError} If `limitBytes` is not an integer of 1 or more.
   */
  constructor(source: ReadingSource, options: StreamReaderOptions = {}) {
    const { limitBytes = DEFAULT_LIMIT_BYTES, timers } = options;
    this._limitBytes = checkLimit(limitBytes);
    this._bytes = new ReceivedBytes(source, limitBytes);
    this._timers = timers;
  }

  /** Bytes that arrived and were not read. */
  get bufferedBytes(): number {
    return this._bytes.byteCount + (this._waiting?.request.heldBytes ?? 0);
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
   * Brings bytes that arrived; after the end they are dropped. For protocols.
   *
   * @param chunk - Borrowed: valid until this call returns.
   */
  feed(chunk: Uint8Array): void {
    if (this._phase !== 'open' || chunk.length === 0) return;
    const bytes = this._bytes;
    const waiting = this._waiting;
    if (waiting === undefined) bytes.put(chunk);
    else if (waiting.request === ANY_BYTES) {
      this._settle(waiting, new Uint8Array(chunk)); // who waits for any bytes at all has left none
      return;
    } else {
      bytes.lend(chunk);
      this._serve(waiting);
      bytes.endLoan();
    }
    if (this._waiting === undefined) bytes.holdBack();
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
    const rest = this._try(ANY_BYTES) ?? new Uint8Array(0);
    this._phase = 'failed';
    this._error = error;
    return rest;
  }

  /** @internal */
  _checkAlone(): void {
    if (this._waiting !== undefined) throw new TypeError('expected one read at a time, saw another one that waits');
  }

  /**
   * Begins what `make` makes, or rejects with what it throws.
   *
   * @internal
   */
  _read<T>(make: () => ReadRequest<T>, op: Op | undefined): Promise<T>;
  /** @internal */
  _read(make: () => ReadRequest<unknown>, op: Op | undefined, steps: ReadSteps): Promise<unknown>;
  _read(make: () => ReadRequest<unknown>, op: Op | undefined, steps?: ReadSteps): Promise<unknown> {
    try {
      return this._begin(make(), op, steps);
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on as it came
      return Promise.reject(error);
    }
  }

  /**
   * Ends the read that `steps` waits for, if there is one, as the end of the data would; it has taken nothing.
   *
   * @internal
   */
  _withdraw(steps: ReadSteps): void {
    const waiting = this._waiting;
    if (waiting?.steps !== steps) return;
    this._bytes.giveBack(waiting.request);
    this._settle(waiting, undefined);
  }

  /**
   * Takes a read that is called off out of the way.
   *
   * @internal
   */
  _cancel(waiting: PendingRead): void {
    this._bytes.giveBack(waiting.request);
    this._waiting = undefined;
    this._bytes.holdBack();
  }

  /**
   * Does what was asked for, at once or when enough has arrived.
   *
   * @internal
   */
  protected _begin<T>(request: ReadRequest<T>, op: Op | undefined): Promise<T>;
  /** @internal */
  protected _begin(request: ReadRequest<unknown>, op: Op | undefined, steps?: ReadSteps): Promise<unknown>;
  protected _begin(request: ReadRequest<unknown>, op: Op | undefined, steps?: ReadSteps): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this._checkAlone();
      throwIfOver(op, request.operation);
      const value = this._attempt(request);
      if (value !== WAIT) {
        resolve(steps === undefined ? value : steps._step(value));
        return;
      }
      const read = new PendingRead(this, request, steps, resolve, reject);
      this._waiting = read;
      read.watch = watchOp(op, read, request.operation, this._timers);
      // Last, because a source may bring at once what it holds.
      if (this._waiting === read) this._bytes.resume();
    });
  }

  /**
   * Does what was asked for if that takes no waiting; `undefined` if it does.
   *
   * @internal
   */
  protected _try<T>(request: ReadRequest<T>): T | undefined {
    this._checkAlone();
    return this._bytes.take(request);
  }

  /** @internal */
  protected _atEnd<T>(request: ReadRequest<T>): T {
    return this._bytes.atEnd(request);
  }

  /** Does what was asked for, or returns WAIT. */
  private _attempt<T>(request: ReadRequest<T>): T | typeof WAIT {
    return this._bytes.take(request) ?? this._fallShort(request);
  }

  /** What a read comes to that did not find enough. */
  private _fallShort<T>(request: ReadRequest<T>): T | typeof WAIT {
    if (this._phase === 'ended') return this._bytes.atEnd(request);
    if (this._error === undefined) return WAIT;
    const hasSome = request.heldBytes > 0 || this._bytes.byteCount > 0;
    if (this._phase === 'open' && hasSome) return WAIT;
    this._bytes.giveBack(request);
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
    waiting.settle(value);
  }

  private _detach(waiting: PendingRead): void {
    this._waiting = undefined;
    waiting.watch?.release();
  }

  private _finish(phase: Phase, error: Error | undefined): void {
    if (this._phase !== 'open') return;
    this._phase = phase;
    this._error = error;
    if (this._waiting !== undefined) this._serve(this._waiting);
  }
}

/** @throws {RangeError} If `limitBytes` is no limit of a reader. */
export function checkLimit(limitBytes: number): number {
  if (Number.isInteger(limitBytes) && limitBytes >= 1 && limitBytes <= MAX_LIMIT_BYTES) return limitBytes;
  throw new RangeError(`expected limitBytes from 1 to ${MAX_LIMIT_BYTES}, saw ${limitBytes}`);
}
