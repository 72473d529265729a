import type { ChunkOwner } from '@millrace/loop-policy';
import type { Pipe } from './pipe.js';
import type { SimLoop } from './sim-loop.js';

/** A chunk that was written, until it belongs to its owner again. */
interface Written {
  readonly chunk: Uint8Array;
  /** What to send: `chunk`, or a copy of it where that will change too early. */
  readonly bytes: Uint8Array;
  readonly owner: ChunkOwner | undefined;
  /** How much of it has left. */
  sent: number;
}

/** What one end of a connection wrote and its pipe has no room for yet. */
export class SimOutbox {
  /** Nothing more may be written. */
  isEnded = false;
  private readonly _loop: SimLoop;
  /** Runs an owner's callback. */
  private readonly _call: (fn: () => void) => void;
  private _written: Written[] = [];
  private _bufferedBytes = 0;
  private _isEndSent = false;

  constructor(loop: SimLoop, call: (fn: () => void) => void) {
    this._loop = loop;
    this._call = call;
  }

  get bufferedBytes(): number {
    return this._bufferedBytes;
  }

  /** Whether the end of data has left. */
  get isEndSent(): boolean {
    return this._isEndSent;
  }

  add(chunk: Uint8Array, owner: ChunkOwner | undefined): void {
    // The bytes of a chunk that is being delivered are the transport's only until its callback returns.
    const bytes = this._loop.isBorrowed(chunk) ? new Uint8Array(chunk) : chunk;
    this._written.push({ chunk, bytes, owner, sent: 0 });
    this._bufferedBytes += chunk.length;
    this._loop.chunksWritten += 1;
  }

  /** Sends what the pipe has room for, and the end of data behind the last of it. */
  flush(pipe: Pipe): void {
    let room = pipe.roomBytes;
    for (let first = this._written[0]; first !== undefined; first = this._written[0]) {
      if (room === 0 && first.bytes.length > 0) break;
      const bytes = first.bytes.subarray(first.sent, first.sent + room);
      pipe.send(bytes);
      room -= bytes.length;
      first.sent += bytes.length;
      this._bufferedBytes -= bytes.length;
      this._loop.bytesWritten += bytes.length;
      if (first.sent < first.bytes.length) break;
      this._written.shift();
      if (first.owner !== undefined) this._recycleLater(first);
    }
    if (this._written.length > 0 || !this.isEnded || this._isEndSent) return;
    this._isEndSent = true;
    pipe.sendEnd();
  }

  /**
   * Gives up what did not leave.
   *
   * @returns Gives it back to its owners.
   */
  discard(): () => void {
    const written = this._written;
    this._written = [];
    this._bufferedBytes = 0;
    return () => {
      for (const each of written) this._recycle(each);
    };
  }

  private _recycleLater(written: Written): void {
    this._loop.soon(() => {
      this._recycle(written);
    });
  }

  private _recycle({ chunk, owner }: Written): void {
    if (owner === undefined) return;
    this._call(() => {
      owner.recycle(chunk);
    });
  }
}
