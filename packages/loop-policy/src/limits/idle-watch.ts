import type { Timer } from '@millrace/timeouts';
import type { ChunkOwner } from '../transport.js';
import type { Loop } from '../loop.js';
import { callLaterIfOpen } from './call-later-if-open.js';

/** Who wants to know of idleness. */
export interface IdleListener {
  /** Whether the silence is our own doing: a throttle holds bytes back. */
  readonly isHeldUp: boolean;
  /** No byte moved for the whole time. */
  idled(): void;
}

/**
 * Watches for silence with one timer that is not touched by traffic: when it fires it looks when the last byte moved, and
 * waits for the rest. As the owner of a written chunk it learns when its bytes left.
 */
export class IdleWatch implements ChunkOwner {
  private readonly _loop: Loop;
  private readonly _idleMs: number;
  private readonly _listener: IdleListener;
  private _activeAtMs: number;
  private _timer: Timer | undefined;

  constructor(loop: Loop, idleMs: number, listener: IdleListener) {
    this._loop = loop;
    this._idleMs = idleMs;
    this._listener = listener;
    this._activeAtMs = loop.now();
    this._wait(idleMs);
  }

  /** Takes note that a byte moved. */
  touch(): void {
    this._activeAtMs = this._loop.now();
  }

  /** The bytes of a chunk left that nobody wants back. */
  recycle(): void {
    this.touch();
  }

  /** @returns An owner that takes note when the bytes leave, and passes the chunk on to `owner`. */
  owning(owner: ChunkOwner | undefined): ChunkOwner {
    return owner === undefined ? this : new WatchedOwner(this, owner);
  }

  stop(): void {
    this._timer?.cancel();
    this._timer = undefined;
  }

  private _wait(delayMs: number): void {
    this._timer = callLaterIfOpen(this._loop, delayMs, () => {
      this._look();
    });
    this._timer?.unref(); // silence is no reason to hold the process open
  }

  private _look(): void {
    if (this._listener.isHeldUp) this.touch();
    const restMs = this._activeAtMs + this._idleMs - this._loop.now();
    if (restMs > 0) this._wait(restMs);
    else this._listener.idled();
  }
}

class WatchedOwner implements ChunkOwner {
  private readonly _watch: IdleWatch;
  private readonly _owner: ChunkOwner;

  constructor(watch: IdleWatch, owner: ChunkOwner) {
    this._watch = watch;
    this._owner = owner;
  }

  recycle(chunk: Uint8Array): void {
    this._watch.touch();
    this._owner.recycle(chunk);
  }
}
