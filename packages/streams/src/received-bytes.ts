import { ReadBuffer } from '@millrace/read-buffer';
import { ANY_BYTES, type ReadRequest } from './read-requests.js';

/** What a reader slows down when nobody reads: a `Transport` is one. */
export interface ReadingSource {
  pauseReading(): void;
  resumeReading(): void;
}

/** Where readers that never needed a buffer of their own look. Nothing is ever fed to it. */
const NOTHING = new ReadBuffer();

/** Bytes that arrived and were not read. Too many of them pause their source; at half of that it goes on. */
export class ReceivedBytes {
  private readonly _source: ReadingSource;
  private readonly _limitBytes: number;
  /** perf: echo/c10k. Made when it is needed: for whoever reads chunk by chunk that is never. */
  private _made: ReadBuffer | undefined = undefined;
  /** A chunk that came when nothing was there: the next `read` hands it over as it is. */
  private _lone: Uint8Array | undefined = undefined;
  private _isSourcePaused = false;

  constructor(source: ReadingSource, limitBytes: number) {
    this._source = source;
    this._limitBytes = limitBytes;
  }

  get byteCount(): number {
    return (this._lone?.length ?? 0) + (this._made?.bufferedBytes ?? 0);
  }

  /** Takes what was asked for; `undefined` if it is not all there. */
  take<T>(request: ReadRequest<T>): T | undefined {
    let value: T | undefined;
    if (this._lone !== undefined && (request as unknown) === ANY_BYTES) {
      value = this._lone as T;
      this._lone = undefined;
    } else {
      this._takeLone();
      value = request.take(this._buffer);
    }
    if (value !== undefined && this._isSourcePaused && this.byteCount <= this._limitBytes / 2) this.resume();
    return value;
  }

  /** What `request` comes to where nothing more will arrive, and `take` has found too little. */
  atEnd<T>(request: ReadRequest<T>): T {
    return request.atEnd(this._buffer);
  }

  /** Gets back what `request` had taken already. */
  giveBack(request: ReadRequest<unknown>): void {
    request.giveBack(this._buffer);
  }

  /** Keeps a copy of `chunk`. */
  put(chunk: Uint8Array): void {
    if (this.byteCount === 0) this._lone = new Uint8Array(chunk);
    else {
      this.lend(chunk);
      this.endLoan();
    }
  }

  /** Lets requests take from `chunk` itself, until `endLoan` copies what they left. */
  lend(chunk: Uint8Array): void {
    this._takeLone();
    this._own.feedBorrowed(chunk);
  }

  endLoan(): void {
    this._own.endBorrow();
  }

  /** Pauses the source if too much is here; to be called when nobody waits. */
  holdBack(): void {
    if (this._isSourcePaused || this.byteCount <= this._limitBytes) return;
    this._isSourcePaused = true;
    this._source.pauseReading();
  }

  /** Lets the source go on. */
  resume(): void {
    if (!this._isSourcePaused) return;
    this._isSourcePaused = false;
    this._source.resumeReading();
  }

  /** To take from. */
  private get _buffer(): ReadBuffer {
    return this._made ?? NOTHING;
  }

  /** To feed. */
  private get _own(): ReadBuffer {
    return (this._made ??= new ReadBuffer({ maxBufferedBytes: 2 ** 32 - 1 }));
  }

  private _takeLone(): void {
    if (this._lone === undefined) return;
    this._own.feed(this._lone);
    this._lone = undefined;
  }
}
